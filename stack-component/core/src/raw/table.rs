//! All raw and ping sockets. Linux: `raw_v4_hashinfo`, `ping_table`.

use super::outgoing::is_echo_reply;
use super::socket::Socket;
use super::{Arrival, Family, Incoming, Kind, Options, Quote, RawOption, RawReadiness, Report};
use crate::arena::{Arena, Handle};
use crate::socket::SocketError;
use crate::socket::memory::{Bounds, Memory};
use crate::wire::checksum::{Sum, pseudo_header};
use crate::wire::protocol::Protocol;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::IpAddr;

/// The name of a raw or ping socket.
pub type RawHandle = Handle<Socket>;

/// Most sockets of a stack.
pub(super) const MAX_SOCKETS: usize = 4096;

/// What may wait in all of them. Linux has no such bound: whoever has them there has all memory.
const BOUNDS: Bounds = Bounds { most: 256 << 20, least: 4096 };

/// All raw and ping sockets of a stack.
#[derive(Debug, Default)]
pub struct Raw {
    pub(super) sockets: Arena<Socket>,
    /// Ping sockets by identifier.
    pings: BTreeMap<u16, RawHandle>,
    /// Raw sockets by protocol, in the order in which they were made.
    raws: BTreeMap<Protocol, Vec<RawHandle>>,
    /// The identifier that was given last. Linux: `ping_port_rover`.
    rover: u16,
    wakeups: Vec<RawHandle>,
    memory: Memory,
}

impl Raw {
    /// A new socket, whose packets may take `receive_buffer` bytes while they wait for its owner, and `send_buffer` bytes while
    /// they are being sent.
    pub fn open(
        &mut self,
        family: Family,
        kind: Kind,
        (receive_buffer, send_buffer): (usize, usize),
    ) -> Result<RawHandle, SocketError> {
        if self.sockets.len() >= MAX_SOCKETS {
            return Err(SocketError::NewSocketLimit);
        }
        let mut socket = Socket::new(family, kind, Options::new(receive_buffer, send_buffer));
        // Linux: `IPPROTO_RAW` in `inet_create`.
        socket.options.header_included = kind == Kind::Raw(Protocol::RAW);
        let handle = self.sockets.insert(socket);
        if let Kind::Raw(protocol) = kind {
            self.raws.entry(protocol).or_default().push(handle);
        }
        Ok(handle)
    }

    /// Binds to an address of ours, none: to all of them, and a ping socket to an identifier, 0: one that nobody
    /// has. Linux: `ping_bind`, `raw_bind`.
    pub fn bind(
        &mut self,
        handle: RawHandle,
        local: Option<IpAddr>,
        identifier: u16,
    ) -> Result<(), SocketError> {
        let socket = self.sockets.get(handle).ok_or(SocketError::InvalidState)?;
        if local.is_some_and(|local| Family::of(local) != socket.family) {
            return Err(SocketError::InvalidArgument);
        }
        match (socket.kind, socket.identifier) {
            (Kind::Ping, 0) => self.take_identifier(handle, identifier)?,
            (Kind::Ping, _) => return Err(SocketError::InvalidState),
            (Kind::Raw(_), _) if identifier != 0 => return Err(SocketError::InvalidArgument),
            (Kind::Raw(_), _) => {}
        }
        if let Some(socket) = self.sockets.get_mut(handle) {
            socket.local = local;
        }
        Ok(())
    }

    /// Linux: `ping_get_port`.
    fn take_identifier(&mut self, handle: RawHandle, wanted: u16) -> Result<(), SocketError> {
        let free = |pings: &BTreeMap<_, _>, identifier| identifier != 0 && !pings.contains_key(&identifier);
        let identifier = match wanted {
            // There are fewer sockets than identifiers.
            0 => (1..=u16::MAX)
                .map(|step| self.rover.wrapping_add(step))
                .find(|identifier| free(&self.pings, *identifier))
                .ok_or(SocketError::AddressInUse)?,
            wanted if free(&self.pings, wanted) => wanted,
            _ => return Err(SocketError::AddressInUse),
        };
        if let Some(socket) = self.sockets.get_mut(handle) {
            socket.identifier = identifier;
            self.pings.insert(identifier, handle);
            self.rover = identifier;
        }
        Ok(())
    }

    /// Gives a ping socket that has no identifier one that nobody has. Linux: `inet_autobind`.
    pub fn bind_implicitly(&mut self, handle: RawHandle) -> Result<(), SocketError> {
        let socket = self.sockets.get(handle).ok_or(SocketError::InvalidState)?;
        match (socket.kind, socket.identifier) {
            (Kind::Ping, 0) => self.take_identifier(handle, 0),
            _ => Ok(()),
        }
    }

    /// Talks to `remote` alone from now on, or to everybody again.
    pub fn connect(&mut self, handle: RawHandle, remote: Option<IpAddr>) -> Result<(), SocketError> {
        let socket = self.sockets.get_mut(handle).ok_or(SocketError::InvalidState)?;
        if remote.is_some_and(|remote| Family::of(remote) != socket.family) {
            return Err(SocketError::InvalidArgument);
        }
        socket.remote = remote;
        Ok(())
    }

    /// Sets an option; `max_buffer` is the largest buffer in bytes that may be asked for.
    pub fn set(
        &mut self,
        handle: RawHandle,
        option: RawOption,
        max_buffer: usize,
    ) -> Result<(), SocketError> {
        let socket = self.sockets.get_mut(handle).ok_or(SocketError::InvalidState)?;
        let fits = match option {
            RawOption::HeaderIncluded(_) => socket.kind != Kind::Ping,
            RawOption::Header(_) => socket.family == Family::V4,
            RawOption::FlowLabel(_) => socket.family == Family::V6,
            _ => true,
        };
        if !fits {
            return Err(SocketError::InvalidArgument);
        }
        socket.options.set(option, max_buffer)
    }

    /// The socket.
    pub fn get(&self, handle: RawHandle) -> Option<&Socket> {
        self.sockets.get(handle)
    }

    /// All sockets.
    pub fn iter(&self) -> impl Iterator<Item = (RawHandle, &Socket)> {
        self.sockets.iter()
    }

    /// Gives raw sockets their copies of a packet. `packet` is what they get: of IPv4 from the IP header on, of
    /// IPv6 without it; `payload` is what the IP header carries. `wants` says whether a socket wants it, and hears
    /// whether it takes what others have joined. Answers whether somebody took it. Linux: `raw_local_deliver`,
    /// `raw6_local_deliver`.
    pub fn deliver(
        &mut self,
        arrival: &Arrival,
        packet: &[u8],
        payload: &[u8],
        wants: impl Fn(RawHandle, bool) -> bool,
    ) -> bool {
        let Some(handles) = self.raws.get(&arrival.protocol) else { return false };
        let icmp = matches!(arrival.protocol, Protocol::ICMP | Protocol::ICMPV6);
        let kind = payload.first().copied().filter(|_| icmp);
        let mut taken = false;
        let mut valid = arrival.verified.then_some(true);
        for &handle in handles {
            let Some(socket) = self.sockets.get_mut(handle) else { continue };
            let heard = socket.matches(arrival.destination, arrival.source, arrival.device)
                && wants(handle, socket.options.multicast.all);
            if !heard || kind.is_some_and(|kind| socket.options.icmp_filter.blocks(kind)) {
                continue;
            }
            taken = true;
            if socket.checks() && !*valid.get_or_insert_with(|| is_valid(arrival, payload)) {
                socket.dropped += 1;
                continue;
            }
            let incoming = Incoming { arrival: *arrival, data: packet.to_vec(), options: Vec::new() };
            if push(&mut self.memory, socket, incoming) {
                wake(&mut self.wakeups, socket, handle);
            }
        }
        taken
    }

    /// Gives an echo reply to the ping socket that asked. `message` begins with its ICMP header, whose checksum is
    /// right; `options` are those of an IPv4 header. Answers whether somebody took it. Linux: `ping_rcv`.
    pub fn echo_reply(&mut self, arrival: &Arrival, options: &[u8], message: &[u8]) -> bool {
        let Some(&[kind, _, _, _, high, low, ..]) = message.first_chunk::<8>() else { return false };
        if !is_echo_reply(arrival.protocol, kind) {
            return false;
        }
        let Some(&handle) = self.pings.get(&u16::from_be_bytes([high, low])) else { return false };
        let Some(socket) = self.sockets.get_mut(handle) else { return false };
        // A socket that is connected to a group hears whoever answers. Linux compares our own end alone.
        let ours = socket.local.unwrap_or(arrival.destination);
        let heard = socket.family == Family::of(arrival.source)
            && ours == arrival.destination
            && socket.options.hears(arrival.device);
        let incoming = Incoming { arrival: *arrival, data: message.to_vec(), options: options.to_vec() };
        if heard && push(&mut self.memory, socket, incoming) {
            wake(&mut self.wakeups, socket, handle);
        }
        heard
    }

    /// Whether there is no socket.
    pub fn is_empty(&self) -> bool {
        self.sockets.len() == 0
    }

    /// Tells whoever sent the quoted packet of an error; `report` makes it from the quote. Linux: `ping_err`,
    /// `raw_icmp_error`.
    pub fn report(&mut self, quote: &Quote<'_>, report: impl Fn(Vec<u8>) -> Report) -> bool {
        let ping = quote.echo_identifier().and_then(|identifier| self.pings.get(&identifier));
        let raws = self.raws.get(&quote.protocol).into_iter().flatten();
        let mut taken = false;
        for &handle in ping.into_iter().chain(raws) {
            let Some(socket) = self.sockets.get_mut(handle) else { continue };
            if socket.matches_ends(quote.source, quote.destination)
                && socket.push_report(report(quote.kept()))
            {
                wake(&mut self.wakeups, socket, handle);
                taken = true;
            }
        }
        taken
    }

    /// The oldest packet, or [`SocketError::WouldBlock`].
    pub fn receive(&mut self, handle: RawHandle) -> Result<Incoming, SocketError> {
        let socket = self.sockets.get_mut(handle).ok_or(SocketError::InvalidState)?;
        let (before, _) = socket.memory();
        let incoming = socket.pop().ok_or(SocketError::WouldBlock)?;
        self.memory.change(before, socket.memory().0);
        Ok(incoming)
    }

    /// The oldest error, or [`SocketError::WouldBlock`]. Linux: `MSG_ERRQUEUE`.
    pub fn receive_report(&mut self, handle: RawHandle) -> Result<Report, SocketError> {
        let socket = self.sockets.get_mut(handle).ok_or(SocketError::InvalidState)?;
        socket.pop_report().ok_or(SocketError::WouldBlock)
    }

    /// What the socket's owner could do now.
    pub fn readiness(&self, handle: RawHandle) -> RawReadiness {
        self.sockets.get(handle).map_or(RawReadiness::default(), Socket::readiness)
    }

    /// Gives a socket up.
    pub fn close(&mut self, handle: RawHandle) {
        let Some(socket) = self.sockets.remove(handle) else { return };
        self.memory.change(socket.memory().0, 0);
        self.pings.remove(&socket.identifier);
        if let Kind::Raw(protocol) = socket.kind
            && let Some(handles) = self.raws.get_mut(&protocol)
        {
            handles.retain(|other| *other != handle);
        }
    }

    /// Sockets whose readiness may have changed since the last time, each once.
    pub fn take_wakeups(&mut self) -> Vec<RawHandle> {
        for &handle in &self.wakeups {
            if let Some(socket) = self.sockets.get_mut(handle) {
                socket.woken = false;
            }
        }
        core::mem::take(&mut self.wakeups)
    }
}

/// Whether the checksum in what a packet carries is right, wherever it stands. Linux: `rawv6_rcv`.
fn is_valid(arrival: &Arrival, payload: &[u8]) -> bool {
    let Ok(length) = u32::try_from(payload.len()) else { return false };
    let pseudo = pseudo_header(arrival.source, arrival.destination, arrival.protocol, length);
    pseudo.plus(Sum::of(payload)).is_valid()
}

/// Queues a packet; answers whether there was room.
fn push(memory: &mut Memory, socket: &mut Socket, incoming: Incoming) -> bool {
    let (before, _) = socket.memory();
    if !memory.admits(BOUNDS, before, incoming.data.len()) {
        socket.dropped += 1;
        return false;
    }
    let pushed = socket.push(incoming);
    memory.change(before, socket.memory().0);
    pushed
}

fn wake(wakeups: &mut Vec<RawHandle>, socket: &mut Socket, handle: RawHandle) {
    if !core::mem::replace(&mut socket.woken, true) {
        wakeups.push(handle);
    }
}
