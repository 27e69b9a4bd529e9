//! Hooks on the packet's way.

use super::*;
use crate::netfilter::{HookPoint, Verdict};
use crate::route::{Rule, RuleAction};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Registers a filter that counts and drops packets of one IP protocol.
fn drop_at(host: &mut Host, point: HookPoint, protocol: Protocol) -> Arc<AtomicUsize> {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let hook = Box::new(move |_: &_, packet: &mut Packet| {
        let header = ipv4::Header::parse(packet.data()).expect("hooks see packets from their IP header on");
        count.fetch_add(1, Ordering::Relaxed);
        if header.protocol() == protocol { Verdict::Drop } else { Verdict::Accept }
    });
    host.stack.hooks_mut().register(point, 0, hook);
    asked
}

#[test]
fn every_point_drops_what_its_filter_says() {
    let echo = || ip_frame(&packet(PEER, US, Protocol::ICMP, &echo_request(b"x")));
    for point in [HookPoint::PreRouting, HookPoint::LocalIn, HookPoint::LocalOut, HookPoint::PostRouting] {
        let mut host = Host::new();
        let asked = drop_at(&mut host, point, Protocol::ICMP);
        host.arrive(echo());
        assert_eq!((host.sent(), host.dropped()), (vec![], vec![DropReason::Netfilter]), "{point:?}");
        assert_eq!(asked.load(Ordering::Relaxed), 1, "{point:?}");
    }
    let (mut host, eth1) = Host::router();
    drop_at(&mut host, HookPoint::Forward, Protocol::ICMP);
    host.arrive(echo());
    assert_eq!(host.sent().len(), 1, "what is for us is not forwarded");
    let behind = Ipv4Addr::new(198, 51, 100, 7);
    host.arrive(ip_frame(&packet(PEER, behind, Protocol::ICMP, &echo_request(b"x"))));
    assert_eq!((host.sent(), lines(&eth1)), (vec![], vec![]));
    assert_eq!(host.dropped(), [DropReason::Netfilter]);
}

#[test]
fn what_one_filter_accepts_goes_on() {
    let mut host = Host::new();
    let points = [HookPoint::PreRouting, HookPoint::LocalIn, HookPoint::LocalOut, HookPoint::PostRouting];
    let asked = points.map(|point| drop_at(&mut host, point, Protocol(99)));
    host.arrive(ip_frame(&packet(PEER, US, Protocol::ICMP, &echo_request(b"x"))));
    assert_eq!(host.sent().len(), 1);
    assert!(asked.iter().all(|asked| asked.load(Ordering::Relaxed) == 1));
}

#[test]
fn a_filtered_datagram_is_an_error_of_its_sender() {
    let mut host = Host::new();
    drop_at(&mut host, HookPoint::LocalOut, Protocol::UDP);
    let socket = host.stack.udp_open().unwrap();
    let remote = Some(core::net::SocketAddr::new(PEER.into(), 53));
    let sent = host.stack.udp_send_to(socket, b"x", remote, host.now);
    assert_eq!(sent, Err(crate::socket::SocketError::AccessDenied));
}

#[test]
fn what_a_filter_changes_before_routing_decides_the_route() {
    let mut host = Host::new();
    let hook = Box::new(|_: &_, packet: &mut Packet| {
        packet.data_mut()[16..20].copy_from_slice(&US.octets());
        fix_header_checksum(packet.data_mut());
        Verdict::Accept
    });
    host.stack.hooks_mut().register(HookPoint::PreRouting, 0, hook);
    host.arrive(ip_frame(&packet(PEER, FAR, Protocol::ICMP, &echo_request(b"x"))));
    assert_eq!(host.sent(), ["IP 192.0.2.1 > 192.0.2.2: ICMP echo reply, id 7, seq 1, length 9"]);
}

/// Linux: `ip rule add fwmark 7 prohibit`.
#[test]
fn a_mark_that_a_filter_sets_before_routing_chooses_the_rule() {
    let (mut host, _eth1) = Host::router();
    let rule = Rule { mark: 7, mask: u32::MAX, ..Rule::new(100, RuleAction::Prohibit) };
    host.stack.add_rule(US.into(), rule).unwrap();
    let hook = Box::new(|_: &_, packet: &mut Packet| {
        packet.meta.mark = if packet.data()[16..20] == FAR.octets() { 7 } else { 8 };
        Verdict::Accept
    });
    host.stack.hooks_mut().register(HookPoint::PreRouting, 0, hook);
    let ping = |to| ip_frame(&packet(PEER, to, Protocol::ICMP, &echo_request(b"x")));
    host.arrive(ping(US));
    assert_eq!((host.sent().len(), host.dropped()), (1, vec![]));
    host.arrive(ping(FAR));
    assert_eq!(host.sent(), ["IP 192.0.2.1 > 192.0.2.2: ICMP unreachable - admin prohibited, length 37"]);
    assert_eq!(host.dropped(), [DropReason::RouteRefused]);
}
