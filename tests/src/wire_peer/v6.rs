//! IPv6 by hand: packets to the stack with anything in them, and neighbours that answer.

use std::net::Ipv6Addr;

use anyhow::Result;
use stack_core::wire::ethernet::{self, EtherType, MacAddress};
use stack_core::wire::icmpv6::{self, Type};
use stack_core::wire::ipv6;
use stack_core::wire::protocol::Protocol;
use wnet::wire::Wire;

use super::{Frame, WirePeer};
use crate::world::{ADDRESS_V6, MAC, PEER_V6};

/// Neighbour discovery's hop limit (RFC 4861 section 3.1).
pub const ON_LINK: u8 = 255;

/// The flags Solicited and Override of a neighbour advertisement (RFC 4861 section 4.4).
const SOLICITED_OVERRIDE: [u8; 4] = [0x60, 0, 0, 0];

/// Where packets go and come from; from [`PEER_V6`] to the stack unless something else is said.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// Who sends them.
    pub source: Ipv6Addr,
    /// Whom they are for.
    pub destination: Ipv6Addr,
    /// How far they may go.
    pub hop_limit: u8,
}

impl Default for Way {
    fn default() -> Self {
        Way { source: PEER_V6, destination: ADDRESS_V6, hop_limit: 64 }
    }
}

impl Way {
    /// From a station of the link to the stack, as messages of neighbour discovery go.
    pub fn on_link(source: Ipv6Addr, destination: Ipv6Addr) -> Self {
        Way { source, destination, hop_limit: ON_LINK }
    }

    /// A frame whose packet carries `payload`, which `next` says how to read.
    pub fn frame(self, peer: &WirePeer, next: u8, payload: &[u8]) -> Vec<u8> {
        let Way { source, destination, hop_limit } = self;
        let fields = ipv6::Fields {
            traffic_class: 0,
            flow_label: 0,
            payload_len: payload.len() as u16,
            next_header: Protocol(next),
            hop_limit,
            source,
            destination,
        };
        let mut packet = vec![0; ipv6::HEADER_LEN];
        fields.emit(&mut packet);
        packet.extend_from_slice(payload);
        let mut frame = peer.frame(EtherType::IPV6, &packet);
        frame[..6].copy_from_slice(&station(destination));
        frame
    }

    /// An ICMPv6 message with its checksum.
    pub fn message(self, kind: Type, code: u8, rest: [u8; 4], body: &[u8]) -> Vec<u8> {
        let mut message = vec![0; icmpv6::HEADER_LEN];
        icmpv6::Fields { kind, code, rest }.emit(&mut message);
        message.extend_from_slice(body);
        icmpv6::fill_checksum(self.source, self.destination, &mut message);
        message
    }

    /// A frame with an ICMPv6 message.
    pub fn icmp(self, peer: &WirePeer, kind: Type, code: u8, rest: [u8; 4], body: &[u8]) -> Vec<u8> {
        self.frame(peer, Protocol::ICMPV6.0, &self.message(kind, code, rest, body))
    }

    /// A frame with an echo request.
    pub fn echo_request(self, peer: &WirePeer, sequence: u16, data: &[u8]) -> Vec<u8> {
        let [a, b] = sequence.to_be_bytes();
        self.icmp(peer, Type::ECHO_REQUEST, 0, [0x5e, 0x77, a, b], data)
    }
}

/// The station that packets to `destination` go to: the stack's, or that of a group (RFC 2464 section 7).
fn station(destination: Ipv6Addr) -> [u8; 6] {
    let octets = destination.octets();
    if destination.is_multicast() {
        [0x33, 0x33, octets[12], octets[13], octets[14], octets[15]]
    } else {
        MAC
    }
}

/// An option of neighbour discovery that names a station (RFC 4861 section 4.6.1): kind 1 the source's, 2 the target's.
pub fn link_address(kind: u8, mac: MacAddress) -> Vec<u8> {
    [&[kind, 1][..], &mac.0].concat()
}

impl WirePeer {
    /// Waits until the stack has handled all frames sent so far, with a ping over IPv6.
    ///
    /// # Errors
    /// If the stack does not answer it.
    pub fn ping_v6(&mut self) -> Result<()> {
        self.last_ping = self.last_ping.wrapping_add(1);
        let sequence = self.last_ping;
        self.transmit(&Way::default().echo_request(self, sequence, b"still there?"))?;
        let mac = self.mac;
        self.expect("the answer to a ping over IPv6", |frame| {
            let reply = frame.icmp_v6()?;
            let answers = (reply.kind(), reply.sequence()) == (Type::ECHO_REPLY, sequence);
            (answers && frame.destination() == mac).then_some(())
        })
    }

    /// Answers the frame if it asks for an IPv6 address that is ours, as [`WirePeer::answer_arp`]; whether it was that.
    pub(super) fn answer_solicitation(&mut self, frame: &Frame) -> Result<bool> {
        let Some(asker) = frame.ipv6().map(|packet| packet.source()) else { return Ok(false) };
        let asked = frame.icmp_v6().filter(|message| message.kind() == Type::NEIGHBOUR_SOLICITATION);
        let target = asked.and_then(|message| message.payload().first_chunk::<16>().copied());
        let Some(target) = target.map(Ipv6Addr::from_octets) else { return Ok(false) };
        let is_ours = target != ADDRESS_V6 && (target == PEER_V6 || !self.is_alone);
        if !self.answers_arp || asker.is_unspecified() || !is_ours {
            return Ok(false);
        }
        let body = [&target.octets()[..], &link_address(2, self.mac)].concat();
        let way = Way::on_link(target, asker);
        let answer = way.icmp(self, Type::NEIGHBOUR_ADVERTISEMENT, 0, SOLICITED_OVERRIDE, &body);
        self.wire.transmit(&answer)?;
        Ok(true)
    }
}

impl Frame {
    /// The IPv6 packet in it.
    pub fn ipv6(&self) -> Option<ipv6::Header<'_>> {
        let header = ethernet::Header::parse(self.bytes()).ok()?;
        if header.ether_type() != EtherType::IPV6 {
            return None;
        }
        ipv6::Header::parse(header.payload()).ok()
    }

    /// The ICMPv6 message in it, unless extension headers come before it.
    pub fn icmp_v6(&self) -> Option<icmpv6::Header<'_>> {
        let packet = self.ipv6().filter(|packet| packet.next_header() == Protocol::ICMPV6)?;
        icmpv6::Header::parse(packet.payload()).ok()
    }
}
