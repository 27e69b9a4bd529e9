//! The rules of neighbour discovery, as values: what a solicitation or an advertisement from the link means, and the
//! messages we send (RFC 4861 section 7). Linux: `ndisc_recv_ns`, `ndisc_recv_na`, `ndisc_solicit`.

use crate::drop_reason::DropReason;
use crate::packet::LinkDestination;
use crate::wire::ethernet::MacAddress;
use crate::wire::ipv6::{ALL_NODES, solicited_node};
use crate::wire::ndp::{Fields, HOP_LIMIT, Message, NdpOption, Options};
use core::net::Ipv6Addr;

/// What IP knows of a message that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Who sent it.
    pub source: Ipv6Addr,
    /// Whom it was for.
    pub destination: Ipv6Addr,
    /// Its hop limit.
    pub hop_limit: u8,
    /// Its code.
    pub code: u8,
    /// Whether the frame was for our station alone.
    pub addressed: LinkDestination,
}

/// What the stack is to the target of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// An address of the device that the message came by.
    Ours,
    /// An address that the device is about to take (RFC 4862 section 5.4).
    Tentative,
    /// As tentative, but it is used meanwhile (RFC 4429).
    Optimistic,
    /// Somebody else's.
    Other,
    /// Somebody else's, a router's if so said, whom we answer for.
    Proxied {
        /// It is a router.
        router: bool,
    },
}

/// What we are: everything the judgement needs beside the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ourselves {
    /// The station address of the device that the message came by.
    pub mac: MacAddress,
    /// What the target is to us.
    pub target: Target,
    /// The number we sent when we asked for a tentative target (RFC 7527).
    pub nonce: Option<[u8; 6]>,
    /// Whether we are a router.
    pub router: bool,
}

/// What a message means for us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The answer and whom it goes to.
    pub reply: Option<(Ipv6Addr, Fields)>,
    /// What it says of a neighbour.
    pub learn: Option<Learn>,
    /// Whether the tentative target is somebody's already.
    pub duplicate: bool,
    /// Whether the target, which is an address of ours, is claimed by somebody.
    pub conflict: bool,
}

/// A claim to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Learn {
    /// The address.
    pub address: Ipv6Addr,
    /// The station that claims it; none: the one that is known.
    pub mac: Option<MacAddress>,
    /// How it came to be said.
    pub how: Heard,
}

/// How a claim to an address came to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// By a question to us or to everybody, or by a router: the neighbour is taken up if it is not known.
    Asking,
    /// By an advertisement: of a neighbour that is not known it says nothing.
    Advertised {
        /// It answers a question.
        solicited: bool,
        /// What is known of the station is wrong now.
        override_known: bool,
        /// The neighbour is a router.
        router: bool,
    },
}

/// Whether a message can have come from this link, and is no other's in disguise (RFC 4861 sections 6.1 and 7.1).
pub fn check(arrival: &Arrival) -> Result<(), DropReason> {
    // What a router passed on has less.
    let valid = arrival.hop_limit == HOP_LIMIT && arrival.code == 0;
    if valid { Ok(()) } else { Err(DropReason::NdiscMalformed) }
}

/// The station named by an option of this message, if it can be one.
pub fn station(options: Options<'_>, of_target: bool) -> Option<MacAddress> {
    let mut stations = options.filter_map(|option| match option {
        NdpOption::SourceLinkAddress(mac) if !of_target => Some(mac),
        NdpOption::TargetLinkAddress(mac) if of_target => Some(mac),
        _ => None,
    });
    stations.next().filter(|mac| mac.is_unicast())
}

/// Judges a solicitation for `target`. Linux: `ndisc_recv_ns`.
pub fn solicitation(
    arrival: &Arrival,
    target: Ipv6Addr,
    options: Options<'_>,
    us: Ourselves,
) -> Result<Verdict, DropReason> {
    check(arrival)?;
    let is_probe = arrival.source.is_unspecified();
    let named = station(options, false);
    if target.is_multicast() {
        return Err(DropReason::NdiscMalformed);
    }
    // Who looks for a duplicate has no address yet, so it can say nothing of itself (RFC 4861 section 7.1.1).
    if is_probe && (arrival.destination != solicited_node(target) || named.is_some()) {
        return Err(DropReason::NdiscMalformed);
    }
    if us.target == Target::Other {
        return Err(DropReason::NdiscNotForUs);
    }
    if us.target == Target::Tentative || (us.target == Target::Optimistic && is_probe) {
        // Two who want one address at a time: neither gets it. Our own question may come back to us (RFC 7527).
        let echoed = options.into_iter().any(|option| match (option, us.nonce) {
            (NdpOption::Nonce(nonce), Some(ours)) => *nonce == ours,
            _ => false,
        });
        let duplicate = is_probe && !echoed;
        return Ok(Verdict { duplicate, ..Verdict::default() });
    }
    if named == Some(us.mac) {
        return Err(DropReason::NdiscBadSource);
    }
    let learn = named.filter(|_| !is_probe).map(|mac| Learn {
        address: arrival.source,
        mac: Some(mac),
        how: Heard::Asking,
    });
    let message = Message::NeighbourAdvertisement {
        target,
        router: if let Target::Proxied { router } = us.target { router } else { us.router },
        solicited: !is_probe,
        // Who has it already is not pushed aside (RFC 4429 section 3.3, RFC 4861 section 7.2.8).
        override_known: us.target == Target::Ours,
    };
    let to = if is_probe { ALL_NODES } else { arrival.source };
    let reply = Fields { message, station: Some(us.mac), nonce: None };
    Ok(Verdict { reply: Some((to, reply)), learn, ..Verdict::default() })
}

/// An advertisement's flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags {
    /// The sender is a router.
    pub router: bool,
    /// It was asked.
    pub solicited: bool,
    /// What was known of its station is no longer right.
    pub override_known: bool,
}

/// Judges an advertisement of `target`. Linux: `ndisc_recv_na`.
pub fn advertisement(
    arrival: &Arrival,
    target: Ipv6Addr,
    flags: Flags,
    options: Options<'_>,
    us: Ourselves,
) -> Result<Verdict, DropReason> {
    check(arrival)?;
    if target.is_multicast() || (flags.solicited && arrival.destination.is_multicast()) {
        return Err(DropReason::NdiscMalformed);
    }
    match us.target {
        Target::Tentative | Target::Optimistic => {
            return Ok(Verdict { duplicate: true, ..Verdict::default() });
        }
        Target::Ours => return Ok(Verdict { conflict: true, ..Verdict::default() }),
        Target::Other | Target::Proxied { .. } => {}
    }
    let mac = station(options, true);
    if mac == Some(us.mac) {
        return Err(DropReason::NdiscBadSource);
    }
    let Flags { router, solicited, override_known } = flags;
    let how = Heard::Advertised { solicited, override_known, router };
    Ok(Verdict { learn: Some(Learn { address: target, mac, how }), ..Verdict::default() })
}

/// The question for `target` from `source`, and whom it goes to: the station it was, or all who may have it. Linux:
/// `ndisc_solicit`, `ndisc_send_ns`.
pub fn question(mac: MacAddress, target: Ipv6Addr, known: bool) -> (Ipv6Addr, Fields) {
    let message = Message::NeighbourSolicitation { target };
    let to = if known { target } else { solicited_node(target) };
    (to, Fields { message, station: Some(mac), nonce: None })
}

/// The question whether somebody has `target` already; it comes from the unspecified address. Linux:
/// `addrconf_dad_work`.
pub fn probe(target: Ipv6Addr, nonce: Option<[u8; 6]>) -> (Ipv6Addr, Fields) {
    let message = Message::NeighbourSolicitation { target };
    (solicited_node(target), Fields { message, station: None, nonce })
}

/// Tells everybody that `target` is ours. Linux: `ndisc_send_unsol_na`.
pub fn announcement(mac: MacAddress, target: Ipv6Addr, router: bool) -> (Ipv6Addr, Fields) {
    let message = Message::NeighbourAdvertisement { target, router, solicited: false, override_known: true };
    (ALL_NODES, Fields { message, station: Some(mac), nonce: None })
}

#[cfg(test)]
mod tests;
