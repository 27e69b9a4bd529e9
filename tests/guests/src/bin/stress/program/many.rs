//! Many sockets in one guest.

use test_guests::sockets::{End, Family, bound_udp, listener, pair_at};
use wasi::io::poll::{Pollable, poll};
use wasi::sockets::tcp::ShutdownType;
use wasi::sockets::udp::{IncomingDatagramStream, OutgoingDatagram, OutgoingDatagramStream, UdpSocket};

/// Opens all, has all of them talk, and then all again while all are open.
pub(super) fn run(connections: usize, datagrams: usize) {
    let pairs = pairs(connections);
    let sockets = datagram_sockets(datagrams);
    for round in 0..2 {
        converse(&pairs, round);
        pass_around(&sockets, round);
    }
    for (near, far) in &pairs {
        near.socket.shutdown(ShutdownType::Send).expect("a shutdown");
        far.input.subscribe().block();
        far.input.read(1).expect_err("the end");
    }
    println!("{} sockets", 2 * pairs.len() + sockets.len());
}

fn family(number: usize) -> Family {
    Family::ALL[number % 2]
}

fn pairs(count: usize) -> Vec<(End, End)> {
    let listeners = Family::ALL.map(listener);
    let pair = |number: usize| {
        let (listener, port) = &listeners[number % 2];
        pair_at(family(number), listener, *port)
    };
    (0..count).map(pair).collect()
}

/// Everybody says a number, and all answers are waited for at once.
fn converse(pairs: &[(End, End)], round: u8) {
    let said = |number: usize| (number as u32 * 2 + u32::from(round)).to_be_bytes();
    for (number, (near, _)) in pairs.iter().enumerate() {
        near.output.blocking_write_and_flush(&said(number)).expect("room");
    }
    let far: Vec<Pollable> = pairs.iter().map(|(_, far)| far.input.subscribe()).collect();
    each(&far, |number| {
        let (_, far) = &pairs[number];
        let heard = far.input.read(100).expect("bytes");
        assert_eq!(heard, said(number), "connection {number}");
        far.output.blocking_write_and_flush(&heard).expect("room");
    });
    let near: Vec<Pollable> = pairs.iter().map(|(near, _)| near.input.subscribe()).collect();
    each(&near, |number| {
        assert_eq!(pairs[number].0.input.read(100).expect("bytes"), said(number), "connection {number}");
    });
}

/// Does something for each of these as soon as it is ready, however many are waited for.
fn each(pollables: &[Pollable], mut act: impl FnMut(usize)) {
    let mut left: Vec<usize> = (0..pollables.len()).collect();
    while !left.is_empty() {
        let waited: Vec<&Pollable> = left.iter().map(|number| &pollables[*number]).collect();
        for ready in poll(&waited).into_iter().rev() {
            act(left.remove(ready as usize));
        }
    }
}

/// A UDP socket. The streams go before the socket.
struct Datagrams {
    incoming: IncomingDatagramStream,
    outgoing: OutgoingDatagramStream,
    _socket: UdpSocket,
    port: u16,
}

fn datagram_sockets(count: usize) -> Vec<Datagrams> {
    let open = |number| {
        let (socket, port) = bound_udp(family(number));
        let (incoming, outgoing) = socket.stream(None).expect("streams");
        Datagrams { incoming, outgoing, _socket: socket, port }
    };
    (0..count).map(open).collect()
}

/// Everybody sends to the next one of the same version.
fn pass_around(sockets: &[Datagrams], round: u8) {
    let said = |number: usize| vec![round; number % 1000];
    for (number, socket) in sockets.iter().enumerate() {
        let next = &sockets[(number + 2) % sockets.len()];
        let remote_address = Some(family(number).loopback(next.port));
        assert!(socket.outgoing.check_send().expect("a permit") > 0);
        let sent = socket.outgoing.send(&[OutgoingDatagram { data: said(number), remote_address }]);
        assert_eq!(sent, Ok(1), "socket {number}");
    }
    let arrivals: Vec<Pollable> = sockets.iter().map(|socket| socket.incoming.subscribe()).collect();
    each(&arrivals, |number| {
        let datagrams = sockets[number].incoming.receive(2).expect("datagrams");
        assert_eq!(datagrams.len(), 1, "socket {number}");
        let before = (number + sockets.len() - 2) % sockets.len();
        assert_eq!(datagrams[0].data, said(before), "socket {number}");
    });
}
