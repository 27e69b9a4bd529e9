//! What time does to addresses: they are asked for, found free, deprecated, forgotten; and routers are asked for more.
//! Linux: `addrconf_dad_work`, `addrconf_verify_rtnl`, `addrconf_rs_timer`.

use super::{Context, addresses, detection, discovery_output, lost_routers, neighbours, temporary};
use crate::device::{Address, AddressKey, AddressState};
use crate::packet::DeviceIndex;
use alloc::vec::Vec;

/// Does what is due for all addresses and questions. Linux: `addrconf_verify_rtnl`, `addrconf_dad_work`,
/// `addrconf_rs_timer`.
pub(super) fn run_timers(cx: &mut Context<'_>) {
    if cx.autoconf.next_deadline().is_none_or(|due| due > cx.now) {
        return;
    }
    let due = |address: &&Address| address.deadline().is_some_and(|deadline| deadline <= cx.now);
    let concerned: Vec<(DeviceIndex, AddressKey)> = cx
        .interfaces
        .iter()
        .flat_map(|interface| {
            interface.addresses().iter().filter(due).map(|address| (interface.index(), address.key()))
        })
        .collect();
    for (device, key) in concerned {
        run_timer(cx, device, key);
    }
    for device in (1..=cx.interfaces.count() as u32).map(DeviceIndex) {
        let conf = cx.sysctl.ipv6.of(device.0);
        let state = cx.autoconf.device_mut(device);
        if state.solicitation.on_timer(cx.now, conf, cx.random) {
            discovery_output::solicit_routers(cx, device);
        }
    }
    temporary::renew(cx);
    for key in cx.autoconf.lost_routers_due(cx.now) {
        // Whether it answers is heard; until then it is asked again.
        cx.neighbours.ask(cx.now, key);
        lost_routers::note(cx, key, false);
    }
    neighbours::do_neighbour_actions(cx);
    restart_clock(cx);
}

/// Sets the deadline anew for everything that has one.
fn restart_clock(cx: &mut Context<'_>) {
    cx.autoconf.restart_clock();
    let addresses = cx.interfaces.iter().flat_map(|interface| interface.addresses());
    let next = addresses.filter_map(Address::deadline).min();
    cx.autoconf.hasten(next);
    let renewal = temporary::next_renewal(cx);
    cx.autoconf.hasten(renewal);
}

fn run_timer(cx: &mut Context<'_>, device: DeviceIndex, key: AddressKey) {
    let Some(record) = cx.interfaces.get(device).and_then(|interface| interface.record(key)).copied() else {
        return;
    };
    if record.lifetimes.valid.is_some_and(|end| end <= cx.now) {
        addresses::remove(cx, device, key);
        return;
    }
    if record.state == AddressState::Preferred && record.lifetimes.preferred.is_some_and(|end| end <= cx.now)
    {
        addresses::with_record(cx, device, key, |address| {
            address.state = AddressState::Deprecated;
            Some(())
        });
    }
    match (record.detection, record.v6()) {
        (Some(detection), Some(ip)) if detection.due.is_some_and(|due| due <= cx.now) => {
            match detection.probes {
                0 => detection::found_free(cx, device, ip, &record),
                probes => detection::ask(cx, device, &record, probes - 1),
            }
        }
        _ => {}
    }
}
