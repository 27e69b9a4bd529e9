//! UDP sockets: which calls are permitted in which state, and that datagrams come whole, once and in order.

use std::collections::VecDeque;

use test_guests::random::Random;
use test_guests::sockets::{Family, network, port_of, udp};
use wasi::sockets::network::ErrorCode;
use wasi::sockets::udp::{IncomingDatagramStream, OutgoingDatagram, OutgoingDatagramStream, UdpSocket};

use super::address_to_bind;

/// Sockets at a time.
const SOCKETS: usize = 3;

/// Datagrams that may wait in a socket's buffer in any case.
const WAITING: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Unbound,
    Binding,
    Bound,
}

/// A socket and what is known of it. The streams go before the socket.
struct Known {
    streams: Option<(IncomingDatagramStream, OutgoingDatagramStream)>,
    socket: UdpSocket,
    state: State,
    port: u16,
    /// The port of the only one that is heard and sent to.
    peer: Option<u16>,
    /// From whom something waits, and how long it is.
    waiting: VecDeque<(u16, usize)>,
}

/// All sockets of a sequence.
pub(crate) struct Model {
    family: Family,
    sockets: Vec<Known>,
    sequence: u64,
    calls: Vec<String>,
}

impl Model {
    pub(crate) fn new(sequence: u64, random: &mut Random) -> Self {
        let family = random.of(&Family::ALL);
        Model { family, sockets: Vec::new(), sequence, calls: Vec::new() }
    }

    /// Makes one call, on a socket of chance's choice or a new one.
    pub(crate) fn call(&mut self, random: &mut Random) {
        if self.sockets.is_empty() || self.sockets.len() < SOCKETS && random.one_in(3) {
            let socket = udp(self.family);
            let (streams, peer, waiting) = Default::default();
            self.sockets.push(Known { streams, socket, state: State::Unbound, port: 0, peer, waiting });
            return;
        }
        let at = random.below(self.sockets.len());
        if random.one_in(2) {
            return self.go_on(at, random);
        }
        match random.below(12) {
            0 | 1 => self.start_bind(at, random),
            2 | 3 => self.finish_bind(at),
            4 | 5 => self.open(at, random),
            6..=8 => self.send(at, random),
            9 | 10 => self.receive(at),
            _ if random.one_in(4) => self.forget(at),
            _ => self.look(at),
        }
    }

    /// What a program would do next.
    fn go_on(&mut self, at: usize, random: &mut Random) {
        let Known { state, streams, .. } = &self.sockets[at];
        match state {
            State::Unbound => self.start_bind(at, random),
            State::Binding => self.finish_bind(at),
            State::Bound if streams.is_none() => self.open(at, random),
            State::Bound if random.one_in(2) => self.send(at, random),
            State::Bound => self.receive(at),
        }
    }

    fn tell(&mut self, at: usize, call: &str) -> String {
        self.calls.push(format!("{at} ({:?}) {call}", self.sockets[at].state));
        format!("sequence {}: UDP: {}", self.sequence, self.calls.join("; "))
    }

    fn start_bind(&mut self, at: usize, random: &mut Random) {
        let told = self.tell(at, "start-bind");
        let (address, wrong_family) = address_to_bind(self.family, random);
        let known = &mut self.sockets[at];
        let expected = match known.state {
            State::Unbound if wrong_family => Err(ErrorCode::InvalidArgument),
            State::Unbound => Ok(()),
            State::Binding => Err(ErrorCode::ConcurrencyConflict),
            State::Bound => Err(ErrorCode::InvalidState),
        };
        assert_eq!(known.socket.start_bind(&network(), address), expected, "{told}");
        if expected.is_ok() {
            known.state = State::Binding;
        }
    }

    fn finish_bind(&mut self, at: usize) {
        let told = self.tell(at, "finish-bind");
        let known = &mut self.sockets[at];
        let expected = match known.state {
            State::Binding => Ok(()),
            _ => Err(ErrorCode::NotInProgress),
        };
        assert_eq!(known.socket.finish_bind(), expected, "{told}");
        if expected.is_ok() {
            known.state = State::Bound;
            known.port = port_of(known.socket.local_address().expect(&told));
        }
    }

    fn open(&mut self, at: usize, random: &mut Random) {
        let told = self.tell(at, "stream");
        let ports: Vec<u16> = self.sockets.iter().map(|known| known.port).filter(|port| *port != 0).collect();
        let peer = (!ports.is_empty() && random.one_in(2)).then(|| random.of(&ports));
        let family = self.family;
        let known = &mut self.sockets[at];
        // A program drops the old streams before it asks for new ones.
        known.streams = None;
        let expected = match known.state {
            State::Bound => Ok(()),
            State::Binding => Err(ErrorCode::ConcurrencyConflict),
            State::Unbound => Err(ErrorCode::InvalidState),
        };
        let streams = known.socket.stream(peer.map(|port| family.loopback(port)));
        assert_eq!(streams.as_ref().map(drop).map_err(|error| *error), expected, "{told}");
        if let Ok(streams) = streams {
            known.streams = Some(streams);
            known.peer = peer;
            known.waiting.retain(|(from, _)| peer.is_none_or(|peer| peer == *from));
        }
    }

    fn send(&mut self, at: usize, random: &mut Random) {
        let told = self.tell(at, "send");
        let ours = self.sockets[at].port;
        // One that hears another one alone refuses, as does a peer that is gone; one whose buffer may be full may lose it.
        let takes = |known: &&Known| {
            let hears = known.peer.is_none_or(|peer| peer == ours);
            known.state == State::Bound && known.waiting.len() < WAITING && hears
        };
        let ports: Vec<u16> = self.sockets.iter().filter(takes).map(|known| known.port).collect();
        let Known { streams: Some((_, outgoing)), port: from, peer, .. } = &self.sockets[at] else { return };
        let (from, peer) = (*from, *peer);
        let Some(to) = peer.or_else(|| (!ports.is_empty()).then(|| random.of(&ports))) else { return };
        if !ports.contains(&to) {
            return;
        }
        assert!(outgoing.check_send().expect(&told) > 0, "{told}");
        let data = vec![random.below(256) as u8; random.below(3000)];
        let length = data.len();
        let named = peer.is_none() || random.one_in(2);
        let remote_address = named.then(|| self.family.loopback(to));
        let sent = outgoing.send(&[OutgoingDatagram { data, remote_address }]);
        assert_eq!(sent, Ok(1), "{told}");
        for known in &mut self.sockets {
            let hears = known.port == to && known.peer.is_none_or(|peer| peer == from);
            if hears && known.state == State::Bound {
                known.waiting.push_back((from, length));
            }
        }
    }

    fn receive(&mut self, at: usize) {
        let told = self.tell(at, "receive");
        let Known { streams: Some((incoming, _)), waiting, .. } = &mut self.sockets[at] else { return };
        let Some((from, length)) = waiting.pop_front() else {
            let nothing = incoming.receive(1).expect(&told);
            return assert!(nothing.is_empty(), "{told}: {} bytes of nobody", nothing[0].data.len());
        };
        incoming.subscribe().block();
        let datagrams = incoming.receive(1).expect(&told);
        assert_eq!(datagrams.len(), 1, "{told}");
        let datagram = &datagrams[0];
        assert_eq!((port_of(datagram.remote_address), datagram.data.len()), (from, length), "{told}");
        assert!(datagram.data.windows(2).all(|pair| pair[0] == pair[1]), "{told}: other bytes");
    }

    fn look(&mut self, at: usize) {
        let told = self.tell(at, "look");
        let Known { socket, state, peer, .. } = &self.sockets[at];
        assert_eq!(socket.address_family(), self.family.of_wasi(), "{told}");
        assert_eq!(socket.local_address().is_ok(), *state == State::Bound, "{told}: local-address");
        let remote = socket.remote_address().map(port_of).ok();
        assert_eq!(remote, *peer, "{told}: remote-address");
        assert_eq!(socket.set_unicast_hop_limit(0), Err(ErrorCode::InvalidArgument), "{told}");
        assert_eq!(socket.set_receive_buffer_size(0), Err(ErrorCode::InvalidArgument), "{told}");
    }

    /// Drops a socket; what it said is still heard, and what it is told is refused.
    fn forget(&mut self, at: usize) {
        self.tell(at, "drop");
        drop(self.sockets.swap_remove(at));
    }
}
