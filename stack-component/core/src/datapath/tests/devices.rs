//! Queues, links, budgets.

use super::*;
use crate::packet::Checksum;
use crate::qdisc::PfifoFast;
use crate::route::RouteError;
use crate::stack::ConfigError;
use core::net::SocketAddr;

fn send(host: &mut Host, count: usize) {
    let socket = host.stack.udp_open().unwrap();
    for _ in 0..count {
        let remote = Some(SocketAddr::new(PEER.into(), 53));
        host.stack.udp_send_to(socket, b"x", remote, host.now).unwrap();
    }
}

#[test]
fn a_busy_device_lets_frames_wait_up_to_the_queues_limit() {
    let mut host = Host::new();
    host.eth0.wire().room = 10;
    send(&mut host, 1100);
    assert_eq!(host.sent().len(), 10);
    assert_eq!(host.dropped(), [DropReason::QdiscFull; 90]);
    assert_eq!(
        host.stack.next_deadline().filter(|next| *next <= host.now),
        None,
        "nothing to do but to wait"
    );
    host.eth0.wire().room = 990;
    host.poll();
    assert_eq!(host.sent().len(), 990);
    host.eth0.wire().room = usize::MAX;
    host.poll();
    assert_eq!(host.sent().len(), 10);
    let statistics = host.stack.interfaces().get(ETH0).unwrap().statistics;
    assert_eq!(statistics.transmit_dropped, 90);
}

#[test]
fn urgent_frames_overtake_in_the_queue() {
    let mut host = Host::new();
    host.eth0.wire().room = 0;
    send(&mut host, 2);
    let fields = ipv4::Fields { tos: 0x10, ..packet_fields(PEER, US, Protocol::ICMP) };
    host.arrive(ip_frame(&packet_of(fields, &echo_request(b"x"))));
    host.eth0.wire().room = usize::MAX;
    host.poll();
    let sent = host.sent();
    assert!(sent[0].contains("echo reply") && sent[1].contains("UDP"), "{sent:?}");
}

/// Linux's cards: an MTU is what is sent. Who was told of a smaller one later, by DHCP or a router, still hears the others.
#[test]
fn a_small_mtu_does_not_make_deaf() {
    let mut host = Host::new();
    host.stack.set_mtu("eth0", 1400).unwrap();
    host.arrive(ip_frame(&packet(PEER, US, Protocol::ICMP, &echo_request(&[7; 1472]))));
    assert_eq!((host.sent().len(), host.dropped()), (2, vec![]), "the answer leaves in pieces");
    host.arrive(frame(PEER_MAC, OUR_MAC, EtherType::IPV4, &[0; 1505]));
    assert_eq!(host.dropped(), [DropReason::FrameTooLong]);
}

#[test]
fn one_doorbell_rings_for_many_frames() {
    let mut host = Host::new();
    let before = host.eth0.wire().flushes;
    for _ in 0..50 {
        let frame = ip_frame(&packet(PEER, US, Protocol::ICMP, &echo_request(b"x")));
        host.eth0.wire().incoming.push_back(frame);
    }
    host.poll();
    assert_eq!((host.sent().len(), host.eth0.wire().flushes), (50, before + 1));
    host.poll();
    assert_eq!(host.eth0.wire().flushes, before + 1, "nothing sent, nothing rung");
}

#[test]
fn nothing_waits_for_a_lost_link() {
    let mut host = Host::new();
    host.eth0.wire().room = 0;
    send(&mut host, 5);
    host.eth0.wire().up = false;
    host.poll();
    assert_eq!(host.dropped(), [DropReason::LinkDown; 5]);
    assert!(host.stack.neighbours().is_empty());
    send(&mut host, 2);
    assert_eq!(
        host.dropped(),
        [DropReason::LinkDown],
        "the question is lost, the packets wait for its answer"
    );
    host.wait(4_000);
    host.dropped();
    host.eth0.wire().up = true;
    host.eth0.wire().room = usize::MAX;
    host.poll();
    host.sent();
    send(&mut host, 1);
    assert_eq!(host.sent(), ["ARP, Request who-has 192.0.2.2 tell 192.0.2.1"]);
}

#[test]
fn a_device_that_sums_is_left_to_it() {
    let mut host = Host::new();
    host.eth0.wire().features.transmit_checksum = true;
    send(&mut host, 1);
    let sent = host.eth0.wire().sent.pop().unwrap();
    let header = ipv4::Header::parse(&sent[14..]).unwrap();
    let datagram = wire_udp::Header::parse(header.payload()).unwrap();
    assert!(!datagram.checksum_is_valid(US.into(), PEER.into()), "only the pseudo-header is summed");
}

#[test]
fn what_a_device_has_verified_is_not_summed_again() {
    let mut host = Host::new();
    let socket = host.stack.udp_open().unwrap();
    host.stack.udp_bind(socket, SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 53)).unwrap();
    let mut packet = datagram((PEER, 1), (US, 53), b"x");
    *packet.last_mut().unwrap() = b'y';
    let mut frame = Packet::from_frame(ip_frame(&packet));
    frame.meta.checksum = Checksum::Verified;
    let now = host.now;
    host.stack.with_context(now, |cx, _, _| super::super::receive::receive(cx, ETH0, frame));
    assert_eq!(host.stack.udp_receive_from(socket).unwrap().0, b"y");
}

#[test]
fn devices_have_their_turns_and_the_budget_holds() {
    let (mut host, eth1) = Host::router();
    for device in [host.eth0.clone(), eth1.clone()] {
        device.wire().incoming.extend(core::iter::repeat_n(vec![0; 10], 1000));
    }
    let left = |device: &RawDevice| device.wire().incoming.len();
    let mut polls = 0;
    while host.stack.poll(host.now, 128) {
        polls += 1;
        let difference = left(&host.eth0).abs_diff(left(&eth1));
        assert!(difference <= 64, "{difference}");
        let handled = 2000 - left(&host.eth0) - left(&eth1);
        assert!(handled <= polls * 128);
    }
    assert_eq!(host.dropped().len(), 2000);
}

#[test]
fn the_loopback_backlog_is_bounded() {
    let mut stack = Stack::new(Box::new(SeededRandom::new(1)));
    stack.set_sysctl("net.core.netdev_max_backlog", "5").unwrap();
    let now = Instant::from_millis(1);
    let outgoing = |packet| super::super::Outgoing {
        packet,
        source: None,
        destination: Ipv4Addr::LOCALHOST.into(),
        device: None,
        protocol: Protocol(99),
        ttl: Some(1),
        tos: 0,
        cutting: crate::ip::Cutting::Anywhere,
    };
    let sent = stack.with_context(now, |cx, _, _| {
        (0..9).filter(|_| super::super::send(cx, outgoing(Packet::from_payload(b"x"))).is_ok()).count()
    });
    assert_eq!((sent, stack.counters().dropped(DropReason::BacklogFull)), (5, 4));
    assert_eq!(stack.next_deadline(), Some(now));
    while stack.poll(now, 1) {}
    assert_eq!(stack.next_deadline(), None);
    assert_eq!(stack.counters().dropped(DropReason::UnknownIpProtocol), 5);
}

#[test]
fn another_discipline_takes_the_place_of_the_first() {
    let mut host = Host::new();
    let now = host.now;
    let interface = host.stack.interfaces.get_mut(ETH0).unwrap();
    assert!(interface.set_qdisc(now, Box::new(PfifoFast::new(3))).is_empty());
    host.eth0.wire().room = 0;
    send(&mut host, 5);
    assert_eq!(host.dropped(), [DropReason::QdiscFull; 2]);
}

#[test]
fn configuration_that_makes_no_sense_is_refused() {
    let mut host = Host::fresh();
    let stack = &mut host.stack;
    let device = || Box::new(RawDevice::new(OUR_MAC));
    assert_eq!(stack.add_device("eth0", device(), 1500), Err(ConfigError::BadName("eth0".into())));
    assert_eq!(stack.add_device("", device(), 1500), Err(ConfigError::BadName("".into())));
    assert_eq!(stack.add_device("eth1", device(), 67), Err(ConfigError::BadMtu(67)));
    stack.set_sysctl("net.ipv6.conf.eth0.disable_ipv6", "0").unwrap();
    let of_ipv4 = ["224.0.0.1/24", "0.0.0.0/0", "0.1.2.3/8", "255.255.255.255/32"];
    for bad in of_ipv4.into_iter().chain(["::1/128", "::/64", "ff02::1/64", "::ffff:192.0.2.9/96"]) {
        let address: crate::wire::cidr::IpCidr = bad.parse().unwrap();
        assert_eq!(
            stack.add_address(ETH0, address),
            Err(ConfigError::BadAddress(address.address())),
            "{bad}"
        );
    }
    let again = stack.add_address(ETH0, "192.0.2.1/24".parse().unwrap());
    assert_eq!(again, Err(ConfigError::AddressExists(US.into())));
    let nowhere = stack.add_address(DeviceIndex(9), "10.0.0.1/24".parse().unwrap());
    assert_eq!(nowhere, Err(ConfigError::NoSuchDevice));
    assert_eq!(stack.add_default_gateway(FAR), Err(ConfigError::Route(RouteError::BadGateway(FAR.into()))));
    assert_eq!(stack.add_default_gateway(US), Err(ConfigError::Route(RouteError::BadGateway(US.into()))));
    assert_eq!(stack.add_default_gateway(PEER), Err(ConfigError::Route(RouteError::Exists)));
    for (good, device) in
        [("10.0.0.1/31", ETH0), ("10.0.0.5/32", ETH0), ("127.0.0.2/8", DeviceIndex::LOOPBACK)]
    {
        assert_eq!(stack.add_address(device, good.parse().unwrap()), Ok(()), "{good}");
    }
}
