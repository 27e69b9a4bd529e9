//! Scopes, labels and precedences of addresses (RFC 6724 sections 2.1 and 3.1).

use core::net::Ipv6Addr;

/// What the policy table says of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Policy {
    /// The higher, the sooner a destination is tried.
    pub(super) precedence: u8,
    /// Sources and destinations of one label go together.
    pub(super) label: u8,
}

/// RFC 6724's default table, the longest prefixes first. Linux: `ip6addrlbl_init_table` for the labels.
const TABLE: [(Ipv6Addr, u32, Policy); 9] = [
    row([0, 0, 0, 0, 0, 0, 0, 1], 128, 50, 0),
    row([0, 0, 0, 0, 0, 0xffff, 0, 0], 96, 35, 4),
    row([0; 8], 96, 1, 3),
    row([0x2001, 0, 0, 0, 0, 0, 0, 0], 32, 5, 5),
    row([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, 30, 2),
    row([0x3ffe, 0, 0, 0, 0, 0, 0, 0], 16, 1, 12),
    row([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, 1, 11),
    row([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, 3, 13),
    row([0; 8], 0, 40, 1),
];

const fn row(prefix: [u16; 8], len: u32, precedence: u8, label: u8) -> (Ipv6Addr, u32, Policy) {
    let [a, b, c, d, e, f, g, h] = prefix;
    (Ipv6Addr::new(a, b, c, d, e, f, g, h), len, Policy { precedence, label })
}

/// What the table says of `address`.
pub(super) fn policy(address: Ipv6Addr) -> Policy {
    let found = TABLE.iter().find(|(prefix, len, _)| common_prefix(*prefix, address) >= *len);
    found.map_or(Policy { precedence: 40, label: 1 }, |(.., policy)| *policy)
}

/// How many leading bits two addresses have in common.
pub(super) fn common_prefix(a: Ipv6Addr, b: Ipv6Addr) -> u32 {
    (a.to_bits() ^ b.to_bits()).leading_zeros()
}

/// Scopes of link-local, site-local and global addresses, in the numbers that groups have.
const LINK: u8 = 2;
const SITE: u8 = 5;
const GLOBAL: u8 = 14;

/// How far an address means anything (RFC 6724 section 3.1); IPv4's in their mapped form (section 3.2). Linux:
/// `ipv6_addr_scope`.
pub(super) fn scope(address: Ipv6Addr) -> u8 {
    if let Some(group) = crate::wire::ipv6::scope_of_group(address) {
        return group;
    }
    if let Some(mapped) = address.to_ipv4_mapped() {
        return if mapped.is_loopback() || mapped.is_link_local() { LINK } else { GLOBAL };
    }
    let site_local = address.segments()[0] & 0xffc0 == 0xfec0;
    match () {
        () if address.is_loopback() || address.is_unicast_link_local() => LINK,
        () if site_local => SITE,
        () => GLOBAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_6724s_tables() {
        let rows = [
            ("::1", 2, 50, 0),
            ("2001:db8::1", 14, 40, 1),
            ("::ffff:203.0.113.1", 14, 35, 4),
            ("::ffff:169.254.0.1", 2, 35, 4),
            ("::ffff:127.0.0.1", 2, 35, 4),
            ("2002:c000:201::1", 14, 30, 2),
            ("2001:0:1::1", 14, 5, 5),
            ("fd00::1", 14, 3, 13),
            ("fec0::1", 5, 1, 11),
            ("3ffe::1", 14, 1, 12),
            ("::192.0.2.1", 14, 1, 3),
            ("fe80::1", 2, 40, 1),
            ("ff05::1", 5, 40, 1),
        ];
        for (text, scope_expected, precedence, label) in rows {
            let address = text.parse().unwrap();
            assert_eq!(scope(address), scope_expected, "{text}");
            assert_eq!(policy(address), Policy { precedence, label }, "{text}");
        }
    }
}
