//! What becomes of datagrams.

use wasi::sockets::network::{ErrorCode, IpSocketAddress};
use wasi::sockets::udp::{IncomingDatagramStream, OutgoingDatagram, OutgoingDatagramStream, UdpSocket};

use super::answers::{answer, say};
use test_guests::sockets::{Family, bind_udp, bound_udp, closed_port, udp};

/// A socket that hears everybody. The streams go before the socket.
struct Open {
    incoming: IncomingDatagramStream,
    outgoing: OutgoingDatagramStream,
    socket: UdpSocket,
    port: u16,
}

fn open(family: Family) -> Open {
    let (socket, port) = bound_udp(family);
    let (incoming, outgoing) = socket.stream(None).expect("streams");
    Open { incoming, outgoing, socket, port }
}

/// The same by a port of the program's choice. One of its own choice Linux gives up when the socket's peer goes
/// (`__udp_disconnect`), so that nobody finds it any more.
fn open_by_number(family: Family) -> Open {
    let (chosen, port) = bound_udp(family);
    drop(chosen);
    let socket = udp(family);
    bind_udp(&socket, family.loopback(port)).expect("a port that was free");
    let (incoming, outgoing) = socket.stream(None).expect("streams");
    Open { incoming, outgoing, socket, port }
}

fn send(
    outgoing: &OutgoingDatagramStream,
    data: &[u8],
    remote_address: Option<IpSocketAddress>,
) -> Result<u64, ErrorCode> {
    while outgoing.check_send()? == 0 {
        outgoing.subscribe().block();
    }
    outgoing.send(&[OutgoingDatagram { data: data.to_vec(), remote_address }])
}

/// The next datagram's length, and whether it comes from this port of the loopback device.
fn next(incoming: &IncomingDatagramStream, port: u16) -> String {
    loop {
        match incoming.receive(1).as_deref() {
            Ok([]) => incoming.subscribe().block(),
            Ok([datagram, ..]) => {
                let from = test_guests::sockets::port_of(datagram.remote_address) == port;
                return format!("{} bytes, from there: {from}", datagram.data.len());
            }
            Err(error) => return error.name().into(),
        }
    }
}

pub(crate) fn ask(family: Family) {
    sizes(family);
    several(family);
    peers(family);
    refused(family);
    odd_destinations(family);
}

fn sizes(family: Family) {
    let (near, far) = (open(family), open(family));
    let to = Some(family.loopback(far.port));
    for size in [0, 1, 1472, 9000, 65_507] {
        say(&format!("send {size} bytes"), &answer(&send(&near.outgoing, &vec![1; size], to)));
        say(&format!("receive {size} bytes"), &next(&far.incoming, near.port));
    }
    say("send 65528 bytes", &answer(&send(&near.outgoing, &vec![1; 65_528], to)));
    say("receive none", &far.incoming.receive(0).map_or("an error".into(), |none| none.len().to_string()));
    say("nothing there", &far.incoming.receive(10).map_or("an error".into(), |none| none.len().to_string()));
    say("nothing there, ready", &far.incoming.subscribe().ready().to_string());
}

/// Several datagrams in one call, both ways.
fn several(family: Family) {
    let (near, far) = (open(family), open(family));
    let remote_address = Some(family.loopback(far.port));
    let datagram = |number: u8| OutgoingDatagram { data: vec![number; number.into()], remote_address };
    let all: Vec<_> = (1..=4).map(datagram).collect();
    let permitted = near.outgoing.check_send().expect("a permit") >= 4;
    say("four at once are permitted", &permitted.to_string());
    say("send four", &answer(&near.outgoing.send(&all)));
    let mut lengths = Vec::new();
    while lengths.len() < 4 {
        far.incoming.subscribe().block();
        lengths
            .extend(far.incoming.receive(10).expect("datagrams").iter().map(|datagram| datagram.data.len()));
    }
    say("receive four", &format!("{lengths:?}"));
}

/// Streams with one peer hear that one alone, whatever waited before.
fn peers(family: Family) {
    let (near, peer, stranger) = (open_by_number(family), open(family), open(family));
    let to = Some(family.loopback(near.port));
    send(&stranger.outgoing, b"psst", to).expect("room");
    near.incoming.subscribe().block();
    drop((near.incoming, near.outgoing));
    let (incoming, outgoing) = near.socket.stream(Some(family.loopback(peer.port))).expect("streams");
    send(&stranger.outgoing, b"psst again", to).expect("room");
    send(&peer.outgoing, b"hello", to).expect("room");
    say("the peer alone", &next(&incoming, peer.port));
    say("send to the peer", &answer(&send(&outgoing, b"you, too", None)));
    say("the peer hears it", &next(&peer.incoming, near.port));
    let peers = Some(family.loopback(peer.port));
    say("send to the peer by its name", &answer(&send(&outgoing, b"you", peers)));
    let strangers = Some(family.loopback(stranger.port));
    say("send to a stranger", &answer(&send(&outgoing, b"and you?", strangers)));
    drop((incoming, outgoing));
    let (incoming, outgoing) = near.socket.stream(None).expect("streams");
    send(&stranger.outgoing, b"hello", to).expect("room");
    say("everybody again", &next(&incoming, stranger.port));
    say("send to nobody", &answer(&send(&outgoing, b"?", None)));
}

fn refused(family: Family) {
    let (socket, _) = bound_udp(family);
    let nobody = family.loopback(closed_port(family));
    let (incoming, outgoing) = socket.stream(Some(nobody)).expect("streams");
    say("send to a closed port", &answer(&send(&outgoing, b"anybody?", None)));
    say("what comes back", &next(&incoming, 0));
    let (near, far) = (open(family), open(family));
    send(&near.outgoing, b"anybody?", Some(nobody)).expect("room");
    send(&far.outgoing, b"yes", Some(family.loopback(near.port))).expect("room");
    say("without a peer nothing comes back", &next(&near.incoming, far.port));
    let ((near, _), (peer, to)) = (bound_udp(family), bound_udp(family));
    let _deaf = peer.stream(Some(family.loopback(far.port))).expect("streams");
    let (incoming, outgoing) = near.stream(Some(family.loopback(to))).expect("streams");
    say("send to who hears another one alone", &answer(&send(&outgoing, b"and me?", None)));
    say("what comes back of that", &next(&incoming, 0));
}

fn odd_destinations(family: Family) {
    let near = open(family);
    for (what, to) in [
        ("the other family", family.other().loopback(9)),
        ("unspecified", family.unspecified(9)),
        ("port 0", family.loopback(0)),
    ] {
        say(&format!("send to {what}"), &answer(&send(&near.outgoing, b"?", Some(to))));
    }
}
