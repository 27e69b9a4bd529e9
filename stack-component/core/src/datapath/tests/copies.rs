//! What sockets hear of groups: what comes from others, and copies of what this host sends.

use super::*;
use crate::multicast::{Filter, GroupChange, GroupError, Mode};
use crate::raw::{Family, Kind, Message, RawOption};
use crate::socket::{MulticastOption, SocketError};
use crate::stack::SocketHandle;
use crate::udp::{UdpHandle, UdpOption};
use core::net::{IpAddr, Ipv6Addr, SocketAddr};

const GROUP: Ipv4Addr = Ipv4Addr::new(239, 1, 2, 3);
const GROUP_MAC: MacAddress = MacAddress([1, 0, 0x5e, 1, 2, 3]);
const GROUP6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x77);

/// A socket at port 5353 that shares it and has joined a group, if so said.
fn listener(host: &mut Host, local: IpAddr, group: Option<IpAddr>) -> UdpHandle {
    let socket = host.stack.udp_open().unwrap();
    host.stack.udp_set_option(socket, UdpOption::ReuseAddress(true)).unwrap();
    host.stack.udp_bind(socket, SocketAddr::new(local, 5353)).unwrap();
    if let Some(group) = group {
        let socket = SocketHandle::Udp(socket);
        host.stack
            .change_group(socket, Some(ETH0), group, GroupChange::Join(Filter::EVERYBODY), host.now)
            .unwrap();
    }
    socket
}

fn heard(host: &mut Host, socket: UdpHandle) -> Vec<Vec<u8>> {
    core::iter::from_fn(|| host.stack.udp_receive_from(socket).ok()).map(|(data, _)| data).collect()
}

fn set(host: &mut Host, socket: UdpHandle, option: MulticastOption) {
    host.stack.set_multicast(SocketHandle::Udp(socket), option).unwrap();
}

fn send(host: &mut Host, socket: UdpHandle, group: IpAddr) {
    let to = match group {
        IpAddr::V4(_) => SocketAddr::new(group, 5353),
        IpAddr::V6(_) => crate::wire::address::socket_address(group, 5353, ETH0.0),
    };
    host.stack.udp_send_to(socket, b"hello", Some(to), host.now).unwrap();
}

#[test]
fn everybody_at_the_port_gets_a_copy() {
    let mut host = Host::new();
    let any = Ipv4Addr::UNSPECIFIED.into();
    let joined = listener(&mut host, any, Some(GROUP.into()));
    let at_group = listener(&mut host, GROUP.into(), None);
    let picky = listener(&mut host, any, None);
    set(&mut host, picky, MulticastOption::All(false));
    let elsewhere = listener(&mut host, US.into(), None);
    let frame = frame(PEER_MAC, GROUP_MAC, EtherType::IPV4, &datagram((PEER, 1), (GROUP, 5353), b"x"));
    host.arrive(frame.clone());
    let expected = [(joined, 1), (at_group, 1), (picky, 0), (elsewhere, 0)];
    for (row, (socket, count)) in expected.into_iter().enumerate() {
        assert_eq!(heard(&mut host, socket).len(), count, "{row}");
    }
    let not_the_peer = Filter { mode: Mode::Exclude, sources: [PEER.into()].into() };
    let of_joined = SocketHandle::Udp(joined);
    host.stack
        .change_group(of_joined, None, GROUP.into(), GroupChange::SetFilter(not_the_peer), host.now)
        .unwrap();
    host.stack
        .change_group(
            SocketHandle::Udp(picky),
            None,
            GROUP.into(),
            GroupChange::Join(Filter::EVERYBODY),
            host.now,
        )
        .unwrap();
    host.arrive(frame);
    let counts = [joined, at_group, picky].map(|socket| heard(&mut host, socket).len());
    assert_eq!(counts, [0, 1, 1]);
    assert_eq!((host.count(Counter::UdpInDatagrams), host.dropped()), (4, vec![]));
}

#[test]
fn what_goes_to_everybody_goes_to_all_sockets_and_nobody_is_told_of_none() {
    let mut host = Host::new();
    let any = Ipv4Addr::UNSPECIFIED.into();
    let sockets = [listener(&mut host, any, None), listener(&mut host, any, None)];
    let everybody = Ipv4Addr::new(192, 0, 2, 255);
    let to = |port| {
        frame(PEER_MAC, MacAddress::BROADCAST, EtherType::IPV4, &datagram((PEER, 1), (everybody, port), b"x"))
    };
    host.arrive(to(5353));
    assert_eq!(sockets.map(|socket| heard(&mut host, socket).len()), [1, 1]);
    host.arrive(to(5354));
    assert_eq!(host.dropped(), [DropReason::UdpNoSocket]);
    assert_eq!((host.count(Counter::UdpIgnoredMulti), host.sent()), (1, vec![]));
    host.arrive(ip_frame(&datagram((PEER, 1), (US, 5353), b"x")));
    assert_eq!(sockets.map(|socket| heard(&mut host, socket).len()), [0, 1], "one alone: the newest");
}

#[test]
fn an_address_is_shared_if_all_say_so() {
    let mut host = Host::new();
    let any = Ipv4Addr::UNSPECIFIED.into();
    let first = listener(&mut host, any, None);
    let late = host.stack.udp_set_option(first, UdpOption::ReuseAddress(false));
    assert_eq!(late, Err(SocketError::InvalidState));
    let alone = host.stack.udp_open().unwrap();
    let bound = host.stack.udp_bind(alone, SocketAddr::new(US.into(), 5353));
    assert_eq!(bound, Err(SocketError::AddressInUse));
    let second = listener(&mut host, US.into(), None);
    host.stack.udp_connect(second, SocketAddr::new(PEER.into(), 7)).unwrap();
    host.arrive(ip_frame(&datagram((PEER, 7), (US, 5353), b"x")));
    host.arrive(ip_frame(&datagram((PEER, 8), (US, 5353), b"x")));
    assert_eq!([first, second].map(|socket| heard(&mut host, socket).len()), [1, 1]);
    host.stack.udp_close(first);
    host.stack.udp_close(second);
    host.stack.udp_bind(alone, SocketAddr::new(any, 5353)).unwrap();
}

#[test]
fn members_here_get_a_copy_unless_the_sender_does_not_want_it() {
    let mut host = Host::new();
    host.stack.set_sysctl("net.ipv6.conf.eth0.disable_ipv6", "0").unwrap();
    host.wait(3_000);
    for (any, group) in [
        (Ipv4Addr::UNSPECIFIED.into(), IpAddr::V4(GROUP)),
        (Ipv6Addr::UNSPECIFIED.into(), IpAddr::V6(GROUP6)),
    ] {
        let member = listener(&mut host, any, Some(group));
        let sender = host.stack.udp_open().unwrap();
        host.wait(2_000);
        host.eth0.wire().sent.clear();
        let before = host.stack.interfaces().get(ETH0).unwrap().statistics.receive_packets;
        send(&mut host, sender, group);
        assert_eq!((heard(&mut host, member).len(), host.eth0.wire().sent.len()), (1, 1), "{group}");
        set(&mut host, sender, MulticastOption::Loop(false));
        send(&mut host, sender, group);
        assert_eq!((heard(&mut host, member).len(), host.eth0.wire().sent.len()), (0, 2));
        set(&mut host, sender, MulticastOption::Loop(true));
        set(&mut host, sender, MulticastOption::HopLimit(0));
        send(&mut host, sender, group);
        assert_eq!((heard(&mut host, member).len(), host.eth0.wire().sent.len()), (1, 2), "not on the link");
        assert_eq!(host.stack.interfaces().get(ETH0).unwrap().statistics.receive_packets, before);
        host.stack.udp_close(member);
        set(&mut host, sender, MulticastOption::HopLimit(7));
        host.wait(2_000);
        host.eth0.wire().sent.clear();
        send(&mut host, sender, group);
        let frame = host.eth0.wire().sent.pop().unwrap();
        let hops = if group.is_ipv4() { frame[14 + 8] } else { frame[14 + 7] };
        assert_eq!(hops, 7, "{group}");
    }
    assert_eq!(host.dropped(), []);
}

#[test]
fn the_device_of_groups_is_the_owners_choice() {
    let (mut host, eth1) = Host::router();
    let socket = host.stack.udp_open().unwrap();
    let there = host.stack.interfaces().by_name("eth1").unwrap().index();
    let nowhere = MulticastOption::Device(Some(DeviceIndex(9)));
    let refused = host.stack.set_multicast(SocketHandle::Udp(socket), nowhere);
    assert_eq!(refused, Err(SocketError::InvalidArgument));
    set(&mut host, socket, MulticastOption::Device(Some(there)));
    send(&mut host, socket, GROUP.into());
    assert_eq!((lines(&eth1).len(), host.sent().len()), (1, 0));
    let raw = host.stack.raw_open(Family::V4, Kind::Raw(Protocol(89))).unwrap();
    host.stack.set_multicast(SocketHandle::Raw(raw), MulticastOption::Device(Some(there))).unwrap();
    let message = Message { data: b"hello", to: Some(GROUP.into()), hop_limit: None };
    host.stack.raw_send(raw, message, host.now).unwrap();
    assert_eq!((lines(&eth1).len(), host.sent().len()), (1, 0));
}

#[test]
fn raw_sockets_hear_of_groups_what_they_want() {
    let mut host = Host::new();
    let open = |host: &mut Host| host.stack.raw_open(Family::V4, Kind::Raw(Protocol(89))).unwrap();
    let (joined, picky) = (open(&mut host), open(&mut host));
    let of_peer = GroupChange::AddSource(Mode::Include, PEER.into());
    let socket = SocketHandle::Raw(joined);
    host.stack.change_group(socket, Some(ETH0), GROUP.into(), of_peer, host.now).unwrap();
    host.stack.set_multicast(SocketHandle::Raw(picky), MulticastOption::All(false)).unwrap();
    for source in [PEER, GATEWAY] {
        let packet = packet(source, GROUP, Protocol(89), b"x");
        host.arrive(frame(PEER_MAC, GROUP_MAC, EtherType::IPV4, &packet));
    }
    let received = [joined, picky].map(|socket| host.stack.raw_receive(socket).is_ok());
    assert_eq!((received, host.dropped()), ([true, false], vec![DropReason::GroupNotJoined]));
    host.stack.raw_close(joined);
    let left = host.stack.memberships().filter(|membership| membership.group == GROUP);
    assert_eq!(left.count(), 0);
    let closed =
        host.stack.change_group(socket, None, GROUP.into(), GroupChange::Join(Filter::EVERYBODY), host.now);
    assert_eq!(closed, Err(GroupError::NoSocket));
}

#[test]
fn who_tells_everybody_tells_itself() {
    let mut host = Host::new();
    let raw = host.stack.raw_open(Family::V4, Kind::Raw(Protocol(89))).unwrap();
    host.stack.raw_set(raw, RawOption::Broadcast(true)).unwrap();
    let everybody = Ipv4Addr::new(192, 0, 2, 255).into();
    let message = Message { data: b"hello", to: Some(everybody), hop_limit: None };
    host.stack.raw_send(raw, message, host.now).unwrap();
    assert_eq!((host.stack.raw_receive(raw).unwrap().arrival.device, host.sent().len()), (ETH0, 1));
    assert!(host.stack.raw_receive(raw).is_err(), "once");
    assert_eq!(host.count(Counter::IpExtOutBcastPkts), 1);
}
