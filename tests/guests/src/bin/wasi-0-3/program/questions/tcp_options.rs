//! Options of TCP sockets: what is refused, what is clamped, what a connection inherits.

use super::super::addresses::at;
use super::super::bindings::wasi::sockets::types::{ErrorCode, IpAddressFamily, TcpSocket};
use super::super::wait::both;
use super::answers::{answer, say, worked};
use super::{listener, tcp};

/// A number that can be set, and got.
struct Number {
    name: &'static str,
    set: fn(&TcpSocket, u64) -> Result<(), ErrorCode>,
    get: fn(&TcpSocket) -> Result<u64, ErrorCode>,
    /// A value that every host can keep as it is.
    ordinary: u64,
}

const fn number(
    name: &'static str,
    set: fn(&TcpSocket, u64) -> Result<(), ErrorCode>,
    get: fn(&TcpSocket) -> Result<u64, ErrorCode>,
    ordinary: u64,
) -> Number {
    Number { name, set, get, ordinary }
}

const TIME: u64 = 42_000_000_000;
const BYTES: u64 = 0x10000;

const NUMBERS: [Number; 6] = [
    number("idle-time", TcpSocket::set_keep_alive_idle_time, TcpSocket::get_keep_alive_idle_time, TIME),
    number("interval", TcpSocket::set_keep_alive_interval, TcpSocket::get_keep_alive_interval, TIME),
    number(
        "count",
        |socket, value| socket.set_keep_alive_count(value.try_into().unwrap_or(u32::MAX)),
        |socket| socket.get_keep_alive_count().map(u64::from),
        42,
    ),
    number(
        "hop-limit",
        |socket, value| socket.set_hop_limit(value.try_into().unwrap_or(u8::MAX)),
        |socket| socket.get_hop_limit().map(u64::from),
        42,
    ),
    number("receive-buffer", TcpSocket::set_receive_buffer_size, TcpSocket::get_receive_buffer_size, BYTES),
    number("send-buffer", TcpSocket::set_send_buffer_size, TcpSocket::get_send_buffer_size, BYTES),
];

pub(crate) async fn ask(family: IpAddressFamily) {
    for Number { name, set, get, ordinary } in &NUMBERS {
        let socket = tcp(family);
        let kept = |least| get(&socket).is_ok_and(|value| value >= least).to_string();
        say(&format!("{name} at first"), &kept(1));
        say(&format!("{name} 0"), &worked(set(&socket, 0)));
        say(&format!("{name}, ordinary"), &worked(set(&socket, *ordinary)));
        say(&format!("{name}, ordinary, kept"), &answer(&get(&socket)));
        say(&format!("{name}, the least"), &worked(set(&socket, 1)));
        say(&format!("{name}, the least, something kept"), &kept(1));
        say(&format!("{name}, the most"), &worked(set(&socket, u64::MAX)));
        say(&format!("{name}, the most, much kept"), &kept(*ordinary));
    }
    let socket = tcp(family);
    say("set-listen-backlog-size 0", &worked(socket.set_listen_backlog_size(0)));
    say("set-listen-backlog-size, the most", &worked(socket.set_listen_backlog_size(u64::MAX)));
    say("keep-alive-enabled at first", &answer(&socket.get_keep_alive_enabled()));
    say("set-keep-alive-enabled", &worked(socket.set_keep_alive_enabled(true)));
    say("keep-alive-enabled then", &answer(&socket.get_keep_alive_enabled()));
    inherited(family).await;
}

/// What is set for a listener is set for what it accepts.
async fn inherited(family: IpAddressFamily) {
    let (listener, mut connections, port) = listener(family);
    for Number { set, ordinary, .. } in &NUMBERS {
        set(&listener, *ordinary).expect("an option");
    }
    listener.set_keep_alive_enabled(true).expect("an option");
    let client = tcp(family);
    let (connected, accepted) = both(client.connect(at(family, 1, port)), connections.next()).await;
    connected.expect("a connection");
    let accepted = accepted.expect("a connection");
    for Number { name, get, .. } in &NUMBERS {
        let same = get(&accepted).ok() == get(&listener).ok();
        say(&format!("{name} is inherited"), &same.to_string());
    }
    say("keep-alive-enabled is inherited", &answer(&accepted.get_keep_alive_enabled()));
}
