//! The gateway as raw frames see it: ARP and ping for its own address, nothing for others.

use super::guest::{GATEWAY, GUEST, PATIENCE, gateway};
use crate::gateway::envelope::{Envelope, HOP_LIMIT};
use crate::wire::Wire;
use crate::wire::user::UserWire;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use stack_core::wire::arp::{self, Operation};
use stack_core::wire::ethernet::{self, EtherType, MacAddress};
use stack_core::wire::protocol::Protocol;
use stack_core::wire::{icmpv4, ipv4, udp};
use std::net::Ipv4Addr;
use std::time::Instant;

const OWN: MacAddress = MacAddress([2, 0, 0, 0, 0, 15]);
const GATEWAY_MAC: MacAddress = MacAddress([0x52, 0x55, 10, 0, 2, 2]);

fn frame(destination: MacAddress, ether_type: EtherType, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; ethernet::HEADER_LEN];
    ethernet::Fields { destination, source: OWN, ether_type }.emit(&mut frame);
    frame.extend_from_slice(payload);
    frame
}

/// The first frame for which `wanted` answers something.
fn expect<T>(wire: &UserWire, mut wanted: impl FnMut(&[u8]) -> Option<T>) -> T {
    let start = Instant::now();
    let mut frame = Vec::new();
    while start.elapsed() < PATIENCE {
        while wire.receive(&mut frame).unwrap() {
            if let Some(answer) = wanted(&frame) {
                return answer;
            }
        }
        let wait = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
        poll(&mut [PollFd::from_borrowed_fd(wire.as_fd(), PollFlags::IN)], Some(&wait)).unwrap();
    }
    panic!("the frame did not come");
}

fn ask_for(wire: &UserWire, target: Ipv4Addr) {
    let mut packet = vec![0; arp::PACKET_LEN];
    let request = arp::Packet {
        operation: Operation::Request,
        sender_mac: OWN,
        sender: GUEST,
        target_mac: MacAddress([0; 6]),
        target,
    };
    request.emit(&mut packet);
    wire.transmit(&frame(MacAddress::BROADCAST, EtherType::ARP, &packet)).unwrap();
}

fn arp_reply(frame: &[u8]) -> Option<arp::Packet> {
    let header = ethernet::Header::parse(frame).unwrap();
    if header.ether_type() != EtherType::ARP {
        return None;
    }
    let packet = arp::Packet::parse(header.payload()).unwrap();
    (packet.operation == Operation::Reply).then_some(packet)
}

/// An echo request to `destination` by way of the gateway.
fn ping(wire: &UserWire, destination: Ipv4Addr) {
    let mut message = vec![0; icmpv4::HEADER_LEN];
    message.extend_from_slice(b"payload");
    icmpv4::Fields { kind: icmpv4::Type::ECHO_REQUEST, code: 0, rest: [0x12, 0x34, 0, 1] }.emit(&mut message);
    let mut packet = vec![0; ipv4::HEADER_LEN];
    let total_len = (packet.len() + message.len()) as u16;
    let fields = ipv4::Fields {
        tos: 0,
        total_len,
        identification: 1,
        dont_fragment: false,
        ttl: 64,
        protocol: Protocol::ICMP,
        source: GUEST,
        destination,
    };
    fields.emit(&mut packet);
    packet.extend(message);
    wire.transmit(&frame(GATEWAY_MAC, EtherType::IPV4, &packet)).unwrap();
}

/// Type, code and sender of an ICMP message; the neighbour's question is answered on the way.
fn expect_icmp(wire: &UserWire) -> (icmpv4::Type, u8, Ipv4Addr) {
    expect(wire, |frame| {
        let header = ethernet::Header::parse(frame).unwrap();
        if header.ether_type() == EtherType::ARP {
            answer_arp(wire, header.payload());
            return None;
        }
        // The gateway tells of its groups of IPv6, too.
        let packet = ipv4::Header::parse(header.payload()).ok()?;
        assert!(packet.checksum_is_valid());
        let message = icmpv4::Header::parse(packet.payload()).unwrap();
        assert!(message.checksum_is_valid());
        Some((message.kind(), message.code(), packet.source()))
    })
}

fn answer_arp(wire: &UserWire, bytes: &[u8]) {
    let question = arp::Packet::parse(bytes).unwrap();
    if question.operation != Operation::Request || question.target != GUEST {
        return;
    }
    let answer = arp::Packet {
        operation: Operation::Reply,
        sender_mac: OWN,
        sender: GUEST,
        target_mac: question.sender_mac,
        target: question.sender,
    };
    let mut packet = vec![0; arp::PACKET_LEN];
    answer.emit(&mut packet);
    wire.transmit(&frame(question.sender_mac, EtherType::ARP, &packet)).unwrap();
}

#[test]
fn arp_is_answered_for_its_own_address_alone() {
    let (_gateway, _, wire) = gateway();
    ask_for(&wire, Ipv4Addr::new(10, 0, 2, 3));
    ask_for(&wire, GATEWAY);
    let reply = expect(&wire, arp_reply);
    assert_eq!((reply.sender, reply.sender_mac, reply.target), (GATEWAY, GATEWAY_MAC, GUEST));
}

#[test]
fn ping_is_answered() {
    let (_gateway, _, wire) = gateway();
    ping(&wire, GATEWAY);
    assert_eq!(expect_icmp(&wire), (icmpv4::Type::ECHO_REPLY, 0, GATEWAY));
}

/// A datagram without a checksum to port 9 of `destination` by way of the gateway.
fn send_datagram(wire: &UserWire, destination: Ipv4Addr) {
    let mut datagram = vec![0; udp::HEADER_LEN];
    let total_len = datagram.len() as u16;
    udp::Fields { source_port: 9, destination_port: 9, total_len }.emit(&mut datagram, 0);
    let envelope = Envelope {
        stations: (OWN, GATEWAY_MAC),
        addresses: (GUEST.into(), destination.into()),
        protocol: Protocol::UDP,
        hop_limit: HOP_LIMIT,
    };
    wire.transmit(&envelope.around(&datagram).unwrap()).unwrap();
}

#[test]
fn nobody_else_is_on_the_wire() {
    let (_gateway, _, wire) = gateway();
    for destination in [GUEST, Ipv4Addr::new(10, 0, 2, 99)] {
        for send in [ping, send_datagram] {
            send(&wire, destination);
            let unreachable = (icmpv4::Type::DESTINATION_UNREACHABLE, icmpv4::unreachable::HOST, GATEWAY);
            assert_eq!(expect_icmp(&wire), unreachable, "{destination}");
        }
    }
}

#[test]
fn a_packet_for_somebody_else_is_prohibited() {
    let (_gateway, _, wire) = gateway();
    for destination in [Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(203, 0, 113, 9)] {
        ping(&wire, destination);
        let prohibited = (icmpv4::Type::DESTINATION_UNREACHABLE, 13, GATEWAY);
        assert_eq!(expect_icmp(&wire), prohibited);
    }
}
