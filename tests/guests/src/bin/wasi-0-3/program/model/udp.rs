//! UDP sockets: which calls are permitted in which state, and that datagrams come whole, once and in order.

use std::collections::VecDeque;
use std::pin::pin;

use test_guests::random::Random;

use super::address_to_bind;
use super::tcp::is;
use crate::program::addresses::{LOOPBACK, at as address_at, port};
use crate::program::bindings::wasi::sockets::types::{ErrorCode, IpAddressFamily, UdpSocket};
use crate::program::wait::at_once;

/// Sockets at a time.
const SOCKETS: usize = 3;

/// Datagrams that may wait in a socket's buffer in any case.
const WAITING: usize = 8;

/// A socket and what is known of it.
struct Known {
    socket: UdpSocket,
    /// 0: it is not bound.
    port: u16,
    /// The port of the only one that is heard and sent to.
    peer: Option<u16>,
    /// From whom something waits, and how long it is.
    waiting: VecDeque<(u16, usize)>,
}

/// All sockets of a sequence.
pub(crate) struct Model {
    family: IpAddressFamily,
    sockets: Vec<Known>,
    sequence: u64,
    calls: Vec<String>,
}

impl Model {
    pub(crate) fn new(sequence: u64, random: &mut Random) -> Self {
        Model { family: random.of(&LOOPBACK), sockets: Vec::new(), sequence, calls: Vec::new() }
    }

    /// Makes one call, on a socket of chance's choice or a new one.
    pub(crate) async fn call(&mut self, random: &mut Random) {
        if self.sockets.is_empty() || self.sockets.len() < SOCKETS && random.one_in(3) {
            let socket = UdpSocket::create(self.family).expect("a socket");
            self.sockets.push(Known { socket, port: 0, peer: None, waiting: VecDeque::new() });
            return;
        }
        let at = random.below(self.sockets.len());
        match random.below(12) {
            0 | 1 => self.bind(at, random),
            2 => self.connect(at, random),
            3 => self.disconnect(at),
            4..=7 => self.send(at, random).await,
            8..=10 => self.receive(at).await,
            _ if random.one_in(4) => drop(self.sockets.swap_remove(at)),
            _ => self.look(at),
        }
    }

    fn tell(&mut self, at: usize, call: &str) -> String {
        let Known { port, peer, .. } = &self.sockets[at];
        self.calls.push(format!("{port} ({peer:?}) {call}"));
        format!("sequence {}: UDP: {}", self.sequence, self.calls.join("; "))
    }

    /// The ports of those that are bound.
    fn ports(&self, takes: impl Fn(&Known) -> bool) -> Vec<u16> {
        self.sockets.iter().filter(|known| known.port != 0 && takes(known)).map(|known| known.port).collect()
    }

    fn bind(&mut self, at: usize, random: &mut Random) {
        let told = self.tell(at, "bind");
        let (address, wrong_family) = address_to_bind(self.family, random);
        let known = &mut self.sockets[at];
        let expected = match known.port {
            0 if wrong_family => Err(ErrorCode::InvalidArgument),
            0 => Ok(()),
            _ => Err(ErrorCode::InvalidState),
        };
        is(known.socket.bind(address), expected, &told);
        known.note_port();
    }

    fn connect(&mut self, at: usize, random: &mut Random) {
        let told = self.tell(at, "connect");
        let ports = self.ports(|_| true);
        if ports.is_empty() || random.one_in(8) {
            let nowhere = self.sockets[at].socket.connect(address_at(self.family, 1, 0));
            return is(nowhere, Err(ErrorCode::InvalidArgument), &told);
        }
        let peer = random.of(&ports);
        let known = &mut self.sockets[at];
        is(known.socket.connect(address_at(self.family, 1, peer)), Ok(()), &told);
        known.note_port();
        known.peer = Some(peer);
        known.waiting.retain(|(from, _)| *from == peer);
    }

    fn disconnect(&mut self, at: usize) {
        let told = self.tell(at, "disconnect");
        let known = &mut self.sockets[at];
        let expected = known.peer.take().map(drop).ok_or(ErrorCode::InvalidState);
        is(known.socket.disconnect(), expected, &told);
        let local = known.socket.get_local_address().map_or(0, port);
        assert_eq!(local, known.port, "{told}");
    }

    async fn send(&mut self, at: usize, random: &mut Random) {
        let told = self.tell(at, "send");
        let ours = self.sockets[at].port;
        // One that hears another one alone refuses, as does a peer that is gone; one whose buffer may be full may lose it.
        let hears = |known: &Known| known.peer.is_none_or(|peer| peer == ours);
        let ports = self.ports(|known| known.waiting.len() < WAITING && hears(known));
        let Known { socket, peer, .. } = &self.sockets[at];
        let named = (!ports.is_empty() && random.one_in(2)).then(|| random.of(&ports));
        let expected = match (*peer, named) {
            (None, Some(to)) => Ok(to),
            (Some(peer), Some(to)) if peer != to => Err(ErrorCode::InvalidArgument),
            (Some(peer), _) if !ports.contains(&peer) => return,
            (Some(peer), _) => Ok(peer),
            (None, None) => Err(ErrorCode::InvalidArgument),
        };
        let data = vec![random.below(256) as u8; random.below(3000)];
        let length = data.len();
        let sent = socket.send(data, named.map(|port| address_at(self.family, 1, port))).await;
        let to = expected.as_ref().copied().ok();
        is(sent, expected.map(drop), &told);
        self.sockets[at].note_port();
        let from = self.sockets[at].port;
        assert!(to.is_none() || from != 0, "{told}: sending binds");
        for known in &mut self.sockets {
            if Some(known.port) == to && known.peer.is_none_or(|peer| peer == from) {
                known.waiting.push_back((from, length));
            }
        }
    }

    async fn receive(&mut self, at: usize) {
        let told = self.tell(at, "receive");
        let Known { socket, port: ours, waiting, .. } = &mut self.sockets[at];
        if *ours == 0 {
            return is(socket.receive().await.map(drop), Err(ErrorCode::InvalidState), &told);
        }
        let Some((from, length)) = waiting.pop_front() else {
            // A call that is given up.
            let nothing = at_once(pin!(socket.receive()).as_mut()).await;
            return assert!(nothing.is_none(), "{told}: something of nobody");
        };
        let (data, sender) = socket.receive().await.expect(&told);
        assert_eq!((port(sender), data.len()), (from, length), "{told}");
        assert!(data.windows(2).all(|pair| pair[0] == pair[1]), "{told}: other bytes");
    }

    fn look(&mut self, at: usize) {
        let told = self.tell(at, "look");
        let Known { socket, port: ours, peer, .. } = &self.sockets[at];
        assert_eq!(socket.get_address_family(), self.family, "{told}");
        assert_eq!(socket.get_local_address().map_or(0, port), *ours, "{told}: get-local-address");
        assert_eq!(socket.get_remote_address().ok().map(port), *peer, "{told}: get-remote-address");
        is(socket.set_unicast_hop_limit(0), Err(ErrorCode::InvalidArgument), &told);
        is(socket.set_receive_buffer_size(0), Err(ErrorCode::InvalidArgument), &told);
    }
}

impl Known {
    /// A call may have bound it.
    fn note_port(&mut self) {
        self.port = self.socket.get_local_address().map_or(0, port);
    }
}
