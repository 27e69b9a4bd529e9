//! IPv4 addresses that a device takes for itself, and those that somebody else has as well.

use super::*;
use crate::wire;
use crate::wire::arp::Operation;
use alloc::string::ToString;

/// A host without an address whose eth0 has this setting.
fn host(link_local: &str) -> Host {
    let mut stack = Stack::new(Box::new(SeededRandom::new(42)));
    stack.set_sysctl("net.ipv6.conf.default.disable_ipv6", "1").unwrap();
    let eth0 = RawDevice::new(OUR_MAC);
    stack.add_device("eth0", Box::new(eth0.clone()), 1500).unwrap();
    let drops_seen = vec![0; DropReason::ALL.len()];
    let mut host = Host { stack, eth0, now: Instant::from_millis(1_000_000), drops_seen };
    host.poll();
    host.stack.set_sysctl("net.ipv4.conf.eth0.link_local", link_local).unwrap();
    host
}

fn address(host: &Host) -> Option<Ipv4Addr> {
    match host.stack.interfaces().get(ETH0).unwrap().addresses() {
        [] => None,
        [address] => Some(address.ip().to_string().parse().unwrap()),
        more => panic!("{more:?}"),
    }
}

#[test]
fn a_device_takes_an_address_and_gives_it_up() {
    let mut host = host("1");
    host.wait(10_000);
    let taken = address(&host).unwrap();
    let asked = alloc::format!("ARP, Request who-has {taken} tell 0.0.0.0");
    let said = alloc::format!("ARP, Announcement {taken} at 02:00:00:00:00:01");
    assert_eq!(host.sent(), [&asked, &asked, &asked, &said, &said].map(String::clone));
    assert_eq!(host.stack.interfaces().get(ETH0).unwrap().addresses()[0].cidr.prefix_len(), 16);
    host.arrive(arp_frame(Operation::Reply, taken, taken));
    assert_eq!((host.sent(), host.dropped()), (vec![said.clone()], vec![DropReason::ArpConflict]));
    host.wait(1_000);
    host.arrive(arp_frame(Operation::Reply, taken, taken));
    assert_eq!(address(&host), None, "it is left to who insists");
    host.wait(10_000);
    assert!(address(&host).is_some_and(|another| another != taken && another.is_link_local()));
    host.stack.set_sysctl("net.ipv4.conf.eth0.link_local", "0").unwrap();
    assert_eq!(address(&host), None);
}

#[test]
fn what_another_station_of_ours_says_is_not_somebody_elses() {
    let mut host = host("1");
    host.wait(10_000);
    let taken = address(&host).unwrap();
    host.sent();
    host.stack.set_mac(ETH0, PEER_MAC).unwrap();
    host.arrive(arp_frame(Operation::Reply, taken, taken));
    assert_eq!(host.sent(), [""; 0]);
    host.stack.set_mac(ETH0, OUR_MAC).unwrap();
    host.arrive(arp_frame(Operation::Reply, taken, taken));
    assert_eq!(host.sent().len(), 1, "now it is, and is contradicted");
}

#[test]
fn a_lost_link_is_asked_anew() {
    let mut host = host("1");
    host.wait(10_000);
    let taken = address(&host).unwrap();
    for up in [false, true] {
        host.eth0.wire().up = up;
        host.wait(100);
    }
    assert_eq!(address(&host), None);
    host.wait(10_000);
    assert_eq!(address(&host), Some(taken));
}

#[test]
fn without_a_server_there_is_an_address_until_one_answers() {
    let mut host = host("2");
    host.wait(20_000);
    assert_eq!(address(&host), None, "no server is looked for");
    host.stack.dhcp_start(ETH0, host.now).unwrap();
    host.wait(9_000);
    assert_eq!(address(&host), None);
    host.wait(9_000);
    assert!(address(&host).is_some_and(|address| address.is_link_local()));
    for kind in [wire::dhcp::Type::OFFER, wire::dhcp::Type::ACK] {
        let mut question = None;
        while question.is_none() {
            host.wait(1_000);
            let mut wire = host.eth0.wire();
            question = wire.sent.drain(..).rfind(|frame| frame[12..14] == [8, 0]);
        }
        host.arrive(super::dhcp::answer(&super::dhcp::message(&question.unwrap()), kind));
    }
    host.wait(3_000);
    assert_eq!(address(&host), Some(Ipv4Addr::new(192, 0, 2, 77)), "the server's");
}

#[test]
fn an_address_by_hand_is_defended_and_kept() {
    let mut host = Host::new();
    let said = "ARP, Announcement 192.0.2.1 at 02:00:00:00:00:01";
    for _ in 0..3 {
        host.arrive(arp_frame(Operation::Request, US, PEER));
    }
    assert_eq!((host.sent(), host.dropped()), (vec![String::from(said)], vec![DropReason::ArpConflict; 3]));
    let log = Vec::from(host.stack.take_log());
    assert_eq!(log, ["eth0: address 192.0.2.1 is used by 02:00:00:00:00:02 as well"]);
    host.wait(10_000);
    host.arrive(arp_frame(Operation::Request, US, PEER));
    assert_eq!(host.sent(), [said]);
}

#[test]
fn who_answers_for_an_address_is_a_matter_of_settings() {
    let second = Ipv4Addr::new(198, 51, 100, 1);
    let stranger = Ipv4Addr::new(198, 51, 100, 9);
    // By arp_ignore and arp_filter: for eth1's address, for our own from a stranger, for our own from a neighbour.
    let rows = [
        ("0", "0", [true, true, true]),
        ("1", "0", [false, true, true]),
        ("2", "0", [false, false, true]),
        ("3", "0", [true, true, true]),
        ("8", "0", [false, false, false]),
        ("0", "1", [true, false, true]),
    ];
    for (ignore, filter, expected) in rows {
        let (mut host, _eth1) = Host::router();
        host.stack.set_sysctl("net.ipv4.conf.eth0.arp_ignore", ignore).unwrap();
        host.stack.set_sysctl("net.ipv4.conf.eth0.arp_filter", filter).unwrap();
        for ((sender, target), expected) in
            [(PEER, second), (stranger, US), (PEER, US)].into_iter().zip(expected)
        {
            host.sent();
            host.arrive(arp_frame(Operation::Request, sender, target));
            assert_eq!(host.sent().len() == 1, expected, "{ignore} {filter}: {sender} asks for {target}");
        }
    }
}

#[test]
fn questions_come_from_the_packet_that_waits_or_from_the_best_address() {
    let other = Ipv4Addr::new(203, 0, 113, 1);
    for (announce, expected) in [("0", other), ("1", US), ("2", US)] {
        let mut host = Host::new();
        host.stack.add_address(ETH0, "203.0.113.1/24".parse().unwrap()).unwrap();
        host.stack.set_sysctl("net.ipv4.conf.eth0.arp_announce", announce).unwrap();
        host.poll();
        host.sent();
        let socket = host.stack.udp_open().unwrap();
        host.stack.udp_bind(socket, core::net::SocketAddr::new(other.into(), 0)).unwrap();
        let to = core::net::SocketAddr::new(Ipv4Addr::new(192, 0, 2, 99).into(), 9);
        host.stack.udp_send_to(socket, b"x", Some(to), host.now).unwrap();
        assert_eq!(
            host.sent(),
            [alloc::format!("ARP, Request who-has 192.0.2.99 tell {expected}")],
            "{announce}"
        );
    }
}

#[test]
fn a_link_that_is_back_is_told_of_all_addresses_where_that_is_wanted() {
    for (notify, count) in [("0", 0), ("1", 1)] {
        let mut host = Host::new();
        host.stack.set_sysctl("net.ipv4.conf.eth0.arp_notify", notify).unwrap();
        for up in [false, true] {
            host.eth0.wire().up = up;
            host.poll();
        }
        host.poll();
        assert_eq!(host.sent().iter().filter(|line| line.contains("Announcement")).count(), count);
    }
}
