//! The last half of addresses that the stack makes itself, as the settings of a device have it. Linux:
//! `addrconf_addr_gen`, `ipv6_generate_stable_address`.

use super::Context;
use crate::autoconf::identifier::{self, Identifier, LINK_LOCAL, Secret};
use crate::packet::DeviceIndex;
use alloc::string::ToString;
use core::net::Ipv6Addr;

/// Values of `addr_gen_mode`. Linux: `IN6_ADDR_GEN_MODE_*`.
mod mode {
    pub(super) const EUI64: u32 = 0;
    pub(super) const NONE: u32 = 1;
    pub(super) const RANDOM: u32 = 3;
}

/// The identifier of a device in a network when it was `taken` so often already, and whether it is one of RFC 7217;
/// none: the settings want no address of the link.
pub(super) fn of_network(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    prefix: Ipv6Addr,
    taken: u32,
) -> Option<(Identifier, bool)> {
    let mac = cx.interfaces.get(device)?.mac();
    let generation = cx.sysctl.ipv6.of(device.0).addr_gen_mode;
    let of_station = || Some((identifier::eui64(mac), false));
    match generation {
        mode::EUI64 => of_station(),
        mode::NONE if prefix == LINK_LOCAL => None,
        mode::NONE => of_station(),
        _ => match secret(cx, device, generation) {
            Some(secret) => Some((identifier::stable(&secret, prefix, mac, taken), true)),
            None if prefix == LINK_LOCAL => None,
            None => of_station(),
        },
    }
}

/// The secret of a device: its own, or that for all, or one that is drawn now.
fn secret(cx: &mut Context<'_>, device: DeviceIndex, generation: u32) -> Option<Secret> {
    let parsed = |text: &str| Some(text.parse::<Ipv6Addr>().ok()?.octets());
    let own = parsed(&cx.sysctl.ipv6.of(device.0).stable_secret);
    let known = own.or_else(|| parsed(&cx.sysctl.ipv6.default.stable_secret));
    if known.is_some() || generation != mode::RANDOM {
        return known;
    }
    let mut drawn = [0; 16];
    cx.random.fill(&mut drawn);
    cx.sysctl.ipv6.of_mut(device.0).stable_secret = Ipv6Addr::from_octets(drawn).to_string();
    Some(drawn)
}
