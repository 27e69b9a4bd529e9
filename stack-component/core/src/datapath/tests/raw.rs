//! Raw and ping sockets on a whole stack.

use crate::Stack;
use crate::ip::v4::OwnOptions;
use crate::packet_socket::{Form, Protocols};
use crate::random::SeededRandom;
use crate::raw::{Family, Kind, Message, Origin, RawOption};
use crate::socket::SocketError;
use crate::time::Instant;
use crate::wire::protocol::Protocol;
use alloc::boxed::Box;
use alloc::vec;
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
fn who_has_one_peer_knows_its_own_address() {
    let mut stack = stack();
    let ping = stack.raw_open(Family::V4, Kind::Ping).unwrap();
    assert_eq!(stack.raw_local(ping), Some((None, 0)));
    stack.raw_connect(ping, Some("127.0.0.7".parse().unwrap())).unwrap();
    assert_eq!(stack.raw_local(ping).unwrap().0, Some(LOCALHOST), "as Linux has it");
    stack.raw_connect(ping, Some("192.0.2.1".parse().unwrap())).unwrap();
    assert_eq!(stack.raw_local(ping).unwrap().0, None, "there is no way");
    stack.raw_bind(ping, Some(LOCALHOST), 0).unwrap_err();
    let bound = stack.raw_open(Family::V4, Kind::Ping).unwrap();
    stack.raw_bind(bound, Some(LOCALHOST), 0).unwrap();
    stack.raw_connect(bound, Some("127.0.0.7".parse().unwrap())).unwrap();
    assert_eq!(stack.raw_local(bound).unwrap().0, Some(LOCALHOST));
}

#[test]
fn messages_of_sockets_are_counted() {
    let mut stack = stack();
    let count = |stack: &Stack, name: &str| {
        stack.counters().snapshot().iter().find(|(of, _)| of == name).map_or(0, |(_, count)| *count)
    };
    let ping = stack.raw_open(Family::V4, Kind::Ping).unwrap();
    stack.raw_send(ping, message(&[8, 0, 0, 0, 0, 0, 0, 1]), NOW).unwrap();
    let raw = stack.raw_open(Family::V4, Kind::Raw(Protocol::ICMP)).unwrap();
    stack.raw_send(raw, message(&[13, 0, 0xf2, 0xff, 0, 0, 0, 0]), NOW).unwrap();
    stack.raw_send(raw, message(&[]), NOW).unwrap();
    let ping6 = stack.raw_open(Family::V6, Kind::Ping).unwrap();
    let to = Some("::1".parse().unwrap());
    stack.raw_send(ping6, Message { to, ..message(&[128, 0, 0, 0, 0, 0, 0, 1]) }, NOW).unwrap();
    let nowhere = Some("192.0.2.9".parse().unwrap());
    let lost = Message { to: nowhere, ..message(&[8, 0, 0, 0, 0, 0, 0, 1]) };
    assert_eq!(stack.raw_send(ping, lost, NOW), Err(SocketError::NetworkUnreachable));
    stack.raw_set(raw, RawOption::HeaderIncluded(true)).unwrap();
    let header = [
        &b"\x45\0\0\x1c\0\x01\0\0\x40\x01\0\0\x7f\0\0\x01\x7f\0\0\x01"[..],
        &[17, 0, 0xee, 0xff, 0, 0, 0, 0],
    ];
    stack.raw_send(raw, message(&header.concat()), NOW).unwrap();
    run(&mut stack);
    for (name, expected) in [
        ("Icmp:OutMsgs", 4),
        ("Icmp:OutEchos", 1),
        ("Icmp:OutTimestamps", 1),
        ("Icmp:OutAddrMasks", 1),
        ("IcmpMsg:OutType8", 1),
        ("IcmpMsg:OutType17", 1),
        ("Icmp:OutEchoReps", 1),
        ("Icmp6:OutMsgs", 2),
        ("Icmp6:OutEchos", 1),
        ("Icmp6:OutEchoReplies", 1),
        ("Icmp6:OutType128", 1),
    ] {
        assert_eq!(count(&stack, name), expected, "{name}");
    }
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
    assert_eq!(to("0.0.0.0"), Ok(()), "this host");
    let foreign = Some("192.0.2.1".parse().unwrap());
    assert_eq!(stack.raw_bind(ping, foreign, 0), Err(SocketError::AddressNotBindable));
}

/// What we send to ourselves comes by the device that has the address. Linux: `inet_iif`, `inet6_iif`.
#[test]
fn a_socket_of_a_device_hears_what_we_send_to_its_address() {
    let mut stack = stack();
    let [red, blue] = ["red", "blue"].map(|name| stack.add_dummy(name).unwrap());
    for (device, cidr) in [(red, "192.0.2.1/24"), (red, "fd77::1/64"), (blue, "198.51.100.1/24")] {
        stack.add_address(device, cidr.parse().unwrap()).unwrap();
    }
    for (to, heard) in [("192.0.2.1", true), ("fd77::1", true), ("198.51.100.1", false), ("127.0.0.1", false)]
    {
        let to: IpAddr = to.parse().unwrap();
        let kind = if to.is_ipv6() { 128 } else { 8 };
        let ping = stack.raw_open(Family::of(to), Kind::Ping).unwrap();
        stack.raw_set(ping, RawOption::Device(Some(red))).unwrap();
        let sent =
            stack.raw_send(ping, Message { to: Some(to), ..message(&[kind, 0, 0, 0, 0, 0, 0, 1]) }, NOW);
        assert_eq!(sent, Ok(()), "{to}: without a route it is on the link");
        run(&mut stack);
        let reply = stack.raw_receive(ping).map(|incoming| incoming.arrival.device);
        assert_eq!(reply.ok(), heard.then_some(red), "{to}");
    }
}

/// A raw socket of IPv4 whose owner makes the header, and one that hears it.
fn headed(stack: &mut Stack) -> (crate::raw::RawHandle, crate::raw::RawHandle) {
    let sender = stack.raw_open(Family::V4, Kind::Raw(Protocol(90))).unwrap();
    stack.raw_set(sender, RawOption::HeaderIncluded(true)).unwrap();
    (sender, stack.raw_open(Family::V4, Kind::Raw(Protocol(89))).unwrap())
}

#[test]
fn a_header_of_the_owners_is_completed_and_goes_where_it_is_sent() {
    let mut stack = stack();
    let (sender, hearer) = headed(&mut stack);
    let mut packet = *b"\x45\x10\0\0\0\0\x40\0\x07\x59\0\0\0\0\0\0\x7f\0\0\x02hello";
    // Without a destination the header's.
    let nobody = Message { to: None, ..message(&packet) };
    stack.raw_send(sender, nobody, NOW).unwrap();
    run(&mut stack);
    let heard = stack.raw_receive(hearer).unwrap();
    assert_eq!((heard.arrival.source, heard.arrival.hop_limit), (LOCALHOST, 7));
    assert_eq!((heard.data.len(), &heard.data[2..4], &heard.data[20..]), (25, &[0, 25][..], &b"hello"[..]));
    assert_ne!(heard.data[4..6], [0, 0], "it has a number");
    packet[4] = 7;
    packet[12..16].copy_from_slice(&[127, 0, 0, 9]);
    stack.raw_send(sender, Message { to: None, ..message(&packet) }, NOW).unwrap();
    run(&mut stack);
    let heard = stack.raw_receive(hearer).unwrap();
    assert_eq!((&heard.data[4..6], &heard.data[12..16]), (&[7, 0][..], &[127, 0, 0, 9][..]), "they are kept");
}

#[test]
fn headers_that_are_none_are_refused() {
    let mut stack = stack();
    let (sender, _) = headed(&mut stack);
    let whole = [0x45; 20];
    for wrong in [&whole[..19], &[0x46; 20], &[0x65; 40], &[]] {
        assert_eq!(
            stack.raw_send(sender, message(wrong), NOW),
            Err(SocketError::InvalidArgument),
            "{wrong:?}"
        );
    }
    let ping = stack.raw_open(Family::V4, Kind::Ping).unwrap();
    assert_eq!(stack.raw_set(ping, RawOption::HeaderIncluded(true)), Err(SocketError::InvalidArgument));
    let raw = stack.raw_open(Family::V4, Kind::Raw(Protocol::RAW)).unwrap();
    assert_eq!(
        stack.raw_send(raw, message(&[0; 20]), NOW),
        Err(SocketError::InvalidArgument),
        "from the start"
    );
    let large = [&[0x45][..], &[0; 65_536]].concat();
    assert_eq!(stack.raw_send(sender, message(&large), NOW), Err(SocketError::DatagramTooLarge));
}

#[test]
fn an_ipv6_header_goes_out_as_it_is() {
    let mut stack = stack();
    let sender = stack.raw_open(Family::V6, Kind::Raw(Protocol::RAW)).unwrap();
    let hearer = stack.raw_open(Family::V6, Kind::Raw(Protocol(89))).unwrap();
    let localhost = core::net::Ipv6Addr::LOCALHOST.octets();
    let packet = [&b"\x60\0\0\0\0\x02\x59\x09"[..], &localhost, &localhost, b"hi"].concat();
    stack.raw_send(sender, Message { to: None, ..message(&packet) }, NOW).unwrap();
    run(&mut stack);
    let heard = stack.raw_receive(hearer).unwrap();
    assert_eq!((heard.arrival.hop_limit, &heard.data[..]), (9, &b"hi"[..]));
}

/// What goes over a device whose neighbours swallow it, or over the loopback device.
fn stack_with_dummy() -> Stack {
    let mut stack = stack();
    let dummy = stack.add_dummy("dummy0").unwrap();
    stack.add_address(dummy, "192.0.2.1/24".parse().unwrap()).unwrap();
    stack.add_default_gateway("192.0.2.9".parse::<IpAddr>().unwrap()).unwrap();
    stack
}

#[test]
fn the_route_and_back_is_recorded_for_who_wants_it() {
    let mut stack = stack();
    let ping = stack.raw_open(Family::V4, Kind::Ping).unwrap();
    let mut route = [0; 23];
    route[..3].copy_from_slice(&[7, 23, 4]);
    stack.raw_set(ping, RawOption::Header(OwnOptions::new(&route).unwrap())).unwrap();
    stack.raw_send(ping, message(&[8, 0, 0, 0, 0, 0, 0, 1]), NOW).unwrap();
    run(&mut stack);
    let reply = stack.raw_receive(ping).unwrap();
    // Out, in, out again, and in again, as Linux has it.
    let expected = [&[7, 23, 20][..], &[127, 0, 0, 1].repeat(4), &[0; 5]].concat();
    assert_eq!((reply.options, reply.data.len()), (expected, 8));
    let ping6 = stack.raw_open(Family::V6, Kind::Ping).unwrap();
    let refused = stack.raw_set(ping6, RawOption::Header(OwnOptions::new(&[]).unwrap()));
    assert_eq!(refused, Err(SocketError::InvalidArgument));
}

#[test]
fn what_is_for_neighbours_goes_by_no_gateway() {
    let mut stack = stack_with_dummy();
    let ping = stack.raw_open(Family::V4, Kind::Ping).unwrap();
    let mut send = |to: &str, alone: bool| {
        stack.raw_set(ping, RawOption::Neighbours(alone)).unwrap();
        let to = Some(to.parse().unwrap());
        stack.raw_send(ping, Message { to, ..message(&[8, 0, 0, 0, 0, 0, 0, 1]) }, NOW)
    };
    for here in ["192.0.2.7", "192.0.2.1", "127.0.0.1"] {
        assert_eq!(send(here, true), Ok(()), "{here}");
    }
    assert_eq!(send("198.51.100.1", false), Ok(()));
    assert_eq!(send("198.51.100.1", true), Err(SocketError::NetworkUnreachable));
}

#[test]
fn a_flow_label_is_the_owners() {
    let mut stack = stack();
    let ping = stack.raw_open(Family::V6, Kind::Ping).unwrap();
    let frames = stack.packet_open(Form::Payloads, Protocols::All).unwrap();
    for (label, expected) in [(0x12345, Ok(())), (0x10_0000, Err(SocketError::InvalidArgument))] {
        assert_eq!(stack.raw_set(ping, RawOption::FlowLabel(Some(label))), expected);
    }
    let to = Some("::1".parse().unwrap());
    stack.raw_send(ping, Message { to, ..message(&[128, 0, 0, 0, 0, 0, 0, 1]) }, NOW).unwrap();
    run(&mut stack);
    let request = stack.packet_receive(frames).unwrap().data;
    assert_eq!(&request[..4], [0x60, 1, 0x23, 0x45]);
}

#[test]
fn pieces_take_no_more_memory_than_their_socket_may() {
    let mut stack = stack_with_dummy();
    let ping = stack.raw_open(Family::V4, Kind::Ping).unwrap();
    let mut send = |buffer: usize, len: usize| {
        stack.raw_set(ping, RawOption::SendBuffer(buffer)).unwrap();
        let mut request = vec![0; len];
        request[0] = 8;
        let to = Some("192.0.2.7".parse().unwrap());
        stack.raw_send(ping, Message { to, ..message(&request) }, NOW)
    };
    assert_eq!(send(212_992, 65_000), Ok(()));
    assert_eq!((send(1, 5000), send(1, 10_000)), (Ok(()), Err(SocketError::OutOfMemory)));
}
