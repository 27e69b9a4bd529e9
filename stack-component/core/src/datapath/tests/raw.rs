//! Raw and ping sockets on a whole stack.

use crate::Stack;
use crate::random::SeededRandom;
use crate::raw::{Family, Kind, Message, Origin, RawOption};
use crate::socket::SocketError;
use crate::time::Instant;
use crate::wire::protocol::Protocol;
use alloc::boxed::Box;
use core::net::IpAddr;

const NOW: Instant = Instant::from_millis(1000);
const LOCALHOST: IpAddr = IpAddr::V4(core::net::Ipv4Addr::LOCALHOST);

fn stack() -> Stack {
    Stack::new(Box::new(SeededRandom::new(1)))
}

fn run(stack: &mut Stack) {
    while stack.poll(NOW, 64) {}
}

fn message(data: &[u8]) -> Message<'_> {
    Message { data, to: Some(LOCALHOST), hop_limit: None }
}

#[test]
fn who_pings_hears_the_reply_and_raw_sockets_hear_all() {
    let mut stack = stack();
    let ping = stack.raw_open(Family::V4, Kind::Ping).unwrap();
    let raw = stack.raw_open(Family::V4, Kind::Raw(Protocol::ICMP)).unwrap();
    stack.raw_send(ping, message(b"\x08\0\0\0\0\0\0\x07payload"), NOW).unwrap();
    run(&mut stack);
    let reply = stack.raw_receive(ping).unwrap();
    assert_eq!((reply.arrival.source, reply.arrival.hop_limit), (LOCALHOST, 64));
    assert_eq!(&reply.data[..2], [0, 0]);
    assert_eq!(&reply.data[6..], b"\0\x07payload");
    let kinds = [8, 0].map(|_| {
        let packet = stack.raw_receive(raw).unwrap().data;
        assert_eq!(packet[0], 0x45, "with its IP header");
        packet[20]
    });
    assert_eq!(kinds, [8, 0]);
    assert_eq!(stack.raw_receive(raw).unwrap_err(), SocketError::WouldBlock);
}

#[test]
fn a_datagram_to_a_closed_port_is_reported() {
    let mut stack = stack();
    let raw = stack.raw_open(Family::V4, Kind::Raw(Protocol::UDP)).unwrap();
    stack.raw_set(raw, RawOption::Reports(true)).unwrap();
    // No checksum, which UDP over IPv4 permits.
    let datagram = b"\x12\x34\x82\x9a\0\x0c\0\0data";
    stack.raw_send(raw, message(datagram), NOW).unwrap();
    run(&mut stack);
    let report = stack.raw_receive_report(raw).unwrap();
    assert_eq!((report.origin, report.kind, report.code), (Origin::Icmp, 3, 3));
    assert_eq!((report.offender, report.destination), (Some(LOCALHOST), LOCALHOST));
    assert_eq!(report.data, datagram);
    assert_eq!(&stack.raw_receive(raw).unwrap().data[20..], datagram, "its own copy");
}

#[test]
fn a_protocol_with_a_raw_socket_is_no_unknown_one() {
    let mut stack = stack();
    let sender = stack.raw_open(Family::V4, Kind::Raw(Protocol(89))).unwrap();
    let unreachable = stack.raw_open(Family::V4, Kind::Raw(Protocol::ICMP)).unwrap();
    stack.raw_send(sender, message(b"hello"), NOW).unwrap();
    run(&mut stack);
    assert!(stack.raw_receive(sender).is_ok());
    assert_eq!(stack.raw_receive(unreachable).unwrap_err(), SocketError::WouldBlock);
    stack.raw_send(unreachable, message(&[0; 8]), NOW).unwrap();
    stack.raw_close(sender);
    assert_eq!(stack.raw_send(sender, message(b""), NOW), Err(SocketError::InvalidState));
}

#[test]
fn what_cannot_be_sent_is_an_error() {
    let mut stack = stack();
    let ping = stack.raw_open(Family::V4, Kind::Ping).unwrap();
    let mut to = |to: &str| {
        let to = to.parse().unwrap();
        let data = &[8, 0, 0, 0, 0, 0, 0, 0];
        stack.raw_send(ping, Message { data, to: Some(to), hop_limit: None }, NOW)
    };
    assert_eq!(to("192.0.2.1"), Err(SocketError::NetworkUnreachable));
    assert_eq!(to("::1"), Err(SocketError::InvalidArgument));
    assert_eq!(to("0.0.0.0"), Err(SocketError::InvalidArgument));
    let foreign = Some("192.0.2.1".parse().unwrap());
    assert_eq!(stack.raw_bind(ping, foreign, 0), Err(SocketError::AddressNotBindable));
}
