//! The rules of ARP, as values: what a packet from the link means, and the packets we send.
//! Linux: `arp_process`, `arp_solicit`.

use crate::drop_reason::DropReason;
use crate::packet::LinkDestination;
use crate::wire::arp::{Operation, Packet};
use crate::wire::ethernet::MacAddress;
use core::net::Ipv4Addr;

/// What the stack is to a packet: everything the judgement needs beside the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ourselves {
    /// The station address of the device that the packet came by.
    pub mac: MacAddress,
    /// Whether the sender's address is one of the stack's own.
    pub owns_sender: bool,
    /// Whether the target's address is one of the stack's own, and the device may answer for it; or one that is answered
    /// for.
    pub answers_for_target: bool,
    /// Whether the sender's address is in a network of the device.
    pub sender_on_link: bool,
    /// Whether who announces himself or answers somebody else is taken up, too. Linux: `arp_accept`.
    pub takes_unasked: bool,
    /// Whether announcements are not heard. Linux: `drop_gratuitous_arp`.
    pub drops_announcements: bool,
}

/// What an ARP packet means for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The answer to send to the packet's sender.
    pub reply: Option<Packet>,
    /// What it says of its sender.
    pub learn: Option<Learn>,
}

/// A sender's claim to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Learn {
    /// The address.
    pub address: Ipv4Addr,
    /// The station that claims it.
    pub mac: MacAddress,
    /// Whether it answers a question of ours (or pretends to).
    pub answered: bool,
    /// Whether the neighbour is taken up if nobody asked for it: it has just asked for us and will want an
    /// answer.
    pub create: bool,
    /// Whether it counts even if another station was heard of just now: who asks for us, or tells all of itself, is
    /// there. Linux: `neigh_event_ns`, `arp_is_garp`.
    pub overrides: bool,
}

/// Judges a packet from the link. Linux: `arp_process`.
pub fn input(packet: &Packet, addressed: LinkDestination, us: Ourselves) -> Result<Verdict, DropReason> {
    let Packet { operation, sender_mac, sender, target, .. } = *packet;
    if !matches!(operation, Operation::Request | Operation::Reply) {
        return Err(DropReason::ArpMalformed);
    }
    // Nobody else may claim our station or our address; believing it would send our packets to ourselves.
    if !sender_mac.is_unicast() || sender_mac == us.mac || !may_be_neighbour(sender) {
        return Err(DropReason::ArpBadSender);
    }
    if us.owns_sender {
        return Err(DropReason::ArpConflict);
    }
    let announces = sender == target;
    if announces && us.drops_announcements {
        return Err(DropReason::ArpNotForUs);
    }
    if target.is_multicast() || target.is_loopback() {
        return Err(DropReason::ArpMalformed);
    }
    let asks_for_us = operation == Operation::Request && us.answers_for_target;
    let reply = asks_for_us.then_some(Packet {
        operation: Operation::Reply,
        sender_mac: us.mac,
        sender: target,
        target_mac: sender_mac,
        target: sender,
    });
    let unasked = announces || operation == Operation::Reply;
    // A probe (RFC 5227) has no sender yet.
    let learn = (!sender.is_unspecified()).then(|| Learn {
        address: sender,
        mac: sender_mac,
        answered: operation == Operation::Reply && addressed == LinkDestination::Host,
        create: (asks_for_us && us.sender_on_link) || (unasked && us.takes_unasked),
        overrides: asks_for_us || is_announcement(packet),
    });
    match (reply, learn) {
        (None, None) => Err(DropReason::ArpNotForUs),
        _ => Ok(Verdict { reply, learn }),
    }
}

/// Linux: `arp_is_garp`, which wants answers to say the station twice.
fn is_announcement(packet: &Packet) -> bool {
    packet.is_gratuitous()
        && (packet.operation == Operation::Request || packet.target_mac == packet.sender_mac)
}

/// Whether an address can be a neighbour's, or nobody's as in a probe.
fn may_be_neighbour(address: Ipv4Addr) -> bool {
    !(address.is_multicast() || address.is_broadcast() || address.is_loopback())
}

/// The question for `target`, to everybody or to the station it was. Linux: `arp_solicit`.
pub fn request(mac: MacAddress, source: Ipv4Addr, target: Ipv4Addr, station: Option<MacAddress>) -> Packet {
    let target_mac = station.unwrap_or_default();
    Packet { operation: Operation::Request, sender_mac: mac, sender: source, target_mac, target }
}

/// The announcement that `address` is ours (RFC 5227 section 2.3). Linux: `inetdev_send_gratuitous_arp`.
pub fn announcement(mac: MacAddress, address: Ipv4Addr) -> Packet {
    request(mac, address, address, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    const US: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
    const PEER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
    const FAR: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
    const OTHER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 3);
    const OUR_MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);
    const PEER_MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 2]);

    fn us(packet: &Packet) -> Ourselves {
        let owns = |address: Ipv4Addr| address == US || address.is_loopback();
        Ourselves {
            mac: OUR_MAC,
            owns_sender: owns(packet.sender),
            answers_for_target: owns(packet.target),
            sender_on_link: packet.sender.octets()[..3] == [10, 0, 0],
            takes_unasked: false,
            drops_announcements: false,
        }
    }

    fn packet(operation: Operation, sender_mac: MacAddress, sender: Ipv4Addr, target: Ipv4Addr) -> Packet {
        Packet { operation, sender_mac, sender, target_mac: OUR_MAC, target }
    }

    /// Whether the verdict has a reply, and what is learnt: answered, create.
    type Short = Result<(bool, Option<(bool, bool)>), DropReason>;

    fn judge(packet: Packet, addressed: LinkDestination) -> Short {
        let verdict = input(&packet, addressed, us(&packet))?;
        Ok((verdict.reply.is_some(), verdict.learn.map(|learn| (learn.answered, learn.create))))
    }

    #[test]
    fn what_packets_mean() {
        use LinkDestination::{Broadcast, Host};
        use Operation::{Other, Reply, Request};
        let not_for_us = Err(DropReason::ArpNotForUs);
        let (malformed, bad_sender) = (Err(DropReason::ArpMalformed), Err(DropReason::ArpBadSender));
        let rows: [(&str, Packet, LinkDestination, Short); 15] = [
            ("asks for us", packet(Request, PEER_MAC, PEER, US), Broadcast, Ok((true, Some((false, true))))),
            ("asks us again", packet(Request, PEER_MAC, PEER, US), Host, Ok((true, Some((false, true))))),
            (
                "asks from afar",
                packet(Request, PEER_MAC, FAR, US),
                Broadcast,
                Ok((true, Some((false, false)))),
            ),
            ("probes", packet(Request, PEER_MAC, Ipv4Addr::UNSPECIFIED, US), Broadcast, Ok((true, None))),
            (
                "probes another",
                packet(Request, PEER_MAC, Ipv4Addr::UNSPECIFIED, OTHER),
                Broadcast,
                not_for_us,
            ),
            (
                "asks another",
                packet(Request, PEER_MAC, PEER, OTHER),
                Broadcast,
                Ok((false, Some((false, false)))),
            ),
            (
                "announces",
                packet(Request, PEER_MAC, PEER, PEER),
                Broadcast,
                Ok((false, Some((false, false)))),
            ),
            ("answers", packet(Reply, PEER_MAC, PEER, US), Host, Ok((false, Some((true, false))))),
            (
                "answers all",
                packet(Reply, PEER_MAC, PEER, PEER),
                Broadcast,
                Ok((false, Some((false, false)))),
            ),
            ("claims our address", packet(Reply, PEER_MAC, US, US), Host, Err(DropReason::ArpConflict)),
            ("claims our station", packet(Reply, OUR_MAC, PEER, US), Host, bad_sender),
            ("a group's station", packet(Reply, MacAddress::BROADCAST, PEER, US), Host, bad_sender),
            ("everybody's address", packet(Reply, PEER_MAC, Ipv4Addr::BROADCAST, US), Host, bad_sender),
            ("asks for loopback", packet(Request, PEER_MAC, PEER, Ipv4Addr::LOCALHOST), Host, malformed),
            ("asks what", packet(Other(9), PEER_MAC, PEER, US), Host, malformed),
        ];
        for (name, packet, addressed, expected) in rows {
            assert_eq!(judge(packet, addressed), expected, "{name}");
        }
    }

    #[test]
    fn what_nobody_asked_for_is_heard_as_the_settings_say() {
        let announcement = packet(Operation::Request, PEER_MAC, PEER, PEER);
        let answer = packet(Operation::Reply, PEER_MAC, PEER, OTHER);
        let judge = |packet: &Packet, us: Ourselves| {
            let learn = input(packet, LinkDestination::Broadcast, us)?.learn;
            Ok(learn.is_some_and(|learn| learn.create))
        };
        for packet in [announcement, answer] {
            assert_eq!(judge(&packet, us(&packet)), Ok(false));
            assert_eq!(judge(&packet, Ourselves { takes_unasked: true, ..us(&packet) }), Ok(true));
        }
        let deaf = Ourselves { drops_announcements: true, ..us(&announcement) };
        assert_eq!(judge(&announcement, deaf), Err(DropReason::ArpNotForUs));
    }

    #[test]
    fn the_reply_goes_to_the_asker() {
        let question = packet(Operation::Request, PEER_MAC, PEER, US);
        let reply = input(&question, LinkDestination::Broadcast, us(&question)).unwrap().reply.unwrap();
        let expected = Packet {
            operation: Operation::Reply,
            sender_mac: OUR_MAC,
            sender: US,
            target_mac: PEER_MAC,
            target: PEER,
        };
        assert_eq!(reply, expected);
    }
}
