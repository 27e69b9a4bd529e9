//! Random and damaged frames by seed: nothing panics, and every frame is accounted for.

use super::*;
use crate::random::Random;
use crate::route::{Route, RouteKind};
use core::net::SocketAddr;

/// Frames that reach far into the stack when they are not damaged.
fn samples() -> Vec<Vec<u8>> {
    let quoted = datagram((US, 53), (PEER, 1), b"quoted");
    let mut error = vec![0; 8];
    error.extend_from_slice(&quoted);
    let kind = icmpv4::Type::DESTINATION_UNREACHABLE;
    icmpv4::Fields { kind, code: 3, rest: [0; 4] }.emit(&mut error);
    let route = packet_with_options(&[7, 7, 4, 0, 0, 0, 0, 0], Protocol::ICMP, &echo_request(b"x"));
    let broadcast = datagram((PEER, 1), (Ipv4Addr::BROADCAST, 53), b"x");
    let mut segment = vec![0; 40];
    let options =
        tcp::Options { mss: Some(1460), window_scale: Some(7), sack_permitted: true, ..Default::default() };
    tcp::Fields {
        source_port: 9,
        destination_port: 80,
        flags: tcp::Flags::SYN,
        options,
        ..Default::default()
    }
    .emit(&mut segment, 0);
    segment.truncate(32);
    tcp::fill_checksum(PEER.into(), US.into(), &mut segment);
    vec![
        arp_frame(wire_arp::Operation::Request, PEER, US),
        arp_frame(wire_arp::Operation::Reply, PEER, US),
        arp_frame(wire_arp::Operation::Request, GATEWAY, GATEWAY),
        ip_frame(&packet(PEER, US, Protocol::ICMP, &echo_request(b"data"))),
        ip_frame(&packet(PEER, US, Protocol::ICMP, &error)),
        ip_frame(&packet(PEER, US, Protocol(99), b"data")),
        ip_frame(&packet(PEER, FAR, Protocol::UDP, b"to be passed on")),
        ip_frame(&packet(PEER, Ipv4Addr::new(198, 51, 100, 7), Protocol::UDP, b"to be passed on")),
        ip_frame(&route),
        ip_frame(&datagram((PEER, 1), (US, 53), b"data")),
        ip_frame(&datagram((PEER, 1), (US, 54), b"data")),
        ip_frame(&syn((PEER, 1), (US, 80))),
        ip_frame(&syn((PEER, 1), (US, 81))),
        ip_frame(&packet(PEER, US, Protocol::TCP, &segment)),
        frame(PEER_MAC, MacAddress::BROADCAST, EtherType::IPV4, &broadcast),
    ]
}

/// Damages some bytes, mostly in the headers; often with the IP checksum put right again.
fn damage(random: &mut SeededRandom, frame: &mut Vec<u8>) {
    for _ in 0..random.below(4) {
        let reach = if random.below(4) == 0 { frame.len() } else { frame.len().min(60) };
        let at = random.below(reach as u32) as usize;
        if let Some(byte) = frame.get_mut(at) {
            *byte = match random.below(3) {
                0 => random.next_u32() as u8,
                1 => *byte ^ (1 << random.below(8)),
                _ => [0, 1, 0x7f, 0x80, 0xff, 20, 60][random.below(7) as usize],
            };
        }
    }
    match random.below(8) {
        0 => frame.truncate(random.below(frame.len() as u32 + 1) as usize),
        1 => frame.extend(core::iter::repeat_n(0xaa, random.below(1600) as usize)),
        _ => {}
    }
    if random.below(4) != 0 && frame.len() >= 34 && frame[12..14] == [8, 0] {
        let header_len = usize::from(frame[14] & 0xf) * 4;
        if header_len >= 20 && frame.len() >= 14 + header_len {
            fix_header_checksum(&mut frame[14..]);
        }
    }
}

/// Drops that happen to what we send, or to what we kept, not to what we receive.
const LATER: &[DropReason] = &[
    DropReason::FragmentCondemned,
    DropReason::FragmentTimeout,
    DropReason::FragmentTooFar,
    DropReason::NeighbourFailed,
    DropReason::NeighbourQueueFull,
    DropReason::QdiscFull,
    DropReason::LinkDown,
    DropReason::BacklogFull,
];

#[test]
fn any_frames_will_do_and_are_accounted_for() {
    let (mut host, eth1) = Host::router();
    host.stack.add_route(Route::new("203.0.113.0/24".parse().unwrap(), RouteKind::Prohibit)).unwrap();
    let listener = host.stack.tcp_open().unwrap();
    host.stack.tcp_bind(listener, SocketAddr::new(US.into(), 80)).unwrap();
    host.stack.tcp_listen(listener).unwrap();
    let socket = host.stack.udp_open().unwrap();
    host.stack.udp_bind(socket, SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 53)).unwrap();
    let (samples, mut random) = (samples(), SeededRandom::new(2026));
    host.dropped();
    for round in 0..2_000 {
        for _ in 0..100 {
            let mut frame = samples[random.below(samples.len() as u32) as usize].clone();
            if random.below(50) == 0 {
                frame = vec![0; random.below(100) as usize];
                random.fill(&mut frame);
            }
            damage(&mut random, &mut frame);
            host.eth0.wire().incoming.push_back(frame);
        }
        host.poll();
        while host.stack.udp_receive_from(socket).is_ok() {}
        while let Ok(accepted) = host.stack.tcp_accept(listener) {
            host.stack.tcp_abort(accepted, host.now);
        }
        if round % 10 == 0 {
            host.wait(random.below(3_000).into());
        }
        lines(&host.eth0);
        lines(&eth1);
    }
    assert_accounted(&mut host);
}

/// Every frame was delivered, answered, or counted as one drop.
fn assert_accounted(host: &mut Host) {
    let statistics = host.stack.interfaces().get(ETH0).unwrap().statistics;
    assert_eq!(statistics.receive_packets, 200_000 + 2, "the two of the setting-up are counted, too");
    let reasons = host.dropped();
    let received: Vec<_> = reasons.iter().filter(|reason| !LATER.contains(reason)).collect();
    let mut by_reason = std::collections::BTreeMap::new();
    received.iter().for_each(|reason| *by_reason.entry(**reason).or_insert(0u32) += 1);
    assert_eq!(received.len() as u64, statistics.receive_dropped, "{by_reason:?}");
    assert!(statistics.receive_dropped > 50_000 && statistics.receive_dropped < 190_000, "{by_reason:?}");
    // The mutations reach all layers.
    let expected = [
        DropReason::EthernetTruncated,
        DropReason::OtherHost,
        DropReason::ArpMalformed,
        DropReason::ArpBadSender,
        DropReason::Ipv4Malformed,
        DropReason::Ipv4Truncated,
        DropReason::Ipv4Checksum,
        DropReason::Ipv4BadOption,
        DropReason::Ipv4BadSource,
        DropReason::FragmentMalformed,
        DropReason::TtlExceeded,
        DropReason::RouteRefused,
        DropReason::UnknownIpProtocol,
        DropReason::IcmpChecksum,
        DropReason::UdpChecksum,
        DropReason::UdpNoSocket,
        DropReason::TcpChecksum,
        DropReason::TcpNoSocket,
    ];
    for reason in expected {
        assert!(by_reason.contains_key(&reason), "{reason:?} never happened: {by_reason:?}");
    }
}
