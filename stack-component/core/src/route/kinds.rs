//! What kinds of routes there are, where they stand and where they come from. Linux: `include/uapi/linux/rtnetlink.h`.

/// What a route does with a packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RouteKind {
    /// Sends it to the gateway, or to the destination itself if there is none. Linux: `RTN_UNICAST`.
    #[default]
    Unicast,
    /// Delivers it here. Linux: `RTN_LOCAL`.
    Local,
    /// Sends it to everybody on the link; one that arrives is delivered here. Linux: `RTN_BROADCAST`.
    Broadcast,
    /// Delivers it here; the address is not to be told from a unicast one, and no source of ours (RFC 4291
    /// section 2.6). Linux: `RTN_ANYCAST`.
    Anycast,
    /// Sends it to the group on the link. Linux: `RTN_MULTICAST`.
    Multicast,
    /// Refuses it with "host unreachable". Linux: `RTN_UNREACHABLE`.
    Unreachable,
    /// Refuses it with "administratively prohibited". Linux: `RTN_PROHIBIT`.
    Prohibit,
    /// Drops it silently. Linux: `RTN_BLACKHOLE`.
    Blackhole,
    /// Leaves it to the next rule, as if the table had no route. Linux: `RTN_THROW`.
    Throw,
}

impl RouteKind {
    /// Whether such a route leads to a device.
    pub const fn leads_on(self) -> bool {
        matches!(
            self,
            RouteKind::Unicast
                | RouteKind::Local
                | RouteKind::Broadcast
                | RouteKind::Anycast
                | RouteKind::Multicast
        )
    }
}

/// The number of a routing table, from 1 to 2^32-1. Linux: `RT_TABLE_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableId(pub u32);

impl TableId {
    /// Our own addresses, and those of everybody on a link; asked first.
    pub const LOCAL: TableId = TableId(255);
    /// Where routes go that name no table.
    pub const MAIN: TableId = TableId(254);
    /// Asked last (IPv4 only).
    pub const DEFAULT: TableId = TableId(253);

    /// The table of a route that names none.
    pub const fn of(kind: RouteKind) -> TableId {
        match kind {
            RouteKind::Local | RouteKind::Broadcast | RouteKind::Anycast | RouteKind::Multicast => {
                TableId::LOCAL
            }
            _ => TableId::MAIN,
        }
    }
}

/// How far the destinations of an IPv4 route are, the nearest last. Linux: `RT_SCOPE_*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Anywhere.
    #[default]
    Universe = 0,
    /// Within the site.
    Site = 200,
    /// On a link.
    Link = 253,
    /// Here.
    Host = 254,
    /// Nowhere.
    Nowhere = 255,
}

impl Scope {
    /// The scope of a route that names none. Linux: what `ip route add` fills in.
    pub const fn of(kind: RouteKind, by_gateway: bool) -> Scope {
        match kind {
            RouteKind::Local => Scope::Host,
            RouteKind::Broadcast | RouteKind::Multicast | RouteKind::Anycast => Scope::Link,
            RouteKind::Unicast if !by_gateway => Scope::Link,
            _ => Scope::Universe,
        }
    }
}

/// Who made a route. Linux: `RTPROT_*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RouteProtocol {
    /// An ICMP redirect.
    Redirect,
    /// The stack itself, with an address.
    Kernel,
    /// Somebody at the command line.
    #[default]
    Boot,
    /// An administrator who means it to stay.
    Static,
    /// A router advertisement.
    RouterAdvertisement,
    /// DHCP.
    Dhcp,
    /// Another one, by its number.
    Other(u8),
}

impl RouteProtocol {
    /// The number that Linux knows it by.
    pub const fn number(self) -> u8 {
        match self {
            RouteProtocol::Redirect => 1,
            RouteProtocol::Kernel => 2,
            RouteProtocol::Boot => 3,
            RouteProtocol::Static => 4,
            RouteProtocol::RouterAdvertisement => 9,
            RouteProtocol::Dhcp => 16,
            RouteProtocol::Other(number) => number,
        }
    }

    /// The protocol of this number.
    pub const fn from_number(number: u8) -> RouteProtocol {
        match number {
            1 => RouteProtocol::Redirect,
            2 => RouteProtocol::Kernel,
            3 => RouteProtocol::Boot,
            4 => RouteProtocol::Static,
            9 => RouteProtocol::RouterAdvertisement,
            16 => RouteProtocol::Dhcp,
            _ => RouteProtocol::Other(number),
        }
    }
}

/// Which of several default routers is preferred (RFC 4191 section 2.1), the least first. Linux: `ICMPV6_ROUTER_PREF_*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Preference {
    /// Only if there is no other.
    Low,
    /// As good as any.
    #[default]
    Medium,
    /// Before others.
    High,
}
