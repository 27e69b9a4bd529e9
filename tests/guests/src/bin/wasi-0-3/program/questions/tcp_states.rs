//! Every method of a TCP socket in every state.

use std::any::Any;

use super::super::addresses::at;
use super::super::bindings::wasi::sockets::types::{IpAddressFamily, TcpSocket};
use super::super::bindings::wit_stream;
use super::answers::{say, worked};
use super::{bound_tcp, closed_port, listener, pair, tcp};

const STATES: [&str; 5] = ["unbound", "bound", "listening", "connected", "closed"];

/// A socket in a state, and what must live as long as it stays in it.
async fn enter(state: &str, family: IpAddressFamily) -> (TcpSocket, Box<dyn Any>) {
    match state {
        "unbound" => (tcp(family), Box::new(())),
        "bound" => (bound_tcp(family), Box::new(())),
        "listening" => {
            let (socket, connections, _) = listener(family);
            (socket, Box::new(connections))
        }
        "connected" => {
            let (near, far) = pair(family).await;
            (near, Box::new(far))
        }
        _ => {
            let socket = tcp(family);
            socket.connect(at(family, 1, closed_port(family))).await.expect_err("nobody listens");
            (socket, Box::new(()))
        }
    }
}

/// A method that answers at once.
type Method = fn(IpAddressFamily, &TcpSocket) -> String;

const METHODS: [(&str, Method); 20] = [
    ("bind", |family, socket| worked(socket.bind(at(family, 1, 0)))),
    ("listen", |_, socket| worked(socket.listen())),
    ("get-local-address", |_, socket| worked(socket.get_local_address())),
    ("get-remote-address", |_, socket| worked(socket.get_remote_address())),
    ("get-is-listening", |_, socket| socket.get_is_listening().to_string()),
    ("get-address-family", |_, socket| format!("{:?}", socket.get_address_family())),
    ("set-listen-backlog-size", |_, socket| worked(socket.set_listen_backlog_size(10))),
    ("get-keep-alive-enabled", |_, socket| worked(socket.get_keep_alive_enabled())),
    ("set-keep-alive-enabled", |_, socket| worked(socket.set_keep_alive_enabled(true))),
    ("get-keep-alive-idle-time", |_, socket| worked(socket.get_keep_alive_idle_time())),
    ("set-keep-alive-idle-time", |_, socket| worked(socket.set_keep_alive_idle_time(5_000_000_000))),
    ("get-keep-alive-interval", |_, socket| worked(socket.get_keep_alive_interval())),
    ("get-keep-alive-count", |_, socket| worked(socket.get_keep_alive_count())),
    ("set-keep-alive-count", |_, socket| worked(socket.set_keep_alive_count(5))),
    ("get-hop-limit", |_, socket| worked(socket.get_hop_limit())),
    ("set-hop-limit", |_, socket| worked(socket.set_hop_limit(42))),
    ("get-receive-buffer-size", |_, socket| worked(socket.get_receive_buffer_size())),
    ("set-receive-buffer-size", |_, socket| worked(socket.set_receive_buffer_size(0x10000))),
    ("get-send-buffer-size", |_, socket| worked(socket.get_send_buffer_size())),
    ("set-send-buffer-size", |_, socket| worked(socket.set_send_buffer_size(0x10000))),
];

pub(crate) async fn ask(family: IpAddressFamily) {
    for state in STATES {
        for (name, method) in METHODS {
            let (socket, _others) = enter(state, family).await;
            say(&format!("{state}, {name}"), &method(family, &socket));
        }
        let (socket, _others) = enter(state, family).await;
        let (_listener, mut connections, port) = listener(family);
        let connected = socket.connect(at(family, 1, port)).await;
        if connected.is_ok() {
            connections.next().await.expect("a connection");
        }
        say(&format!("{state}, connect"), &worked(connected));
        let (socket, _others) = enter(state, family).await;
        say(&format!("{state}, send"), &send_nothing(&socket).await);
        say(&format!("{state}, send again"), &send_nothing(&socket).await);
        let (socket, _others) = enter(state, family).await;
        say(&format!("{state}, receive"), &receive_nothing(&socket).await);
        say(&format!("{state}, receive again"), &receive_nothing(&socket).await);
    }
}

/// A stream that ends at once.
async fn send_nothing(socket: &TcpSocket) -> String {
    let (writer, outgoing) = wit_stream::new();
    let sent = socket.send(outgoing);
    drop(writer);
    worked(sent.await)
}

/// A stream that nobody wants.
async fn receive_nothing(socket: &TcpSocket) -> String {
    let (incoming, received) = socket.receive();
    drop(incoming);
    worked(received.await)
}
