//! The protocols that IP carries.

use core::fmt;

/// The protocol inside of an IP packet, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Protocol(pub u8);

impl Protocol {
    /// RFC 792.
    pub const ICMP: Protocol = Protocol(1);
    /// RFC 3376.
    pub const IGMP: Protocol = Protocol(2);
    /// RFC 9293.
    pub const TCP: Protocol = Protocol(6);
    /// RFC 768.
    pub const UDP: Protocol = Protocol(17);
    /// Hop-by-hop options (RFC 8200 section 4.3).
    pub const HOP_BY_HOP: Protocol = Protocol(0);
    /// IPv6 routing header (RFC 8200 section 4.4).
    pub const ROUTING: Protocol = Protocol(43);
    /// IPv6 fragment header (RFC 8200 section 4.5).
    pub const FRAGMENT: Protocol = Protocol(44);
    /// RFC 4443.
    pub const ICMPV6: Protocol = Protocol(58);
    /// Reserved (RFC 3232): raw sockets of it make their own IP headers. Linux: `IPPROTO_RAW`.
    pub const RAW: Protocol = Protocol(255);
    /// Nothing follows (RFC 8200 section 4.7).
    pub const NO_NEXT_HEADER: Protocol = Protocol(59);
    /// IPv6 destination options (RFC 8200 section 4.6).
    pub const DESTINATION_OPTIONS: Protocol = Protocol(60);
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Protocol::ICMP => f.write_str("ICMP"),
            Protocol::IGMP => f.write_str("IGMP"),
            Protocol::TCP => f.write_str("TCP"),
            Protocol::UDP => f.write_str("UDP"),
            Protocol::HOP_BY_HOP => f.write_str("HBH"),
            Protocol::ROUTING => f.write_str("RT"),
            Protocol::FRAGMENT => f.write_str("frag"),
            Protocol::ICMPV6 => f.write_str("ICMP6"),
            Protocol::NO_NEXT_HEADER => f.write_str("no next header"),
            Protocol::DESTINATION_OPTIONS => f.write_str("DSTOPT"),
            Protocol(number) => write!(f, "ip-proto-{number}"),
        }
    }
}
