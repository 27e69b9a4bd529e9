//! What the primitives of an expression compare, in an Ethernet frame without tags. libpcap: `gencode.c`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A number of the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Load {
    /// 1, 2 or 4 bytes at a place.
    At(usize, u32),
    /// The same behind an IPv4 header that is as long as it says.
    BehindIpv4(usize, u32),
    /// How long the frame is.
    Length,
    /// What the stack knows of it. Linux: `SKF_AD_OFF`.
    Known(u32),
}

/// How it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Greater,
    AtLeast,
    /// Some of these bits are set.
    AnyBit,
}

/// What an expression says of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tree {
    And(Box<Tree>, Box<Tree>),
    Or(Box<Tree>, Box<Tree>),
    Not(Box<Tree>),
    /// A number, of which these bits count, compared with another one.
    Leaf {
        load: Load,
        mask: u32,
        comparison: Comparison,
        value: u32,
    },
}

impl Tree {
    pub(super) fn and(self, other: Tree) -> Tree {
        Tree::And(Box::new(self), Box::new(other))
    }

    pub(super) fn or(self, other: Tree) -> Tree {
        Tree::Or(Box::new(self), Box::new(other))
    }

    pub(super) fn negated(self) -> Tree {
        Tree::Not(Box::new(self))
    }
}

/// Which end of a packet is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum End {
    #[default]
    Either,
    Source,
    Destination,
    Both,
}

impl End {
    /// The tree for these ends of those for each.
    fn of(self, test: impl Fn(bool) -> Tree) -> Tree {
        match self {
            End::Source => test(true),
            End::Destination => test(false),
            End::Either => test(true).or(test(false)),
            End::Both => test(true).and(test(false)),
        }
    }
}

pub(super) const IP: u16 = 0x0800;
pub(super) const ARP: u16 = 0x0806;
pub(super) const RARP: u16 = 0x8035;
pub(super) const IP6: u16 = 0x86dd;

/// The protocols that have ports, where none is named.
const WITH_PORTS: [u8; 3] = [6, 17, 132];
/// The fragment header of IPv6.
const FRAGMENT: u8 = 44;

/// Where in a frame something begins.
mod place {
    pub(super) const TO: u32 = 0;
    pub(super) const FROM: u32 = 6;
    pub(super) const TYPE: u32 = 12;
    pub(super) const NETWORK: u32 = 14;
    pub(super) const IP_FRAGMENT: u32 = NETWORK + 6;
    pub(super) const IP_PROTOCOL: u32 = NETWORK + 9;
    pub(super) const IP_FROM: u32 = NETWORK + 12;
    pub(super) const IP_TO: u32 = NETWORK + 16;
    pub(super) const ARP_FROM: u32 = NETWORK + 14;
    pub(super) const ARP_TO: u32 = NETWORK + 24;
    pub(super) const IP6_NEXT: u32 = NETWORK + 6;
    pub(super) const IP6_FROM: u32 = NETWORK + 8;
    pub(super) const IP6_TO: u32 = NETWORK + 24;
    pub(super) const IP6_PAYLOAD: u32 = NETWORK + 40;
}

fn leaf(load: Load, mask: u32, comparison: Comparison, value: u32) -> Tree {
    Tree::Leaf { load, mask, comparison, value }
}

fn equal(size: usize, place: u32, value: u32) -> Tree {
    leaf(Load::At(size, place), u32::MAX, Comparison::Equal, value)
}

/// Any of these; there is one at least.
fn any(all: impl IntoIterator<Item = Tree>) -> Option<Tree> {
    all.into_iter().reduce(Tree::or)
}

/// `ether proto`
pub(super) fn ether_type(value: u16) -> Tree {
    equal(2, place::TYPE, value.into())
}

/// `ip proto`
pub(super) fn ip_protocol(protocol: u8) -> Tree {
    ether_type(IP).and(equal(1, place::IP_PROTOCOL, protocol.into()))
}

/// `ip6 proto`: also behind a fragment header.
pub(super) fn ip6_protocol(protocol: u8) -> Tree {
    let behind_fragment =
        equal(1, place::IP6_NEXT, FRAGMENT.into()).and(equal(1, place::IP6_PAYLOAD, protocol.into()));
    ether_type(IP6).and(equal(1, place::IP6_NEXT, protocol.into()).or(behind_fragment))
}

/// `tcp`, `udp`: of both versions.
pub(super) fn protocol(protocol: u8) -> Tree {
    ip_protocol(protocol).or(ip6_protocol(protocol))
}

/// `net`, and `host` where all bits count; of IPv4 in packets of these types.
pub(super) fn network(address: IpAddr, len: u8, end: End, types: &[u16]) -> Option<Tree> {
    match address {
        IpAddr::V4(address) => {
            any(types.iter().filter_map(|of| Some(ether_type(*of).and(network4(address, len, end, *of)?))))
        }
        IpAddr::V6(address) => Some(ether_type(IP6).and(network6(address, len, end))),
    }
}

fn network4(address: Ipv4Addr, len: u8, end: End, of: u16) -> Option<Tree> {
    let mask = u32::MAX.checked_shl(32 - u32::from(len)).unwrap_or(0);
    let (from, to) = match of {
        IP => (place::IP_FROM, place::IP_TO),
        ARP | RARP => (place::ARP_FROM, place::ARP_TO),
        _ => return None,
    };
    Some(end.of(|source| {
        let place = if source { from } else { to };
        leaf(Load::At(4, place), mask, Comparison::Equal, address.to_bits() & mask)
    }))
}

fn network6(address: Ipv6Addr, len: u8, end: End) -> Tree {
    let mask = u128::MAX.checked_shl(128 - u32::from(len)).unwrap_or(0);
    let word = |bits: u128, number: u32| (bits >> (96 - 32 * number)) as u32;
    end.of(|source| {
        let place = if source { place::IP6_FROM } else { place::IP6_TO };
        let words = (0..4).filter(|number| *number == 0 || word(mask, *number) != 0);
        let test = |number| {
            let mask = word(mask, number);
            leaf(
                Load::At(4, place + 4 * number),
                mask,
                Comparison::Equal,
                word(address.to_bits(), number) & mask,
            )
        };
        // The first word is always among them.
        words.map(test).reduce(Tree::and).unwrap_or_else(|| ether_type(IP6))
    })
}

/// `port` and `portrange`, of these protocols, or of all that have ports; not in later fragments.
pub(super) fn ports(first: u16, last: u16, end: End, of: Option<u8>, types: &[u16]) -> Option<Tree> {
    let protocols: Vec<u8> = of.map_or(WITH_PORTS.to_vec(), |of| vec![of]);
    let is = |at: u32| any(protocols.iter().map(|protocol| equal(1, at, (*protocol).into())));
    let range = |load: Load| match first == last {
        true => leaf(load, u32::MAX, Comparison::Equal, first.into()),
        false => leaf(load, u32::MAX, Comparison::AtLeast, first.into())
            .and(leaf(load, u32::MAX, Comparison::Greater, last.into()).negated()),
    };
    let port = |source| if source { place::NETWORK } else { place::NETWORK + 2 };
    let whole = leaf(Load::At(2, place::IP_FRAGMENT), 0x1fff, Comparison::AnyBit, u32::MAX).negated();
    let v4 = ether_type(IP)
        .and(is(place::IP_PROTOCOL)?)
        .and(whole)
        .and(end.of(|source| range(Load::BehindIpv4(2, port(source)))));
    let payload = place::IP6_PAYLOAD - place::NETWORK;
    let v6 = ether_type(IP6)
        .and(is(place::IP6_NEXT)?)
        .and(end.of(|source| range(Load::At(2, payload + port(source)))));
    any([(IP, v4), (IP6, v6)].into_iter().filter(|(of, _)| types.contains(of)).map(|(_, tree)| tree))
}

/// `ether host`
pub(super) fn station(address: [u8; 6], end: End) -> Tree {
    let [a, b, c, d, e, f] = address;
    end.of(|source| {
        let place = if source { place::FROM } else { place::TO };
        let low = equal(4, place + 2, u32::from_be_bytes([c, d, e, f]));
        low.and(equal(2, place, u16::from_be_bytes([a, b]).into()))
    })
}

/// `multicast`: to a group of stations, everybody included.
pub(super) fn to_group() -> Tree {
    leaf(Load::At(1, place::TO), u32::MAX, Comparison::AnyBit, 1)
}

/// `ip multicast`, `ip6 multicast`
pub(super) fn to_ip_group(of: u16) -> Tree {
    let (place, least) = if of == IP { (place::IP_TO, 224) } else { (place::IP6_TO, 255) };
    ether_type(of).and(leaf(Load::At(1, place), u32::MAX, Comparison::AtLeast, least))
}

/// `vlan`. Linux: `SKF_AD_VLAN_TAG_PRESENT`, `SKF_AD_VLAN_TAG`.
pub(super) fn vlan(id: Option<u16>) -> Tree {
    let tagged = leaf(Load::Known(48), u32::MAX, Comparison::Equal, 1);
    match id {
        Some(id) => tagged.and(leaf(Load::Known(44), 0xfff, Comparison::Equal, id.into())),
        None => tagged,
    }
}

/// `outbound`. Linux: `SKF_AD_PKTTYPE`, `PACKET_OUTGOING`.
pub(super) fn outbound() -> Tree {
    leaf(Load::Known(4), u32::MAX, Comparison::Equal, 4)
}

/// `greater`: at least so long.
pub(super) fn at_least(length: u32) -> Tree {
    leaf(Load::Length, u32::MAX, Comparison::AtLeast, length)
}

/// `less`: at most so long.
pub(super) fn at_most(length: u32) -> Tree {
    leaf(Load::Length, u32::MAX, Comparison::Greater, length).negated()
}
