//! IPv6 through the whole stack: neighbours, addresses that come by themselves, packets for us and for others.

use super::*;
use crate::device::AddressState;
use crate::neighbour::State;
use crate::stack::ConfigError;
use crate::wire::icmpv6::{self, Type};
use crate::wire::ndp::{Fields, Message};
use crate::wire::{ipv6, ndp};
use core::net::{IpAddr, Ipv6Addr, SocketAddr};

pub(super) const US6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
pub(super) const PEER6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);
pub(super) const FAR6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 9, 0, 0, 0, 0, 9);
pub(super) const OUR_LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0xff, 0xfe00, 1);
pub(super) const ROUTER: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0xa);

/// A host with IPv6 as Linux has it, whose link just came up.
pub(super) fn fresh(settings: &[(&str, &str)]) -> Host {
    let mut stack = Stack::new(Box::new(SeededRandom::new(43)));
    for (name, value) in settings {
        stack.set_sysctl(&["net.ipv6.conf.default.", name].concat(), value).unwrap();
    }
    let eth0 = RawDevice::new(OUR_MAC);
    stack.add_device("eth0", Box::new(eth0.clone()), 1500).unwrap();
    let drops_seen = vec![0; DropReason::ALL.len()];
    let mut host = Host { stack, eth0, now: Instant::from_millis(1_000_000), drops_seen };
    host.poll();
    host
}

/// A host with 2001:db8::1/64 that nobody had to be asked for, and no address of its link.
pub(super) fn quiet() -> Host {
    let mut host = fresh(&[("accept_dad", "0"), ("addr_gen_mode", "1")]);
    host.stack.add_address(ETH0, "2001:db8::1/64".parse().unwrap()).unwrap();
    host.poll();
    host
}

/// A host as [`quiet`] that knows the peer's station.
pub(super) fn acquainted() -> Host {
    let mut host = quiet();
    host.arrive(solicitation(PEER6, US6));
    host.sent();
    host
}

/// A frame from the peer's station.
pub(super) fn frame6(
    source: Ipv6Addr,
    destination: Ipv6Addr,
    next_header: Protocol,
    hop_limit: u8,
    payload: &[u8],
) -> Vec<u8> {
    let mut packet = vec![0; ipv6::HEADER_LEN];
    let payload_len = payload.len() as u16;
    ipv6::Fields {
        traffic_class: 0,
        flow_label: 0,
        payload_len,
        next_header,
        hop_limit,
        source,
        destination,
    }
    .emit(&mut packet);
    packet.extend_from_slice(payload);
    let station = match destination.is_multicast() {
        true => crate::ethernet::multicast_mac_v6(destination),
        false => OUR_MAC,
    };
    frame(PEER_MAC, station, EtherType::IPV6, &packet)
}

pub(super) fn icmp6(source: Ipv6Addr, destination: Ipv6Addr, hop_limit: u8, message: &[u8]) -> Vec<u8> {
    let mut message = message.to_vec();
    icmpv6::fill_checksum(source, destination, &mut message);
    frame6(source, destination, Protocol::ICMPV6, hop_limit, &message)
}

pub(super) fn discovery(source: Ipv6Addr, destination: Ipv6Addr, fields: Fields) -> Vec<u8> {
    let mut message = vec![0; fields.message_len()];
    fields.emit(&mut message);
    icmp6(source, destination, ndp::HOP_LIMIT, &message)
}

/// The peer's question for `target`.
pub(super) fn solicitation(source: Ipv6Addr, target: Ipv6Addr) -> Vec<u8> {
    let message = Message::NeighbourSolicitation { target };
    let fields = Fields { message, station: Some(PEER_MAC), nonce: None };
    discovery(source, ipv6::solicited_node(target), fields)
}

/// The peer says that it has `target`.
pub(super) fn advertisement(target: Ipv6Addr, destination: Ipv6Addr) -> Vec<u8> {
    let solicited = !destination.is_multicast();
    let message = Message::NeighbourAdvertisement { target, router: false, solicited, override_known: true };
    discovery(target, destination, Fields { message, station: Some(PEER_MAC), nonce: None })
}

pub(super) fn echo6(payload: &[u8]) -> Vec<u8> {
    let mut message = vec![0; icmpv6::HEADER_LEN];
    message.extend_from_slice(payload);
    icmpv6::Fields { kind: Type::ECHO_REQUEST, code: 0, rest: [0, 7, 0, 1] }.emit(&mut message);
    message
}

/// What [`ROUTER`] says: it is one for `lifetime` seconds, with a network of 64 bits.
pub(super) fn router_says(lifetime: u16, prefix: Option<(&str, u32, u32)>, more: &[u8]) -> Vec<u8> {
    let [high, low] = lifetime.to_be_bytes();
    let mut message = vec![134, 0, 0, 0, 55, 0, high, low, 0, 0, 0, 0, 0, 0, 0, 0];
    message.extend_from_slice(&[1, 1]);
    message.extend_from_slice(&PEER_MAC.0);
    if let Some((network, valid, preferred)) = prefix {
        message.extend_from_slice(&[3, 4, 64, 0xc0]);
        message.extend_from_slice(&valid.to_be_bytes());
        message.extend_from_slice(&preferred.to_be_bytes());
        message.extend_from_slice(&[0; 4]);
        message.extend_from_slice(&network.parse::<Ipv6Addr>().unwrap().octets());
    }
    message.extend_from_slice(more);
    icmp6(ROUTER, ipv6::ALL_NODES, ndp::HOP_LIMIT, &message)
}

pub(super) fn state_of(host: &Host, address: &str) -> Option<AddressState> {
    let address: IpAddr = address.parse().unwrap();
    host.stack.interfaces().get(ETH0).unwrap().address(address).map(|record| record.state)
}

pub(super) fn addresses(host: &Host) -> Vec<String> {
    let records = host.stack.interfaces().get(ETH0).unwrap().addresses();
    records.iter().map(|record| alloc::format!("{}", record.cidr)).collect()
}

#[test]
fn who_asks_is_answered_and_echoed() {
    let mut host = quiet();
    host.arrive(solicitation(PEER6, US6));
    let answer =
        "IP6 2001:db8::1 > 2001:db8::2: ICMP6, neighbor advertisement, tgt is 2001:db8::1, length 32";
    assert_eq!(host.sent(), [answer]);
    host.arrive(icmp6(PEER6, US6, 64, &echo6(b"data")));
    let echo = "IP6 2001:db8::1 > 2001:db8::2: ICMP6, echo reply, id 7, seq 1, length 12";
    assert_eq!((host.sent(), host.dropped()), (vec![String::from(echo)], vec![]));
    assert_eq!(host.count(Counter::Icmp6OutEchoReplies), 1);
}

#[test]
fn a_reply_waits_for_its_neighbour() {
    let mut host = quiet();
    host.arrive(icmp6(PEER6, US6, 64, &echo6(b"")));
    let question =
        "IP6 2001:db8::1 > ff02::1:ff00:2: ICMP6, neighbor solicitation, who has 2001:db8::2, length 32";
    assert_eq!(host.sent(), [question]);
    host.arrive(advertisement(PEER6, US6));
    let echo = "IP6 2001:db8::1 > 2001:db8::2: ICMP6, echo reply, id 7, seq 1, length 8";
    assert_eq!(host.sent(), [echo]);
    let known = host.stack.neighbours().iter().find(|(key, ..)| key.address == PEER6).unwrap();
    assert_eq!((known.1, known.2), (State::Reachable, PEER_MAC));
}

#[test]
fn nobody_answers_and_the_socket_hears_of_it() {
    let mut host = quiet();
    let socket = host.stack.tcp_open().unwrap();
    host.stack.tcp_connect(socket, SocketAddr::new(PEER6.into(), 80), host.now).unwrap();
    host.wait(2_900);
    assert_eq!(host.sent().len(), 3);
    host.wait(200);
    let failed = host.stack.tcp_connect_result(socket);
    assert_eq!(failed, Err(crate::socket::SocketError::HostUnreachable));
}

#[test]
fn loopback_echoes_datagrams_and_connections() {
    let mut host = quiet();
    for address in [Ipv6Addr::LOCALHOST, US6] {
        let at = |port| SocketAddr::new(address.into(), port);
        let (server, client) = (host.stack.udp_open().unwrap(), host.stack.udp_open().unwrap());
        host.stack.udp_bind(server, at(53)).unwrap();
        host.stack.udp_send_to(client, b"question", Some(at(53)), host.now).unwrap();
        let (data, from) = host.stack.udp_receive_from(server).unwrap();
        assert_eq!((&data[..], from.ip()), (&b"question"[..], address.into()));
        let (listener, client) = (host.stack.tcp_open().unwrap(), host.stack.tcp_open().unwrap());
        host.stack.tcp_bind(listener, at(80)).unwrap();
        host.stack.tcp_listen(listener).unwrap();
        host.stack.tcp_connect(client, at(80), host.now).unwrap();
        host.poll();
        assert_eq!(host.stack.tcp_connect_result(client), Ok(()));
        let accepted = host.stack.tcp_accept(listener).unwrap();
        host.stack.tcp_send(client, b"hello", host.now).unwrap();
        host.poll();
        let heard = host.stack.tcp_receive(accepted, 100, host.now).unwrap();
        assert_eq!(heard, crate::tcp::Received::Data(b"hello".to_vec()));
        host.stack.udp_close(server);
        host.stack.tcp_abort(listener, host.now);
    }
    assert_eq!(host.dropped(), []);
}

#[test]
fn an_address_of_the_link_is_made_and_routers_are_asked() {
    let mut host = fresh(&[]);
    assert_eq!(host.sent(), [""; 0]);
    assert_eq!(state_of(&host, "fe80::ff:fe00:1"), Some(AddressState::Tentative));
    host.wait(2_100);
    let probe = "IP6 :: > ff02::1:ff00:1: ICMP6, neighbor solicitation, who has fe80::ff:fe00:1, length 32";
    let ask = "IP6 fe80::ff:fe00:1 > ff02::2: ICMP6, router solicitation, length 16";
    assert_eq!(host.sent(), [probe, ask]);
    assert_eq!(state_of(&host, "fe80::ff:fe00:1"), Some(AddressState::Preferred));
    host.wait(13_500);
    assert_eq!(host.sent(), [ask, ask]);
    host.arrive(router_says(1800, None, &[]));
    host.wait(3_600_000);
    assert!(host.sent().iter().all(|line| !line.contains("router solicitation")), "a router answered");
}

#[test]
fn a_duplicate_is_not_used() {
    let ask = "2001:db8::1";
    let probe = {
        let message = Message::NeighbourSolicitation { target: US6 };
        let fields = Fields { message, station: None, nonce: Some([9; 6]) };
        discovery(Ipv6Addr::UNSPECIFIED, ipv6::solicited_node(US6), fields)
    };
    for conflict in [advertisement(US6, ipv6::ALL_NODES), probe] {
        let mut host = fresh(&[("addr_gen_mode", "1")]);
        host.stack.add_address(ETH0, "2001:db8::1/64".parse().unwrap()).unwrap();
        host.poll();
        assert_eq!(
            host.stack.add_address(ETH0, "2001:db8::1/64".parse().unwrap()),
            Err(ConfigError::AddressExists(US6.into()))
        );
        host.wait(1_000);
        host.arrive(solicitation(PEER6, US6));
        assert!(host.sent().iter().all(|line| !line.contains("advertisement")), "it is not ours yet");
        host.arrive(conflict);
        host.wait(10_000);
        assert_eq!(state_of(&host, ask), Some(AddressState::DadFailed));
        host.arrive(icmp6(PEER6, US6, 64, &echo6(b"")));
        assert_eq!(host.dropped().last(), Some(&DropReason::Ipv6NotForUs));
    }
    let mut host = fresh(&[("addr_gen_mode", "1")]);
    host.stack.add_address(ETH0, "2001:db8::1/64".parse().unwrap()).unwrap();
    host.wait(3_000);
    assert_eq!(state_of(&host, ask), Some(AddressState::Preferred), "nobody answered");
}

#[test]
fn why_packets_are_refused() {
    let bad_option = [17, 0, 0x9e, 4, 0, 0, 0, 0];
    let source_route = [17, 0, 0, 1, 0, 0, 0, 0];
    let rows: [(&str, Vec<u8>, &str, DropReason); 5] = [
        (
            "an unknown protocol",
            frame6(PEER6, US6, Protocol(99), 64, b"?"),
            "parameter problem, next header - octet 6",
            DropReason::UnknownIpProtocol,
        ),
        (
            "an option",
            frame6(PEER6, US6, Protocol::DESTINATION_OPTIONS, 64, &bad_option),
            "parameter problem, option - octet 42",
            DropReason::Ipv6BadExtension,
        ),
        (
            "a source route",
            frame6(PEER6, US6, Protocol::ROUTING, 64, &source_route),
            "parameter problem, errorneous - octet 42",
            DropReason::Ipv6BadExtension,
        ),
        (
            "hop-by-hop behind",
            frame6(PEER6, US6, Protocol::DESTINATION_OPTIONS, 64, &[0, 0, 1, 4, 0, 0, 0, 0]),
            "parameter problem, next header - octet 40",
            DropReason::UnknownIpProtocol,
        ),
        ("nothing", frame6(PEER6, US6, Protocol::NO_NEXT_HEADER, 64, b""), "", DropReason::Ipv6NoPayload),
    ];
    let mut host = acquainted();
    for (name, frame, said, reason) in rows {
        host.arrive(frame);
        let sent = host.sent();
        assert_eq!(host.dropped(), [reason], "{name}");
        assert_eq!(sent.is_empty(), said.is_empty(), "{name}: {sent:?}");
        assert!(sent.iter().all(|line| line.contains(said)), "{name}: {sent:?}");
    }
}

#[test]
fn a_port_nobody_has_is_said_so() {
    let mut host = acquainted();
    let mut datagram = vec![0; 12];
    wire_udp::Fields { source_port: 1, destination_port: 9, total_len: 12 }.emit(&mut datagram, 0);
    let sum = crate::wire::checksum::pseudo_header(PEER6.into(), US6.into(), Protocol::UDP, 12);
    let checksum = sum.plus(crate::wire::checksum::Sum::of(&datagram)).checksum();
    datagram[6..8].copy_from_slice(&checksum.to_be_bytes());
    host.arrive(frame6(PEER6, US6, Protocol::UDP, 64, &datagram));
    let said = "IP6 2001:db8::1 > 2001:db8::2: ICMP6, destination unreachable, unreachable port, length 60";
    assert_eq!(host.sent(), [said]);
}

#[test]
fn a_router_passes_packets_on() {
    let mut host = acquainted();
    let eth1 = RawDevice::new(MacAddress([2, 0, 0, 0, 1, 1]));
    let index = host.stack.add_device("eth1", Box::new(eth1.clone()), 1280).unwrap();
    host.stack.add_address(index, "2001:db8:9::1/64".parse().unwrap()).unwrap();
    let forward = |hop_limit, len: usize| frame6(PEER6, FAR6, Protocol(99), hop_limit, &vec![7; len]);
    host.poll();
    host.arrive(forward(64, 10));
    assert_eq!(host.dropped(), [DropReason::Ipv6NotForUs], "a host is no router");
    host.stack.set_sysctl("net.ipv6.conf.all.forwarding", "1").unwrap();
    host.arrive(forward(64, 10));
    let question =
        "IP6 2001:db8:9::1 > ff02::1:ff00:9: ICMP6, neighbor solicitation, who has 2001:db8:9::9, length 32";
    assert_eq!(lines(&eth1), [question]);
    let answer = {
        let message = Message::NeighbourAdvertisement {
            target: FAR6,
            router: false,
            solicited: true,
            override_known: true,
        };
        let fields = Fields { message, station: Some(PEER_MAC), nonce: None };
        let to: Ipv6Addr = "2001:db8:9::1".parse().unwrap();
        let mut frame = discovery(FAR6, to, fields);
        frame[..6].copy_from_slice(&eth1.mac.0);
        frame
    };
    eth1.wire().incoming.push_back(answer);
    host.poll();
    let passed = lines(&eth1);
    assert_eq!(passed, ["IP6 2001:db8::2 > 2001:db8:9::9: ip-proto-99, length 10"]);
    host.arrive(forward(1, 10));
    host.arrive(forward(64, 1300));
    let said = host.sent();
    assert!(
        said[0].contains("time exceeded in-transit") && said[1].contains("packet too big, mtu 1280"),
        "{said:?}"
    );
    host.arrive(frame6(PEER6, "2001:db8:77::1".parse().unwrap(), Protocol(99), 64, b"x"));
    assert!(host.sent()[0].contains("unreachable route"));
    assert_eq!(host.count(Counter::Ip6OutForwDatagrams), 1);
}

#[test]
fn an_address_that_is_removed_takes_its_routes_along() {
    let mut host = quiet();
    let before = Stack::new(Box::new(SeededRandom::new(1))).routes().iter().count();
    host.stack.remove_address(ETH0, US6.into()).unwrap();
    let groups = 1;
    assert_eq!(host.stack.routes().iter().count(), before + groups);
    assert_eq!(host.stack.remove_address(ETH0, US6.into()), Err(ConfigError::NoSuchAddress(US6.into())));
    host.arrive(icmp6(PEER6, US6, 64, &echo6(b"")));
    assert_eq!(host.dropped(), [DropReason::Ipv6NotForUs]);
}

#[test]
fn any_frames_will_do() {
    use crate::random::Random;
    let mut host = fresh(&[("use_tempaddr", "2")]);
    host.stack.add_address(ETH0, "2001:db8::1/64".parse().unwrap()).unwrap();
    host.wait(3_000);
    let samples = [
        solicitation(PEER6, US6),
        solicitation(PEER6, OUR_LINK_LOCAL),
        advertisement(PEER6, US6),
        router_says(1800, Some(("2001:db8:1::", 3600, 1800)), &[5, 1, 0, 0, 0, 0, 5, 0x78]),
        icmp6(PEER6, US6, 64, &echo6(b"data")),
        frame6(PEER6, US6, Protocol::HOP_BY_HOP, 64, &[58, 0, 5, 2, 0, 0, 1, 0, 128, 0, 0, 0, 0, 0, 0, 0]),
        frame6(PEER6, US6, Protocol::ROUTING, 64, &[60, 0, 0, 0, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0]),
        frame6(PEER6, FAR6, Protocol::UDP, 64, b"to be passed on"),
    ];
    let mut random = SeededRandom::new(2027);
    for round in 0..20_000 {
        let mut frame = samples[random.below(samples.len() as u32) as usize].clone();
        for _ in 0..random.below(4) {
            let at = 14 + random.below(frame.len() as u32 - 14) as usize;
            frame[at] = random.next_u32() as u8;
        }
        if random.below(8) == 0 {
            frame.truncate(random.below(frame.len() as u32 + 1) as usize);
        }
        // Often with a checksum that is right, so that it gets further.
        if frame.len() > 62 && frame[20] == 58 && random.below(4) > 0 {
            let address = |at: usize| Ipv6Addr::from_octets(core::array::from_fn(|i| frame[at + i]));
            let (source, destination) = (address(22), address(38));
            icmpv6::fill_checksum(source, destination, &mut frame[54..]);
        }
        host.eth0.wire().incoming.push_back(frame);
        if round % 50 == 0 {
            host.wait(u64::from(random.below(2_000)));
            host.eth0.wire().sent.clear();
        }
    }
    assert!(addresses(&host).len() <= 2 + 16 + 16);
}
