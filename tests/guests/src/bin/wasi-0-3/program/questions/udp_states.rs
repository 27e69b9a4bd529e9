//! Every method of a UDP socket in every state, and which addresses it takes.

use super::super::addresses::{at, elsewhere, mapped, other, port};
use super::super::bindings::wasi::sockets::types::{IpAddressFamily, UdpSocket};
use super::answers::{answer, say, worked};
use super::{bound_udp, udp};

type Enter = fn(IpAddressFamily) -> UdpSocket;
type Method = fn(IpAddressFamily, &UdpSocket) -> String;

const STATES: [(&str, Enter); 3] = [
    ("unbound", udp),
    ("bound", |family| bound_udp(family).0),
    ("connected", |family| {
        let (socket, port) = bound_udp(family);
        // With itself.
        socket.connect(at(family, 1, port)).expect("a peer");
        socket
    }),
];

const METHODS: [(&str, Method); 12] = [
    ("bind", |family, socket| worked(socket.bind(at(family, 1, 0)))),
    ("connect", |family, socket| worked(socket.connect(at(family, 1, 9)))),
    ("disconnect", |_, socket| worked(socket.disconnect())),
    ("get-local-address", |_, socket| worked(socket.get_local_address())),
    ("get-remote-address", |_, socket| worked(socket.get_remote_address())),
    ("get-address-family", |_, socket| format!("{:?}", socket.get_address_family())),
    ("get-unicast-hop-limit", |_, socket| worked(socket.get_unicast_hop_limit())),
    ("set-unicast-hop-limit", |_, socket| worked(socket.set_unicast_hop_limit(42))),
    ("get-receive-buffer-size", |_, socket| worked(socket.get_receive_buffer_size())),
    ("set-receive-buffer-size", |_, socket| worked(socket.set_receive_buffer_size(0x10000))),
    ("get-send-buffer-size", |_, socket| worked(socket.get_send_buffer_size())),
    ("set-send-buffer-size", |_, socket| worked(socket.set_send_buffer_size(0x10000))),
];

pub(crate) async fn ask(family: IpAddressFamily) {
    for (state, enter) in STATES {
        for (name, method) in METHODS {
            say(&format!("{state}, {name}"), &method(family, &enter(family)));
        }
        let (_peer, to) = bound_udp(family);
        let to = Some(at(family, 1, to));
        say(&format!("{state}, send to somebody"), &worked(enter(family).send(vec![1], to).await));
        let socket = enter(family);
        say(&format!("{state}, send"), &worked(socket.send(vec![1], None).await));
        // What was sent to itself is there; who is bound alone would wait.
        if state != "bound" {
            say(&format!("{state}, receive"), &worked(socket.receive().await));
        }
    }
    binding(family);
    connecting(family);
    options(family);
}

fn binding(family: IpAddressFamily) {
    let mut odd = vec![("the other family", at(other(family), 1, 0)), ("nobody", elsewhere(family))];
    if family == IpAddressFamily::Ipv6 {
        odd.push(("a mapped one", mapped(0)));
    }
    for (what, address) in odd {
        let socket = udp(family);
        say(&format!("bind to {what}"), &worked(socket.bind(address)));
        say(&format!("bind to {what}, then well"), &worked(socket.bind(at(family, 1, 0))));
    }
    let (_socket, taken) = bound_udp(family);
    say("where somebody is bound", &worked(udp(family).bind(at(family, 1, taken))));
    let socket = udp(family);
    say("unspecified", &worked(socket.bind(at(family, 0, 0))));
    say("a port of its own", &(port(socket.get_local_address().expect("an address")) != 0).to_string());
}

fn connecting(family: IpAddressFamily) {
    let (_peer, to) = bound_udp(family);
    let mut odd = vec![
        ("the other family", at(other(family), 1, to)),
        ("unspecified", at(family, 0, to)),
        ("port 0", at(family, 1, 0)),
        ("loopback", at(family, 1, to)),
    ];
    if family == IpAddressFamily::Ipv6 {
        odd.push(("a mapped one", mapped(to)));
    }
    for (what, address) in odd {
        for (how, socket) in [("unbound", udp(family)), ("bound", bound_udp(family).0)] {
            say(&format!("connect {how} to {what}"), &worked(socket.connect(address)));
            say(&format!("connect {how} to {what}, remote"), &worked(socket.get_remote_address()));
            say(&format!("connect {how} to {what}, local"), &worked(socket.get_local_address()));
            say(&format!("connect {how} to {what}, disconnect"), &worked(socket.disconnect()));
        }
    }
}

fn options(family: IpAddressFamily) {
    let socket = udp(family);
    say("hop-limit 0", &worked(socket.set_unicast_hop_limit(0)));
    say("receive-buffer-size 0", &worked(socket.set_receive_buffer_size(0)));
    say("send-buffer-size 0", &worked(socket.set_send_buffer_size(0)));
    say("hop-limit 42", &worked(socket.set_unicast_hop_limit(42)));
    say("hop-limit", &answer(&socket.get_unicast_hop_limit()));
    say("receive-buffer-size", &worked(socket.set_receive_buffer_size(0x10000)));
    say("receive-buffer-size, kept", &answer(&socket.get_receive_buffer_size()));
    say("send-buffer-size", &worked(socket.set_send_buffer_size(0x10000)));
    say("send-buffer-size, kept", &answer(&socket.get_send_buffer_size()));
    say("receive-buffer-size, the most", &worked(socket.set_receive_buffer_size(u64::MAX)));
    say("send-buffer-size, the most", &worked(socket.set_send_buffer_size(u64::MAX)));
}
