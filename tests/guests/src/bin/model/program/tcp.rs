//! TCP sockets: which calls are permitted in which state, and what they answer.

mod opening;

use test_guests::random::Random;
use test_guests::sockets::{Family, port_of, tcp};
use test_guests::way::Begun;
use wasi::sockets::network::ErrorCode;
use wasi::sockets::tcp::{ShutdownType, TcpSocket};

use super::connection::End;

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

/// All sockets of a sequence.
pub(crate) struct Model {
    family: Family,
    sockets: Vec<Known>,
    begun: Vec<Begun>,
    sequence: u64,
    made: usize,
    calls: Vec<String>,
}

impl Model {
    pub(crate) fn new(sequence: u64, random: &mut Random) -> Self {
        let family = random.of(&Family::ALL);
        Model { family, sockets: Vec::new(), begun: Vec::new(), sequence, made: 0, calls: Vec::new() }
    }

    /// Makes one call, on a socket of chance's choice or a new one.
    pub(crate) fn call(&mut self, random: &mut Random) {
        if self.sockets.is_empty() || self.sockets.len() < SOCKETS && random.one_in(4) {
            let socket = tcp(self.family);
            return self.take(socket, State::Unbound, None);
        }
        let at = random.below(self.sockets.len());
        if random.one_in(2) {
            self.go_on(at, random);
            return self.look(random);
        }
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

    /// What a program would do next.
    fn go_on(&mut self, at: usize, random: &mut Random) {
        match self.sockets[at].state {
            State::Unbound if random.one_in(2) => self.start_bind(at, random),
            State::Unbound => self.start_connect(at, random),
            State::Binding => self.finish_bind(at),
            State::Bound => self.start_listen(at),
            State::ListenStarted => self.finish_listen(at),
            State::Listening => self.accept(at),
            State::Connecting(_) => self.finish_connect(at),
            State::Connected => self.stream(at, random),
            State::Closed => self.forget(at),
        }
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
        assert_eq!(socket.address_family(), self.family.of_wasi(), "{told}");
        let loose = end.as_ref().is_some_and(|end| end.loose);
        let local = !matches!(state, State::Unbound | State::Binding | State::Closed);
        assert!(socket.local_address().is_ok() == local || loose, "{told}: local-address");
        let remote = *state == State::Connected;
        assert!(socket.remote_address().is_ok() == remote || loose, "{told}: remote-address");
    }
}

fn port(socket: &TcpSocket) -> u16 {
    socket.local_address().map(port_of).unwrap_or_default()
}
