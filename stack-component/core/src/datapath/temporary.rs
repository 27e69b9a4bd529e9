//! Addresses that are made to be forgotten, beside the public ones of the same network (RFC 8981). Linux:
//! `ipv6_create_tempaddr`.

use super::{Context, addresses, identifiers};
use crate::autoconf::identifier;
use crate::device::{Address, AddressState, Lifetimes, after};
use crate::packet::DeviceIndex;
use crate::sysctl::Ipv6Conf;
use crate::time::{Duration, Instant};
use crate::wire::cidr::IpCidr;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv6Addr};

/// Gives the temporary addresses beside a public one their times anew. One is made if `new` says so, or if the device has
/// none: the settings may want some only since then, or the last one could not be made. Linux: `manage_tempaddrs`.
pub(super) fn manage(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    public: Ipv6Addr,
    said: Lifetimes,
    new: bool,
) {
    let (conf, now) = (cx.sysctl.ipv6.of(device.0), cx.now);
    let (valid, preferred) = (conf.temp_valid_lft, conf.temp_prefered_lft);
    let Some(interface) = cx.interfaces.get_mut(device) else { return };
    // None is changed, nor told of, if there is none.
    let has_any = interface.addresses().iter().any(|address| address.flags.temporary);
    let all = if has_any { interface.addresses_mut() } else { &mut [] };
    let mut deadline = None;
    for address in all.iter_mut().filter(|address| address.public == Some(public)) {
        // It never lives longer than it was to (RFC 8981 section 3.4).
        let end = |most: u32, said| [after(address.created, most), said].into_iter().flatten().min();
        address.lifetimes = Lifetimes {
            valid: end(valid, said.valid),
            preferred: end(preferred.saturating_sub(address.desync), said.preferred),
        };
        address.updated = now;
        address.follow_time(now);
        deadline = deadline.into_iter().chain(address.deadline()).min();
    }
    cx.autoconf.hasten(deadline);
    let lasts = said.valid.is_none_or(|end| end > now);
    if new || (!has_any && lasts) {
        create(cx, device, public, 0);
    }
    // A successor is due before an end is.
    let renewal = next_renewal(cx);
    cx.autoconf.hasten(renewal);
}

/// A public address is gone, or is to have none beside it any more. Linux: `delete_tempaddrs`.
pub(super) fn forget(cx: &mut Context<'_>, device: DeviceIndex, public: Ipv6Addr) {
    let Some(interface) = cx.interfaces.get(device) else { return };
    let beside = interface.addresses().iter().filter(|address| address.public == Some(public));
    let beside: Vec<IpCidr> = beside.map(|address| address.cidr).collect();
    for cidr in beside {
        addresses::remove(cx, device, cidr);
    }
}

/// Makes a temporary address beside a public one, if the settings want it. Linux: `ipv6_create_tempaddr`.
fn create(cx: &mut Context<'_>, device: DeviceIndex, public: Ipv6Addr, retries: u32) {
    let conf = cx.sysctl.ipv6.of(device.0);
    let Some(parent) =
        cx.interfaces.get(device).and_then(|interface| interface.address(public.into())).copied()
    else {
        return;
    };
    if conf.use_tempaddr <= 0 {
        return;
    }
    if retries > conf.regen_max_retry {
        // Somebody has whatever we take (RFC 8981 section 3.4).
        cx.say(device, || String::from("regeneration time exceeded - disabled temporary address support"));
        cx.sysctl.ipv6.of_mut(device.0).use_tempaddr = -1;
        return;
    }
    // Hosts that were turned on together do not change their addresses together.
    let advance = advance(conf, retransmit(cx, device));
    let room = conf.temp_prefered_lft.saturating_sub(u32::try_from(advance.as_secs()).unwrap_or(u32::MAX));
    let desync = cx.random.below(conf.max_desync_factor.min(room).max(1));
    let end = |own: u32, of_parent: Option<Instant>| {
        let own = cx.now + Duration::from_secs(own.into());
        Some(of_parent.map_or(own, |end| end.min(own)))
    };
    let lifetimes = Lifetimes {
        valid: end(conf.temp_valid_lft, parent.lifetimes.valid),
        preferred: end(conf.temp_prefered_lft - desync, parent.lifetimes.preferred),
    };
    // One that would have a successor at once would never be of use (RFC 8981 section 3.4).
    if lifetimes.preferred.is_some_and(|end| end.since(cx.now) <= advance) {
        return;
    }
    let Some(cidr) = IpCidr::new(identifier::address(public, identifier::temporary(cx.random)).into(), 64)
    else {
        return;
    };
    let mut address =
        Address { lifetimes, public: Some(public), desync, retries, ..Address::new(cidr, cx.now) };
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
        addresses::with_record(cx, device, address.cidr, |address| {
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
