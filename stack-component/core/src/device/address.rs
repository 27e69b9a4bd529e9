//! An address of an interface, with its state and lifetimes. Linux: `struct inet6_ifaddr`, `struct in_ifaddr`.

use super::Label;
use crate::time::{Duration, Instant};
use crate::wire::cidr::IpCidr;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressState {
    /// It is not known yet whether somebody else has it: nothing comes from it, nothing is taken in for it. Linux:
    /// `IFA_F_TENTATIVE`.
    Tentative,
    /// It is ours.
    Preferred,
    /// It is ours still, but nothing new is to come from it. Linux: `IFA_F_DEPRECATED`.
    Deprecated,
    /// Somebody else has it. Linux: `IFA_F_DADFAILED`.
    DadFailed,
}

/// What else is to be known of an address. Linux: `IFA_F_*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AddressFlags {
    /// Made to be forgotten (RFC 8981). Linux: `IFA_F_TEMPORARY`.
    pub temporary: bool,
    /// Made by itself, of what a router or a server said: not `IFA_F_PERMANENT`.
    pub dynamic: bool,
    /// Its network gets no route of its own. Linux: `IFA_F_NOPREFIXROUTE`.
    pub no_prefix_route: bool,
    /// Nobody is asked whether he has it. Linux: `IFA_F_NODAD`.
    pub no_dad: bool,
    /// Its last bits were made by RFC 7217. Linux: `IFA_F_STABLE_PRIVACY`.
    pub stable_privacy: bool,
    /// It is used while it is looked for (RFC 4429). Linux: `IFA_F_OPTIMISTIC`.
    pub optimistic: bool,
    /// Temporary addresses are made beside it. Linux: `IFA_F_MANAGETEMPADDR`.
    pub manage_temporary: bool,
    /// It goes with another IPv4 address of its network, which was there before. Linux: `IFA_F_SECONDARY`.
    pub secondary: bool,
}

/// How far an address means anything: the higher the number, the less far. Linux: `RT_SCOPE_*`, `ifa_scope`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressScope(pub u8);

impl AddressScope {
    /// Everywhere. Linux: `RT_SCOPE_UNIVERSE`.
    pub const GLOBAL: AddressScope = AddressScope(0);
    /// On one link. Linux: `RT_SCOPE_LINK`.
    pub const LINK: AddressScope = AddressScope(253);
    /// Here. Linux: `RT_SCOPE_HOST`.
    pub const HOST: AddressScope = AddressScope(254);

    /// The scope that an address has by itself. Linux: `rt_scope`.
    pub const fn of(address: IpAddr) -> AddressScope {
        match address {
            IpAddr::V4(address) if address.is_loopback() => AddressScope::HOST,
            IpAddr::V4(address) if address.is_link_local() => AddressScope::LINK,
            IpAddr::V6(address) if address.is_loopback() => AddressScope::HOST,
            IpAddr::V6(address) if address.is_unicast_link_local() => AddressScope::LINK,
            _ => AddressScope::GLOBAL,
        }
    }
}

/// Who gave an address. Linux: `IFA_PROTO`, `IFAPROT_*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AddressProtocol {
    /// Somebody, by hand. Linux: `IFAPROT_UNSPEC`.
    #[default]
    Unspecified,
    /// The loopback device has it. Linux: `IFAPROT_KERNEL_LO`.
    Loopback,
    /// A router advertised its network. Linux: `IFAPROT_KERNEL_RA`.
    RouterAdvertisement,
    /// The stack chose it for the link, by RFC 4291 or RFC 3927. Linux: `IFAPROT_KERNEL_LL`.
    LinkLocal,
    /// A DHCP server granted it. Linux has no name for it; the number is that of such routes, `RTPROT_DHCP`.
    Dhcp,
}

impl AddressProtocol {
    /// Whose addresses of IPv6 the stack makes by itself, of the device's station address; none: other numbers.
    pub const fn of_station(number: u8) -> Option<Self> {
        match number {
            2 => Some(AddressProtocol::RouterAdvertisement),
            3 => Some(AddressProtocol::LinkLocal),
            _ => None,
        }
    }

    /// Its number.
    pub const fn number(self) -> u8 {
        match self {
            AddressProtocol::Unspecified => 0,
            AddressProtocol::Loopback => 1,
            AddressProtocol::RouterAdvertisement => 2,
            AddressProtocol::LinkLocal => 3,
            AddressProtocol::Dhcp => 16,
        }
    }
}

/// Until when an address is valid, and until when preferred; none: forever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lifetimes {
    /// When it goes.
    pub valid: Option<Instant>,
    /// When it is deprecated.
    pub preferred: Option<Instant>,
}

impl Lifetimes {
    /// Forever.
    pub const FOREVER: Lifetimes = Lifetimes { valid: None, preferred: None };

    /// So many seconds from now on; `u32::MAX` is forever.
    pub fn from_seconds(now: Instant, valid: u32, preferred: u32) -> Self {
        Lifetimes { valid: after(now, valid), preferred: after(now, preferred) }
    }
}

/// The instant so many seconds from now on; `u32::MAX` is never.
pub fn after(now: Instant, seconds: u32) -> Option<Instant> {
    (seconds != u32::MAX).then(|| now + Duration::from_secs(seconds.into()))
}

/// How far duplicate address detection is (RFC 4862 section 5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detection {
    /// Questions still to be asked.
    pub(crate) probes: u32,
    /// When the next one is, or the answer is known; none while the link is down.
    pub(crate) due: Option<Instant>,
    /// The number in the last question (RFC 7527).
    pub(crate) nonce: Option<[u8; 6]>,
}

/// What tells an address of a device from its others. Linux: what `find_matching_ifa` compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressKey {
    /// The address, and how many of its bits name a network.
    pub cidr: IpCidr,
    /// The network that it is in.
    pub network: IpCidr,
}

impl From<IpCidr> for AddressKey {
    /// The address that is in its own network.
    fn from(cidr: IpCidr) -> Self {
        AddressKey { cidr, network: cidr.network() }
    }
}

/// One address of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The address, and how many of its bits name its network.
    pub cidr: IpCidr,
    /// Whether it may be used.
    pub state: AddressState,
    /// What else is to be known of it.
    pub flags: AddressFlags,
    /// Who gave it.
    pub protocol: AddressProtocol,
    /// How long it lasts.
    pub lifetimes: Lifetimes,
    /// The other end of a link that has only two: its network is the neighbour's (IPv4), or it is a neighbour beside that
    /// (IPv6). Linux: `ifa_address`, `peer_addr`.
    pub peer: Option<IpAddr>,
    /// The address of everybody in its network; IPv4 only.
    pub broadcast: Option<Ipv4Addr>,
    /// What it is called, if not as its device; IPv4 only. Linux: `ifa_label`.
    pub label: Option<Label>,
    /// How far it means anything.
    pub scope: AddressScope,
    /// The metric of the route to its network; 0: what such routes have. Linux: `ifa_rt_priority`, `rt_priority`.
    pub metric: u32,
    /// When it was given.
    pub created: Instant,
    /// When it was last changed.
    pub updated: Instant,
    /// The public address that a temporary one was made beside. Linux: `ifpub`.
    pub(crate) public: Option<Ipv6Addr>,
    /// By how many seconds a temporary one is deprecated before others (RFC 8981 section 3.8). Linux: `desync_factor`.
    pub(crate) desync: u32,
    /// Whether a temporary one has had its successor made, or tried. Linux: `regen_count`.
    pub(crate) renewed: bool,
    /// How often it was made anew because it was taken (temporary and stable ones).
    pub(crate) retries: u32,
    /// When it was last defended against another station that has it, too (RFC 5227 section 2.4).
    pub(crate) defended: Option<Instant>,
    /// How far it is known whether somebody else has it, of a tentative one.
    pub(crate) detection: Option<Detection>,
}

impl Address {
    /// An address for ever that may be used at once.
    pub const fn new(cidr: IpCidr, now: Instant) -> Self {
        Address {
            cidr,
            state: AddressState::Preferred,
            flags: AddressFlags {
                temporary: false,
                dynamic: false,
                no_prefix_route: false,
                no_dad: false,
                stable_privacy: false,
                optimistic: false,
                manage_temporary: false,
                secondary: false,
            },
            protocol: AddressProtocol::Unspecified,
            lifetimes: Lifetimes::FOREVER,
            peer: None,
            broadcast: cidr.broadcast(),
            label: None,
            scope: AddressScope::of(cidr.address()),
            metric: 0,
            created: now,
            updated: now,
            public: None,
            desync: 0,
            renewed: false,
            retries: 0,
            defended: None,
            detection: None,
        }
    }

    /// The address without its network.
    pub const fn ip(&self) -> IpAddr {
        self.cidr.address()
    }

    /// The address, if it is an IPv6 one.
    pub const fn v6(&self) -> Option<Ipv6Addr> {
        match self.cidr.address() {
            IpAddr::V6(address) => Some(address),
            IpAddr::V4(_) => None,
        }
    }

    /// The network that it is in: with IPv4 that of the other end, if the link has only two.
    pub fn network(&self) -> IpCidr {
        let near = |peer: &IpAddr| peer.is_ipv4();
        let other_end = self.peer.filter(near).and_then(|peer| IpCidr::new(peer, self.cidr.prefix_len()));
        other_end.unwrap_or(self.cidr).network()
    }

    /// What tells it from the others of its device.
    pub fn key(&self) -> AddressKey {
        AddressKey { cidr: self.cidr, network: self.network() }
    }

    /// Whether it is this one: with IPv4 that is one with the same network, with IPv6 there are not two. Linux:
    /// `find_matching_ifa`, `ipv6_get_ifaddr`.
    pub fn is_at(&self, key: impl Into<AddressKey>) -> bool {
        let key = key.into();
        if key.cidr.is_ipv4() { self.key() == key } else { self.ip() == key.cidr.address() }
    }

    /// Whether the hosts of its network are neighbours because of it. Which ones are so beside an address that a router
    /// gave, the router says (RFC 4861 section 4.6.2, the L flag).
    pub const fn has_network_route(&self) -> bool {
        let silent = match self.cidr.address() {
            IpAddr::V4(_) => self.cidr.is_host(),
            IpAddr::V6(ip) => self.flags.dynamic || ip.is_loopback(),
        };
        !self.flags.no_prefix_route && !silent
    }

    /// It is deprecated, or is not any more, as its time says.
    pub(crate) fn follow_time(&mut self, now: Instant) {
        let over = self.lifetimes.preferred.is_some_and(|end| end <= now);
        self.state = match self.state {
            AddressState::Deprecated if !over => AddressState::Preferred,
            AddressState::Preferred if over => AddressState::Deprecated,
            state => state,
        };
    }

    /// Whether packets may come from it and are taken in for it.
    pub const fn is_usable(&self) -> bool {
        matches!(self.state, AddressState::Preferred | AddressState::Deprecated) || self.is_optimistic()
    }

    /// Whether it is used although it is still looked for on the link (RFC 4429).
    pub const fn is_optimistic(&self) -> bool {
        matches!(self.state, AddressState::Tentative) && self.flags.optimistic
    }

    /// Whether nothing new is to come from it.
    pub const fn is_deprecated(&self) -> bool {
        matches!(self.state, AddressState::Deprecated)
    }

    /// When something is to be done for it.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let Lifetimes { valid, preferred } = self.lifetimes;
        let preferred = preferred.filter(|_| self.state == AddressState::Preferred);
        let detection = self.detection.and_then(|detection| detection.due);
        [valid, preferred, detection].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_and_deadlines() {
        let at = Instant::from_millis;
        let rows = [
            ("127.0.0.1/8", AddressScope::HOST),
            ("169.254.1.1/16", AddressScope::LINK),
            ("192.0.2.1/24", AddressScope::GLOBAL),
            ("::1/128", AddressScope::HOST),
            ("fe80::1/64", AddressScope::LINK),
            ("fd77::1/64", AddressScope::GLOBAL),
        ];
        for (cidr, scope) in rows {
            let address = Address::new(cidr.parse().unwrap(), at(0));
            assert_eq!((address.scope, address.deadline()), (scope, None), "{cidr}");
        }
        let mut address = Address::new("fd77::1/64".parse().unwrap(), at(0));
        address.lifetimes = Lifetimes::from_seconds(at(1000), 20, 10);
        assert_eq!(address.deadline(), Some(at(11_000)));
        address.state = AddressState::Deprecated;
        assert_eq!(address.deadline(), Some(at(21_000)));
        address.detection = Some(Detection { probes: 1, due: Some(at(500)), nonce: None });
        assert_eq!(address.deadline(), Some(at(500)));
        assert_eq!(Lifetimes::from_seconds(at(1), u32::MAX, u32::MAX), Lifetimes::FOREVER);
    }
}
