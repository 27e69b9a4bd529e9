//! Addresses that somebody may have already, and IPv6 that begins and ends.

use super::ipv6::{
    OUR_LINK_LOCAL, PEER6, US6, addresses, advertisement, discovery, echo6, fresh, icmp6, quiet, router_says,
    solicitation, state_of,
};
use super::*;
use crate::device::{Address, AddressProtocol, AddressState};
use crate::stack::ConfigError;
use crate::wire::ipv6;
use crate::wire::ndp::{Fields, Message};
use core::net::{Ipv6Addr, SocketAddr, SocketAddrV6};

/// The peer's question whether somebody has `target`.
fn probe(target: Ipv6Addr) -> Vec<u8> {
    let fields =
        Fields { message: Message::NeighbourSolicitation { target }, station: None, nonce: Some([9; 6]) };
    discovery(Ipv6Addr::UNSPECIFIED, ipv6::solicited_node(target), fields)
}

fn kernel_routes(host: &Host) -> usize {
    host.stack.routes().iter().filter(|route| route.destination.is_ipv6()).count()
}

#[test]
fn who_shares_its_stations_address_speaks_no_ipv6_where_that_is_wanted() {
    for (accept_dad, off) in [("1", false), ("2", true)] {
        let mut host = fresh(&[("accept_dad", accept_dad)]);
        host.stack.add_address(ETH0, "2001:db8::1/64".parse().unwrap()).unwrap();
        host.arrive(advertisement(OUR_LINK_LOCAL, ipv6::ALL_NODES));
        let disabled = host.stack.sysctl().get("net.ipv6.conf.eth0.disable_ipv6").unwrap();
        assert_eq!(disabled == "1", off);
        assert_eq!(addresses(&host).is_empty(), off);
        let said = Vec::from(host.stack.take_log());
        assert_eq!(said[0], "eth0: IPv6 duplicate address fe80::ff:fe00:1 detected");
        assert_eq!(said.get(1).map(String::as_str), off.then_some("eth0: IPv6 is being disabled"));
    }
    let mut host = fresh(&[("accept_dad", "2")]);
    host.stack.add_address(ETH0, "2001:db8::1/64".parse().unwrap()).unwrap();
    host.arrive(advertisement(US6, ipv6::ALL_NODES));
    assert_eq!(state_of(&host, "fe80::ff:fe00:1"), Some(AddressState::Tentative), "not of the station");
}

#[test]
fn optimists_use_what_they_ask_for() {
    let mut host = fresh(&[("optimistic_dad", "1")]);
    assert_eq!(state_of(&host, "fe80::ff:fe00:1"), Some(AddressState::Tentative));
    host.arrive(router_says(1800, Some(("2001:db8:1::", 3600, 1800)), &[]));
    let made = "2001:db8:1::ff:fe00:1";
    assert_eq!(state_of(&host, made), Some(AddressState::Tentative));
    host.sent();
    let socket = host.stack.udp_open().unwrap();
    let far = SocketAddr::new("2001:db8:9::9".parse::<Ipv6Addr>().unwrap().into(), 53);
    host.stack.udp_send_to(socket, b"x", Some(far), host.now).unwrap();
    assert!(host.sent()[0].starts_with("IP6 2001:db8:1::ff:fe00:1."), "it leaves by the router");
    let neighbour = SocketAddr::new("2001:db8:1::7".parse::<Ipv6Addr>().unwrap().into(), 53);
    host.stack.udp_send_to(socket, b"x", Some(neighbour), host.now).unwrap();
    assert_eq!(host.sent(), [""; 0], "nobody is asked by an address that is not certain");
    host.arrive(solicitation(PEER6, made.parse().unwrap()));
    let frame = host.eth0.wire().sent.pop().unwrap();
    assert_eq!(frame[14 + 40 + 4] & 0x20, 0, "an answer that overrides nobody's");
    host.arrive(probe(made.parse().unwrap()));
    assert_eq!(state_of(&host, made), None, "somebody has it");
    host.arrive(icmp6(PEER6, made.parse().unwrap(), 64, &echo6(b"")));
    assert_eq!(host.dropped().last(), Some(&DropReason::Ipv6NotForUs));
    host.wait(3_000);
    assert_eq!(state_of(&host, "fe80::ff:fe00:1"), Some(AddressState::Preferred));
}

/// Who has an address answers from it.
#[test]
fn the_owner_of_an_address_is_heard() {
    let mut host = fresh(&[("optimistic_dad", "1")]);
    let mut record = Address::new("fd77::2/64".parse().unwrap(), host.now);
    record.flags.optimistic = true;
    host.stack.add_address_record(ETH0, record).unwrap();
    host.arrive(advertisement("fd77::2".parse().unwrap(), ipv6::ALL_NODES));
    assert_eq!(state_of(&host, "fd77::2"), Some(AddressState::DadFailed));
    assert_eq!(host.stack.take_log(), ["eth0: IPv6 duplicate address fd77::2 detected"]);
    let mut host = quiet();
    host.arrive(advertisement(US6, ipv6::ALL_NODES));
    assert_eq!(host.dropped().last(), Some(&DropReason::NdiscBadSource));
    assert_eq!(state_of(&host, "2001:db8::1"), Some(AddressState::Preferred));
    let said = ["eth0: NA: 02:00:00:00:00:02 advertised our address 2001:db8::1"];
    assert_eq!(host.stack.take_log(), said);
}

#[test]
fn an_address_without_detection_is_used_at_once() {
    let mut host = fresh(&[]);
    let mut record = Address::new("fd77::2/64".parse().unwrap(), host.now);
    record.flags.no_dad = true;
    host.stack.add_address_record(ETH0, record).unwrap();
    let socket = host.stack.tcp_open().unwrap();
    let ours: Ipv6Addr = "fd77::2".parse().unwrap();
    assert_eq!(host.stack.tcp_bind(socket, SocketAddr::new(ours.into(), 80)), Ok(()));
    host.sent();
    host.arrive(icmp6("fd77::3".parse().unwrap(), ours, 64, &echo6(b"")));
    assert!(host.sent()[0].contains("who has fd77::3"));
}

/// Linux: `addrconf_add_dev`, `ipv6_add_addr`.
#[test]
fn a_device_without_ipv6_gets_no_address_of_it() {
    let mut host = Host::new();
    for (device, setting) in [(ETH0, "eth0"), (DeviceIndex::LOOPBACK, "lo")] {
        let setting = alloc::format!("net.ipv6.conf.{setting}.disable_ipv6");
        let address = "2001:db8::1/64".parse().unwrap();
        host.stack.set_sysctl(&setting, "1").unwrap();
        assert_eq!(host.stack.add_address(device, address), Err(ConfigError::Ipv6Disabled), "{setting}");
        host.stack.set_sysctl(&setting, "0").unwrap();
        assert_eq!(host.stack.add_address(device, address), Ok(()), "{setting}");
    }
}

#[test]
fn ipv6_ends_and_begins_with_its_setting() {
    let mut host = fresh(&[]);
    let empty = Stack::new(Box::new(SeededRandom::new(1)));
    let before = empty.routes().iter().filter(|route| route.destination.is_ipv6()).count();
    host.wait(3_000);
    host.arrive(router_says(1800, Some(("2001:db8:1::", 3600, 1800)), &[]));
    host.stack.set_sysctl("net.ipv6.conf.eth0.disable_ipv6", "1").unwrap();
    assert_eq!((addresses(&host).len(), kernel_routes(&host)), (0, before));
    host.arrive(router_says(1800, Some(("2001:db8:1::", 3600, 1800)), &[]));
    assert_eq!(host.dropped().last(), Some(&DropReason::Ipv6Disabled));
    host.stack.set_sysctl("net.ipv6.conf.eth0.disable_ipv6", "0").unwrap();
    host.wait(3_000);
    assert_eq!(state_of(&host, "fe80::ff:fe00:1"), Some(AddressState::Preferred));
    host.stack.set_sysctl("net.ipv6.conf.all.disable_ipv6", "1").unwrap();
    host.stack.set_sysctl("net.ipv6.conf.all.disable_ipv6", "0").unwrap();
    let loopback = host.stack.interfaces().get(DeviceIndex::LOOPBACK).unwrap();
    assert!(loopback.address(Ipv6Addr::LOCALHOST.into()).is_some());
}

#[test]
fn a_device_that_is_turned_off_loses_its_addresses_unless_they_are_to_stay() {
    for (keep, left) in [("0", &[][..]), ("1", &["2001:db8::1/64"])] {
        let mut host = fresh(&[("keep_addr_on_down", keep)]);
        host.stack.add_address(ETH0, "2001:db8::1/64".parse().unwrap()).unwrap();
        host.wait(3_000);
        host.arrive(router_says(1800, Some(("2001:db8:1::", 3600, 1800)), &[]));
        host.stack.set_device_up(ETH0, false).unwrap();
        assert_eq!(addresses(&host), left);
        host.stack.set_device_up(ETH0, true).unwrap();
        host.wait(3_000);
        assert_eq!(state_of(&host, "fe80::ff:fe00:1"), Some(AddressState::Preferred));
    }
}

#[test]
fn each_link_has_its_own_network_of_link_local_addresses() {
    let mut host = fresh(&[("accept_dad", "0")]);
    let eth1 = RawDevice::new(MacAddress([2, 0, 0, 0, 1, 1]));
    let second = host.stack.add_device("eth1", Box::new(eth1.clone()), 1500).unwrap();
    host.poll();
    host.sent();
    lines(&eth1);
    let socket = host.stack.udp_open().unwrap();
    let neighbour =
        |scope: DeviceIndex| SocketAddr::V6(SocketAddrV6::new("fe80::7".parse().unwrap(), 53, 0, scope.0));
    host.stack.udp_send_to(socket, b"x", Some(neighbour(second)), host.now).unwrap();
    let question =
        "IP6 fe80::ff:fe00:101 > ff02::1:ff00:7: ICMP6, neighbor solicitation, who has fe80::7, length 32";
    assert_eq!((host.sent(), lines(&eth1)), (vec![], vec![String::from(question)]));
    host.stack.udp_send_to(socket, b"x", Some(neighbour(ETH0)), host.now).unwrap();
    assert_eq!((host.sent().len(), lines(&eth1).len()), (1, 0));
    let (tcp, unscoped) =
        (host.stack.tcp_open().unwrap(), SocketAddr::new("fe80::7".parse::<Ipv6Addr>().unwrap().into(), 80));
    let refused = Err(crate::socket::SocketError::InvalidArgument);
    assert_eq!(host.stack.tcp_connect(tcp, unscoped, host.now), refused, "on which link?");
    assert_eq!(host.stack.udp_connect(socket, unscoped), refused);
    host.stack.udp_connect(socket, neighbour(second)).unwrap();
    let ours = host.stack.udp_local_address(socket).unwrap();
    assert_eq!(ours.ip(), "fe80::ff:fe00:101".parse::<Ipv6Addr>().unwrap());
    host.stack.udp_disconnect(socket).unwrap();
    host.stack.remove_address(ETH0, OUR_LINK_LOCAL.into()).unwrap();
    assert!(host.stack.udp_send_to(socket, b"x", Some(neighbour(second)), host.now).is_ok());
}

#[test]
fn secrets_make_addresses() {
    let mut host = fresh(&[("accept_dad", "0"), ("stable_secret", "2001:db8:1234:5678:9abc:def0:1122:3344")]);
    assert_eq!(host.stack.sysctl().get("net.ipv6.conf.eth0.addr_gen_mode").unwrap(), "2");
    assert_eq!(addresses(&host), ["fe80::1fd3:92da:4189:a523/64"]);
    host.stack.remove_address(ETH0, "fe80::1fd3:92da:4189:a523".parse().unwrap()).unwrap();
    let host = fresh(&[("accept_dad", "0"), ("addr_gen_mode", "2")]);
    assert!(addresses(&host).is_empty(), "there is no secret");
    let host = fresh(&[("accept_dad", "0"), ("addr_gen_mode", "3")]);
    assert_eq!(addresses(&host).len(), 1);
    assert_ne!(host.stack.sysctl().get("net.ipv6.conf.eth0.stable_secret").unwrap(), "");
}

#[test]
fn what_the_settings_do_not_want_is_dropped() {
    let mut host = quiet();
    for setting in ["drop_unsolicited_na", "drop_unicast_in_l2_multicast"] {
        host.stack.set_sysctl(&["net.ipv6.conf.eth0.", setting].concat(), "1").unwrap();
    }
    host.arrive(advertisement(PEER6, ipv6::ALL_NODES));
    assert_eq!(host.dropped(), [DropReason::NdiscIgnored]);
    let mut to_many = icmp6(PEER6, US6, 64, &echo6(b""));
    to_many[..6].copy_from_slice(&[0x33, 0x33, 0, 0, 0, 1]);
    host.arrive(to_many);
    assert_eq!(host.dropped(), [DropReason::UnicastInMulticastFrame]);
    // A question in a fragment header, though it is whole (RFC 6980).
    let question = solicitation(PEER6, US6);
    let message = question[14 + 40..].to_vec();
    let in_fragment = [&[58, 0, 0, 0, 0, 0, 0, 7][..], &message].concat();
    let group = ipv6::solicited_node(US6);
    host.arrive(super::ipv6::frame6(PEER6, group, Protocol(44), 255, &in_fragment));
    assert_eq!(host.dropped(), [DropReason::NdiscIgnored]);
}

/// What is made again without being told is not kept for a stack that comes after this one.
#[test]
fn it_is_known_who_gave_an_address() {
    let mut host = fresh(&[]);
    host.stack.add_address(ETH0, "fe80::7/64".parse().unwrap()).unwrap();
    host.arrive(router_says(1800, Some(("2001:db8:1::", 3600, 1800)), &[]));
    let protocol = |ip: &str| {
        let ip: Ipv6Addr = ip.parse().unwrap();
        let mut all = host.stack.interfaces().iter().flat_map(|interface| interface.addresses());
        all.find(|address| address.v6() == Some(ip)).map(|address| address.protocol)
    };
    assert_eq!(protocol("::1"), Some(AddressProtocol::Loopback));
    assert_eq!(protocol("fe80::ff:fe00:1"), Some(AddressProtocol::LinkLocal));
    assert_eq!(protocol("fe80::7"), Some(AddressProtocol::Unspecified), "by hand");
    assert_eq!(protocol("2001:db8:1::ff:fe00:1"), Some(AddressProtocol::RouterAdvertisement));
}

#[test]
fn a_device_has_an_address_of_the_link_of_its_own_beside_one_by_hand() {
    let mut host = fresh(&[]);
    host.stack.set_device_up(ETH0, false).unwrap();
    host.stack.add_address(ETH0, "fe80::7/64".parse().unwrap()).unwrap();
    host.stack.set_device_up(ETH0, true).unwrap();
    host.wait(3_000);
    assert_eq!(state_of(&host, "fe80::7"), Some(AddressState::Preferred));
    assert_eq!(state_of(&host, "fe80::ff:fe00:1"), Some(AddressState::Preferred));
}
