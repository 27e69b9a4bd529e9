//! Which addresses a TCP socket may be bound to, and connect to.

use wasi::sockets::network::IpSocketAddress;

use super::answers::{answer, say, worked};
use test_guests::sockets::{
    self, Family, accept, bind, closed_port, connect, listen, listener, port_of, tcp, v4, v6,
};

pub(crate) fn ask(family: Family) {
    binding(family);
    binding_again(family);
    connecting(family);
    ends(family);
}

/// Addresses that mean nothing to one socket.
fn odd(family: Family, port: u16) -> Vec<(&'static str, IpSocketAddress)> {
    let mapped = v6((0, 0, 0, 0, 0, 0xffff, 0x7f00, 1), port);
    let mut odd = vec![
        ("the other family", family.other().loopback(port)),
        ("a group", family.group(port)),
        ("nobody", family.nobody(port)),
    ];
    match family {
        Family::Ipv4 => odd.push(("everybody", v4((255, 255, 255, 255), port))),
        Family::Ipv6 => odd.push(("a mapped one", mapped)),
    }
    odd
}

fn binding(family: Family) {
    for (what, address) in odd(family, 0) {
        let socket = tcp(family);
        say(&format!("bind to {what}"), &answer(&bind(&socket, address)));
        say(&format!("bind to {what}, then well"), &answer(&bind(&socket, family.loopback(0))));
    }
    for (what, address) in [("loopback", family.loopback(0)), ("unspecified", family.unspecified(0))] {
        let socket = tcp(family);
        say(&format!("bind to {what}"), &answer(&bind(&socket, address)));
        let port = port_of(socket.local_address().expect("an address"));
        say(&format!("bind to {what}, a port of its own"), &(port != 0).to_string());
    }
}

fn binding_again(family: Family) {
    let (socket, port) = listener(family);
    let second = tcp(family);
    let taken = bind(&second, family.loopback(port)).and_then(|()| listen(&second));
    say("where somebody listens", &answer(&taken));
    let client = tcp(family);
    let streams = connect(&client, family.loopback(port)).expect("a connection");
    let accepted = accept(&socket).expect("a connection");
    drop((accepted.1, accepted.2, accepted.0));
    drop(socket);
    // The listener's port has a connection in TIME-WAIT, or one that is being closed.
    let third = tcp(family);
    let after = bind(&third, family.loopback(port)).and_then(|()| listen(&third));
    say("where somebody has listened", &answer(&after));
    drop((streams, client));
    let udp = sockets::udp(family);
    say("where TCP is bound, with UDP", &answer(&sockets::bind_udp(&udp, family.loopback(port))));
}

fn connecting(family: Family) {
    let (_listener, port) = listener(family);
    for (what, address) in odd(family, port) {
        // Who nobody is depends on routes, which hosts have or not.
        if what == "nobody" {
            continue;
        }
        say(&format!("connect to {what}"), &worked(connect(&tcp(family), address)));
    }
    for (what, address) in [
        ("loopback", family.loopback(port)),
        ("unspecified", family.unspecified(port)),
        ("port 0", family.loopback(0)),
        ("a closed port", family.loopback(closed_port(family))),
    ] {
        let socket = tcp(family);
        let streams = connect(&socket, address);
        say(&format!("connect to {what}"), &worked(streams));
    }
    let socket = tcp(family);
    bind(&socket, family.loopback(0)).expect("an address");
    let streams = connect(&socket, family.loopback(port));
    say("connect, bound", &worked(streams));
    let socket = tcp(family);
    let streams = connect(&socket, family.loopback(port)).expect("a connection");
    say("connect again", &worked(connect(&socket, family.loopback(port))));
    drop(streams);
}

/// What both ends say of a connection's addresses.
fn ends(family: Family) {
    let (near, far) = sockets::pair(family);
    let ends = [&near, &far].map(|end| {
        let address = |address: IpSocketAddress| format!("{address:?}");
        (
            end.socket.local_address().map(address).expect("an address"),
            end.socket.remote_address().map(address).expect("an address"),
        )
    });
    let same = ends[0].0 == ends[1].1 && ends[0].1 == ends[1].0;
    say("the ends agree", &same.to_string());
    say("what is accepted listens", &far.socket.is_listening().to_string());
    say("what is accepted, family", &format!("{:?}", far.socket.address_family()));
}
