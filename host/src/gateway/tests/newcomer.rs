//! A guest that knows nothing of the network that it is in: what the gateway tells it.

use super::guest::{GATEWAY, GATEWAY_V6, GUEST, Guest, subnets};
use crate::gateway::device::WireDevice;
use crate::gateway::{Gateway, GatewayConfig, Subnet};
use crate::policy::{Policy, Rules, Unruled};
use crate::wire::user::cable;
use stack_core::Stack;
use stack_core::random::SeededRandom;
use stack_core::route::{Destination, FlowKey};
use stack_core::wire::ethernet::MacAddress;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;

/// A gateway whose guest asks for its addresses, or was given them.
fn newcomer(asked_for: bool) -> (Gateway, Guest) {
    let (near, far) = cable().unwrap();
    let subnets = subnets().into_iter().map(|subnet| Subnet { asked_for, ..subnet }).collect();
    let config = GatewayConfig { subnets, publish: Vec::new() };
    let policy = Policy::new(Rules { unruled: Unruled::Allowed, ..Rules::default() });
    let gateway = Gateway::listen(&config).unwrap().start(near, Arc::new(policy)).unwrap();
    let wire = Arc::new(far);
    let mut stack = Stack::new(Box::new(SeededRandom::new(1)));
    // Not a second for each address.
    stack.set_sysctl("net.ipv6.conf.default.accept_dad", "0").unwrap();
    let device = WireDevice { wire: Arc::clone(&wire), mac: MacAddress([2, 0, 0, 0, 0, 15]) };
    stack.add_device("eth0", Box::new(device), 1500).unwrap();
    (gateway, Guest::with(stack, wire))
}

/// Sends a datagram to this machine's loopback by way of the gateway.
fn say_hello(guest: &mut Guest, loopback: &str, gateway: IpAddr) {
    let ear = UdpSocket::bind(loopback).unwrap();
    ear.set_nonblocking(true).unwrap();
    let remote = SocketAddr::new(gateway, ear.local_addr().unwrap().port());
    let (socket, now) = (guest.stack.udp_open().unwrap(), guest.now());
    guest.stack.udp_send_to(socket, b"here I am", Some(remote), now).unwrap();
    guest.run("the datagram", |_| ear.recv(&mut [0; 9]).ok());
}

#[test]
fn its_network_its_router_and_its_resolver_by_advertisement() {
    let own: Ipv6Addr = "fd77:2::ff:fe00:f".parse().unwrap();
    for asked_for in [true, false] {
        let (_gateway, mut guest) = newcomer(asked_for);
        let resolver = guest.run("a resolver", |guest| guest.stack.resolvers(guest.now()).next());
        assert_eq!(resolver.what, IpAddr::from(GATEWAY_V6));
        assert_eq!(guest.stack.routes().is_local(own.into()), asked_for);
        let abroad = FlowKey::to("2001:db8::1".parse().unwrap());
        let Ok(Destination::Unicast(hop)) = guest.stack.routes().lookup(&abroad) else { panic!("no way") };
        assert_eq!(hop.neighbour, IpAddr::from("fe80::5055:aff:fe00:202".parse::<Ipv6Addr>().unwrap()));
        if asked_for {
            say_hello(&mut guest, "[::1]:0", GATEWAY_V6.into());
        }
    }
}

#[test]
fn its_address_its_router_and_its_resolver_by_dhcp() {
    let (_gateway, mut guest) = newcomer(true);
    let (device, now) = (guest.stack.interfaces().by_name("eth0").unwrap().index(), guest.now());
    guest.stack.dhcp_start(device, now).unwrap();
    guest.run("a lease", |guest| guest.stack.routes().is_local(GUEST.into()).then_some(()));
    let of_dhcp = |guest: &Guest| guest.stack.resolvers(guest.now()).any(|known| known.what == GATEWAY);
    assert!(of_dhcp(&guest));
    let abroad = guest.stack.routes().lookup(&FlowKey::to("192.0.2.1".parse().unwrap()));
    assert!(matches!(abroad, Ok(Destination::Unicast(hop)) if hop.neighbour == GATEWAY));
    say_hello(&mut guest, "127.0.0.1:0", GATEWAY.into());
}
