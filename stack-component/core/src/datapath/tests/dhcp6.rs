//! Resolvers from a server that a router tells of.

use super::ipv6::{OUR_LINK_LOCAL, PEER6, ROUTER, frame6, fresh, icmp6};
use super::*;
use crate::wire::checksum::{Sum, pseudo_header};
use crate::wire::{ipv6, ndp};
use core::net::{IpAddr, Ipv6Addr};

const SERVER: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x547);
const RESOLVER: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x53);

/// A router's advertisement with the flag that DHCPv6 has other things.
fn other_configuration() -> Vec<u8> {
    let message = [134, 0, 0, 0, 64, 0x40, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0];
    icmp6(ROUTER, ipv6::ALL_NODES, ndp::HOP_LIMIT, &message)
}

fn datagram6(source: Ipv6Addr, port: u16, data: &[u8]) -> Vec<u8> {
    let total_len = (wire_udp::HEADER_LEN + data.len()) as u16;
    let mut bytes = vec![0; wire_udp::HEADER_LEN];
    bytes.extend_from_slice(data);
    let fields = wire_udp::Fields { source_port: 547, destination_port: port, total_len };
    fields.emit(&mut bytes, 0);
    let pseudo = pseudo_header(source.into(), OUR_LINK_LOCAL.into(), Protocol::UDP, total_len.into());
    let sum = pseudo.plus(Sum::of(&bytes)).checksum();
    fields.emit(&mut bytes, sum);
    frame6(source, OUR_LINK_LOCAL, Protocol::UDP, 64, &bytes)
}

/// The question in the last frame that was sent.
fn question(host: &mut Host) -> Vec<u8> {
    let frame = host.eth0.wire().sent.pop().unwrap();
    let header = ipv6::Header::parse(&frame[ethernet::HEADER_LEN..]).unwrap();
    assert_eq!((header.source(), header.hop_limit()), (OUR_LINK_LOCAL, 1));
    assert_eq!(header.destination(), "ff02::1:2".parse::<Ipv6Addr>().unwrap());
    let datagram = wire_udp::Header::parse(header.payload()).unwrap();
    assert_eq!((datagram.source_port(), datagram.destination_port()), (546, 547));
    assert!(datagram.checksum_is_valid(header.source().into(), header.destination().into()));
    datagram.payload().to_vec()
}

fn answer(question: &[u8]) -> Vec<u8> {
    let mut message = question[..4].to_vec();
    message[0] = 7;
    message.extend_from_slice(&question[4..18]);
    message.extend_from_slice(&[0, 2, 0, 1, 9, 0, 23, 0, 16]);
    message.extend_from_slice(&RESOLVER.octets());
    message
}

#[test]
fn a_router_says_that_a_server_knows_more() {
    let mut host = fresh(&[]);
    host.wait(3_000);
    host.sent();
    host.arrive(other_configuration());
    host.wait(1_000);
    let question = question(&mut host);
    host.arrive(datagram6(PEER6, 546, &answer(&question)));
    assert_eq!(host.resolvers(), [] as [IpAddr; 0], "servers speak from the link");
    host.arrive(datagram6(SERVER, 546, &answer(&question)));
    assert_eq!((host.resolvers(), host.dropped().len()), (vec![IpAddr::V6(RESOLVER)], 1));
    host.arrive(datagram6(SERVER, 546, &answer(&question)));
    assert_eq!(host.dropped(), [], "another server's answer comes too late, but to us");
    host.sent();
    host.arrive(other_configuration());
    host.wait(80_000_000);
    let asked = |host: &mut Host| host.sent().iter().filter(|line| line.contains("547")).count();
    assert_eq!(asked(&mut host), 0, "what is known is not asked for at once again");
    host.wait(8_000_000);
    assert!(asked(&mut host) >= 1);
    host.eth0.wire().up = false;
    host.poll();
    assert_eq!(host.resolvers(), [] as [IpAddr; 0], "another link has other servers");
}

#[test]
fn nobody_is_asked_where_no_router_says_so() {
    let mut host = fresh(&[]);
    host.wait(3_000);
    host.arrive(super::ipv6::router_says(1800, None, &[]));
    host.sent();
    host.wait(100_000);
    assert_eq!(host.sent(), [""; 0]);
    host.arrive(datagram6(SERVER, 546, &[7, 0, 0, 0]));
    assert_eq!(host.dropped(), [DropReason::UdpNoSocket]);
}

#[test]
fn answers_to_others_are_for_sockets() {
    let mut host = fresh(&[]);
    host.wait(3_000);
    let socket = host.stack.udp_open().unwrap();
    host.stack.udp_bind(socket, "[::]:546".parse().unwrap()).unwrap();
    host.arrive(other_configuration());
    host.wait(1_000);
    let question = question(&mut host);
    let mut to_another = answer(&question);
    to_another[3] ^= 1;
    host.arrive(datagram6(SERVER, 546, &to_another));
    host.arrive(datagram6(SERVER, 546, b"no reply at all"));
    host.arrive(datagram6(SERVER, 546, &answer(&question)));
    let received = |host: &mut Host| host.stack.udp_receive_from(socket).map(|(data, _)| data).ok();
    assert_eq!(received(&mut host).as_deref(), Some(&to_another[..]));
    assert_eq!(received(&mut host).as_deref(), Some(&b"no reply at all"[..]));
    assert_eq!((received(&mut host), host.resolvers()), (None, vec![IpAddr::V6(RESOLVER)]));
}
