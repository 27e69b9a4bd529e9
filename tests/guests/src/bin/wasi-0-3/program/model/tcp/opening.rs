//! How a socket comes to an address, to a peer, or to peers.

use std::pin::pin;

use test_guests::random::Random;
use test_guests::way::Begun;

use super::{Known, Model, State, is, local_port};
use crate::program::addresses::{at as address_at, port};
use crate::program::bindings::wasi::sockets::types::ErrorCode;
use crate::program::model::address_to_bind;
use crate::program::model::connection::End;
use crate::program::wait::at_once;

/// Nobody listens there.
const CLOSED: u16 = 1;

impl Model {
    pub(super) fn bind(&mut self, at: usize, random: &mut Random) {
        let told = self.tell(at, "bind");
        let (address, wrong_family) = address_to_bind(self.family, random);
        let known = &mut self.sockets[at];
        let expected = match known.state {
            State::Unbound if wrong_family => Err(ErrorCode::InvalidArgument),
            State::Unbound => Ok(()),
            _ => Err(ErrorCode::InvalidState),
        };
        if expected.is_ok() {
            known.state = State::Bound;
        }
        is(known.socket.bind(address), expected, &told);
    }

    pub(super) fn listen(&mut self, at: usize) {
        let told = self.tell(at, "listen");
        let known = &mut self.sockets[at];
        let listened = known.socket.listen();
        match known.state {
            State::Unbound | State::Bound => {
                known.connections = Some(listened.expect(&told));
                known.state = State::Listening;
            }
            _ => is(listened.map(drop), Err(ErrorCode::InvalidState), &told),
        }
    }

    /// A port that somebody of these listens on, if there is one.
    fn somebody(&self, random: &mut Random) -> Option<u16> {
        let listens = |known: &&Known| known.state == State::Listening;
        let ports: Vec<u16> =
            self.sockets.iter().filter(listens).map(|known| local_port(&known.socket)).collect();
        (!ports.is_empty()).then(|| random.of(&ports))
    }

    pub(super) async fn connect(&mut self, at: usize, random: &mut Random) {
        let told = self.tell(at, "connect");
        let to = match random.one_in(8) {
            true => random.of(&[0, CLOSED]),
            false => self.somebody(random).unwrap_or(CLOSED),
        };
        let known = &mut self.sockets[at];
        let connected = known.socket.connect(address_at(self.family, 1, to)).await;
        match (known.state, to) {
            (State::Unbound | State::Bound, 0) => is(connected, Err(ErrorCode::InvalidArgument), &told),
            (State::Unbound | State::Bound, CLOSED) => {
                known.state = State::Closed;
                is(connected, Err(ErrorCode::ConnectionRefused), &told);
            }
            (State::Unbound | State::Bound, _) => {
                is(connected, Ok(()), &told);
                known.state = State::Connected;
                let client_port = local_port(&known.socket);
                let begun = Begun { client_port, listener_port: to, ..Begun::default() };
                known.end = Some(End::new(&known.socket, begun.ways.clone(), false));
                self.begun.push(begun);
            }
            _ => is(connected, Err(ErrorCode::InvalidState), &told),
        }
    }

    /// A call that is given up has ended the socket.
    pub(super) async fn give_up_connecting(&mut self, at: usize) {
        let told = self.tell(at, "connect, given up");
        let known = &mut self.sockets[at];
        let was_open = matches!(known.state, State::Unbound | State::Bound);
        let answer = {
            let mut connected = pin!(known.socket.connect(address_at(self.family, 1, CLOSED)));
            at_once(connected.as_mut()).await
        };
        match answer {
            Some(answer) if was_open => is(answer, Err(ErrorCode::ConnectionRefused), &told),
            Some(answer) => return is(answer, Err(ErrorCode::InvalidState), &told),
            None => assert!(was_open, "{told}: there is nothing to wait for"),
        }
        known.state = State::Closed;
    }

    pub(super) async fn accept(&mut self, at: usize) {
        let told = self.tell(at, "accept");
        let known = &mut self.sockets[at];
        let ours = local_port(&known.socket);
        let Some(connections) = &mut known.connections else { return };
        let waits = |begun: &Begun| begun.listener_port == ours && !begun.accepted && !begun.gone;
        let certain = self.begun.iter().any(waits);
        let (_, sockets) = {
            let mut read = pin!(connections.read(Vec::with_capacity(1)));
            match certain {
                true => read.await,
                false => match at_once(read.as_mut()).await {
                    Some(read) => read,
                    None => read.as_mut().cancel(),
                },
            }
        };
        assert!(!certain || !sockets.is_empty(), "{told}: nobody");
        for socket in sockets {
            let client = port(socket.get_remote_address().expect(&told));
            let waits = |begun: &&mut Begun| begun.client_port == client && !begun.accepted;
            let begun = self.begun.iter_mut().rfind(waits).expect(&told);
            begun.accepted = true;
            // What is said there is heard here.
            let (outgoing, incoming) = begun.ways.clone();
            let end = End::new(&socket, (incoming, outgoing), begun.gone);
            self.take(socket, State::Connected, Some(end));
        }
    }
}
