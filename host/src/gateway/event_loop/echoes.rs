//! Echoes: those of the gateway itself, and those of the outside.

use super::EventLoop;
use crate::gateway::echo::{self, Far, PingSocket};
use crate::gateway::flows::{Exchange, Flow};
use crate::gateway::knock::Knock;
use crate::gateway::refusal::Reason;
use crate::tell;
use mio::unix::SourceFd;
use mio::{Interest, Token};
use stack_core::raw::{Family, Incoming, Message, RawHandle};
use stack_core::wire::ipv4;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd};

/// Echoes taken from one socket before others have their turn.
const BUDGET: usize = 64;

impl EventLoop {
    /// Judges a request to the outside.
    pub(super) fn judge_echo(&mut self, knock: Knock) {
        let flow = Flow { guest: knock.source, remote: knock.destination };
        if let Err(reason) = self.echo_flow(flow, &knock.frame) {
            return reason.into_iter().for_each(|reason| self.refuse(&knock.frame, reason));
        }
        self.door.admit(knock.frame);
    }

    /// Sees to it that there is a flow, about which `asked` is the last request.
    fn echo_flow(&mut self, flow: Flow, asked: &[u8]) -> Result<(), Option<Reason>> {
        let remote = flow.remote.ip();
        if let Some(exchange) = self.echoes.token(&flow).and_then(|token| self.echoes.get_mut(token)) {
            exchange.far.asked = asked.to_vec();
            return Ok(());
        }
        if self.is_on_wire(remote) {
            return Err(Some(Reason::Host));
        }
        self.policy.echo(remote).map_err(|_| Some(Reason::Prohibited))?;
        if self.echoes.len() >= echo::MAX_FLOWS
            && let Some(token) = self.echoes.most_silent()
        {
            self.end_echo(token);
        }
        let token = self.new_token();
        let socket = PingSocket::open(Family::of(remote)).map_err(|error| {
            self.tell_forbidden(&error);
            Reason::of(&error)
        })?;
        let descriptor = socket.as_fd().as_raw_fd();
        let registered = socket.connect(remote).and_then(|()| {
            self.poll.registry().register(&mut SourceFd(&descriptor), Token(token), Interest::READABLE)
        });
        registered.map_err(|error| Reason::of(&error))?;
        let far = Far { socket, asked: asked.to_vec() };
        self.echoes.insert(token, Exchange { flow, far, answered: false, last: self.now() });
        Ok(())
    }

    /// Says once why this machine carries no echoes.
    fn tell_forbidden(&mut self, error: &io::Error) {
        if echo::is_forbidden(error) && !std::mem::replace(&mut self.told_forbidden, true) {
            tell(
                "this machine carries no pings of the guest: its setting net.ipv4.ping_group_range does not \
                 have the group of this process",
            );
        }
    }

    /// Takes the requests that came in, if `socket` is an ear.
    pub(super) fn hear_echoes(&mut self, socket: RawHandle) {
        let Some(sockets) = self.echo_sockets.iter().find(|sockets| sockets.ear == socket) else { return };
        let (family, mouth) = (sockets.family, sockets.mouth);
        while let Ok(Incoming { arrival, data, .. }) = self.stack.raw_receive(socket) {
            let (source, destination) = (arrival.source, arrival.destination);
            let message = match family {
                Family::V4 => ipv4::Header::parse(&data).map(|header| header.payload()).unwrap_or_default(),
                Family::V6 => &data[..],
            };
            let Some(identifier) = echo::identifier_of_request(source, destination, message) else {
                continue;
            };
            if self.is_gateways(destination) {
                let mut reply = message.to_vec();
                if echo::make_reply(family, &mut reply, identifier) {
                    self.reply(mouth, destination, source, &reply);
                }
                continue;
            }
            let flow =
                Flow { guest: SocketAddr::new(source, identifier), remote: SocketAddr::new(destination, 0) };
            self.ask_outside(&flow, message);
        }
    }

    /// Whether the gateway itself has an address: one of its own, or of the link.
    fn is_gateways(&self, address: IpAddr) -> bool {
        let of_link = matches!(address, IpAddr::V6(address) if address.is_unicast_link_local());
        of_link || self.door.is_own(address)
    }

    fn ask_outside(&mut self, flow: &Flow, request: &[u8]) {
        let now = self.now();
        let Some(token) = self.echoes.token(flow) else { return };
        let Some(exchange) = self.echoes.get_mut(token) else { return };
        exchange.last = now;
        let socket = &exchange.far.socket;
        // The first may only tell what became of the last one.
        if let Err(error) = socket.send(request).or_else(|_| socket.send(request)) {
            self.no_echo(token, &error);
        }
    }

    /// Takes replies from the outside; whether the flow is one of echoes.
    pub(super) fn hear_echoed(&mut self, token: usize) -> bool {
        for _ in 0..BUDGET {
            let now = self.now();
            let Some(exchange) = self.echoes.get_mut(token) else { return false };
            let flow = exchange.flow;
            match exchange.far.socket.receive(&mut self.buffer) {
                Ok(count) => {
                    (exchange.answered, exchange.last) = (true, now);
                    self.hand_echo(flow, count);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
                Err(error) => self.no_echo(token, &error),
            }
        }
        self.again.push(token);
        true
    }

    /// Hands the reply in the first `count` bytes of the buffer to the guest.
    fn hand_echo(&mut self, flow: Flow, count: usize) {
        let family = Family::of(flow.remote.ip());
        let mouth = self.echo_sockets.iter().find(|sockets| sockets.family == family);
        let (Some(mouth), Some(reply)) = (mouth.map(|sockets| sockets.mouth), self.buffer.get_mut(..count))
        else {
            return;
        };
        if echo::make_reply(family, reply, flow.guest.port()) {
            let reply = reply.to_vec();
            self.reply(mouth, flow.remote.ip(), flow.guest.ip(), &reply);
        }
    }

    fn reply(&mut self, mouth: RawHandle, from: IpAddr, to: IpAddr, reply: &[u8]) {
        let now = self.now();
        let message = Message { data: reply, to: Some(to), hop_limit: None };
        let sent = self.stack.raw_bind(mouth, Some(from), 0);
        // What is lost on the way to the guest is lost as on any wire.
        let _ = sent.and_then(|()| self.stack.raw_send(mouth, message, now));
    }

    /// A request of a flow did not reach its receiver.
    fn no_echo(&mut self, token: usize, error: &io::Error) {
        let Some(exchange) = self.echoes.get_mut(token) else { return };
        tracing::debug!("no echo of {}: {error}", exchange.flow.remote.ip());
        if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) {
            return;
        }
        let asked = exchange.far.asked.clone();
        if let Some(reason) = Reason::of(error) {
            self.refuse(&asked, reason);
        }
    }

    fn end_echo(&mut self, token: usize) {
        if let Some(exchange) = self.echoes.remove(token) {
            let descriptor = exchange.far.socket.as_fd().as_raw_fd();
            // Closing it would do the same.
            let _ = self.poll.registry().deregister(&mut SourceFd(&descriptor));
        }
    }

    /// Ends flows that have been silent too long.
    pub(super) fn expire_echoes(&mut self) {
        let now = self.now();
        if self.echoes.len() > 0 && now >= self.echoes.next_sweep() {
            self.echoes.silent(now).into_iter().for_each(|token| self.end_echo(token));
        }
    }
}
