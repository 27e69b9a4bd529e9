//! Echoes and errors.

use super::*;

#[test]
fn echoes_come_back_up_to_the_largest() {
    let mut host = Host::new();
    for size in [0, 1, 56, 1472] {
        let data: Vec<u8> = (0..size).map(|byte| byte as u8).collect();
        host.arrive(ip_frame(&packet(PEER, US, Protocol::ICMP, &echo_request(&data))));
        let sent = host.eth0.wire().sent.pop().unwrap();
        check_packet(&sent[14..]);
        assert_eq!(&sent[42..], data, "{size}");
        let line =
            alloc::format!("IP 192.0.2.1 > 192.0.2.2: ICMP echo reply, id 7, seq 1, length {}", size + 8);
        assert_eq!(pretty::describe(&sent), line);
    }
    assert_eq!(host.count(Counter::IcmpInEchos), 4);
    assert_eq!(host.count(Counter::IcmpOutEchoReps), 4);
    assert_eq!(host.dropped(), []);
}

#[test]
fn an_echo_keeps_its_type_of_service_and_gets_a_time_to_live_of_its_own() {
    let mut host = Host::new();
    let fields = ipv4::Fields { tos: 0x10, ttl: 3, ..packet_fields(PEER, US, Protocol::ICMP) };
    host.arrive(ip_frame(&packet_of(fields, &echo_request(b"x"))));
    let sent = host.eth0.wire().sent.pop().unwrap();
    let header = ipv4::Header::parse(&sent[14..]).unwrap();
    assert_eq!((header.tos(), header.ttl(), header.dont_fragment()), (0x10, 64, false));
}

#[test]
fn an_answer_brings_back_the_route_and_the_times() {
    let mut host = Host::new();
    let route = [&[7, 15, 8][..], &PEER.octets(), &[0; 8], &[1]].concat();
    host.arrive(ip_frame(&packet_with_options(&route, Protocol::ICMP, &echo_request(b"ping -R"))));
    let sent = host.eth0.wire().sent.pop().unwrap();
    check_packet(&sent[14..]);
    let header = ipv4::Header::parse(&sent[14..]).unwrap();
    let us = US.octets();
    assert_eq!(sent[34..50], [&[7, 15, 16][..], &PEER.octets(), &us, &us, &[0]].concat());
    assert_eq!(header.payload()[8..], *b"ping -R");
    let security = [&[130, 4, 0, 0][..], &[68, 4, 5, 0xe1]].concat();
    host.arrive(ip_frame(&packet_with_options(&security, Protocol::ICMP, &echo_request(b"x"))));
    let sent = host.eth0.wire().sent.pop().unwrap();
    assert_eq!(sent[34..38], [68, 4, 5, 0xf1], "the times that found no room are counted");
    assert_eq!(host.dropped(), []);
}

#[test]
fn who_asks_for_what_is_not_there_is_told() {
    let mut host = Host::new();
    let bad_option = packet_with_options(&[7, 3, 99, 0], Protocol::ICMP, &echo_request(b""));
    let rows = [
        (datagram((PEER, 1), (US, 9), b"x"), "port unreachable", DropReason::UdpNoSocket),
        (packet(PEER, US, Protocol(99), b"x"), "protocol unreachable", DropReason::UnknownIpProtocol),
        (with_bad_pointer(bad_option), "parameter problem", DropReason::Ipv4BadOption),
    ];
    for (packet, what, reason) in rows {
        host.arrive(ip_frame(&packet));
        let quoted = packet.len();
        let expected = alloc::format!("IP 192.0.2.1 > 192.0.2.2: ICMP {what}, length {}", 8 + quoted);
        assert_eq!(host.sent(), [expected]);
        assert_eq!(host.dropped(), [reason]);
    }
    assert_eq!(host.count(Counter::IcmpOutDestUnreachs), 2);
    assert_eq!(host.count(Counter::IcmpOutParmProbs), 1);
}

/// A record-route option whose pointer points before its slots.
fn with_bad_pointer(mut packet: Vec<u8>) -> Vec<u8> {
    packet[22] = 2;
    fix_header_checksum(&mut packet);
    packet
}

#[test]
fn errors_to_one_host_are_limited_and_echoes_are_not() {
    let mut host = Host::new();
    for _ in 0..100 {
        host.arrive(ip_frame(&datagram((PEER, 1), (US, 9), b"x")));
        host.arrive(ip_frame(&packet(PEER, US, Protocol::ICMP, &echo_request(b"x"))));
    }
    let sent = host.sent();
    assert_eq!(sent.iter().filter(|line| line.contains("port unreachable")).count(), 6);
    assert_eq!(sent.iter().filter(|line| line.contains("echo reply")).count(), 100);
    assert_eq!(host.count(Counter::IcmpOutRateLimitHost), 94);
    host.wait(1_000);
    host.arrive(ip_frame(&datagram((PEER, 1), (US, 9), b"x")));
    assert_eq!(host.sent().len(), 1);
}

#[test]
fn errors_to_many_hosts_are_limited_together() {
    let mut host = Host::new();
    for last in 0..=255 {
        host.arrive(ip_frame(&datagram((Ipv4Addr::new(203, 0, 113, last), 1), (US, 9), b"x")));
    }
    let sent = host.sent().len();
    assert!((45..=50).contains(&sent), "{sent}");
    assert_eq!(host.count(Counter::IcmpOutRateLimitGlobal) + sent as u64, 256);
}

#[test]
fn an_error_is_never_answered_with_an_error() {
    let mut host = Host::new();
    let quoted = datagram((US, 9), (PEER, 1), b"x");
    let mut message = vec![0; 8];
    message.extend_from_slice(&quoted);
    let kind = icmpv4::Type::DESTINATION_UNREACHABLE;
    icmpv4::Fields { kind, code: 3, rest: [0; 4] }.emit(&mut message);
    host.arrive(ip_frame(&packet(PEER, US, Protocol::ICMP, &message)));
    assert_eq!((host.sent(), host.dropped()), (vec![], vec![]));
    assert_eq!(host.count(Counter::IcmpInDestUnreachs), 1);
}
