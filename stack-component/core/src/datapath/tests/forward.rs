//! Packets for others.

use super::*;
use crate::route::{Hop, PortRange, Route, RouteKind, Rule, RuleAction};
use crate::socket::SocketError;
use core::net::SocketAddr;

const BEHIND: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 7);

fn through(ttl: u8, destination: Ipv4Addr, size: usize, dont_fragment: bool) -> Vec<u8> {
    let fields = ipv4::Fields { ttl, dont_fragment, ..packet_fields(PEER, destination, Protocol(99)) };
    ip_frame(&packet_of(fields, &vec![7; size]))
}

/// Lets the neighbour behind `eth1` be known.
fn know_behind(host: &mut Host, eth1: &RawDevice) {
    let mut bytes = [0; wire_arp::PACKET_LEN];
    wire_arp::Packet {
        operation: wire_arp::Operation::Request,
        sender_mac: MacAddress([2, 0, 0, 0, 1, 7]),
        sender: BEHIND,
        target_mac: MacAddress::default(),
        target: Ipv4Addr::new(198, 51, 100, 1),
    }
    .emit(&mut bytes);
    let question = frame(MacAddress([2, 0, 0, 0, 1, 7]), MacAddress::BROADCAST, EtherType::ARP, &bytes);
    eth1.wire().incoming.push_back(question);
    host.poll();
    eth1.wire().sent.clear();
}

#[test]
fn a_packet_goes_on_with_one_hop_less() {
    let (mut host, eth1) = Host::router();
    know_behind(&mut host, &eth1);
    host.arrive(through(9, BEHIND, 100, true));
    let sent = eth1.wire().sent.pop().unwrap();
    let header = ipv4::Header::parse(&sent[14..]).unwrap();
    assert!(header.checksum_is_valid());
    assert_eq!((header.ttl(), header.payload().len(), header.identification()), (8, 100, 7));
    assert_eq!(ethernet::Header::parse(&sent).unwrap().destination(), MacAddress([2, 0, 0, 0, 1, 7]));
    assert_eq!(host.count(Counter::IpForwDatagrams), 1);
    assert_eq!((host.sent(), host.dropped()), (vec![], vec![]));
}

#[test]
fn a_router_leaves_its_address_in_a_recorded_route() {
    let (mut host, eth1) = Host::router();
    know_behind(&mut host, &eth1);
    let route = [&[7, 11, 8][..], &PEER.octets(), &[0; 4], &[1]].concat();
    let mut packet = packet_with_options(&route, Protocol(99), b"payload");
    packet[16..20].copy_from_slice(&BEHIND.octets());
    fix_header_checksum(&mut packet);
    host.arrive(ip_frame(&packet));
    let sent = eth1.wire().sent.pop().unwrap();
    let header = ipv4::Header::parse(&sent[14..]).unwrap();
    assert!(header.checksum_is_valid());
    assert_eq!(sent[34..46], [&[7, 11, 12][..], &PEER.octets(), &[198, 51, 100, 1], &[1]].concat());
    assert_eq!(header.payload(), b"payload");
}

#[test]
fn why_packets_go_no_further() {
    let (mut host, eth1) = Host::router();
    know_behind(&mut host, &eth1);
    for (destination, kind) in [
        ("203.0.113.0/25", RouteKind::Prohibit),
        ("203.0.113.128/26", RouteKind::Unreachable),
        ("203.0.113.192/26", RouteKind::Blackhole),
    ] {
        host.stack.add_route(Route::new(destination.parse().unwrap(), kind)).unwrap();
    }
    let at = |last| Ipv4Addr::new(203, 0, 113, last);
    let from_us = "IP 192.0.2.1 > 192.0.2.2: ICMP ";
    let rows = [
        (through(1, BEHIND, 8, true), Some("time exceeded, length 36"), DropReason::TtlExceeded),
        (
            through(9, BEHIND, 1261, true),
            Some("unreachable - need to frag (mtu 1280), length 556"),
            DropReason::PacketTooBig,
        ),
        (
            through(9, at(1), 8, true),
            Some("unreachable - admin prohibited, length 36"),
            DropReason::RouteRefused,
        ),
        (through(9, at(129), 8, true), Some("host unreachable, length 36"), DropReason::RouteRefused),
        (through(9, at(200), 8, true), None, DropReason::RouteRefused),
    ];
    for (frame, answer, reason) in rows {
        host.wait(10_000);
        host.arrive(arp_frame(wire_arp::Operation::Request, PEER, US));
        host.sent();
        host.arrive(frame);
        let answers: Vec<String> = answer.iter().map(|answer| [from_us, answer].concat()).collect();
        assert_eq!(host.sent(), answers);
        assert_eq!(host.dropped(), [reason]);
    }
    assert_eq!(lines(&eth1), [""; 0]);
}

#[test]
fn a_network_nobody_knows_is_said_to_be_unreachable() {
    let mut stack = Stack::new(Box::new(SeededRandom::new(1)));
    let eth0 = RawDevice::new(OUR_MAC);
    let index = stack.add_device("eth0", Box::new(eth0.clone()), 1500).unwrap();
    stack.add_address(index, "192.0.2.1/24".parse().unwrap()).unwrap();
    stack.set_sysctl("net.ipv4.ip_forward", "1").unwrap();
    let now = Instant::from_millis(5);
    eth0.wire().incoming.push_back(arp_frame(wire_arp::Operation::Request, PEER, US));
    eth0.wire().incoming.push_back(through(9, FAR, 8, true));
    stack.poll(now, 10);
    let lines = lines(&eth0);
    assert_eq!(lines.last().unwrap(), "IP 192.0.2.1 > 192.0.2.2: ICMP net unreachable, length 36");
    assert_eq!(stack.counters().get(Counter::IpExtInNoRoutes), 1);
}

#[test]
fn the_sender_is_told_of_a_next_hop_that_does_not_answer() {
    let (mut host, eth1) = Host::router();
    host.arrive(through(9, BEHIND, 8, true));
    host.wait(3_100);
    assert_eq!(lines(&eth1), ["ARP, Request who-has 198.51.100.7 tell 198.51.100.1"; 3]);
    assert_eq!(host.sent(), ["IP 192.0.2.1 > 192.0.2.2: ICMP host unreachable, length 36"]);
    assert_eq!(host.dropped(), [DropReason::NeighbourFailed]);
}

#[test]
fn a_host_that_is_no_router_passes_nothing_on() {
    let (mut host, eth1) = Host::router();
    host.stack.set_sysctl("net.ipv4.ip_forward", "0").unwrap();
    host.arrive(through(9, BEHIND, 8, true));
    host.arrive(through(1, BEHIND, 8, true));
    assert_eq!((host.sent(), lines(&eth1)), (vec![], vec![]));
    assert_eq!(host.dropped(), [DropReason::Ipv4NotForUs; 2]);
}

#[test]
fn broadcasts_stay_on_their_link() {
    let (mut host, eth1) = Host::router();
    host.arrive(through(9, Ipv4Addr::new(198, 51, 100, 255), 8, true));
    let packet = packet(PEER, BEHIND, Protocol(99), b"x");
    host.arrive(frame(PEER_MAC, MacAddress::BROADCAST, EtherType::IPV4, &packet));
    assert_eq!((host.sent(), lines(&eth1)), (vec![], vec![]));
    assert_eq!(host.dropped(), [DropReason::Ipv4NotForUs; 2]);
}

/// Policy 1: ports count. Linux: `fib_multipath_hash`.
#[test]
fn flows_are_spread_over_two_gateways_and_each_keeps_to_its_own() {
    let (mut host, eth1) = Host::router();
    know_behind(&mut host, &eth1);
    host.stack.set_sysctl("net.ipv4.fib_multipath_hash_policy", "1").unwrap();
    let hops = [GATEWAY, BEHIND].map(|gateway| Hop::via(gateway.into())).to_vec();
    let route = Route::via("203.0.113.0/24".parse().unwrap(), GATEWAY.into());
    host.stack.add_route(Route { hops, ..route }).unwrap();
    let mut by_second = |port: u16| {
        host.arrive(ip_frame(&datagram((PEER, port), (FAR, 53), b"x")));
        let forwarded = |lines: &[String]| lines.iter().filter(|line| line.contains("UDP")).count();
        let ways = (forwarded(&host.sent()), forwarded(&lines(&eth1)));
        assert!(matches!(ways, (1, 0) | (0, 1)), "{ways:?}");
        ways.1
    };
    let chosen: Vec<usize> = (1000..1200).map(&mut by_second).collect();
    let again: Vec<usize> = (1000..1200).map(&mut by_second).collect();
    assert_eq!(chosen, again);
    assert!((70..130).contains(&chosen.iter().sum::<usize>()), "{chosen:?}");
}

/// Linux: `ip rule add ipproto udp dport 53 prohibit`, `ip rule add sport 700 prohibit`.
#[test]
fn rules_lead_by_protocols_and_ports() {
    let (mut host, eth1) = Host::router();
    know_behind(&mut host, &eth1);
    let port = |port| PortRange::new(port, port);
    let prohibit = |priority| Rule::new(priority, RuleAction::Prohibit);
    let by_service = Rule { protocol: 17, destination_ports: port(53), ..prohibit(100) };
    let by_client = Rule { source_ports: port(700), ..prohibit(101) };
    for rule in [by_service, by_client] {
        host.stack.add_rule(US.into(), rule).unwrap();
    }
    for (ports, refused) in [((1000, 53), true), ((1000, 54), false), ((700, 54), true)] {
        host.arrive(ip_frame(&datagram((PEER, ports.0), (BEHIND, ports.1), b"x")));
        let dropped = if refused { vec![DropReason::RouteRefused] } else { vec![] };
        assert_eq!((host.dropped(), lines(&eth1).len()), (dropped, usize::from(!refused)), "{ports:?}");
    }
    let now = host.now;
    let to = |port| SocketAddr::new(BEHIND.into(), port);
    let socket = host.stack.udp_open().unwrap();
    let mut send = |port| host.stack.udp_send_to(socket, b"x", Some(to(port)), now);
    assert_eq!((send(53), send(54)), (Err(SocketError::AccessDenied), Ok(())));
    let mut connect = |from, to| {
        let socket = host.stack.tcp_open().unwrap();
        host.stack.tcp_bind(socket, SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), from)).unwrap();
        host.stack.tcp_connect(socket, to, now)
    };
    assert_eq!((connect(700, to(53)), connect(701, to(53))), (Err(SocketError::AccessDenied), Ok(())));
}
