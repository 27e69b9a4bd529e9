//! What becomes of datagrams.

use std::pin::pin;

use super::super::addresses::{at, other, port};
use super::super::bindings::wasi::sockets::types::{IpAddressFamily, UdpSocket};
use super::super::wait::begin;
use super::answers::{say, worked};
use super::{bound_udp, closed_port, udp};

pub(crate) async fn ask(family: IpAddressFamily) {
    sizes(family).await;
    peers(family).await;
    refused(family).await;
    implicit_binds(family).await;
    given_up(family).await;
    odd_destinations(family).await;
}

/// The next datagram's length, and whether it comes from this port.
async fn next(socket: &UdpSocket, from: u16) -> String {
    match socket.receive().await {
        Ok((data, sender)) => format!("{} bytes, from there: {}", data.len(), port(sender) == from),
        error => worked(error),
    }
}

async fn sizes(family: IpAddressFamily) {
    let ((near, from), (far, to)) = (bound_udp(family), bound_udp(family));
    let to = Some(at(family, 1, to));
    for size in [0, 1, 1472, 9000, 65_507] {
        say(&format!("send {size} bytes"), &worked(near.send(vec![1; size], to).await));
        say(&format!("receive {size} bytes"), &next(&far, from).await);
    }
    say("send 65528 bytes", &worked(near.send(vec![1; 65_528], to).await));
}

/// Who has a peer hears that one alone, whatever comes of others.
async fn peers(family: IpAddressFamily) {
    // By a port of the program's own choice: see the questions of 0.2.
    let chosen = bound_udp(family).1;
    let near = udp(family);
    near.bind(at(family, 1, chosen)).expect("a port that was free");
    let ((peer, to), (stranger, strangers)) = (bound_udp(family), bound_udp(family));
    let (to, strangers) = (Some(at(family, 1, to)), Some(at(family, 1, strangers)));
    near.connect(to.expect("one")).expect("a peer");
    stranger.send(b"psst".to_vec(), Some(at(family, 1, chosen))).await.expect("room");
    peer.send(b"hello".to_vec(), Some(at(family, 1, chosen))).await.expect("room");
    say("the peer alone", &next(&near, port(to.expect("one"))).await);
    say("send to the peer", &worked(near.send(b"you, too".to_vec(), None).await));
    say("the peer hears it", &next(&peer, chosen).await);
    say("send to the peer by its name", &worked(near.send(b"you".to_vec(), to).await));
    say("send to a stranger", &worked(near.send(b"and you?".to_vec(), strangers).await));
    say("disconnect", &worked(near.disconnect()));
    say("disconnect again", &worked(near.disconnect()));
    stranger.send(b"hello".to_vec(), Some(at(family, 1, chosen))).await.expect("room");
    say("everybody again", &next(&near, port(strangers.expect("one"))).await);
    say("send to nobody", &worked(near.send(b"?".to_vec(), None).await));
}

async fn refused(family: IpAddressFamily) {
    let (near, from) = bound_udp(family);
    let nobody = at(family, 1, closed_port(family));
    near.connect(nobody).expect("a peer");
    say("send to a closed port", &worked(near.send(b"anybody?".to_vec(), None).await));
    say("what comes back", &next(&near, from).await);
    let ((near, to), (far, from)) = (bound_udp(family), bound_udp(family));
    near.send(b"anybody?".to_vec(), Some(nobody)).await.expect("room");
    far.send(b"yes".to_vec(), Some(at(family, 1, to))).await.expect("room");
    say("without a peer nothing comes back", &next(&near, from).await);
    let ((near, _), (peer, to)) = (bound_udp(family), bound_udp(family));
    peer.connect(at(family, 1, from)).expect("a peer");
    near.connect(at(family, 1, to)).expect("a peer");
    say("send to who hears another one alone", &worked(near.send(b"and me?".to_vec(), None).await));
    say("what comes back of that", &next(&near, from).await);
}

/// Who sends or has a peer is bound by that.
async fn implicit_binds(family: IpAddressFamily) {
    let (far, to) = bound_udp(family);
    let to = at(family, 1, to);
    let bound =
        |socket: &UdpSocket| socket.get_local_address().is_ok_and(|local| port(local) != 0).to_string();
    let sender = udp(family);
    sender.send(b"hello".to_vec(), Some(to)).await.expect("room");
    say("bound by sending", &bound(&sender));
    let from = port(sender.get_local_address().expect("an address"));
    say("heard of who was", &next(&far, from).await);
    say("bind after it", &worked(sender.bind(at(family, 1, 0))));
    let connected = udp(family);
    connected.connect(to).expect("a peer");
    say("bound by a peer", &bound(&connected));
    say("bind after that", &worked(connected.bind(at(family, 1, 0))));
}

/// A call that is given up has lost nothing.
async fn given_up(family: IpAddressFamily) {
    let ((near, to), (far, from)) = (bound_udp(family), bound_udp(family));
    {
        let mut receive = pin!(near.receive());
        begin(receive.as_mut()).await;
    }
    far.send(b"late".to_vec(), Some(at(family, 1, to))).await.expect("room");
    say("after a call that was given up", &next(&near, from).await);
}

async fn odd_destinations(family: IpAddressFamily) {
    let (near, _) = bound_udp(family);
    for (what, to) in [
        ("the other family", at(other(family), 1, 9)),
        ("unspecified", at(family, 0, 9)),
        ("port 0", at(family, 1, 0)),
    ] {
        say(&format!("send to {what}"), &worked(near.send(b"?".to_vec(), Some(to)).await));
    }
}
