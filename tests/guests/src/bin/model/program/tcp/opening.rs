//! How a socket comes to an address, to a peer, or to peers.

use test_guests::random::Random;
use test_guests::sockets::{finish, network, port_of};
use test_guests::way::Begun;
use wasi::sockets::network::ErrorCode;

use super::{Known, Model, State, port};
use crate::program::address_to_bind;
use crate::program::connection::End;

impl Model {
    pub(super) fn start_bind(&mut self, at: usize, random: &mut Random) {
        let told = self.tell(at, "start-bind");
        let (address, wrong_family) = address_to_bind(self.family, random);
        let known = &mut self.sockets[at];
        let expected = match known.state {
            State::Unbound if wrong_family => Err(ErrorCode::InvalidArgument),
            State::Unbound => Ok(()),
            state => refused(state),
        };
        assert_eq!(known.socket.start_bind(&network(), address), expected, "{told}");
        if expected.is_ok() {
            known.state = State::Binding;
        }
    }

    pub(super) fn finish_bind(&mut self, at: usize) {
        let told = self.tell(at, "finish-bind");
        let known = &mut self.sockets[at];
        let expected = in_progress(known.state == State::Binding);
        assert_eq!(known.socket.finish_bind(), expected, "{told}");
        if expected.is_ok() {
            known.state = State::Bound;
        }
    }

    pub(super) fn start_listen(&mut self, at: usize) {
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

    pub(super) fn finish_listen(&mut self, at: usize) {
        let told = self.tell(at, "finish-listen");
        let known = &mut self.sockets[at];
        let expected = in_progress(known.state == State::ListenStarted);
        assert_eq!(known.socket.finish_listen(), expected, "{told}");
        if expected.is_ok() {
            known.state = State::Listening;
        }
    }

    pub(super) fn start_connect(&mut self, at: usize, random: &mut Random) {
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
        let address = self.family.loopback(to);
        assert_eq!(known.socket.start_connect(&network(), address), expected, "{told}");
        if expected.is_err() {
            return;
        }
        known.state = State::Connecting(somebody);
        if somebody {
            let client_port = port(&known.socket);
            self.begun.push(Begun { client_port, listener_port: to, ..Begun::default() });
        }
    }

    pub(super) fn finish_connect(&mut self, at: usize) {
        let told = self.tell(at, "finish-connect");
        let known = &mut self.sockets[at];
        let State::Connecting(somebody) = known.state else {
            let answer = known.socket.finish_connect().map(drop);
            return assert_eq!(answer, Err(ErrorCode::NotInProgress), "{told}");
        };
        let answer = finish(|| known.socket.subscribe(), || known.socket.finish_connect());
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

    pub(super) fn accept(&mut self, at: usize) {
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
