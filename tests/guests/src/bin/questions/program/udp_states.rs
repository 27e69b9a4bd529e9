//! Every method of a UDP socket in every state, and which addresses it takes.

use wasi::sockets::udp::UdpSocket;

use super::answers::{Enter, Method, answer, say, say_all, worked};
use test_guests::sockets::{Family, bind_udp, bound_udp, network, port_of, udp, v4, v6};

const STATES: [(&str, Enter<UdpSocket>); 3] = [
    ("unbound", udp),
    ("bind-in-progress", |family| {
        let socket = udp(family);
        socket.start_bind(&network(), family.loopback(0)).expect("a bind");
        socket
    }),
    ("bound", |family| bound_udp(family).0),
];

const METHODS: [(&str, Method<UdpSocket>); 14] = [
    ("start-bind", |family, socket| answer(&socket.start_bind(&network(), family.loopback(0)))),
    ("finish-bind", |_, socket| answer(&socket.finish_bind())),
    ("stream(none)", |_, socket| worked(socket.stream(None))),
    ("stream(some)", |family, socket| worked(socket.stream(Some(family.loopback(9))))),
    ("local-address", |_, socket| worked(socket.local_address())),
    ("remote-address", |_, socket| worked(socket.remote_address())),
    ("address-family", |_, socket| format!("{:?}", socket.address_family())),
    ("unicast-hop-limit", |_, socket| worked(socket.unicast_hop_limit())),
    ("set-unicast-hop-limit", |_, socket| answer(&socket.set_unicast_hop_limit(42))),
    ("receive-buffer-size", |_, socket| worked(socket.receive_buffer_size())),
    ("set-receive-buffer-size", |_, socket| answer(&socket.set_receive_buffer_size(0x10000))),
    ("send-buffer-size", |_, socket| worked(socket.send_buffer_size())),
    ("set-send-buffer-size", |_, socket| answer(&socket.set_send_buffer_size(0x10000))),
    ("ready", |_, socket| socket.subscribe().ready().to_string()),
];

pub(crate) fn ask(family: Family) {
    say_all(family, &STATES, &METHODS);
    binding(family);
    streams(family);
    options(family);
}

fn binding(family: Family) {
    let mut odd = vec![("the other family", family.other().loopback(0)), ("nobody", family.nobody(0))];
    if family == Family::Ipv6 {
        odd.push(("a mapped one", v6((0, 0, 0, 0, 0, 0xffff, 0x7f00, 1), 0)));
    }
    for (what, address) in odd {
        let socket = udp(family);
        say(&format!("bind to {what}"), &answer(&bind_udp(&socket, address)));
        say(&format!("bind to {what}, then well"), &answer(&bind_udp(&socket, family.loopback(0))));
    }
    let (_socket, port) = bound_udp(family);
    let second = udp(family);
    say("where somebody is bound", &answer(&bind_udp(&second, family.loopback(port))));
    let third = udp(family);
    say("unspecified", &answer(&bind_udp(&third, family.unspecified(0))));
    say("a port of its own", &(port_of(third.local_address().expect("an address")) != 0).to_string());
}

fn streams(family: Family) {
    let (_peer, port) = bound_udp(family);
    let mut odd = vec![
        ("the other family", family.other().loopback(port)),
        ("unspecified", family.unspecified(port)),
        ("port 0", family.loopback(0)),
        ("loopback", family.loopback(port)),
    ];
    odd.push(match family {
        Family::Ipv4 => ("everybody", v4((255, 255, 255, 255), port)),
        Family::Ipv6 => ("a mapped one", v6((0, 0, 0, 0, 0, 0xffff, 0x7f00, 1), port)),
    });
    for (what, address) in odd {
        // Linux asks for SO_BROADCAST, which hosts may set or not.
        if what == "everybody" {
            continue;
        }
        let (socket, _) = bound_udp(family);
        let streams = socket.stream(Some(address));
        say(&format!("stream to {what}"), &answer(&streams.as_ref().map(|_| ()).map_err(|error| *error)));
        say(&format!("stream to {what}, remote-address"), &worked(socket.remote_address()));
        drop(streams);
        let streams = socket.stream(None);
        say(
            &format!("stream to {what}, then to all"),
            &answer(&streams.as_ref().map(|_| ()).map_err(|error| *error)),
        );
        say(&format!("stream to {what}, then to all, remote-address"), &worked(socket.remote_address()));
    }
}

fn options(family: Family) {
    let socket = udp(family);
    say("set-unicast-hop-limit 0", &answer(&socket.set_unicast_hop_limit(0)));
    say("set-receive-buffer-size 0", &answer(&socket.set_receive_buffer_size(0)));
    say("set-send-buffer-size 0", &answer(&socket.set_send_buffer_size(0)));
    say("set-unicast-hop-limit 42", &answer(&socket.set_unicast_hop_limit(42)));
    say("unicast-hop-limit", &answer(&socket.unicast_hop_limit()));
    say("set-receive-buffer-size", &answer(&socket.set_receive_buffer_size(0x10000)));
    say("receive-buffer-size", &answer(&socket.receive_buffer_size()));
    say("set-send-buffer-size", &answer(&socket.set_send_buffer_size(0x10000)));
    say("send-buffer-size", &answer(&socket.send_buffer_size()));
    say("set-receive-buffer-size, the most", &answer(&socket.set_receive_buffer_size(u64::MAX)));
    say("set-send-buffer-size, the most", &answer(&socket.set_send_buffer_size(u64::MAX)));
}
