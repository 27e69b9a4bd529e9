//! Addresses that are made to be forgotten, beside the public ones of the same network (RFC 8981). Linux:
//! `ipv6_create_tempaddr`.

use super::{Context, addresses, identifiers};
use crate::autoconf::identifier;
use crate::device::{Address, AddressState, Lifetimes};
use crate::packet::DeviceIndex;
use crate::sysctl::Ipv6Conf;
use crate::time::{Duration, Instant};
use crate::wire::cidr::IpCidr;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv6Addr};

/// Makes a temporary address beside a public one, if the settings want it. Linux: `ipv6_create_tempaddr`.
pub(super) fn create(cx: &mut Context<'_>, device: DeviceIndex, public: Ipv6Addr, retries: u32) {
    let conf = cx.sysctl.ipv6.of(device.0);
    let Some(parent) =
        cx.interfaces.get(device).and_then(|interface| interface.address(public.into())).copied()
    else {
        return;
    };
    if conf.use_tempaddr <= 0 || retries > conf.regen_max_retry {
        return;
    }
    // Hosts that were turned on together do not change their addresses together.
    let desync = cx.random.below(conf.max_desync_factor.min(conf.temp_prefered_lft).saturating_add(1));
    let end = |own: u32, of_parent: Option<Instant>| {
        let own = cx.now + Duration::from_secs(own.into());
        Some(of_parent.map_or(own, |end| end.min(own)))
    };
    let lifetimes = Lifetimes {
        valid: end(conf.temp_valid_lft, parent.lifetimes.valid),
        preferred: end(conf.temp_prefered_lft - desync, parent.lifetimes.preferred),
    };
    // One that would have a successor at once would never be of use (RFC 8981 section 3.4).
    if lifetimes.preferred.is_some_and(|end| end.since(cx.now) <= advance(conf, retransmit(cx, device))) {
        return;
    }
    let Some(cidr) = IpCidr::new(identifier::address(public, identifier::temporary(cx.random)).into(), 64)
    else {
        return;
    };
    let mut address = Address { lifetimes, public: Some(public), retries, ..Address::new(cidr, cx.now) };
    (address.flags.temporary, address.flags.dynamic) = (true, true);
    address.flags.optimistic = parent.flags.optimistic;
    let _ = addresses::add(cx, device, address);
}

fn retransmit(cx: &Context<'_>, device: DeviceIndex) -> Duration {
    Duration::from_millis(cx.sysctl.nd.of(device.0).retrans_time_ms.into())
}

/// How long before its end a temporary address gets a successor: long enough to find one that is free. Linux:
/// `ipv6_get_regen_advance`.
fn advance(conf: &Ipv6Conf, retransmit: Duration) -> Duration {
    let attempts = conf.regen_max_retry.saturating_mul(conf.dad_transmits);
    Duration::from_secs(conf.regen_min_advance.into()) + retransmit * attempts.min(3600)
}

/// When a temporary address is to get a successor; none if it had one, or is none.
fn renewal(cx: &Context<'_>, device: DeviceIndex, address: &Address) -> Option<Instant> {
    let conf = cx.sysctl.ipv6.of(device.0);
    let wanted = address.flags.temporary && !address.renewed && conf.use_tempaddr > 0;
    if !wanted || address.state != AddressState::Preferred {
        return None;
    }
    let preferred = address.lifetimes.preferred?;
    let until_then = preferred.since(Instant::ZERO).saturating_sub(advance(conf, retransmit(cx, device)));
    Some(Instant::ZERO + until_then)
}

/// All that is to be renewed: the device, the address, and when.
fn renewals<'a>(cx: &'a Context<'_>) -> impl Iterator<Item = (DeviceIndex, Address, Instant)> + 'a {
    cx.interfaces.iter().flat_map(move |interface| {
        let device = interface.index();
        let due = move |address: &Address| Some((device, *address, renewal(cx, device, address)?));
        interface.addresses().iter().filter_map(due)
    })
}

/// When the next temporary address gets a successor.
pub(super) fn next_renewal(cx: &Context<'_>) -> Option<Instant> {
    renewals(cx).map(|(.., at)| at).min()
}

/// Gives those a successor that are near the end of their preference. Linux: `addrconf_verify_rtnl`.
pub(super) fn renew(cx: &mut Context<'_>) {
    let due: Vec<_> = renewals(cx).filter(|(.., at)| *at <= cx.now).collect();
    for (device, address, _) in due {
        addresses::with_record(cx, device, address.ip(), |address| {
            address.renewed = true;
            Some(())
        });
        if let Some(public) = address.public {
            create(cx, device, public, 0);
        }
    }
}

/// The network of 64 bits that an address is in.
fn network(ip: Ipv6Addr) -> Ipv6Addr {
    identifier::address(ip, [0; 8])
}

/// Makes another address in the place of one that somebody else has. Linux: `addrconf_dad_failure`.
pub(super) fn replace(cx: &mut Context<'_>, device: DeviceIndex, record: &Address) {
    let retries = record.retries + 1;
    if let Some(public) = record.public {
        return create(cx, device, public, retries);
    }
    let conf = cx.sysctl.ipv6.of(device.0);
    let IpAddr::V6(ip) = record.ip() else { return };
    if !record.flags.stable_privacy || retries > conf.regen_max_retry {
        return;
    }
    let Some((identifier, true)) = identifiers::of_network(cx, device, network(ip), retries) else { return };
    let Some(cidr) = IpCidr::new(identifier::address(ip, identifier).into(), 64) else { return };
    let again = Address { cidr, retries, state: AddressState::Preferred, detection: None, ..*record };
    let _ = addresses::add(cx, device, again);
}
