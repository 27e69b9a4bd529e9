//! Raw and ping sockets without a stack around them.

use super::*;
use crate::packet::DeviceIndex;
use crate::socket::SocketError;
use crate::time::Instant;
use crate::wire::checksum::Sum;
use crate::wire::protocol::Protocol;
use alloc::vec::Vec;
use core::net::IpAddr;

const BUFFER: usize = 4096;
const ECHO_REQUEST: [u8; 8] = [8, 0, 0xaa, 0xaa, 0, 0, 0, 1];

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn us() -> IpAddr {
    address("192.0.2.1")
}

fn peer() -> IpAddr {
    address("192.0.2.2")
}

/// Every socket wants what comes.
fn anybody(_: RawHandle, _: bool) -> bool {
    true
}

fn arrival(protocol: Protocol) -> Arrival {
    Arrival {
        source: peer(),
        destination: us(),
        protocol,
        hop_limit: 64,
        traffic_class: 0,
        device: DeviceIndex(2),
        at: Instant::ZERO,
        verified: false,
    }
}

fn ping(raw: &mut Raw) -> RawHandle {
    let handle = raw.open(Family::V4, Kind::Ping, (BUFFER, BUFFER)).unwrap();
    raw.bind(handle, None, 0).unwrap();
    handle
}

fn request(raw: &Raw, handle: RawHandle, data: &[u8]) -> Result<Vec<u8>, SocketError> {
    let message = Message { data, to: None, hop_limit: None };
    Ok(raw.outgoing(handle, &message, (us(), peer()), None)?.packet.into_data())
}

#[test]
fn ping_sockets_send_echo_requests_with_their_identifier_and_nothing_else() {
    let mut raw = Raw::default();
    let handle = ping(&mut raw);
    let identifier = raw.get(handle).unwrap().identifier();
    let message = request(&raw, handle, &ECHO_REQUEST).unwrap();
    assert_eq!(message[4..6], identifier.to_be_bytes());
    assert!(Sum::of(&message).is_valid());
    for wrong in [&[0, 0, 0, 0, 0, 0, 0, 1][..], &[8, 1, 0, 0, 0, 0, 0, 1], &[8, 0, 0, 0, 0, 0, 0], &[]] {
        assert_eq!(request(&raw, handle, wrong), Err(SocketError::InvalidArgument), "{wrong:?}");
    }
}

#[test]
fn identifiers_have_one_socket_each() {
    let mut raw = Raw::default();
    let (first, second) = (ping(&mut raw), ping(&mut raw));
    let of = |raw: &Raw, handle| raw.get(handle).unwrap().identifier();
    assert_ne!(of(&raw, first), of(&raw, second));
    let third = raw.open(Family::V6, Kind::Ping, (BUFFER, BUFFER)).unwrap();
    let taken = of(&raw, first);
    assert_eq!(raw.bind(third, None, taken), Err(SocketError::AddressInUse));
    raw.close(first);
    assert_eq!(raw.bind(third, None, taken), Ok(()));
    assert_eq!(raw.bind(third, None, 0), Err(SocketError::InvalidState), "it is bound");
    assert_eq!(raw.connect(third, Some(us())), Err(SocketError::InvalidArgument), "of the other version");
}

#[test]
fn an_echo_reply_goes_to_the_socket_that_asked() {
    let mut raw = Raw::default();
    let (asker, other) = (ping(&mut raw), ping(&mut raw));
    let mut reply = request(&raw, asker, &ECHO_REQUEST).unwrap();
    assert!(!raw.echo_reply(&arrival(Protocol::ICMP), &[], &reply), "a request is no reply");
    reply[0] = 0;
    assert!(raw.echo_reply(&arrival(Protocol::ICMP), &[], &reply));
    assert_eq!(raw.take_wakeups(), [asker]);
    assert_eq!(raw.receive(asker).unwrap().data, reply);
    assert_eq!(raw.receive(asker).unwrap_err(), SocketError::WouldBlock);
    assert!(!raw.readiness(other).readable);
    reply[4] ^= 0xff;
    assert!(!raw.echo_reply(&arrival(Protocol::ICMP), &[], &reply), "nobody has this identifier");
    assert!(!raw.echo_reply(&arrival(Protocol::ICMP), &[], &reply[..7]));
}

#[test]
fn raw_sockets_hear_what_fits_them() {
    let mut raw = Raw::default();
    let packet = [0x45, 1, 2, 3];
    let open = |raw: &mut Raw, protocol| raw.open(Family::V4, Kind::Raw(protocol), (BUFFER, BUFFER)).unwrap();
    let all = open(&mut raw, Protocol::ICMP);
    let connected = open(&mut raw, Protocol::ICMP);
    raw.connect(connected, Some(address("192.0.2.9"))).unwrap();
    let filtered = open(&mut raw, Protocol::ICMP);
    raw.set(filtered, RawOption::IcmpFilter(IcmpFilter::blocking([8, 255])), BUFFER).unwrap();
    let elsewhere = open(&mut raw, Protocol::ICMP);
    raw.set(elsewhere, RawOption::Device(Some(DeviceIndex(3))), BUFFER).unwrap();
    let of_another = open(&mut raw, Protocol(89));
    assert!(raw.deliver(&arrival(Protocol::ICMP), &packet, &ECHO_REQUEST, anybody));
    let heard = |raw: &Raw| {
        [all, connected, filtered, elsewhere, of_another].map(|handle| raw.readiness(handle).readable)
    };
    assert_eq!(heard(&raw), [true, false, false, false, false]);
    assert!(raw.deliver(&arrival(Protocol::ICMP), &packet, &[0; 8], anybody));
    assert_eq!(heard(&raw), [true, false, true, false, false]);
    assert!(!raw.deliver(&arrival(Protocol::TCP), &packet, &[], anybody), "nobody wants it");
    assert_eq!(raw.receive(all).unwrap().data, packet);
}

#[test]
fn what_nobody_reads_is_bounded() {
    let mut raw = Raw::default();
    let handle = raw.open(Family::V4, Kind::Raw(Protocol(89)), (BUFFER, BUFFER)).unwrap();
    for _ in 0..1000 {
        assert!(raw.deliver(&arrival(Protocol(89)), &[0; 100], &[0; 80], anybody));
    }
    let mut waiting = 0;
    while raw.receive(handle).is_ok() {
        waiting += 1;
    }
    assert!(waiting < 40, "{waiting}");
    assert_eq!(raw.get(handle).unwrap().dropped(), 1000 - waiting);
}

#[test]
fn errors_reach_who_sent_the_packet_and_wants_to_know() {
    let mut raw = Raw::default();
    let (asker, other) = (ping(&mut raw), ping(&mut raw));
    let payload = request(&raw, asker, &ECHO_REQUEST).unwrap();
    let quote = Quote { source: us(), destination: peer(), protocol: Protocol::ICMP, payload: &payload };
    let report = |data| Report {
        origin: Origin::Icmp,
        offender: Some(address("198.51.100.1")),
        destination: peer(),
        kind: 11,
        code: 0,
        info: 0,
        data,
    };
    assert!(!raw.report(&quote, report), "nobody wants to know");
    for handle in [asker, other] {
        raw.set(handle, RawOption::Reports(true), BUFFER).unwrap();
    }
    for _ in 0..100 {
        raw.report(&quote, report);
    }
    assert!(raw.readiness(asker).reported && !raw.readiness(other).reported);
    assert_eq!(raw.receive_report(asker), Ok(report(payload.clone())));
    assert_eq!(raw.get(asker).unwrap().dropped(), 100 - socket::MAX_REPORTS as u64);
    assert_eq!(raw.receive_report(other), Err(SocketError::WouldBlock));
}

#[test]
fn ipv6_checksums_are_filled_in() {
    let mut raw = Raw::default();
    let handle = raw.open(Family::V6, Kind::Raw(Protocol::UDP), (BUFFER, BUFFER)).unwrap();
    raw.set(handle, RawOption::ChecksumOffset(Some(6)), BUFFER).unwrap();
    assert_eq!(
        raw.set(handle, RawOption::ChecksumOffset(Some(7)), BUFFER),
        Err(SocketError::InvalidArgument)
    );
    let (source, destination) = (address("fd77::1"), address("fd77::2"));
    let send = |data: &[u8]| {
        let message = Message { data, to: None, hop_limit: Some(3) };
        raw.outgoing(handle, &message, (source, destination), None)
    };
    let datagram = send(&[0, 1, 0, 2, 0, 8, 0xff, 0xff]).unwrap();
    assert_eq!(datagram.hop_limit, Some(3));
    let data = datagram.packet.into_data();
    let pseudo = crate::wire::checksum::pseudo_header(source, destination, Protocol::UDP, 8);
    assert!(pseudo.plus(Sum::of(&data)).is_valid());
    assert_eq!(send(&[0; 7]).unwrap_err(), SocketError::InvalidArgument, "no room for it");
}

#[test]
fn ipv6_packets_with_wrong_checksums_are_not_for_who_checks_them() {
    let mut raw = Raw::default();
    let open = |raw: &mut Raw, protocol| raw.open(Family::V6, Kind::Raw(protocol), (BUFFER, BUFFER)).unwrap();
    let (plain, checking) = (open(&mut raw, Protocol::UDP), open(&mut raw, Protocol::UDP));
    raw.set(checking, RawOption::ChecksumOffset(Some(6)), BUFFER).unwrap();
    let arrival =
        Arrival { source: address("fd77::1"), destination: address("fd77::2"), ..arrival(Protocol::UDP) };
    let wrong = [0, 1, 0, 2, 0, 8, 0xff, 0xff];
    assert!(raw.deliver(&arrival, &wrong, &wrong, anybody));
    assert!(raw.readiness(plain).readable && !raw.readiness(checking).readable);
    assert_eq!(raw.get(checking).unwrap().dropped(), 1);
    assert!(raw.deliver(&Arrival { verified: true, ..arrival }, &wrong, &wrong, anybody));
    assert!(raw.readiness(checking).readable);
}
