//! Names, as the stack's users look them up; and the sockets that the resolver asks with, which are like those of any
//! program. Linux: `getaddrinfo`.

use super::{SocketHandle, Stack};
use crate::names::{Action, ExchangeId, InvalidName, LookupHandle, NameError, Resolver, Settings};
use crate::socket::SocketError;
use crate::tcp::{Received, TcpHandle};
use crate::time::Instant;
use crate::udp::UdpHandle;
use crate::wire::address::socket_address;
use crate::wire::dns::{Name, PORT};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

/// The resolver with its sockets.
#[derive(Default)]
pub(crate) struct Names {
    resolver: Resolver,
    /// Servers that were given by hand: no others are asked then.
    servers: Vec<SocketAddr>,
    sockets: BTreeMap<ExchangeId, Transport>,
    /// Whose sockets those are.
    exchanges: BTreeMap<SocketKey, ExchangeId>,
}

/// What one exchange is made by.
enum Transport {
    Udp(UdpHandle),
    /// A connection: what of the question has not been sent, and what has come of the answer, both with their lengths.
    Tcp(TcpHandle, Vec<u8>, Vec<u8>),
}

/// Finds an exchange by its socket.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum SocketKey {
    Udp(u64),
    Tcp(u64),
}

impl SocketKey {
    fn of(socket: SocketHandle) -> Option<Self> {
        match socket {
            SocketHandle::Udp(handle) => Some(SocketKey::Udp(handle.to_bits())),
            SocketHandle::Tcp(handle) => Some(SocketKey::Tcp(handle.to_bits())),
            _ => None,
        }
    }
}

/// What a stream says of an exchange.
enum Heard {
    /// Not all of the answer yet.
    Nothing,
    Answer(Vec<u8>),
    /// There will be none.
    Lost,
}

impl Stack {
    /// Starts to look for the addresses of a host, which may be written as an address itself. None: too many look-ups are
    /// under way. Whoever starts one has to give it up by [`Stack::resolve_forget`].
    pub fn resolve(&mut self, host: &str, now: Instant) -> Result<Option<LookupHandle>, InvalidName> {
        self.set_time(now);
        self.choose_name_servers();
        let lookup = self.names.resolver.lookup(host, self.now, self.random.as_mut())?;
        self.ask_servers();
        Ok(lookup)
    }

    /// Starts to look for the host of an address. None: too many look-ups are under way. Whoever starts one has to give it up by
    /// [`Stack::resolve_forget`].
    pub fn resolve_host(&mut self, address: IpAddr, now: Instant) -> Option<LookupHandle> {
        self.set_time(now);
        self.choose_name_servers();
        let lookup = self.names.resolver.lookup_host(address, self.now, self.random.as_mut());
        self.ask_servers();
        lookup
    }

    /// The name of the host that a look-up is for.
    pub fn resolved_host(&self, lookup: LookupHandle) -> Result<&Name, NameError> {
        self.names.resolver.host(lookup)
    }

    /// The next address of a look-up, the best to connect to first (RFC 6724); none behind the last.
    pub fn resolve_next(&mut self, lookup: LookupHandle) -> Result<Option<IpAddr>, NameError> {
        self.names.resolver.next_address(lookup)
    }

    /// Whether a look-up would not answer [`NameError::WouldBlock`].
    pub fn resolve_has_ended(&self, lookup: LookupHandle) -> bool {
        self.names.resolver.has_ended(lookup)
    }

    /// Gives a look-up up, whether it has ended or not.
    pub fn resolve_forget(&mut self, lookup: LookupHandle) {
        self.names.resolver.forget(lookup);
        self.ask_servers();
    }

    /// What names are looked up by. Linux: `/etc/resolv.conf`, `/etc/hosts`.
    pub fn name_settings(&self) -> &Settings {
        self.names.resolver.settings()
    }

    /// Looks names up by other settings, and asks `servers` rather than those that the network tells of; with none of them
    /// those of the network.
    pub fn set_name_settings(&mut self, settings: Settings, servers: Vec<SocketAddr>) {
        self.names.resolver.set_settings(settings);
        self.names.servers = servers;
        self.choose_name_servers();
    }

    /// The servers that are asked, the first of them first.
    pub fn name_servers(&self) -> Vec<SocketAddr> {
        match self.names.servers.is_empty() {
            false => self.names.servers.clone(),
            true => {
                self.resolvers(self.now).map(|told| socket_address(told.what, PORT, told.device.0)).collect()
            }
        }
    }

    fn choose_name_servers(&mut self) {
        let servers = self.name_servers();
        let search = self.search_domains(self.now).filter_map(|told| Name::from_text(&told.what)).collect();
        self.names.resolver.set_network(servers, search);
    }

    /// Lets the resolver's time pass.
    pub(super) fn run_names(&mut self) {
        if self.names.resolver.next_deadline().is_some_and(|due| due <= self.now) {
            self.names.resolver.run(self.now, self.random.as_mut());
            self.ask_servers();
        }
    }

    /// When [`Stack::run_names`] has something to do.
    pub(super) fn names_deadline(&self) -> Option<Instant> {
        self.names.resolver.next_deadline()
    }

    /// Lets the resolver hear what came to its own sockets; answers the others, and the look-ups that have ended.
    pub(super) fn serve_names(&mut self, woken: Vec<SocketHandle>) -> Vec<SocketHandle> {
        let mut others = woken;
        if !self.names.exchanges.is_empty() {
            let of_names = |socket: &SocketHandle| Some(*self.names.exchanges.get(&SocketKey::of(*socket)?)?);
            let heard: Vec<ExchangeId> = others.iter().filter_map(of_names).collect();
            others.retain(|socket| {
                SocketKey::of(*socket).is_none_or(|key| !self.names.exchanges.contains_key(&key))
            });
            for exchange in heard {
                self.hear_server(exchange);
            }
        }
        for lookup in self.names.resolver.take_ended() {
            self.order_addresses(lookup);
            others.push(SocketHandle::Lookup(lookup));
        }
        others
    }

    /// Puts the addresses that were found in the order in which they are best tried.
    fn order_addresses(&mut self, lookup: LookupHandle) {
        let found = self.names.resolver.addresses_mut(lookup).map(|addresses| addresses.to_vec());
        let Some(mut ordered) = found else { return };
        self.order_destinations(&mut ordered);
        if let Some(addresses) = self.names.resolver.addresses_mut(lookup) {
            addresses.copy_from_slice(&ordered);
        }
    }

    /// Does what the resolver wants done, until it wants no more.
    fn ask_servers(&mut self) {
        loop {
            let actions = self.names.resolver.take_actions();
            if actions.is_empty() {
                return;
            }
            for action in actions {
                match action {
                    Action::Forget { exchange } => self.close_exchange(exchange),
                    Action::Ask { exchange, server, stream, message } => {
                        if !self.open_exchange(exchange, server, stream, &message) {
                            self.close_exchange(exchange);
                            self.names.resolver.lost(exchange, self.now, self.random.as_mut());
                        }
                    }
                }
            }
        }
    }

    /// Sends a question from a socket of its own, which has a port by chance. Answers whether it could.
    fn open_exchange(
        &mut self,
        exchange: ExchangeId,
        server: SocketAddr,
        stream: bool,
        message: &[u8],
    ) -> bool {
        let now = self.now;
        if !stream {
            let Ok(socket) = self.udp_open() else { return false };
            self.own_socket(exchange, SocketHandle::Udp(socket), Transport::Udp(socket));
            let connected = self.udp_connect(socket, server);
            return connected.and_then(|()| self.udp_send_to(socket, message, None, now)).is_ok();
        }
        let Ok(socket) = self.tcp_open() else { return false };
        let len = u16::try_from(message.len()).unwrap_or(u16::MAX).to_be_bytes();
        let transport = Transport::Tcp(socket, [&len, message].concat(), Vec::new());
        self.own_socket(exchange, SocketHandle::Tcp(socket), transport);
        self.tcp_connect(socket, server, now).is_ok()
    }

    fn own_socket(&mut self, exchange: ExchangeId, socket: SocketHandle, transport: Transport) {
        self.names.exchanges.extend(SocketKey::of(socket).map(|key| (key, exchange)));
        self.names.sockets.insert(exchange, transport);
    }

    fn close_exchange(&mut self, exchange: ExchangeId) {
        let socket = match self.names.sockets.remove(&exchange) {
            Some(Transport::Udp(socket)) => {
                self.udp_close(socket);
                SocketHandle::Udp(socket)
            }
            Some(Transport::Tcp(socket, ..)) => {
                self.tcp_close(socket, self.now);
                SocketHandle::Tcp(socket)
            }
            None => return,
        };
        if let Some(key) = SocketKey::of(socket) {
            self.names.exchanges.remove(&key);
        }
    }

    /// Hears what came for an exchange.
    fn hear_server(&mut self, exchange: ExchangeId) {
        loop {
            let heard = match self.names.sockets.get(&exchange) {
                Some(Transport::Udp(socket)) => self.hear_datagram(*socket),
                Some(Transport::Tcp(..)) => self.hear_stream(exchange),
                None => return,
            };
            let random = self.random.as_mut();
            match heard {
                Heard::Nothing => return,
                Heard::Answer(message) => self.names.resolver.answer(exchange, &message, self.now, random),
                Heard::Lost => self.names.resolver.lost(exchange, self.now, random),
            }
            self.ask_servers();
        }
    }

    /// A datagram, or that the server's host has no resolver.
    fn hear_datagram(&mut self, socket: UdpHandle) -> Heard {
        match self.udp_receive_from(socket) {
            Ok((message, _)) => Heard::Answer(message),
            Err(SocketError::WouldBlock) => Heard::Nothing,
            Err(_) => Heard::Lost,
        }
    }

    /// Sends what is left of the question, and takes what has come of the answer.
    fn hear_stream(&mut self, exchange: ExchangeId) -> Heard {
        let now = self.now;
        let Some(Transport::Tcp(socket, mut unsent, mut received)) = self.names.sockets.remove(&exchange)
        else {
            return Heard::Nothing;
        };
        let heard = match self.tcp_connect_result(socket) {
            Err(SocketError::WouldBlock) => Heard::Nothing,
            Err(_) => Heard::Lost,
            Ok(()) => {
                let sent = if unsent.is_empty() { Ok(0) } else { self.tcp_send(socket, &unsent, now) };
                unsent.drain(..sent.unwrap_or(0).min(unsent.len()));
                match sent {
                    Ok(_) | Err(SocketError::WouldBlock) => self.take_answer(socket, &mut received),
                    Err(_) => Heard::Lost,
                }
            }
        };
        self.names.sockets.insert(exchange, Transport::Tcp(socket, unsent, received));
        heard
    }

    /// An answer behind its two bytes of length, once all of it is there.
    fn take_answer(&mut self, socket: TcpHandle, received: &mut Vec<u8>) -> Heard {
        loop {
            let len = received.first_chunk().map(|len| usize::from(u16::from_be_bytes(*len)));
            let missing = (2 + len.unwrap_or(0)).saturating_sub(received.len());
            match (len, missing) {
                // Nobody's answer, and nothing would be asked for below, for ever.
                (Some(0), _) => return Heard::Lost,
                (Some(_), 0) => return Heard::Answer(received.split_off(2)),
                _ => {}
            }
            match self.tcp_receive(socket, missing, self.now) {
                Ok(Received::Data(data)) => received.extend_from_slice(&data),
                Err(SocketError::WouldBlock) => return Heard::Nothing,
                Ok(Received::End) | Err(_) => return Heard::Lost,
            }
        }
    }
}

#[cfg(test)]
mod tests;
