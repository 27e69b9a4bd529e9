//! Wire formats: what the bytes of each header mean, and nothing about what to do with them.
//!
//! All formats have one shape:
//!
//! * `Header::parse(bytes)` (or `Packet::parse`, `Message::parse`) makes a checked view that borrows the
//!   bytes, or answers [`Malformed`]. After it no getter can fail: everything a getter reads was in the
//!   length that `parse` saw. Checksums are separate, because who checks them differs (a device may have).
//! * Getters return numbers in host order.
//! * `Fields` holds the values of a header to be made; `emit` writes it into bytes of the right length.
//! * `Display` shows what tcpdump would.
//!
//! Nothing here allocates but [`pretty`], [`dhcp`], whose options may lie in pieces, [`domain`], and the lists of [`igmp`] and
//! [`mld`].

pub mod address;
pub mod arp;
pub mod checksum;
pub mod cidr;
pub mod dhcp;
pub mod dhcpv6;
pub mod domain;
pub mod ecn;
pub mod ethernet;
pub mod icmpv4;
pub mod icmpv6;
pub mod igmp;
pub mod ipv4;
pub mod ipv4_fragment;
pub mod ipv6;
pub mod ipv6_extension;
pub mod ipv6_fragment;
pub mod mld;
pub mod ndp;
pub mod pretty;
pub mod protocol;
pub mod tcp;
pub mod udp;
pub mod vlan;

use core::fmt;

/// Why bytes are not a well-formed header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// Fewer bytes than the header, or than the header says the packet has.
    Truncated,
    /// A version number of another protocol.
    Version,
    /// A header length below the least one.
    HeaderLength,
    /// A packet length that is smaller than the header's.
    TotalLength,
    /// Address types or lengths other than the ones this format is for.
    AddressFormat,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Malformed::Truncated => "truncated",
            Malformed::Version => "wrong version",
            Malformed::HeaderLength => "bad header length",
            Malformed::TotalLength => "bad total length",
            Malformed::AddressFormat => "unknown address format",
        })
    }
}

impl core::error::Error for Malformed {}

/// The big-endian 16-bit number at `at` of a header of fixed length.
#[inline]
const fn get_u16<const N: usize>(bytes: &[u8; N], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

/// The big-endian 32-bit number at `at` of a header of fixed length.
#[inline]
const fn get_u32<const N: usize>(bytes: &[u8; N], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// Puts a big-endian 16-bit number at `at`.
#[inline]
fn put_u16(bytes: &mut [u8], at: usize, value: u16) {
    bytes[at..at + 2].copy_from_slice(&value.to_be_bytes());
}

/// Puts a big-endian 32-bit number at `at`.
#[inline]
fn put_u32(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_be_bytes());
}
