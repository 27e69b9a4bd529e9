//! Neighbours through the whole stack.

use super::*;
use crate::neighbour::State;
use crate::socket::SocketError;
use crate::wire::arp::Operation;
use core::net::SocketAddr;

fn state_of(host: &Host, neighbour: Ipv4Addr) -> Option<State> {
    host.stack.neighbours().iter().find(|(key, ..)| key.address == neighbour).map(|(_, state, _)| state)
}

#[test]
fn an_address_is_announced_once_the_link_is_up() {
    let mut host = Host::fresh();
    host.eth0.wire().up = false;
    host.poll();
    assert_eq!(host.sent(), [""; 0]);
    host.eth0.wire().up = true;
    host.poll();
    host.poll();
    assert_eq!(host.sent(), ["ARP, Announcement 192.0.2.1 at 02:00:00:00:00:01"]);
    let broadcast = host.stack.counters().dropped(DropReason::LinkDown);
    assert_eq!(broadcast, 0);
}

#[test]
fn who_asks_for_us_is_answered_and_known() {
    let mut host = Host::fresh();
    host.poll();
    host.sent();
    host.arrive(arp_frame(Operation::Request, PEER, US));
    assert_eq!(host.sent(), ["ARP, Reply 192.0.2.1 is-at 02:00:00:00:00:01"]);
    assert_eq!(state_of(&host, PEER), Some(State::Stale));
    host.arrive(arp_frame(Operation::Request, PEER, FAR));
    assert_eq!((host.sent(), host.dropped()), (vec![], vec![]), "what it says of itself is heard");
    host.arrive(arp_frame(Operation::Request, GATEWAY, FAR));
    assert_eq!((host.sent(), host.dropped()), (vec![], vec![DropReason::ArpNotForUs]));
}

#[test]
fn a_reply_waits_for_its_neighbour() {
    let mut host = Host::fresh();
    host.poll();
    host.sent();
    for data in [b"one", b"two"] {
        host.arrive(ip_frame(&packet(PEER, US, Protocol::ICMP, &echo_request(data))));
    }
    assert_eq!(host.sent(), ["ARP, Request who-has 192.0.2.2 tell 192.0.2.1"]);
    host.wait(100);
    host.arrive(arp_frame(Operation::Reply, PEER, US));
    let reply = "IP 192.0.2.1 > 192.0.2.2: ICMP echo reply, id 7, seq 1, length 11";
    assert_eq!(host.sent(), [reply, reply]);
    assert_eq!(state_of(&host, PEER), Some(State::Reachable));
}

#[test]
fn what_is_far_goes_by_the_gateway() {
    let mut host = Host::fresh();
    host.poll();
    host.sent();
    host.arrive(ip_frame(&packet(FAR, US, Protocol::ICMP, &echo_request(b""))));
    assert_eq!(host.sent(), ["ARP, Request who-has 192.0.2.254 tell 192.0.2.1"]);
}

#[test]
fn a_gratuitous_arp_corrects_a_known_neighbour_and_makes_no_new_one() {
    let mut host = Host::fresh();
    host.poll();
    let announce = arp_frame(Operation::Request, PEER, PEER);
    host.arrive(announce.clone());
    assert_eq!((state_of(&host, PEER), host.dropped()), (None, vec![DropReason::ArpNotForUs]));
    host.arrive(arp_frame(Operation::Request, PEER, US));
    host.wait(1_500);
    host.sent();
    let other = MacAddress([2, 0, 0, 0, 0, 9]);
    let mut moved = announce;
    moved[6..12].copy_from_slice(&other.0);
    moved[22..28].copy_from_slice(&other.0);
    host.arrive(moved);
    host.arrive(ip_frame(&packet(PEER, US, Protocol::ICMP, &echo_request(b""))));
    let sent = host.eth0.wire().sent.clone();
    assert_eq!(ethernet::Header::parse(sent.last().unwrap()).unwrap().destination(), other);
}

/// Linux `arp_process`: the lock of a second is for answers. Who asks for us from another station is there now.
#[test]
fn who_asks_from_another_station_or_announces_it_has_moved() {
    let from = |mut frame: Vec<u8>, station: MacAddress| {
        frame[6..12].copy_from_slice(&station.0);
        frame[22..28].copy_from_slice(&station.0);
        frame
    };
    let mut host = Host::new();
    let stations = [1, 2, 3, 4].map(|last| MacAddress([2, 0, 0, 0, 1, last]));
    let [asks, announces, answers, answers_all] = stations;
    for (station, operation, target, believed) in [
        (asks, Operation::Request, US, true),
        (announces, Operation::Request, PEER, true),
        (answers, Operation::Reply, US, false),
        // Its target station is not its own, as an announcement's would be.
        (answers_all, Operation::Reply, PEER, false),
    ] {
        host.wait(10);
        host.arrive(from(arp_frame(operation, PEER, target), station));
        host.sent();
        host.arrive(ip_frame(&packet(PEER, US, Protocol::ICMP, &echo_request(b""))));
        let sent = core::mem::take(&mut host.eth0.wire().sent);
        let to = ethernet::Header::parse(sent.last().unwrap()).unwrap().destination();
        assert_eq!(to == station, believed, "{operation:?} for {target}: it went to {to}");
    }
}

#[test]
fn nobody_takes_our_address_or_station() {
    let mut host = Host::new();
    host.arrive(arp_frame(Operation::Reply, US, US));
    let mut ours = arp_frame(Operation::Reply, PEER, US);
    ours[22..28].copy_from_slice(&OUR_MAC.0);
    host.arrive(ours);
    assert_eq!(host.dropped(), [DropReason::ArpBadSender, DropReason::ArpConflict]);
    let (_, _, mac) = host.stack.neighbours().iter().find(|(key, ..)| key.address == PEER).unwrap();
    assert_eq!(mac, PEER_MAC);
}

#[test]
fn a_connection_to_nobody_fails_after_three_questions() {
    let mut host = Host::fresh();
    host.poll();
    host.sent();
    let socket = host.stack.tcp_open().unwrap();
    host.stack.tcp_connect(socket, SocketAddr::new(PEER.into(), 80), host.now).unwrap();
    host.wait(2_900);
    assert_eq!(host.sent(), ["ARP, Request who-has 192.0.2.2 tell 192.0.2.1"; 3]);
    assert_eq!(host.stack.tcp_connect_result(socket), Err(SocketError::WouldBlock));
    host.wait(200);
    assert_eq!(host.stack.tcp_connect_result(socket), Err(SocketError::HostUnreachable));
    assert!(host.dropped().iter().all(|&reason| reason == DropReason::NeighbourFailed));
}

#[test]
fn a_flood_for_an_unknown_neighbour_is_bounded() {
    let mut host = Host::fresh();
    host.poll();
    let socket = host.stack.udp_open().unwrap();
    for _ in 0..500 {
        let remote = Some(SocketAddr::new(PEER.into(), 53));
        host.stack.udp_send_to(socket, b"x", remote, host.now).unwrap();
    }
    assert_eq!(host.dropped(), vec![DropReason::NeighbourQueueFull; 399]);
    host.arrive(arp_frame(Operation::Reply, PEER, US));
    assert_eq!(host.sent().iter().filter(|line| line.contains("UDP")).count(), 101);
}
