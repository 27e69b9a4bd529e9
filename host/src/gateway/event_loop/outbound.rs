//! TCP connections of the guest to the outside.

use super::{EventLoop, MAX_CONNECTIONS, prepare};
use crate::gateway::connection::{Connection, reset};
use crate::gateway::dials::Dial;
use crate::gateway::flows::Flow;
use crate::gateway::knock::{Knock, Wish};
use crate::gateway::lease;
use crate::gateway::refusal::{Reason, refusal};
use crate::policy::Transport;
use crate::wire::Wire;
use mio::net::TcpStream;
use mio::{Interest, Token};
use stack_core::socket::SocketError;
use stack_core::tcp::{TcpHandle, TcpOption};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

impl EventLoop {
    /// Judges what waits at the door.
    pub(super) fn answer_door(&mut self) {
        while let Some(knock) = self.door.take() {
            match knock.wish {
                Wish::Connection => self.dial(knock),
                Wish::Reset => self.hang_up(&knock),
                Wish::Lease => self.lease_to(&knock),
                Wish::Datagram if self.is_for_own(&knock, lease::PORT) => self.lease_to(&knock),
                Wish::Datagram => self.meet(knock),
                Wish::Router => self.advertise_to(&knock),
                Wish::Echo => self.judge_echo(knock),
                Wish::Other => self.refuse(&knock.frame, Reason::Prohibited),
            }
        }
    }

    fn is_for_own(&self, knock: &Knock, port: u16) -> bool {
        self.door.is_own(knock.destination.ip()) && knock.destination.port() == port
    }

    /// Tells the guest why a frame goes no further.
    pub(super) fn refuse(&self, frame: &[u8], reason: Reason) {
        if let Some(answer) = refusal(frame, reason, self.door.own()) {
            // A full queue loses it, as it loses others.
            let _ = self.wire.transmit(&answer);
        }
    }

    /// Whether `remote` would be on this wire, where nobody else is: on this machine's networks it would be a stranger, whatever
    /// rules say of the guest and its own address.
    pub(super) fn is_on_wire(&self, remote: IpAddr) -> bool {
        !self.door.is_own(remote) && self.subnets.iter().any(|subnet| subnet.contains(remote))
    }

    /// Who stands for `remote` on the real host, if the guest may reach it: the gateway's address is this machine's loopback.
    pub(super) fn target(&self, transport: Transport, remote: SocketAddr) -> Result<SocketAddr, Reason> {
        let own = self.door.is_own(remote.ip());
        if self.is_resolver(remote) {
            return Ok(self.resolvers.server(self.resolvers.current()));
        }
        if self.is_on_wire(remote.ip()) {
            return Err(Reason::Host);
        }
        self.policy.opening(transport, remote).map_err(|_| Reason::Prohibited)?;
        let loopback = match remote.ip() {
            IpAddr::V4(_) => IpAddr::from(Ipv4Addr::LOCALHOST),
            IpAddr::V6(_) => IpAddr::from(Ipv6Addr::LOCALHOST),
        };
        Ok(if own { SocketAddr::new(loopback, remote.port()) } else { remote })
    }

    /// Asks the real host for the connection that the guest wants.
    fn dial(&mut self, knock: Knock) {
        let flow = Flow { guest: knock.source, remote: knock.destination };
        if let Some(token) = self.dials.token(&flow) {
            // It came again: the answer is on its way, or was lost.
            match self.dials.get_mut(token) {
                Some(Dial { waiting: Some(waiting), .. }) => {
                    *waiting = knock.frame;
                    self.ask_next_by_tcp(token);
                }
                _ => self.door.admit(knock.frame),
            }
            return;
        }
        if self.dials.flows() >= MAX_CONNECTIONS {
            tracing::debug!("{} waits: there are {MAX_CONNECTIONS} connections", flow.remote);
            return;
        }
        let token = self.new_token();
        let asked = self.is_resolver(flow.remote).then(|| self.resolvers.current());
        let called = self
            .target(Transport::Tcp, flow.remote)
            .map_err(Some)
            .and_then(|target| self.stream_to(target, token).map_err(|error| Reason::of(&error)));
        match called {
            Ok(host) => self.dials.insert(token, Dial { flow, host, waiting: Some(knock.frame), asked }),
            Err(Some(reason)) => self.refuse(&knock.frame, reason),
            // It is lost, and sent again.
            Err(None) => {}
        }
    }

    /// A socket of this machine that is being connected to `target`, and whose events come with this token.
    fn stream_to(&self, target: SocketAddr, token: usize) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(target)?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut stream, Token(token), interest)?;
        Ok(stream)
    }

    /// Turns to the next name server, if it is such a one that does not answer and there is another.
    fn ask_next_by_tcp(&mut self, token: usize) -> bool {
        while let Some(asked) = self.dials.get_mut(token).and_then(|dial| dial.asked) {
            self.resolvers.found_wanting(asked);
            let Some(next) = asked.next() else { return false };
            let called = self.stream_to(self.resolvers.server(next), token);
            let Some(dial) = self.dials.get_mut(token) else { return false };
            dial.asked = Some(next);
            if let Ok(host) = called {
                dial.host = host;
                return true;
            }
        }
        false
    }

    /// Looks how a dial is getting on.
    pub(super) fn dial_event(&mut self, token: usize) {
        let Some(dial) = self.dials.get_mut(token).filter(|dial| dial.waiting.is_some()) else {
            // It was answered: what happens to it since, a reset say, is its connection's to hear.
            return;
        };
        let failed = match (dial.host.take_error(), dial.host.peer_addr()) {
            (Ok(Some(error)) | Err(error), _) => error,
            (Ok(None), Ok(_)) => return self.dial_answered(token),
            // Not yet.
            (Ok(None), Err(_)) => return,
        };
        if self.ask_next_by_tcp(token) {
            return;
        }
        let Some(dial) = self.dials.remove(token) else { return };
        tracing::debug!("no connection to {}: {failed}", dial.flow.remote);
        if let (Some(frame), Some(reason)) = (dial.waiting, Reason::of(&failed)) {
            self.refuse(&frame, reason);
        }
    }

    /// The real host has connected: lets the guest's SYN in to a socket that listens for it.
    fn dial_answered(&mut self, token: usize) {
        let now = self.now();
        let Some(dial) = self.dials.get_mut(token) else { return };
        let remote = dial.flow.remote;
        let Some(frame) = dial.waiting.take() else { return };
        // Where it fails the connection has ended already, which its first read tells.
        let _ = prepare(&dial.host);
        let standing = match self.dials.stands.socket(remote) {
            Some(_) => Ok(()),
            None => self.listen_as(remote).map(|listener| self.dials.stands.insert(remote, listener, now)),
        };
        match standing {
            Ok(()) => {
                self.dials.stands.join(remote);
                self.dials.answered(token, now);
                self.door.admit(frame);
            }
            Err(error) => {
                tracing::debug!("no connection to {remote}: {error}");
                self.dials.remove(token);
                self.refuse(&frame, Reason::Host);
            }
        }
    }

    /// A socket of the stack that listens in `remote`'s name.
    fn listen_as(&mut self, remote: SocketAddr) -> Result<TcpHandle, SocketError> {
        let listener = self.stack.tcp_open()?;
        // Connections to the same remote, which are there already, are no hindrance.
        let ready = self
            .stack
            .tcp_set_option(listener, TcpOption::ReuseAddress(true))
            .and_then(|()| self.stack.tcp_set_option(listener, TcpOption::NoDelay(true)))
            .and_then(|()| self.stack.tcp_bind(listener, remote))
            .and_then(|()| self.stack.tcp_listen(listener));
        if let Err(error) = ready {
            self.stack.tcp_abort(listener, self.now());
            return Err(error);
        }
        Ok(listener)
    }

    /// Takes the connections that the guest has opened, if `listener` stands for a remote.
    pub(super) fn accept_from_guest(&mut self, listener: TcpHandle) {
        let now = self.now();
        let Some(remote) = self.dials.stands.remote(listener) else { return };
        while let Ok(socket) = self.stack.tcp_accept(listener) {
            let guest = self.stack.tcp_remote_address(socket);
            let flow = guest.map(|guest| Flow { guest, remote });
            let Some((token, dial)) = flow.and_then(|flow| self.dials.take_answered(&flow)) else {
                self.stack.tcp_abort(socket, now);
                continue;
            };
            tracing::debug!("connection from {} to {remote}", dial.flow.guest);
            self.connections.insert(token, Connection::outbound(dial.host, dial.flow, socket));
            self.by_handle.insert(socket, token);
            self.ready.push(token);
            self.leave(remote);
        }
    }

    /// Gives up what the guest did not finish in time.
    pub(super) fn expire_dials(&mut self) {
        while let Some(dial) = self.dials.take_expired(self.now()) {
            self.give_up_dial(&dial);
        }
    }

    /// Gives up what the guest wants no more: it has answered the end of the handshake with a reset.
    fn hang_up(&mut self, knock: &Knock) {
        let flow = Flow { guest: knock.source, remote: knock.destination };
        let dial = self.dials.take_answered(&flow).map(|(_, dial)| dial);
        if let Some(dial) = dial {
            self.dials.forget(&flow);
            self.give_up_dial(&dial);
        }
    }

    fn give_up_dial(&mut self, dial: &Dial) {
        tracing::debug!("the guest did not finish its connection to {}", dial.flow.remote);
        reset(&dial.host);
        self.leave(dial.flow.remote);
    }

    fn leave(&mut self, remote: SocketAddr) {
        self.dials.stands.leave(remote);
        if let Some(listener) = self.dials.stands.take_unused(remote) {
            self.stack.tcp_close(listener, self.now());
        }
    }
}
