//! TCP sockets: which calls are permitted in which state, and what they answer.

use wasi::sockets::instance_network::instance_network;
use wasi::sockets::network::{
    ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};
use wasi::sockets::tcp::{ShutdownType, TcpSocket};
use wasi::sockets::tcp_create_socket::create_tcp_socket;

use crate::connection::{End, SharedWay};
use crate::random::Random;

/// Sockets at a time.
const SOCKETS: usize = 6;

/// A state of the standard's diagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Unbound,
    Binding,
    Bound,
    ListenStarted,
    Listening,
    /// Whether somebody listened there.
    Connecting(bool),
    Connected,
    Closed,
}

/// A socket and what is known of it. The streams go before the socket.
struct Known {
    end: Option<End>,
    socket: TcpSocket,
    state: State,
    /// Which one it is in what failures tell.
    number: usize,
}

/// A connection that was begun.
struct Begun {
    client_port: u16,
    listener_port: u16,
    /// What the client hears, and what it says.
    ways: (SharedWay, SharedWay),
    accepted: bool,
    /// One of its ends is gone, or the listener before it was accepted.
    gone: bool,
}

/// All sockets of a sequence.
pub(crate) struct Model {
    family: IpAddressFamily,
    sockets: Vec<Known>,
    begun: Vec<Begun>,
    sequence: u64,
    made: usize,
    calls: Vec<String>,
}

impl Model {
    pub(crate) fn new(sequence: u64, random: &mut Random) -> Self {
        let family = random.of(&[IpAddressFamily::Ipv4, IpAddressFamily::Ipv6]);
        Model { family, sockets: Vec::new(), begun: Vec::new(), sequence, made: 0, calls: Vec::new() }
    }

    /// Makes one call, on a socket of chance's choice or a new one.
    pub(crate) fn call(&mut self, random: &mut Random) {
        if self.sockets.is_empty() || self.sockets.len() < SOCKETS && random.one_in(4) {
            let socket = create_tcp_socket(self.family).expect("a socket");
            return self.take(socket, State::Unbound, None);
        }
        let at = random.below(self.sockets.len());
        match random.below(16) {
            0 | 1 => self.start_bind(at, random),
            2 => self.finish_bind(at),
            3 | 4 => self.start_connect(at, random),
            5 | 6 => self.finish_connect(at),
            7 => self.start_listen(at),
            8 => self.finish_listen(at),
            9 | 10 => self.accept(at),
            11 => self.options(at, random),
            12 if random.one_in(3) => self.forget(at),
            12 => self.shutdown(at, random),
            _ => self.stream(at, random),
        }
        self.look(random);
    }

    /// Drops everything, in any order.
    pub(crate) fn end(&mut self, random: &mut Random) {
        while !self.sockets.is_empty() {
            let at = random.below(self.sockets.len());
            self.forget(at);
        }
    }

    fn take(&mut self, socket: TcpSocket, state: State, end: Option<End>) {
        self.made += 1;
        self.sockets.push(Known { end, socket, state, number: self.made });
    }

    /// A call's words for a failure, with all calls before it.
    fn tell(&mut self, at: usize, call: &str) -> String {
        let Known { number, state, .. } = &self.sockets[at];
        self.calls.push(format!("{number} ({state:?}) {call}"));
        format!("sequence {}: {}", self.sequence, self.calls.join("; "))
    }

    fn start_bind(&mut self, at: usize, random: &mut Random) {
        let told = self.tell(at, "start-bind");
        let wrong_family = random.one_in(6);
        let address = loopback(if wrong_family { other(self.family) } else { self.family }, 0);
        let known = &mut self.sockets[at];
        let expected = match known.state {
            State::Unbound if wrong_family => Err(ErrorCode::InvalidArgument),
            State::Unbound => Ok(()),
            state => refused(state),
        };
        assert_eq!(known.socket.start_bind(&instance_network(), address), expected, "{told}");
        if expected.is_ok() {
            known.state = State::Binding;
        }
    }

    fn finish_bind(&mut self, at: usize) {
        let told = self.tell(at, "finish-bind");
        let known = &mut self.sockets[at];
        let expected = in_progress(known.state == State::Binding);
        assert_eq!(known.socket.finish_bind(), expected, "{told}");
        if expected.is_ok() {
            known.state = State::Bound;
        }
    }

    fn start_listen(&mut self, at: usize) {
        let told = self.tell(at, "start-listen");
        let known = &mut self.sockets[at];
        let expected = match known.state {
            State::Bound => Ok(()),
            state => refused(state),
        };
        assert_eq!(known.socket.start_listen(), expected, "{told}");
        if expected.is_ok() {
            known.state = State::ListenStarted;
        }
    }

    fn finish_listen(&mut self, at: usize) {
        let told = self.tell(at, "finish-listen");
        let known = &mut self.sockets[at];
        let expected = in_progress(known.state == State::ListenStarted);
        assert_eq!(known.socket.finish_listen(), expected, "{told}");
        if expected.is_ok() {
            known.state = State::Listening;
        }
    }

    fn start_connect(&mut self, at: usize, random: &mut Random) {
        let told = self.tell(at, "start-connect");
        let listens = |known: &&Known| known.state == State::Listening;
        let ports: Vec<u16> = self.sockets.iter().filter(listens).map(|known| port(&known.socket)).collect();
        // Nobody listens on port 1.
        let (to, somebody) = match ports[..] {
            [] => (1, false),
            _ if random.one_in(8) => (random.of(&[0, 1]), false),
            _ => (random.of(&ports), true),
        };
        let known = &mut self.sockets[at];
        let expected = match known.state {
            State::Unbound | State::Bound if to == 0 => Err(ErrorCode::InvalidArgument),
            State::Unbound | State::Bound => Ok(()),
            state => refused(state),
        };
        let address = loopback(self.family, to);
        assert_eq!(known.socket.start_connect(&instance_network(), address), expected, "{told}");
        if expected.is_err() {
            return;
        }
        known.state = State::Connecting(somebody);
        if somebody {
            let client_port = port(&known.socket);
            let (ways, accepted, gone) = Default::default();
            self.begun.push(Begun { client_port, listener_port: to, ways, accepted, gone });
        }
    }

    fn finish_connect(&mut self, at: usize) {
        let told = self.tell(at, "finish-connect");
        let known = &mut self.sockets[at];
        let State::Connecting(somebody) = known.state else {
            let answer = known.socket.finish_connect().map(drop);
            return assert_eq!(answer, Err(ErrorCode::NotInProgress), "{told}");
        };
        let answer = loop {
            match known.socket.finish_connect() {
                Err(ErrorCode::WouldBlock) => known.socket.subscribe().block(),
                answer => break answer,
            }
        };
        match answer {
            Ok(streams) => {
                assert!(somebody, "{told}: nobody listens there");
                known.state = State::Connected;
                let ours = port(&known.socket);
                let begun = self.begun.iter().rfind(|begun| begun.client_port == ours).expect(&told);
                known.end = Some(End::new(streams, begun.ways.clone(), begun.gone));
            }
            Err(error) => {
                let gone = matches!(error, ErrorCode::ConnectionReset | ErrorCode::ConnectionAborted);
                let refused = error == ErrorCode::ConnectionRefused;
                assert!(refused || gone && somebody, "{told}: {error:?}");
                known.state = State::Closed;
            }
        }
    }

    fn accept(&mut self, at: usize) {
        let told = self.tell(at, "accept");
        let known = &self.sockets[at];
        let answer = known.socket.accept();
        if known.state != State::Listening {
            let error = answer.map(drop).expect_err(&told);
            return assert_eq!(error, ErrorCode::InvalidState, "{told}");
        }
        match answer {
            Ok((socket, input, output)) => {
                let client = port_of(socket.remote_address().expect(&told));
                let waits = |begun: &&mut Begun| begun.client_port == client && !begun.accepted;
                let begun = self.begun.iter_mut().rfind(waits).expect(&told);
                begun.accepted = true;
                // What is said there is heard here.
                let (outgoing, incoming) = begun.ways.clone();
                let end = End::new((input, output), (incoming, outgoing), begun.gone);
                self.take(socket, State::Connected, Some(end));
            }
            Err(error) => assert_eq!(error, ErrorCode::WouldBlock, "{told}"),
        }
    }

    fn shutdown(&mut self, at: usize, random: &mut Random) {
        let how = random.of(&[ShutdownType::Receive, ShutdownType::Send, ShutdownType::Both]);
        let told = self.tell(at, &format!("shutdown {how:?}"));
        let known = &mut self.sockets[at];
        let expected = match known.state {
            State::Connected => Ok(()),
            _ => Err(ErrorCode::InvalidState),
        };
        let answer = known.socket.shutdown(how);
        let loose = known.end.as_ref().is_some_and(|end| end.loose);
        assert!(answer == expected || loose, "{told}: {answer:?}");
        if let Some(end) = &mut known.end {
            if how != ShutdownType::Receive {
                end.end_output();
            }
            if how != ShutdownType::Send {
                end.end_input();
            }
        }
    }

    fn stream(&mut self, at: usize, random: &mut Random) {
        if self.sockets[at].end.is_some() {
            let told = self.tell(at, "streams");
            if let Some(end) = &mut self.sockets[at].end {
                end.call(random, &told);
            }
        }
    }

    /// Getters and setters work in every state but the last.
    fn options(&mut self, at: usize, random: &mut Random) {
        let told = self.tell(at, "options");
        let Known { socket, state, .. } = &self.sockets[at];
        let closed = *state == State::Closed;
        let expected = |error: Option<ErrorCode>| match error {
            _ if closed => Err(ErrorCode::InvalidState),
            Some(error) => Err(error),
            None => Ok(()),
        };
        let value = random.below(3) as u64 * 0x4000;
        let error = (value == 0).then_some(ErrorCode::InvalidArgument);
        assert_eq!(socket.set_receive_buffer_size(value), expected(error), "{told}");
        assert_eq!(socket.set_hop_limit((value >> 8) as u8), expected(error), "{told}");
        assert_eq!(socket.set_keep_alive_enabled(true), expected(None), "{told}");
        assert_eq!(socket.hop_limit().map(drop), expected(None), "{told}");
    }

    /// Drops a socket, its streams first.
    fn forget(&mut self, at: usize) {
        self.tell(at, "drop");
        let known = self.sockets.swap_remove(at);
        let ours = port(&known.socket);
        let listened = known.state == State::Listening;
        for begun in &mut self.begun {
            let waits = listened && begun.listener_port == ours && !begun.accepted;
            let ends = !listened && [begun.client_port, begun.listener_port].contains(&ours);
            begun.gone |= waits || ends;
        }
        // The other end may hear of it, and be reset.
        for other in &mut self.sockets {
            let ports = [other.socket.local_address(), other.socket.remote_address()];
            if let Some(end) = &mut other.end
                && ports.into_iter().any(|address| address.is_ok_and(|address| port_of(address) == ours))
            {
                end.loose = true;
            }
        }
    }

    /// What can be asked in every state, of a socket of chance's choice.
    fn look(&mut self, random: &mut Random) {
        if self.sockets.is_empty() {
            return;
        }
        let at = random.below(self.sockets.len());
        let told = self.tell(at, "look");
        let Known { socket, state, end, .. } = &self.sockets[at];
        assert_eq!(socket.is_listening(), *state == State::Listening, "{told}");
        assert_eq!(socket.address_family(), self.family, "{told}");
        let loose = end.as_ref().is_some_and(|end| end.loose);
        let local = !matches!(state, State::Unbound | State::Binding | State::Closed);
        assert!(socket.local_address().is_ok() == local || loose, "{told}: local-address");
        let remote = *state == State::Connected;
        assert!(socket.remote_address().is_ok() == remote || loose, "{told}: remote-address");
    }
}

/// What a call answers that its state does not permit.
fn refused(state: State) -> Result<(), ErrorCode> {
    match state {
        State::Binding | State::ListenStarted | State::Connecting(_) => Err(ErrorCode::ConcurrencyConflict),
        _ => Err(ErrorCode::InvalidState),
    }
}

fn in_progress(it_is: bool) -> Result<(), ErrorCode> {
    it_is.then_some(()).ok_or(ErrorCode::NotInProgress)
}

pub(crate) fn other(family: IpAddressFamily) -> IpAddressFamily {
    match family {
        IpAddressFamily::Ipv4 => IpAddressFamily::Ipv6,
        IpAddressFamily::Ipv6 => IpAddressFamily::Ipv4,
    }
}

pub(crate) fn loopback(family: IpAddressFamily, port: u16) -> IpSocketAddress {
    match family {
        IpAddressFamily::Ipv4 => IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address: (127, 0, 0, 1) }),
        IpAddressFamily::Ipv6 => IpSocketAddress::Ipv6(Ipv6SocketAddress {
            port,
            flow_info: 0,
            address: (0, 0, 0, 0, 0, 0, 0, 1),
            scope_id: 0,
        }),
    }
}

fn port(socket: &TcpSocket) -> u16 {
    socket.local_address().map(port_of).unwrap_or_default()
}

pub(crate) fn port_of(address: IpSocketAddress) -> u16 {
    match address {
        IpSocketAddress::Ipv4(address) => address.port,
        IpSocketAddress::Ipv6(address) => address.port,
    }
}
