//! Echoes of the gateway itself, and those that it does not carry.

use super::guest::{GATEWAY, GATEWAY_V6, Guest, with_rules, would_block};
use stack_core::raw::{Family, Kind, Message, RawHandle, RawOption};
use stack_core::wire::{icmpv4, icmpv6};
use std::net::{IpAddr, Ipv6Addr};

/// A ping socket of the guest's that hears of errors.
fn ping_socket(guest: &mut Guest, remote: IpAddr) -> RawHandle {
    let socket = guest.stack.raw_open(Family::of(remote), Kind::Ping).unwrap();
    guest.stack.raw_set(socket, RawOption::Reports(true)).unwrap();
    socket
}

/// Asks for an echo of `data`.
fn ask(guest: &mut Guest, socket: RawHandle, remote: IpAddr, data: &[u8]) {
    let kind = match remote {
        IpAddr::V4(_) => icmpv4::Type::ECHO_REQUEST.0,
        IpAddr::V6(_) => icmpv6::Type::ECHO_REQUEST.0,
    };
    let request = [&[kind, 0, 0, 0, 0, 0, 0, 1], data].concat();
    let now = guest.now();
    guest.stack.raw_send(socket, Message { data: &request, to: Some(remote), hop_limit: None }, now).unwrap();
}

#[test]
fn its_own_addresses_answer_pings_of_all_sizes() {
    let (_gateway, mut guest) = with_rules(&[]);
    let of_link: Ipv6Addr = "fe80::5055:aff:fe00:202".parse().unwrap();
    guest.run("an address of the link", |guest| {
        guest.stack.routes().is_local(OWN_OF_LINK.into()).then_some(())
    });
    for remote in [GATEWAY.into(), GATEWAY_V6.into(), IpAddr::from(of_link)] {
        let socket = ping_socket(&mut guest, remote);
        let device = guest.stack.interfaces().by_name("eth0").unwrap().index();
        guest.stack.raw_set(socket, RawOption::Device(Some(device))).unwrap();
        for length in [0, 56, 20_000] {
            let data = super::pattern(length, length);
            ask(&mut guest, socket, remote, &data);
            let echo = guest.run("the echo", |guest| would_block(guest.stack.raw_receive(socket)).unwrap());
            assert_eq!((echo.arrival.source, &echo.data[6..8]), (remote, &[0, 1][..]));
            assert!(echo.data[8..] == data, "{remote}");
        }
    }
}

/// The guest's address of the link.
const OWN_OF_LINK: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0xff, 0xfe00, 0xf);

#[test]
fn what_no_rule_allows_is_prohibited() {
    let (_gateway, mut guest) = with_rules(&["tcp://192.0.2.1:*"]);
    for (remote, kind, code) in [("192.0.2.2", 3, 13), ("2001:db8::1", 1, 1)] {
        let remote: IpAddr = remote.parse().unwrap();
        let socket = ping_socket(&mut guest, remote);
        ask(&mut guest, socket, remote, b"anybody?");
        let report =
            guest.run("the answer", |guest| would_block(guest.stack.raw_receive_report(socket)).unwrap());
        assert_eq!((report.kind, report.code, report.destination), (kind, code, remote));
    }
}
