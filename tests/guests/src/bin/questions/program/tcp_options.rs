//! Options of TCP sockets: what is refused, what is clamped, what a connection inherits.

use wasi::sockets::network::ErrorCode;
use wasi::sockets::tcp::TcpSocket;

use super::answers::{answer, say};
use test_guests::sockets::{Family, accept, connect, listener, tcp};

/// A number that can be set, and got.
struct Number {
    name: &'static str,
    set: fn(&TcpSocket, u64) -> Result<(), ErrorCode>,
    get: fn(&TcpSocket) -> Result<u64, ErrorCode>,
    /// A value that every host can keep as it is.
    ordinary: u64,
}

const SECOND: u64 = 1_000_000_000;

const NUMBERS: [Number; 6] = [
    Number {
        name: "keep-alive-idle-time",
        set: TcpSocket::set_keep_alive_idle_time,
        get: TcpSocket::keep_alive_idle_time,
        ordinary: 42 * SECOND,
    },
    Number {
        name: "keep-alive-interval",
        set: TcpSocket::set_keep_alive_interval,
        get: TcpSocket::keep_alive_interval,
        ordinary: 42 * SECOND,
    },
    Number {
        name: "keep-alive-count",
        set: |socket, value| socket.set_keep_alive_count(value.try_into().unwrap_or(u32::MAX)),
        get: |socket| socket.keep_alive_count().map(u64::from),
        ordinary: 42,
    },
    Number {
        name: "hop-limit",
        set: |socket, value| socket.set_hop_limit(value.try_into().unwrap_or(u8::MAX)),
        get: |socket| socket.hop_limit().map(u64::from),
        ordinary: 42,
    },
    Number {
        name: "receive-buffer-size",
        set: TcpSocket::set_receive_buffer_size,
        get: TcpSocket::receive_buffer_size,
        ordinary: 0x10000,
    },
    Number {
        name: "send-buffer-size",
        set: TcpSocket::set_send_buffer_size,
        get: TcpSocket::send_buffer_size,
        ordinary: 0x10000,
    },
];

pub(crate) fn ask(family: Family) {
    for number in &NUMBERS {
        let Number { name, set, get, ordinary } = number;
        let socket = tcp(family);
        let there = get(&socket).is_ok_and(|value| value > 0);
        say(&format!("{name} at first"), &there.to_string());
        say(&format!("{name} 0"), &answer(&set(&socket, 0)));
        say(&format!("{name}, ordinary"), &answer(&set(&socket, *ordinary)));
        say(&format!("{name}, ordinary, kept"), &answer(&get(&socket)));
        say(&format!("{name}, the least"), &answer(&set(&socket, 1)));
        let kept = get(&socket).is_ok_and(|value| value > 0);
        say(&format!("{name}, the least, something kept"), &kept.to_string());
        say(&format!("{name}, the most"), &answer(&set(&socket, u64::MAX)));
        let kept = get(&socket).is_ok_and(|value| value >= *ordinary);
        say(&format!("{name}, the most, much kept"), &kept.to_string());
    }
    let socket = tcp(family);
    say("set-listen-backlog-size 0", &answer(&socket.set_listen_backlog_size(0)));
    say("set-listen-backlog-size, the most", &answer(&socket.set_listen_backlog_size(u64::MAX)));
    say("keep-alive-enabled at first", &answer(&socket.keep_alive_enabled()));
    say("set-keep-alive-enabled", &answer(&socket.set_keep_alive_enabled(true)));
    say("keep-alive-enabled then", &answer(&socket.keep_alive_enabled()));
    inherited(family);
}

/// What is set for a listener is set for what it accepts.
fn inherited(family: Family) {
    let (listener, port) = listener(family);
    for Number { set, ordinary, .. } in &NUMBERS {
        set(&listener, *ordinary).expect("an option");
    }
    listener.set_keep_alive_enabled(true).expect("an option");
    let client = tcp(family);
    let _streams = connect(&client, family.loopback(port)).expect("a connection");
    let (accepted, _input, _output) = accept(&listener).expect("a connection");
    for Number { name, get, .. } in &NUMBERS {
        let same = get(&accepted).ok() == get(&listener).ok();
        say(&format!("{name} is inherited"), &same.to_string());
    }
    say("keep-alive-enabled is inherited", &answer(&accepted.keep_alive_enabled()));
}
