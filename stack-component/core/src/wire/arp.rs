//! ARP for IPv4 over Ethernet (RFC 826, RFC 5227).

use super::ethernet::{EtherType, MacAddress};
use super::{Malformed, get_u16, get_u32, put_u16, put_u32};
use core::fmt;
use core::net::Ipv4Addr;

/// Bytes of a packet.
pub const PACKET_LEN: usize = 28;

const HARDWARE_ETHERNET: u16 = 1;

/// What an ARP packet wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Who has the target's address?
    Request,
    /// The sender has.
    Reply,
    /// Any other number (RFC 5494 lists them).
    Other(u16),
}

impl Operation {
    const fn number(self) -> u16 {
        match self {
            Operation::Request => 1,
            Operation::Reply => 2,
            Operation::Other(number) => number,
        }
    }
}

/// The values of an ARP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// What it wants.
    pub operation: Operation,
    /// The sender's station.
    pub sender_mac: MacAddress,
    /// The sender's address; 0.0.0.0 in a probe (RFC 5227).
    pub sender: Ipv4Addr,
    /// The target's station; zeros in a request.
    pub target_mac: MacAddress,
    /// The target's address.
    pub target: Ipv4Addr,
}

impl Packet {
    /// Reads the packet that `bytes` begins with; padding behind it is ignored.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let fixed = bytes.first_chunk::<PACKET_LEN>().ok_or(Malformed::Truncated)?;
        let formats = (get_u16(fixed, 0), EtherType(get_u16(fixed, 2)), fixed[4], fixed[5]);
        if formats != (HARDWARE_ETHERNET, EtherType::IPV4, 6, 4) {
            return Err(Malformed::AddressFormat);
        }
        let operation = match get_u16(fixed, 6) {
            1 => Operation::Request,
            2 => Operation::Reply,
            number => Operation::Other(number),
        };
        let mac = |at: usize| core::array::from_fn(|i| fixed[at + i]);
        Ok(Packet {
            operation,
            sender_mac: MacAddress(mac(8)),
            sender: Ipv4Addr::from_bits(get_u32(fixed, 14)),
            target_mac: MacAddress(mac(18)),
            target: Ipv4Addr::from_bits(get_u32(fixed, 24)),
        })
    }

    /// Writes the packet.
    ///
    /// # Panics
    ///
    /// If `bytes` is shorter than [`PACKET_LEN`].
    pub fn emit(&self, bytes: &mut [u8]) {
        put_u16(bytes, 0, HARDWARE_ETHERNET);
        put_u16(bytes, 2, EtherType::IPV4.0);
        bytes[4] = 6;
        bytes[5] = 4;
        put_u16(bytes, 6, self.operation.number());
        bytes[8..14].copy_from_slice(&self.sender_mac.0);
        put_u32(bytes, 14, self.sender.to_bits());
        bytes[18..24].copy_from_slice(&self.target_mac.0);
        put_u32(bytes, 24, self.target.to_bits());
    }

    /// Whether it tells everybody of its sender, asked or not (RFC 5227 section 3). Linux: `arp_is_garp`.
    pub fn is_gratuitous(&self) -> bool {
        self.sender == self.target
    }
}

/// As tcpdump writes it.
impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Packet { sender_mac, sender, target, .. } = self;
        match self.operation {
            Operation::Request if self.is_gratuitous() => {
                write!(f, "ARP, Announcement {sender} at {sender_mac}")
            }
            Operation::Request => write!(f, "ARP, Request who-has {target} tell {sender}"),
            Operation::Reply => write!(f, "ARP, Reply {sender} is-at {sender_mac}"),
            Operation::Other(number) => write!(f, "ARP, operation {number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    const PACKET: Packet = Packet {
        operation: Operation::Request,
        sender_mac: MacAddress([2, 0, 0, 0, 0, 1]),
        sender: Ipv4Addr::new(192, 0, 2, 1),
        target_mac: MacAddress([0; 6]),
        target: Ipv4Addr::new(192, 0, 2, 2),
    };

    #[test]
    fn what_is_emitted_is_parsed_and_every_truncation_refused() {
        for operation in [Operation::Request, Operation::Reply, Operation::Other(9)] {
            let packet = Packet { operation, ..PACKET };
            let mut bytes = [0xee; PACKET_LEN + 18];
            packet.emit(&mut bytes);
            assert_eq!(Packet::parse(&bytes), Ok(packet));
            for len in 0..PACKET_LEN {
                assert_eq!(Packet::parse(&bytes[..len]), Err(Malformed::Truncated));
            }
        }
    }

    #[test]
    fn other_address_formats_are_refused() {
        let mut bytes = [0; PACKET_LEN];
        PACKET.emit(&mut bytes);
        for at in 0..6 {
            let mut other = bytes;
            other[at] ^= 0x40;
            assert_eq!(Packet::parse(&other), Err(Malformed::AddressFormat), "byte {at}");
        }
    }

    #[test]
    fn shown_as_tcpdump_shows_it() {
        assert_eq!(PACKET.to_string(), "ARP, Request who-has 192.0.2.2 tell 192.0.2.1");
        let reply = Packet { operation: Operation::Reply, ..PACKET };
        assert_eq!(reply.to_string(), "ARP, Reply 192.0.2.1 is-at 02:00:00:00:00:01");
        let gratuitous = Packet { target: PACKET.sender, ..PACKET };
        assert_eq!(gratuitous.to_string(), "ARP, Announcement 192.0.2.1 at 02:00:00:00:00:01");
    }
}
