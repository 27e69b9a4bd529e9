//! UDP datagrams between the guest and the outside.

use super::EventLoop;
use crate::gateway::Subnet;
use crate::gateway::datagrams::Far;
use crate::gateway::flows::{Exchange, Flow};
use crate::gateway::knock::Knock;
use crate::gateway::refusal::{Reason, datagram};
use crate::policy::Transport;
use mio::net::UdpSocket;
use mio::{Interest, Token};
use stack_core::socket::SocketError;
use stack_core::udp::UdpHandle;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Datagrams taken from one socket before others have their turn.
const BUDGET: usize = 64;

impl EventLoop {
    /// Judges the first datagram to a remote: binds a socket in its name, and lets the datagram in.
    pub(super) fn meet(&mut self, knock: Knock) {
        let remote = knock.destination;
        // It knocked with others.
        if self.datagrams.stands.socket(remote).is_some() {
            return self.door.admit(knock.frame);
        }
        if let Err(reason) = self.target(Transport::Udp, remote) {
            return self.refuse(&knock.frame, reason);
        }
        if self.datagrams.has_all_remotes() {
            tracing::debug!("no datagrams to {remote}: too many remotes at once");
            return;
        }
        match self.stand_for(remote) {
            Ok(_) => self.door.admit(knock.frame),
            Err(error) => tracing::debug!("no datagrams to {remote}: {error}"),
        }
    }

    /// The socket of the stack that is bound to `remote`; port 0 takes a free one.
    fn stand_for(&mut self, remote: SocketAddr) -> Result<(UdpHandle, SocketAddr), SocketError> {
        if let Some(socket) = self.datagrams.stands.socket(remote) {
            return Ok((socket, remote));
        }
        let socket = self.stack.udp_open()?;
        let bound = self.stack.udp_bind(socket, remote);
        match (bound, self.stack.udp_local_address(socket)) {
            (Ok(()), Some(remote)) => {
                self.datagrams.stands.insert(remote, socket, self.now());
                self.door.set_open(remote, true);
                Ok((socket, remote))
            }
            (bound, _) => {
                self.stack.udp_close(socket);
                Err(bound.err().unwrap_or(SocketError::InvalidState))
            }
        }
    }

    /// Takes what the guest sent to the remote that `socket` stands for.
    pub(super) fn hear_guest(&mut self, socket: UdpHandle) {
        let Some(remote) = self.datagrams.stands.remote(socket) else { return };
        loop {
            match self.stack.udp_receive_from(socket) {
                Ok((data, guest)) if self.is_resolver(remote) => {
                    self.put_question(Flow { guest, remote }, &data)
                }
                Ok((data, guest)) => self.send_out(Flow { guest, remote }, &data),
                Err(SocketError::WouldBlock) => return,
                // The guest refused an answer: the outside has no ear for that.
                Err(_) => {}
            }
        }
    }

    fn send_out(&mut self, flow: Flow, data: &[u8]) {
        let now = self.now();
        let token = match self.datagrams.token(&flow) {
            Some(token) => token,
            None => match self.call(flow) {
                Ok(token) => token,
                Err(reason) => return self.refuse_datagram(flow, reason, data.len()),
            },
        };
        let Some(exchange) = self.datagrams.get_mut(token) else { return };
        exchange.last = now;
        let sent = match &exchange.far {
            // The first may only tell what became of the last one.
            Far::Socket(socket) => socket.send(data).or_else(|_| socket.send(data)),
            Far::Client(listener, client) => match self.published.get(*listener) {
                Some(published) => published.socket.send_to(data, *client),
                None => return,
            },
            Far::Resolver(_) => return,
        };
        if let Err(error) = sent {
            self.undelivered(token, &error, data.len());
        }
    }

    /// A new flow to the outside.
    fn call(&mut self, flow: Flow) -> Result<usize, Option<Reason>> {
        let target = self.target(Transport::Udp, flow.remote).map_err(Some)?;
        self.make_room(Some(flow.remote));
        let token = self.new_token();
        let far = Far::Socket(self.socket_to(target, token).map_err(|error| Reason::of(&error))?);
        let last = self.now();
        self.datagrams.insert(token, Exchange { flow, far, answered: false, last });
        Ok(token)
    }

    /// A socket of this machine that is connected to `target`, and whose events come with this token.
    pub(super) fn socket_to(&self, target: SocketAddr, token: usize) -> io::Result<UdpSocket> {
        let any: IpAddr = match target {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let mut socket = UdpSocket::bind((any, 0).into())?;
        socket.connect(target)?;
        self.poll.registry().register(&mut socket, Token(token), Interest::READABLE)?;
        Ok(socket)
    }

    /// Takes answers from the outside; whether the flow was one of datagrams.
    pub(super) fn hear_outside(&mut self, token: usize) -> bool {
        for _ in 0..BUDGET {
            let now = self.now();
            let Some(exchange) = self.datagrams.get_mut(token) else { return false };
            let socket = match &exchange.far {
                Far::Socket(socket) => socket,
                Far::Client(..) => return true,
                Far::Resolver(_) => {
                    self.hear_servers(token);
                    return true;
                }
            };
            let flow = exchange.flow;
            match socket.recv(&mut self.buffer) {
                Ok(count) => {
                    (exchange.answered, exchange.last) = (true, now);
                    self.deliver(flow, count);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
                Err(error) => self.undelivered(token, &error, 0),
            }
        }
        self.again.push(token);
        true
    }

    /// Takes datagrams of clients of a published port.
    pub(super) fn hear_clients(&mut self, listener: usize) {
        for _ in 0..BUDGET {
            let Some(published) = self.published.get_mut(listener) else { return };
            let port = published.publish.guest_port;
            let (count, client) = match published.socket.recv_from(&mut self.buffer) {
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    published.ready = false;
                    return;
                }
                // A client did not want an answer.
                Err(_) => continue,
            };
            let Some((guest, _)) = self.guest_for(client, port) else { return };
            match self.client_flow(listener, client, guest) {
                Ok(flow) => self.deliver(flow, count),
                Err(error) => tracing::debug!("nothing from {client} to {guest}: {error}"),
            }
        }
    }

    /// The flow of a client, as the guest sees it.
    fn client_flow(
        &mut self,
        listener: usize,
        client: SocketAddr,
        guest: SocketAddr,
    ) -> Result<Flow, SocketError> {
        let now = self.now();
        let known = self.datagrams.token_of_client(listener, client);
        if let Some(exchange) = known.and_then(|token| self.datagrams.get_mut(token)) {
            exchange.last = now;
            return Ok(exchange.flow);
        }
        self.make_room(None);
        let named = self
            .shown(client, guest)
            .filter(|&remote| self.datagrams.token(&Flow { guest, remote }).is_none());
        let named = named.map(|client| self.stand_for(client));
        let (_, remote) = match named {
            Some(Ok(stand)) => stand,
            Some(Err(_)) | None => {
                let of_guest = |subnet: &&Subnet| subnet.guest == guest.ip();
                let subnet = self.subnets.iter().find(of_guest).ok_or(SocketError::InvalidState)?;
                self.stand_for(SocketAddr::new(subnet.gateway, 0))?
            }
        };
        let (flow, far) = (Flow { guest, remote }, Far::Client(listener, client));
        self.policy.admit_client(remote);
        let token = self.new_token();
        self.datagrams.insert(token, Exchange { flow, far, answered: true, last: now });
        Ok(flow)
    }

    /// Hands the first `count` bytes of the buffer to the guest.
    pub(super) fn deliver(&mut self, flow: Flow, count: usize) {
        let now = self.now();
        let (Some(socket), Some(data)) =
            (self.datagrams.stands.socket(flow.remote), self.buffer.get(..count))
        else {
            return;
        };
        // What is lost on the way to the guest is lost as on any wire.
        let _ = self.stack.udp_send_to(socket, data, Some(flow.guest), now);
    }

    /// A datagram of `length` bytes, or an earlier one, did not reach its receiver.
    fn undelivered(&mut self, token: usize, error: &io::Error, length: usize) {
        let Some(exchange) = self.datagrams.get_mut(token) else { return };
        let flow = exchange.flow;
        let full = matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted);
        tracing::debug!("nothing to {}: {error}", flow.remote);
        if full {
            return;
        }
        self.refuse_datagram(flow, Reason::of(error), length);
    }

    pub(super) fn refuse_datagram(&self, flow: Flow, reason: Option<Reason>, length: usize) {
        let frame = self.door.guest_mac().and_then(|mac| datagram(mac, flow.guest, flow.remote, length));
        if let (Some(frame), Some(reason)) = (frame, reason) {
            self.refuse(&frame, reason);
        }
    }

    /// Sees to it that there is room for one more flow. The remote of the one that goes is given up with it, unless it is `needed`.
    pub(super) fn make_room(&mut self, needed: Option<SocketAddr>) {
        if !self.datagrams.is_full() {
            return;
        }
        let ended = self.datagrams.most_silent().and_then(|token| self.end_flow(token));
        let remote = ended.map(|exchange| exchange.flow.remote).filter(|remote| Some(*remote) != needed);
        if let Some((remote, socket)) =
            remote.and_then(|remote| Some((remote, self.datagrams.take_unused(remote)?)))
        {
            self.give_up(remote, socket);
        }
    }

    fn give_up(&mut self, remote: SocketAddr, socket: UdpHandle) {
        self.stack.udp_close(socket);
        self.door.set_open(remote, false);
    }

    fn end_flow(&mut self, token: usize) -> Option<Exchange<Far>> {
        let exchange = self.datagrams.remove(token)?;
        if let Far::Client(..) = exchange.far {
            self.policy.forget_client(exchange.flow.remote);
        }
        Some(exchange)
    }

    /// Ends flows that have been silent too long, and gives their sockets up.
    pub(super) fn expire_datagrams(&mut self) {
        let now = self.now();
        if self.datagrams.next_sweep().is_none_or(|deadline| now < deadline) {
            return;
        }
        for token in self.datagrams.silent(now) {
            self.end_flow(token);
        }
        for (remote, socket) in self.datagrams.take_idle(now) {
            self.give_up(remote, socket);
        }
    }
}
