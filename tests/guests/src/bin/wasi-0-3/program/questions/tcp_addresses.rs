//! Which addresses a TCP socket may be bound to, and connect to.

use super::super::addresses::{at, elsewhere, group, mapped, other, port};
use super::super::bindings::wasi::sockets::types::{IpAddressFamily, IpSocketAddress};
use super::super::wait::both;
use super::answers::{say, worked};
use super::{bound_tcp, bound_udp, closed_port, listener, pair, tcp, udp};

pub(crate) async fn ask(family: IpAddressFamily) {
    binding(family);
    binding_again(family).await;
    connecting(family).await;
    listening(family);
    ends(family).await;
}

/// Addresses that mean nothing to one socket.
fn odd(family: IpAddressFamily, port: u16) -> Vec<(&'static str, IpSocketAddress)> {
    let mut odd = vec![("the other family", at(other(family), 1, port)), ("a group", group(family, port))];
    if family == IpAddressFamily::Ipv6 {
        odd.push(("a mapped one", mapped(port)));
    }
    odd
}

fn binding(family: IpAddressFamily) {
    for (what, address) in odd(family, 0).into_iter().chain([("nobody", elsewhere(family))]) {
        let socket = tcp(family);
        say(&format!("bind to {what}"), &worked(socket.bind(address)));
        say(&format!("bind to {what}, then well"), &worked(socket.bind(at(family, 1, 0))));
    }
    for (what, host) in [("loopback", 1), ("unspecified", 0)] {
        let socket = tcp(family);
        say(&format!("bind to {what}"), &worked(socket.bind(at(family, host, 0))));
        let port = port(socket.get_local_address().expect("an address"));
        say(&format!("bind to {what}, a port of its own"), &(port != 0).to_string());
    }
}

async fn binding_again(family: IpAddressFamily) {
    let (socket, mut connections, port) = listener(family);
    let second = tcp(family);
    let taken = second.bind(at(family, 1, port)).and_then(|()| second.listen().map(drop));
    say("where somebody listens", &worked(taken));
    let client = tcp(family);
    let (connected, accepted) = both(client.connect(at(family, 1, port)), connections.next()).await;
    connected.expect("a connection");
    drop((accepted, connections, socket));
    // The listener's port has a connection in TIME-WAIT, or one that is being closed.
    let third = tcp(family);
    let after = third.bind(at(family, 1, port)).and_then(|()| third.listen().map(drop));
    say("where somebody has listened", &worked(after));
    say("where TCP is bound, with UDP", &worked(udp(family).bind(at(family, 1, port))));
    let (_datagrams, port) = bound_udp(family);
    say("where UDP is bound, with TCP", &worked(tcp(family).bind(at(family, 1, port))));
}

async fn connecting(family: IpAddressFamily) {
    let (_listener, _connections, port) = listener(family);
    let more = [
        ("loopback", at(family, 1, port)),
        ("unspecified", at(family, 0, port)),
        ("port 0", at(family, 1, 0)),
        ("a closed port", at(family, 1, closed_port(family))),
    ];
    for (what, address) in odd(family, port).into_iter().chain(more) {
        let socket = tcp(family);
        say(&format!("connect to {what}"), &worked(socket.connect(address).await));
    }
    say("connect, bound", &worked(bound_tcp(family).connect(at(family, 1, port)).await));
}

/// Who is not bound is by listening.
fn listening(family: IpAddressFamily) {
    let socket = tcp(family);
    let connections = socket.listen();
    say("listen, not bound", &worked(connections.as_ref()));
    let local = socket.get_local_address();
    say("listen, not bound, a port of its own", &local.is_ok_and(|local| port(local) != 0).to_string());
    let twice = socket.listen();
    say("listen twice", &worked(twice));
}

/// What both ends say of a connection's addresses.
async fn ends(family: IpAddressFamily) {
    let (near, far) = pair(family).await;
    let [near_ends, far_ends] = [&near, &far].map(|end| {
        [end.get_local_address(), end.get_remote_address()]
            .map(|address| format!("{:?}", address.expect("one")))
    });
    let same = near_ends[0] == far_ends[1] && near_ends[1] == far_ends[0];
    say("the ends agree", &same.to_string());
    say("what is accepted listens", &far.get_is_listening().to_string());
    say("what is accepted, family", &format!("{:?}", far.get_address_family()));
}
