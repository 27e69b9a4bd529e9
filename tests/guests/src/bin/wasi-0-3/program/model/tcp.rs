//! TCP sockets: which calls are permitted in which state, and what they answer.

mod opening;

use test_guests::random::Random;
use test_guests::way::Begun;
use wit_bindgen::StreamReader;

use super::connection::End;
use crate::program::addresses::{LOOPBACK, port};
use crate::program::bindings::wasi::sockets::types::{ErrorCode, IpAddressFamily, TcpSocket};
use crate::program::bindings::wit_stream;

/// Sockets at a time.
const SOCKETS: usize = 6;

/// A state of the standard's diagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Unbound,
    Bound,
    Listening,
    Connected,
    Closed,
}

/// A socket and what is known of it.
struct Known {
    socket: TcpSocket,
    state: State,
    /// Of a listener.
    connections: Option<StreamReader<TcpSocket>>,
    /// Of a connection, once it was used.
    end: Option<End>,
    /// Which one it is in what failures tell.
    number: usize,
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
        let family = random.of(&LOOPBACK);
        Model { family, sockets: Vec::new(), begun: Vec::new(), sequence, made: 0, calls: Vec::new() }
    }

    /// Makes one call, on a socket of chance's choice or a new one.
    pub(crate) async fn call(&mut self, random: &mut Random) {
        if self.sockets.is_empty() || self.sockets.len() < SOCKETS && random.one_in(4) {
            let socket = TcpSocket::create(self.family).expect("a socket");
            return self.take(socket, State::Unbound, None);
        }
        let at = random.below(self.sockets.len());
        if random.one_in(2) {
            self.go_on(at, random).await;
            return self.look(random);
        }
        match random.below(16) {
            0 | 1 => self.bind(at, random),
            2 | 3 => self.connect(at, random).await,
            4 => self.give_up_connecting(at).await,
            5 | 6 => self.listen(at),
            7..=9 => self.accept(at).await,
            10 => self.options(at, random),
            11 => self.once(at).await,
            12 if random.one_in(3) => self.forget(at),
            _ => self.stream(at, random).await,
        }
        self.look(random);
    }

    /// What a program would do next.
    async fn go_on(&mut self, at: usize, random: &mut Random) {
        match self.sockets[at].state {
            State::Unbound if random.one_in(2) => self.bind(at, random),
            State::Unbound => self.connect(at, random).await,
            State::Bound => self.listen(at),
            State::Listening => self.accept(at).await,
            State::Connected => self.stream(at, random).await,
            State::Closed => self.forget(at),
        }
    }

    fn take(&mut self, socket: TcpSocket, state: State, end: Option<End>) {
        self.made += 1;
        self.sockets.push(Known { socket, state, connections: None, end, number: self.made });
    }

    /// A call's words for a failure, with all calls before it.
    fn tell(&mut self, at: usize, call: &str) -> String {
        let Known { number, state, .. } = &self.sockets[at];
        self.calls.push(format!("{number} ({state:?}) {call}"));
        format!("sequence {}: {}", self.sequence, self.calls.join("; "))
    }

    async fn stream(&mut self, at: usize, random: &mut Random) {
        let told = self.tell(at, "streams");
        if let Some(end) = &mut self.sockets[at].end {
            end.call(random, &told).await;
        }
    }

    /// `send` and `receive` are for one time each, and for connections: those were used when they came about.
    async fn once(&mut self, at: usize) {
        let told = self.tell(at, "send and receive");
        let socket = &self.sockets[at].socket;
        let (_writer, data) = wit_stream::new();
        is(socket.send(data).await, Err(ErrorCode::InvalidState), &told);
        let (mut stream, received) = socket.receive();
        assert_eq!(stream.next().await, None, "{told}");
        is(received.await, Err(ErrorCode::InvalidState), &told);
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
        let value = random.below(3) as u64 * 0x8000;
        let error = || (value == 0).then_some(ErrorCode::InvalidArgument);
        is(socket.set_receive_buffer_size(value), expected(error()), &told);
        is(socket.set_hop_limit((value >> 9) as u8), expected(error()), &told);
        is(socket.set_keep_alive_enabled(true), expected(None), &told);
        is(socket.get_hop_limit().map(drop), expected(None), &told);
    }

    /// Drops a socket with all that came from it.
    fn forget(&mut self, at: usize) {
        self.tell(at, "drop");
        let known = self.sockets.swap_remove(at);
        let ours = local_port(&known.socket);
        let listened = known.state == State::Listening;
        for begun in &mut self.begun {
            let waits = listened && begun.listener_port == ours && !begun.accepted;
            let ends = !listened && [begun.client_port, begun.listener_port].contains(&ours);
            begun.gone |= waits || ends;
        }
        // The other end may hear of it, and be reset.
        for other in &mut self.sockets {
            let ports = [other.socket.get_local_address(), other.socket.get_remote_address()];
            if let Some(end) = &mut other.end
                && ports.into_iter().any(|address| address.is_ok_and(|address| port(address) == ours))
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
        let Known { socket, state, .. } = &self.sockets[at];
        assert_eq!(socket.get_is_listening(), *state == State::Listening, "{told}");
        assert_eq!(socket.get_address_family(), self.family, "{told}");
        let local = !matches!(state, State::Unbound | State::Closed);
        assert_eq!(socket.get_local_address().is_ok(), local, "{told}: get-local-address");
        let remote = *state == State::Connected;
        assert_eq!(socket.get_remote_address().is_ok(), remote, "{told}: get-remote-address");
    }
}

/// Expects an answer.
pub(super) fn is(answer: Result<(), ErrorCode>, expected: Result<(), ErrorCode>, told: &str) {
    assert_eq!(format!("{answer:?}"), format!("{expected:?}"), "{told}");
}

fn local_port(socket: &TcpSocket) -> u16 {
    socket.get_local_address().map(port).unwrap_or_default()
}
