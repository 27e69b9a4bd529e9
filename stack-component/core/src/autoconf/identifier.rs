//! The last 64 bits of addresses that the stack makes itself.

use super::sha1;
use crate::random::Random;
use crate::wire::ethernet::MacAddress;
use core::net::Ipv6Addr;

/// An interface identifier: what follows the 64 bits of a network's prefix.
pub type Identifier = [u8; 8];

/// The identifier that a station address makes (RFC 4291 appendix A). Linux: `addrconf_ifid_eui48`.
pub const fn eui64(MacAddress([a, b, c, d, e, f]): MacAddress) -> Identifier {
    [a ^ 2, b, c, 0xff, 0xfe, d, e, f]
}

/// What stable identifiers are made with. Linux: `stable_secret`.
pub type Secret = [u8; 16];

/// An identifier that stays the same in one network and is another in each (RFC 7217): by the network, the station
/// and how often it was taken already, under a secret. The same secret makes the same addresses as with Linux:
/// `ipv6_generate_stable_address`.
pub fn stable(secret: &Secret, prefix: Ipv6Addr, MacAddress(mac): MacAddress, taken: u32) -> Identifier {
    let mut attempt = taken as u8;
    loop {
        let mut block = [0; 64];
        block[..16].copy_from_slice(secret);
        block[16..24].copy_from_slice(&(prefix.to_bits() >> 64).to_be_bytes()[8..]);
        block[24..30].copy_from_slice(&mac);
        block[56] = attempt;
        let [first, second, ..] = sha1::of_block(&block).map(u32::to_le_bytes);
        let mut identifier = [0; 8];
        identifier[..4].copy_from_slice(&first);
        identifier[4..].copy_from_slice(&second);
        if !is_reserved(identifier) {
            return identifier;
        }
        attempt = attempt.wrapping_add(1);
    }
}

/// An identifier that says nothing (RFC 8981 section 3.3.1). Linux: `ipv6_gen_rnd_iid`.
pub fn temporary(random: &mut dyn Random) -> Identifier {
    loop {
        let identifier = random.next_u64().to_be_bytes();
        if !is_reserved(identifier) {
            return identifier;
        }
    }
}

/// Whether an identifier has a meaning of its own (RFC 5453). Linux: `ipv6_reserved_interfaceid`.
pub fn is_reserved(identifier: Identifier) -> bool {
    let bits = u64::from_be_bytes(identifier);
    // The subnet router's, those of IANA's station addresses, and those of reserved anycast addresses.
    bits == 0
        || bits >> 24 == 0x0002_005e_fffe
        || (0xfdff_ffff_ffff_ff80..=0xfdff_ffff_ffff_ffff).contains(&bits)
}

/// The address of a network with this identifier.
pub fn address(prefix: Ipv6Addr, identifier: Identifier) -> Ipv6Addr {
    let network = prefix.to_bits() & (u128::MAX << 64);
    Ipv6Addr::from_bits(network | u128::from(u64::from_be_bytes(identifier)))
}

/// The network of all link-local addresses.
pub const LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;
    use alloc::string::ToString;

    const MAC: MacAddress = MacAddress([0x00, 0x16, 0x3e, 0x12, 0x34, 0x56]);

    #[test]
    fn of_a_station() {
        assert_eq!(address(LINK_LOCAL, eui64(MAC)).to_string(), "fe80::216:3eff:fe12:3456");
        let local = MacAddress([2, 0, 0, 0, 0, 1]);
        assert_eq!(address(LINK_LOCAL, eui64(local)).to_string(), "fe80::ff:fe00:1");
    }

    #[test]
    fn stable_in_one_network_and_another_in_each() {
        let secret: Secret = "2001:db8:1234:5678:9abc:def0:1122:3344".parse::<Ipv6Addr>().unwrap().octets();
        let network: Ipv6Addr = "2001:db8:1::".parse().unwrap();
        let made = stable(&secret, network, MAC, 0);
        let same = stable(&secret, "2001:db8:1::77".parse().unwrap(), MAC, 0);
        assert_eq!(made, same, "host bits do not count");
        assert_ne!(made, stable(&secret, "2001:db8:2::".parse().unwrap(), MAC, 0));
        assert_ne!(made, stable(&secret, network, MAC, 1), "another when it is taken");
        assert_ne!(made, stable(&[7; 16], network, MAC, 0));
        // What Linux 6.18 made of this secret on a TAP device, whose permanent address is zeros.
        let of_linux = address(LINK_LOCAL, stable(&secret, LINK_LOCAL, MacAddress([0; 6]), 0));
        assert_eq!(of_linux.to_string(), "fe80::b129:9def:7395:14db");
    }

    #[test]
    fn reserved_ones() {
        let bits = |bits: u64| is_reserved(bits.to_be_bytes());
        assert!(
            bits(0)
                && bits(0x0200_5eff_fe00_5213)
                && bits(0xfdff_ffff_ffff_ff80)
                && bits(0xfdff_ffff_ffff_ffff)
        );
        assert!(!bits(1) && !bits(0x0200_5eff_ff00_0000) && !bits(0xfdff_ffff_ffff_ff7f) && !bits(u64::MAX));
        let mut random = SeededRandom::new(5);
        assert_ne!(temporary(&mut random), temporary(&mut random));
    }
}
