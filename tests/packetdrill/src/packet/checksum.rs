//! The Internet checksum, and what TCP and UDP add to it.

use std::net::Ipv4Addr;

/// The Internet checksum (RFC 1071); 0 over bytes that contain their right checksum.
pub fn checksum(bytes: &[u8]) -> u16 {
    let sum = bytes.chunks(2).fold(0u32, |sum, pair| {
        sum + (u32::from(pair[0]) << 8) + u32::from(pair.get(1).copied().unwrap_or(0))
    });
    let folded = (sum & 0xffff) + (sum >> 16);
    !(((folded & 0xffff) + (folded >> 16)) as u16)
}

pub(super) fn pseudo_header(source: Ipv4Addr, destination: Ipv4Addr, protocol: u8, len: usize) -> Vec<u8> {
    let mut bytes = [source.octets(), destination.octets()].concat();
    bytes.extend([0, protocol]);
    bytes.extend((len as u16).to_be_bytes());
    bytes
}
