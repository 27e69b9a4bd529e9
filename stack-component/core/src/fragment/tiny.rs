//! Fragments made to hide a TCP header from filters.

use crate::wire::protocol::Protocol;
use crate::wire::tcp;

/// Whether a fragment of an IPv4 packet leaves a part of the TCP header to the next one, or begins inside of the
/// header: nobody has so small a link, and a filter sees no flags in the one and cannot tell what the other changes.
/// `payload` counts the bytes that the fragment carries.
pub fn is_tiny(protocol: Protocol, offset: u32, payload: usize) -> bool {
    // RFC 1858 section 3, RFC 3128 section 4.
    protocol == Protocol::TCP
        && match offset {
            0 => payload < tcp::HEADER_LEN,
            _ => offset < tcp::HEADER_LEN as u32,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tcp_header_comes_in_one_piece() {
        for (protocol, offset, payload, tiny) in [
            (Protocol::TCP, 0, 8, true),
            (Protocol::TCP, 0, 16, true),
            (Protocol::TCP, 0, 24, false),
            (Protocol::TCP, 8, 1000, true),
            (Protocol::TCP, 16, 1000, true),
            (Protocol::TCP, 24, 8, false),
            (Protocol::UDP, 0, 8, false),
            (Protocol::UDP, 8, 8, false),
        ] {
            assert_eq!(is_tiny(protocol, offset, payload), tiny, "{protocol} {offset} {payload}");
        }
    }
}
