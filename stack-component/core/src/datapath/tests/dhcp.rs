//! A device that gets its address from a server.

use super::*;
use crate::device::AddressProtocol;
use crate::route::{Route, RouteKind};
use crate::stack::{Origin, RouteChange};
use crate::wire::cidr::IpCidr;
use crate::wire::dhcp;
use core::net::SocketAddr;

const SERVER: Ipv4Addr = PEER;
const GRANTED: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 77);

/// A host without an address.
fn unconfigured() -> Host {
    let mut stack = Stack::new(Box::new(SeededRandom::new(42)));
    stack.set_sysctl("net.ipv6.conf.default.disable_ipv6", "1").unwrap();
    let eth0 = RawDevice::new(OUR_MAC);
    stack.add_device("eth0", Box::new(eth0.clone()), 1500).unwrap();
    let drops_seen = vec![0; DropReason::ALL.len()];
    Host { stack, eth0, now: Instant::from_millis(1_000_000), drops_seen }
}

/// The DHCP message in a frame that was sent to everybody.
pub(super) fn message(frame: &[u8]) -> Vec<u8> {
    let header = ipv4::Header::parse(&frame[14..]).unwrap();
    assert_eq!((header.source(), header.destination()), (Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST));
    assert_eq!(frame[..6], [0xff; 6]);
    let datagram = wire_udp::Header::parse(header.payload()).unwrap();
    assert_eq!((datagram.source_port(), datagram.destination_port()), (68, 67));
    assert!(datagram.checksum_is_valid(Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::BROADCAST.into()));
    datagram.payload().to_vec()
}

/// The server's answer to a message.
pub(super) fn answer(question: &[u8], kind: dhcp::Type) -> Vec<u8> {
    let options: &[(u8, &[u8])] = &[
        (dhcp::option::ROUTERS, &GATEWAY.octets()),
        (dhcp::option::NAME_SERVERS, &SERVER.octets()),
        (dhcp::option::MTU, &[5, 0x78]),
        (dhcp::option::DOMAIN_NAME, b"example.org"),
        (dhcp::option::DOMAIN_SEARCH, b"\x07example\x03org\0\x02eu\xc0\0"),
    ];
    answer_with(question, kind, options)
}

/// The server's answer that grants the address for an hour, with more options.
fn answer_with(question: &[u8], kind: dhcp::Type, more: &[(u8, &[u8])]) -> Vec<u8> {
    let transaction = u32::from_be_bytes([question[4], question[5], question[6], question[7]]);
    let (kind, server) = ([kind.0], SERVER.octets());
    let always: [(u8, &[u8]); 4] = [
        (dhcp::option::MESSAGE_TYPE, &kind),
        (dhcp::option::SERVER_ID, &server),
        (dhcp::option::LEASE_TIME, &[0, 0, 14, 16]),
        (dhcp::option::SUBNET_MASK, &[255, 255, 255, 0]),
    ];
    let options = &[&always, more].concat();
    let granted = dhcp::Fields {
        sender: dhcp::Sender::Server,
        transaction,
        seconds: 0,
        broadcast: true,
        client_address: Ipv4Addr::UNSPECIFIED,
        your_address: GRANTED,
        station: question[28..34].try_into().unwrap(),
        options,
    };
    let packet = datagram((SERVER, 67), (Ipv4Addr::BROADCAST, 68), &granted.emit());
    frame(PEER_MAC, MacAddress::BROADCAST, EtherType::IPV4, &packet)
}

/// Goes through the exchange up to the question whether somebody has the address.
fn acknowledged() -> Host {
    let mut host = unconfigured();
    host.stack.dhcp_start(ETH0, host.now).unwrap();
    for kind in [dhcp::Type::OFFER, dhcp::Type::ACK] {
        let question = host.eth0.wire().sent.pop().unwrap();
        host.arrive(answer(&message(&question), kind));
    }
    assert_eq!(host.dropped(), []);
    assert_eq!(host.sent(), ["ARP, Request who-has 192.0.2.77 tell 0.0.0.0"]);
    host
}

#[test]
fn an_address_is_granted_and_all_that_belongs_to_it() {
    let mut host = acknowledged();
    host.wait(1_000);
    let asked = "ARP, Request who-has 192.0.2.77 tell 0.0.0.0";
    assert_eq!(host.sent(), [asked, "ARP, Announcement 192.0.2.77 at 02:00:00:00:00:01"]);
    assert_eq!(host.stack.dhcp_lease(ETH0).unwrap().address, GRANTED);
    let address = *host.stack.interfaces().get(ETH0).unwrap().address(GRANTED.into()).unwrap();
    assert!(address.flags.dynamic && address.lifetimes.valid.is_some(), "{address:?}");
    assert_eq!(host.resolvers(), [SERVER]);
    let domains: Vec<_> = host.stack.search_domains(host.now).collect();
    let names: Vec<_> = domains.iter().map(|domain| domain.what.as_str()).collect();
    assert_eq!(names, ["example.org", "eu.example.org"]);
    assert_eq!((domains[0].origin, domains[0].expires), (Origin::Dhcp, address.lifetimes.valid));
    assert_eq!(address.protocol, AddressProtocol::Dhcp);
    assert_eq!(host.stack.interfaces().get(ETH0).unwrap().mtu(), 1400);
    let socket = host.stack.udp_open().unwrap();
    host.stack.udp_connect(socket, SocketAddr::new(FAR.into(), 9)).unwrap();
    assert_eq!(host.stack.udp_local_address(socket).unwrap().ip(), GRANTED);
    host.stack.udp_send_to(socket, b"x", None, host.now).unwrap();
    assert_eq!(host.sent(), ["ARP, Request who-has 192.0.2.254 tell 192.0.2.77"]);
    // Half an hour later the server is asked for more time.
    host.wait(1_800_000);
    let questions = host.sent();
    assert!(questions.contains(&"ARP, Request who-has 192.0.2.2 tell 192.0.2.77".into()), "{questions:?}");
    // The hour ends.
    host.wait(1_800_000);
    assert_eq!(host.stack.dhcp_lease(ETH0), None);
    assert!(host.stack.interfaces().get(ETH0).unwrap().addresses().is_empty());
    let far = host.stack.udp_connect(socket, SocketAddr::new(FAR.into(), 9));
    assert_eq!(far, Err(crate::socket::SocketError::NetworkUnreachable));
}

#[test]
fn an_address_that_somebody_has_is_not_used() {
    let mut host = acknowledged();
    host.arrive(arp_frame(wire_arp::Operation::Reply, GRANTED, US));
    let decline = host.eth0.wire().sent.pop().unwrap();
    let text = message(&decline);
    assert!(text.windows(3).any(|option| option == [53, 1, dhcp::Type::DECLINE.0]));
    host.wait(5_000);
    assert_eq!((host.sent(), host.stack.dhcp_lease(ETH0)), (vec![], None));
}

#[test]
fn what_servers_say_to_others_is_for_sockets() {
    let mut host = unconfigured();
    host.stack.dhcp_start(ETH0, host.now).unwrap();
    let socket = host.stack.udp_open().unwrap();
    host.stack.udp_bind(socket, "0.0.0.0:68".parse().unwrap()).unwrap();
    let mut question = message(&host.eth0.wire().sent.pop().unwrap());
    let offer = answer(&question, dhcp::Type::OFFER);
    question[7] ^= 1;
    host.arrive(answer(&question, dhcp::Type::OFFER));
    assert!(host.stack.udp_receive_from(socket).is_ok_and(|(data, _)| data[7] == question[7]));
    assert_eq!(host.sent(), [""; 0]);
    host.arrive(offer);
    assert!(host.stack.udp_receive_from(socket).is_err());
    assert_eq!(host.sent().len(), 1, "the offer is taken");
}

#[test]
fn an_address_by_hand_stays_when_the_lease_of_the_same_ends() {
    let mut host = acknowledged();
    let cidr = IpCidr::new(GRANTED.into(), 24).unwrap();
    host.stack.add_address(ETH0, cidr).unwrap();
    host.wait(1_000);
    assert_eq!(host.stack.dhcp_lease(ETH0).unwrap().address, GRANTED);
    host.stack.dhcp_stop(ETH0, host.now);
    assert!(host.stack.interfaces().get(ETH0).unwrap().record(cidr).is_some());
}

/// A host that holds the lease of [`answer`], and has told so.
fn bound() -> Host {
    let mut host = acknowledged();
    host.wait(1_000);
    host.sent();
    host
}

/// Takes the device down and up.
fn turn_off_and_on(host: &mut Host) {
    for up in [false, true] {
        host.stack.set_device_up(ETH0, up).unwrap();
        host.poll();
    }
}

#[test]
fn a_device_that_is_turned_on_again_asks_for_its_address_again() {
    let mut host = bound();
    turn_off_and_on(&mut host);
    let request = message(&host.eth0.wire().sent.pop().unwrap());
    let asked = [&[dhcp::option::REQUESTED_ADDRESS, 4][..], &GRANTED.octets()].concat();
    assert!(request.windows(6).any(|option| option == asked), "{request:?}");
}

/// The gateways that packets to far away may take, the first one first.
fn default_gateways(host: &Host) -> Vec<core::net::IpAddr> {
    let defaults = host.stack.routes().iter().filter(|route| route.destination == IpCidr::ALL_V4);
    defaults.flat_map(|route| route.hops).filter_map(|hop| hop.gateway).collect()
}

#[test]
fn the_routes_of_a_lease_come_back_with_their_device() {
    let mut host = bound();
    let before: Vec<_> = host.stack.routes().iter().collect();
    turn_off_and_on(&mut host);
    let after: Vec<_> = host.stack.routes().iter().collect();
    assert_eq!((default_gateways(&host), after), (vec![GATEWAY.into()], before));
    // The server says that all is as it was.
    let request = message(&host.eth0.wire().sent.pop().unwrap());
    host.stack.change_route(RouteChange::Delete, Route::via(IpCidr::ALL_V4, GATEWAY.into())).unwrap();
    host.arrive(answer(&request, dhcp::Type::ACK));
    assert_eq!(default_gateways(&host), [GATEWAY]);
}

#[test]
fn a_lease_takes_nobody_elses_route() {
    let mut host = acknowledged();
    host.stack.add_address(ETH0, "198.51.100.1/24".parse().unwrap()).unwrap();
    let by_hand = Ipv4Addr::new(198, 51, 100, 254);
    host.stack.add_default_gateway(by_hand).unwrap();
    host.wait(1_000);
    assert_eq!(default_gateways(&host), [by_hand, GATEWAY]);
    host.stack.dhcp_stop(ETH0, host.now);
    assert_eq!(default_gateways(&host), [by_hand]);
}

/// Linux: `RTMETRIC_BASE` of dhcpcd.
#[test]
fn the_routes_of_a_lease_have_the_metric_of_their_card() {
    let mut host = bound();
    let of_lease = host.stack.routes().iter().find(|route| route.destination == IpCidr::ALL_V4).unwrap();
    assert_eq!(of_lease.metric, 1000 + ETH0.0);
    // Whoever makes another one afterwards means it.
    let by_hand = Ipv4Addr::new(192, 0, 2, 253);
    host.stack.add_default_gateway(by_hand).unwrap();
    assert_eq!(default_gateways(&host), [by_hand, GATEWAY]);
    turn_off_and_on(&mut host);
    assert_eq!(default_gateways(&host), [GATEWAY], "only what is granted comes back by itself");
}

#[test]
fn another_lease_of_the_same_address_changes_what_is_different() {
    let mut host = bound();
    turn_off_and_on(&mut host);
    let request = message(&host.eth0.wire().sent.pop().unwrap());
    let second: IpCidr = "192.0.2.78/24".parse().unwrap();
    host.stack.add_address(ETH0, second).unwrap();
    let from_there = Route {
        source: Some(GRANTED.into()),
        ..Route::over("203.0.113.0/24".parse().unwrap(), RouteKind::Unicast, ETH0)
    };
    host.stack.add_route(from_there.clone()).unwrap();
    let another = Ipv4Addr::new(192, 0, 2, 253);
    host.arrive(answer_with(&request, dhcp::Type::ACK, &[(dhcp::option::ROUTERS, &another.octets())]));
    assert_eq!(default_gateways(&host), [another]);
    assert!(host.stack.routes().has(&from_there), "a route by hand");
    let interface = host.stack.interfaces().get(ETH0).unwrap();
    assert!(interface.record(second).is_some_and(|second| second.flags.secondary));
    assert_eq!(interface.mtu(), 1500, "no server wants another any more");
}

#[test]
fn the_mtu_of_a_lease_is_that_of_all_the_device_is_used_for_and_ends_with_it() {
    let mut host = unconfigured();
    let vlan = host.stack.add_vlan(ETH0, "eth0.7", 7).unwrap();
    let mtus = |host: &Host| {
        let of = |device| host.stack.interfaces().get(device).unwrap().mtu();
        (of(ETH0), of(vlan), host.stack.sysctl().get("net.ipv6.conf.eth0.mtu").unwrap())
    };
    host.stack.dhcp_start(ETH0, host.now).unwrap();
    for kind in [dhcp::Type::OFFER, dhcp::Type::ACK] {
        let question = host.eth0.wire().sent.pop().unwrap();
        host.arrive(answer(&message(&question), kind));
    }
    host.wait(1_000);
    assert_eq!(mtus(&host), (1400, 1400, "1400".into()));
    host.stack.dhcp_stop(ETH0, host.now);
    // Linux: a VLAN's does not grow by itself.
    assert_eq!(mtus(&host), (1500, 1400, "1500".into()));
    // What somebody sets meanwhile is his.
    let mut host = bound();
    host.stack.set_mtu("eth0", 1450).unwrap();
    host.stack.dhcp_stop(ETH0, host.now);
    assert_eq!(host.stack.interfaces().get(ETH0).unwrap().mtu(), 1450);
}

#[test]
fn another_station_asks_for_the_address_itself() {
    let mut host = bound();
    let station = MacAddress([2, 0, 0, 0, 0, 9]);
    host.stack.set_mac(ETH0, station).unwrap();
    let request = message(&host.eth0.wire().sent.pop().unwrap());
    assert_eq!(request[28..34], station.0);
    host.arrive(answer(&request, dhcp::Type::NAK));
    assert_eq!(host.stack.dhcp_lease(ETH0), None, "it was another's");
    host.wait(10_000);
    let question = message(&host.eth0.wire().sent[0]);
    host.arrive(answer(&question, dhcp::Type::OFFER));
    assert_eq!(message(host.eth0.wire().sent.last().unwrap())[28..34], station.0);
}
