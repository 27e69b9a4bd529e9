//! Tagged frames.

use super::*;
use crate::neighbour::{Key, Said, State, Verb};
use crate::stack::ConfigError;
use crate::wire::vlan::{TAG_LEN, Tag};
use core::net::SocketAddr;

const INSIDE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);
const NEIGHBOUR: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 2);

/// A host with VLAN 100 of `eth0`, 203.0.113.1/24.
fn host() -> (Host, DeviceIndex) {
    let mut host = Host::new();
    let vlan = host.stack.add_vlan(ETH0, "eth0.100", 100).unwrap();
    host.stack.add_address(vlan, "203.0.113.1/24".parse().unwrap()).unwrap();
    host.poll();
    host.eth0.wire().sent.clear();
    (host, vlan)
}

fn tagged(id: u16, frame: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; TAG_LEN];
    bytes.extend_from_slice(frame);
    Tag { id, priority: 0 }.emit(&mut bytes);
    bytes
}

/// What was sent: the tag of each frame and what is in it.
fn sent(host: &Host) -> Vec<(Option<Tag>, String)> {
    let frames = core::mem::take(&mut host.eth0.wire().sent);
    let untag = |mut frame: Vec<u8>| {
        let header = ethernet::Header::parse(&frame).unwrap();
        let tag = (header.ether_type() == EtherType::VLAN).then(|| Tag::parse(header.payload()).unwrap().0);
        if tag.is_some() {
            frame.drain(12..16);
        }
        (tag, pretty::describe(&frame))
    };
    frames.into_iter().map(untag).collect()
}

#[test]
fn a_vlan_has_addresses_and_neighbours_of_its_own() {
    let (mut host, vlan) = host();
    host.arrive(tagged(100, &arp_frame(wire_arp::Operation::Request, NEIGHBOUR, INSIDE)));
    host.arrive(tagged(100, &ip_frame(&packet(NEIGHBOUR, INSIDE, Protocol::ICMP, &echo_request(b"x")))));
    let lines = sent(&host);
    let tag = Some(Tag { id: 100, priority: 0 });
    assert!(lines.iter().all(|(found, _)| *found == tag), "{lines:?}");
    assert!(lines[0].1.starts_with("ARP, Reply 203.0.113.1 is-at"), "{lines:?}");
    assert!(lines[1].1.contains("ICMP echo reply"), "{lines:?}");
    let statistics = host.stack.interfaces().get(vlan).unwrap().statistics;
    assert_eq!((statistics.receive_packets, statistics.transmit_packets), (2, 3), "one is the announcement");
}

#[test]
fn tags_that_nobody_has_are_dropped_and_tags_of_no_vlan_count_for_nothing() {
    let (mut host, _) = host();
    let ping = ip_frame(&packet(PEER, US, Protocol::ICMP, &echo_request(b"x")));
    host.arrive(tagged(101, &ping));
    assert_eq!((host.dropped(), sent(&host)), (vec![DropReason::UnknownVlan], vec![]));
    host.arrive(tagged(0, &ping));
    assert_eq!(sent(&host).len(), 1);
    for len in 14..18 {
        host.arrive(tagged(100, &ping)[..len].to_vec());
        assert_eq!(host.dropped(), [DropReason::EthernetTruncated]);
    }
}

#[test]
fn a_vlan_is_down_with_its_parent_and_by_itself() {
    let (mut host, vlan) = host();
    let request = tagged(100, &arp_frame(wire_arp::Operation::Request, NEIGHBOUR, INSIDE));
    host.stack.set_device_up(vlan, false).unwrap();
    host.arrive(request.clone());
    assert_eq!((host.dropped(), sent(&host)), (vec![DropReason::LinkDown], vec![]));
    host.stack.set_device_up(vlan, true).unwrap();
    host.arrive(request.clone());
    assert_eq!(sent(&host).len(), 1);
    host.stack.set_device_up(ETH0, false).unwrap();
    host.arrive(request);
    assert_eq!(sent(&host), []);
    assert!(!host.stack.interfaces().get(vlan).unwrap().link_up());
}

#[test]
fn numbers_and_mtus_of_vlans() {
    let (mut host, vlan) = host();
    for (id, error) in [
        (0, ConfigError::BadVlan(0)),
        (4095, ConfigError::BadVlan(4095)),
        (100, ConfigError::VlanExists(100)),
    ] {
        assert_eq!(host.stack.add_vlan(ETH0, "other", id), Err(error));
    }
    assert_eq!(host.stack.add_vlan(vlan, "inner", 5), Err(ConfigError::NotSupported));
    assert_eq!(host.stack.set_mtu("eth0.100", 1501), Err(ConfigError::BadMtu(1501)));
    host.stack.set_mtu("eth0", 1400).unwrap();
    assert_eq!(host.stack.interfaces().get(vlan).unwrap().mtu(), 1400);
    host.stack.delete_device(vlan).unwrap();
    assert!(host.stack.add_vlan(ETH0, "eth0.100", 100).is_ok());
}

#[test]
fn a_dummy_swallows_and_asks_for_nobody() {
    let mut host = Host::new();
    let dummy = host.stack.add_dummy("dummy0").unwrap();
    host.stack.add_address(dummy, "203.0.113.1/24".parse().unwrap()).unwrap();
    host.poll();
    let before = host.stack.interfaces().get(dummy).unwrap().statistics.transmit_packets;
    let socket = host.stack.udp_open().unwrap();
    host.stack.udp_send_to(socket, b"x", Some(SocketAddr::new(NEIGHBOUR.into(), 9)), host.now).unwrap();
    assert_eq!(host.stack.interfaces().get(dummy).unwrap().statistics.transmit_packets, before + 1);
    assert_eq!((host.dropped(), host.sent()), (vec![], vec![]));
}

#[test]
fn what_was_done_for_a_device_ends_with_it() {
    let (mut host, vlan) = host();
    let key = Key { device: vlan, address: NEIGHBOUR.into() };
    let told =
        host.stack.set_neighbour(Verb::Add, key, Said::new(Some(PEER_MAC), State::Permanent), host.now);
    assert_eq!(told, Ok(()));
    host.stack.set_sysctl("net/ipv4/conf/eth0.100/link_local", "1").unwrap();
    host.wait(100);
    host.stack.delete_device(vlan).unwrap();
    assert!(host.stack.neighbours().iter().all(|(known, ..)| known.device != vlan));
    host.eth0.wire().sent.clear();
    host.wait(5_000);
    assert!(sent(&host).iter().all(|(tag, _)| tag.is_none()));
    assert_eq!(host.dropped(), []);
}

/// Linux: `addrconf_notify`, before `ip link set up` returns.
#[test]
fn a_device_that_is_turned_on_has_its_address_of_the_link_at_once() {
    let mut host = Host::new();
    host.stack.set_sysctl("net.ipv6.conf.default.disable_ipv6", "0").unwrap();
    let dummy = host.stack.add_dummy("dummy0").unwrap();
    let vlan = host.stack.add_vlan(ETH0, "eth0.7", 7).unwrap();
    for device in [dummy, vlan] {
        // As `ip link add` leaves it.
        host.stack.set_device_up(device, false).unwrap();
        host.stack.set_device_up(device, true).unwrap();
        let addresses = host.stack.interfaces().get(device).unwrap().addresses();
        assert!(addresses.iter().any(|address| address.cidr.is_ipv6()), "{device:?}: {addresses:?}");
    }
}
