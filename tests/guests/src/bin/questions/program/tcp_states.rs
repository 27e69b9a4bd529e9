//! Every method of a TCP socket in every state.

use std::any::Any;
use std::ops::Deref;

use wasi::sockets::tcp::{ShutdownType, TcpSocket};

use super::answers::{Enter, Method, answer, say, say_all, worked};
use test_guests::sockets::{self, Family, closed_port, connect, listener, network, tcp};

/// A socket, and what must live as long as it stays in its state; streams go before their sockets.
struct Held {
    _others: Vec<Box<dyn Any>>,
    socket: TcpSocket,
}

impl Deref for Held {
    type Target = TcpSocket;

    fn deref(&self) -> &TcpSocket {
        &self.socket
    }
}

const STATES: [(&str, Enter<Held>); 8] = [
    ("unbound", |family| alone(tcp(family))),
    ("bind-in-progress", |family| {
        let socket = tcp(family);
        socket.start_bind(&network(), family.loopback(0)).expect("a bind");
        alone(socket)
    }),
    ("bound", |family| alone(bound(family))),
    ("listen-in-progress", |family| {
        let socket = bound(family);
        socket.start_listen().expect("a listen");
        alone(socket)
    }),
    ("listening", |family| alone(listener(family).0)),
    ("connect-in-progress", |family| {
        let (listener, port) = listener(family);
        let socket = tcp(family);
        socket.start_connect(&network(), family.loopback(port)).expect("a connect");
        Held { _others: vec![Box::new(listener)], socket }
    }),
    ("connected", |family| {
        let (listener, port) = listener(family);
        let socket = tcp(family);
        let (input, output) = connect(&socket, family.loopback(port)).expect("a connection");
        Held { _others: vec![Box::new(input), Box::new(output), Box::new(listener)], socket }
    }),
    ("closed", |family| {
        let socket = tcp(family);
        connect(&socket, family.loopback(closed_port(family))).expect_err("nobody listens");
        alone(socket)
    }),
];

fn alone(socket: TcpSocket) -> Held {
    Held { _others: Vec::new(), socket }
}

fn bound(family: Family) -> TcpSocket {
    let socket = tcp(family);
    sockets::bind(&socket, family.loopback(0)).expect("an address");
    socket
}

const METHODS: [(&str, Method<Held>); 27] = [
    ("start-bind", |family, socket| answer(&socket.start_bind(&network(), family.loopback(0)))),
    ("finish-bind", |_, socket| answer(&socket.finish_bind())),
    ("start-connect", |family, socket| {
        let (_listener, port) = listener(family);
        answer(&socket.start_connect(&network(), family.loopback(port)))
    }),
    ("finish-connect", |_, socket| {
        worked(sockets::finish(|| socket.subscribe(), || socket.finish_connect()))
    }),
    ("start-listen", |_, socket| answer(&socket.start_listen())),
    ("finish-listen", |_, socket| answer(&socket.finish_listen())),
    ("accept", |_, socket| worked(socket.accept())),
    ("local-address", |_, socket| worked(socket.local_address())),
    ("remote-address", |_, socket| worked(socket.remote_address())),
    ("is-listening", |_, socket| socket.is_listening().to_string()),
    ("address-family", |_, socket| format!("{:?}", socket.address_family())),
    ("set-listen-backlog-size", |_, socket| answer(&socket.set_listen_backlog_size(10))),
    ("keep-alive-enabled", |_, socket| answer(&socket.keep_alive_enabled())),
    ("set-keep-alive-enabled", |_, socket| answer(&socket.set_keep_alive_enabled(true))),
    ("keep-alive-idle-time", |_, socket| worked(socket.keep_alive_idle_time())),
    ("set-keep-alive-idle-time", |_, socket| answer(&socket.set_keep_alive_idle_time(5_000_000_000))),
    ("keep-alive-interval", |_, socket| worked(socket.keep_alive_interval())),
    ("set-keep-alive-interval", |_, socket| answer(&socket.set_keep_alive_interval(5_000_000_000))),
    ("keep-alive-count", |_, socket| worked(socket.keep_alive_count())),
    ("set-keep-alive-count", |_, socket| answer(&socket.set_keep_alive_count(5))),
    ("hop-limit", |_, socket| worked(socket.hop_limit())),
    ("set-hop-limit", |_, socket| answer(&socket.set_hop_limit(42))),
    ("receive-buffer-size", |_, socket| worked(socket.receive_buffer_size())),
    ("set-receive-buffer-size", |_, socket| answer(&socket.set_receive_buffer_size(0x10000))),
    ("send-buffer-size", |_, socket| worked(socket.send_buffer_size())),
    ("set-send-buffer-size", |_, socket| answer(&socket.set_send_buffer_size(0x10000))),
    ("shutdown", |_, socket| answer(&socket.shutdown(ShutdownType::Both))),
];

pub(crate) fn ask(family: Family) {
    say_all(family, &STATES, &METHODS);
    for (state, enter) in STATES {
        // An attempt is decided when chance has it.
        if state != "connect-in-progress" {
            say(&format!("{state}, ready"), &enter(family).subscribe().ready().to_string());
        }
    }
}
