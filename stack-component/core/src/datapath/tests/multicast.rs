//! Groups: who hears, and what routers are told.

use super::*;
use crate::multicast::{Filter, GroupChange, Mode};
use crate::stack::SocketHandle;
use crate::wire::igmp::{self, RecordType};
use core::net::SocketAddr;

const GROUP: Ipv4Addr = Ipv4Addr::new(239, 1, 2, 3);
const GROUP_MAC: MacAddress = MacAddress([1, 0, 0x5e, 1, 2, 3]);

fn to_group(data: &[u8]) -> Vec<u8> {
    frame(PEER_MAC, GROUP_MAC, EtherType::IPV4, &datagram((PEER, 1), (GROUP, 5353), data))
}

fn listener(host: &mut Host) -> crate::udp::UdpHandle {
    let socket = host.stack.udp_open().unwrap();
    host.stack.udp_bind(socket, SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 5353)).unwrap();
    socket
}

/// The IGMP messages that were sent, with their destinations.
fn reports(host: &mut Host) -> Vec<(Ipv4Addr, Vec<u8>)> {
    let frames = core::mem::take(&mut host.eth0.wire().sent);
    let report = |frame: &Vec<u8>| {
        let header = ipv4::Header::parse(&frame[14..]).unwrap();
        assert!(header.checksum_is_valid() && igmp::checksum_is_valid(header.payload()));
        assert_eq!((header.ttl(), header.tos(), header.protocol()), (1, 0xc0, Protocol::IGMP));
        assert_eq!((header.options(), header.source()), (&[148, 4, 0, 0][..], US));
        assert_eq!(frame[..3], [1, 0, 0x5e]);
        (header.destination(), header.payload().to_vec())
    };
    frames.iter().map(report).collect()
}

#[test]
fn who_joined_hears_and_who_left_does_not() {
    let mut host = Host::new();
    let socket = listener(&mut host);
    host.arrive(to_group(b"nobody joined"));
    assert_eq!(host.dropped(), [DropReason::GroupNotJoined]);
    let group = GROUP.into();
    host.stack
        .change_group(
            SocketHandle::Udp(socket),
            Some(ETH0),
            group,
            GroupChange::Join(Filter::EVERYBODY),
            host.now,
        )
        .unwrap();
    let told = [(igmp::ALL_V3_ROUTERS, igmp::report(&[(RecordType::ToExclude, GROUP, vec![])]))];
    assert_eq!(reports(&mut host), told);
    host.arrive(to_group(b"hello"));
    assert_eq!(host.stack.udp_receive_from(socket).unwrap().0, b"hello");
    host.wait(1_000);
    assert_eq!(reports(&mut host), told);
    let not_the_peer = Filter { mode: Mode::Exclude, sources: [PEER.into()].into() };
    host.stack
        .change_group(
            SocketHandle::Udp(socket),
            Some(ETH0),
            group,
            GroupChange::SetFilter(not_the_peer),
            host.now,
        )
        .unwrap();
    host.arrive(to_group(b"unwanted"));
    assert_eq!(host.dropped(), [DropReason::GroupNotJoined]);
    host.wait(1_000);
    reports(&mut host);
    host.stack.udp_close(socket);
    host.wait(1_000);
    let left = (igmp::ALL_V3_ROUTERS, igmp::report(&[(RecordType::ToInclude, GROUP, vec![])]));
    assert_eq!(reports(&mut host), [left.clone(), left]);
    let own = host.stack.memberships().filter(|membership| membership.group == group);
    assert_eq!(own.count(), 0);
}

/// Linux: `ip_mc_up`.
#[test]
fn a_device_that_is_turned_on_again_tells_of_its_groups() {
    let mut host = Host::new();
    let socket = listener(&mut host);
    let join = GroupChange::Join(Filter::EVERYBODY);
    host.stack.change_group(SocketHandle::Udp(socket), Some(ETH0), GROUP.into(), join, host.now).unwrap();
    host.wait(10_000);
    host.eth0.wire().sent.clear();
    host.stack.set_device_up(ETH0, false).unwrap();
    host.wait(1_000);
    host.stack.set_device_up(ETH0, true).unwrap();
    assert_eq!(host.stack.next_deadline(), Some(host.now), "it is not left to the next frame");
    host.wait(10_000);
    let told = (igmp::ALL_V3_ROUTERS, igmp::report(&[(RecordType::ToExclude, GROUP, vec![])]));
    assert_eq!(reports(&mut host), [told.clone(), told]);
}

#[test]
fn a_routers_question_is_answered() {
    let mut host = Host::new();
    let socket = listener(&mut host);
    host.stack
        .change_group(
            SocketHandle::Udp(socket),
            Some(ETH0),
            GROUP.into(),
            GroupChange::Join(Filter::EVERYBODY),
            host.now,
        )
        .unwrap();
    host.wait(1_000);
    reports(&mut host);
    // Of the third version, from a router that has no address yet, to all hosts.
    let mut query = vec![0x11, 100, 0, 0, 0, 0, 0, 0, 2, 125, 0, 0];
    let checksum = crate::wire::checksum::Sum::of(&query).checksum();
    query[2..4].copy_from_slice(&checksum.to_be_bytes());
    let all_hosts = MacAddress([1, 0, 0x5e, 0, 0, 1]);
    let question = packet(Ipv4Addr::UNSPECIFIED, igmp::ALL_HOSTS, Protocol::IGMP, &query);
    host.arrive(frame(PEER_MAC, all_hosts, EtherType::IPV4, &question));
    assert_eq!(host.dropped(), []);
    host.wait(10_000);
    let answer = igmp::report(&[(RecordType::IsExclude, GROUP, vec![])]);
    assert_eq!(reports(&mut host), [(igmp::ALL_V3_ROUTERS, answer)]);
    query[0] = 0x12;
    let damaged = packet(PEER, igmp::ALL_HOSTS, Protocol::IGMP, &query);
    host.arrive(frame(PEER_MAC, all_hosts, EtherType::IPV4, &damaged));
    assert_eq!(host.dropped(), [DropReason::IgmpMalformed]);
}

#[test]
fn a_datagram_to_a_group_goes_to_the_groups_stations_and_no_further() {
    let mut host = Host::new();
    let socket = host.stack.udp_open().unwrap();
    let to = Some(SocketAddr::new(GROUP.into(), 5353));
    host.stack.udp_send_to(socket, b"x", to, host.now).unwrap();
    let frame = host.eth0.wire().sent.pop().unwrap();
    assert_eq!(frame[..6], GROUP_MAC.0, "not to the gateway");
    assert_eq!(ipv4::Header::parse(&frame[14..]).unwrap().ttl(), 1);
}
