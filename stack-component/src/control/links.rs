//! Interface `wnet:stack/links`.

use super::failure::failure;
use crate::Component;
use crate::bindings::exports::wnet::stack::control_types::{Errno, Failure};
use crate::bindings::exports::wnet::stack::links::{
    Guest, Link, LinkChanges, LinkFlags, LinkKind, LinkStatistics, NewLink, OperationalState,
};
use crate::configure::MAX_MTU;
use crate::entry::enter;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use stack_core::packet::DeviceIndex;
use stack_core::stack::Stack;
use stack_core::stack::control::{self, LinkListing};
use stack_core::wire::ethernet::MacAddress;

/// Least MTU of a device. Linux: `ETH_MIN_MTU`.
const MIN_MTU: u32 = 68;
/// Frames that may wait in the discipline. Linux: `DEFAULT_TX_QUEUE_LEN`.
const QUEUE_LENGTH: u32 = 1000;

impl Guest for Component {
    fn links() -> Vec<Link> {
        enter(|state, _| state.stack.links().map(link).collect())
    }

    fn set_link(index: u32, changes: LinkChanges) -> Result<(), Failure> {
        enter(|state, _| change(&mut state.stack, DeviceIndex(index), changes))
    }

    fn add_link(what: NewLink) -> Result<u32, Failure> {
        enter(|state, _| {
            let stack = &mut state.stack;
            let device = add(stack, &what)?;
            // Linux: a new device is down until somebody wants it up.
            stack.set_device_up(device, false)?;
            let changes = LinkChanges { up: None, mtu: what.mtu, address: what.address, name: None };
            match change(stack, device, changes) {
                Ok(()) => Ok(device.0),
                Err(failure) => {
                    stack.delete_device(device)?;
                    Err(failure)
                }
            }
        })
    }

    fn remove_link(index: u32) -> Result<(), Failure> {
        Ok(enter(|state, _| state.stack.delete_device(DeviceIndex(index)))?)
    }
}

/// Changes a device; what cannot be is refused before anything is changed where that can be known. Linux: `do_setlink`.
fn change(stack: &mut Stack, device: DeviceIndex, changes: LinkChanges) -> Result<(), Failure> {
    let LinkChanges { up, mtu, address, name } = changes;
    let interface = stack.interfaces().get(device).ok_or_else(|| failure(Errno::NoDevice, ""))?;
    let (old_name, loopback) = (interface.name().to_string(), interface.is_loopback());
    let taken =
        name.as_ref().is_some_and(|name| *name != old_name && stack.interfaces().by_name(name).is_some());
    if taken {
        return Err(failure(Errno::Exists, ""));
    }
    let station = address.as_deref().map(<[u8; 6]>::try_from).transpose();
    let station = station.map_err(|_| failure(Errno::Invalid, ""))?;
    if mtu.is_some_and(|mtu| mtu > MAX_MTU && !loopback) {
        return Err(failure(Errno::Invalid, "mtu greater than device maximum"));
    }
    if let Some(station) = station {
        stack.set_mac(device, MacAddress(station))?;
    }
    if let Some(mtu) = mtu {
        stack.set_mtu(&old_name, mtu)?;
    }
    if let Some(name) = name {
        stack.rename_device(device, &name)?;
    }
    if let Some(up) = up {
        stack.set_device_up(device, up)?;
    }
    Ok(())
}

fn add(stack: &mut Stack, what: &NewLink) -> Result<DeviceIndex, Failure> {
    if !what.name.is_empty() && stack.interfaces().by_name(&what.name).is_some() {
        return Err(failure(Errno::Exists, ""));
    }
    match what.kind {
        LinkKind::Dummy => Ok(stack.add_dummy(&name_of_dummy(stack, &what.name))?),
        LinkKind::Vlan => {
            let id = what.vlan_id.ok_or_else(|| failure(Errno::Invalid, "VLAN id not specified"))?;
            let parent = what.parent.map(DeviceIndex).and_then(|parent| stack.interfaces().get(parent));
            let parent = parent.ok_or_else(|| failure(Errno::Invalid, "link not specified"))?;
            let name = match what.name.as_str() {
                "" => format!("{}.{id}", parent.name()),
                name => name.to_string(),
            };
            let parent = parent.index();
            Ok(stack.add_vlan(parent, &name, id)?)
        }
        LinkKind::Loopback | LinkKind::Ethernet => Err(failure(Errno::NotSupported, "")),
    }
}

/// The name that was chosen, or the first of dummy0, dummy1 ... that is free.
fn name_of_dummy(stack: &Stack, chosen: &str) -> String {
    let free = |name: &String| stack.interfaces().by_name(name).is_none();
    let made = || (0..).map(|number: u32| format!("dummy{number}")).find(free).unwrap_or_default();
    if chosen.is_empty() { made() } else { chosen.to_string() }
}

/// The WIT's form of a device.
pub(super) fn link(listing: LinkListing) -> Link {
    let LinkListing { kind, up, carrier, statistics, counters, address, .. } = listing;
    let loopback = kind == control::LinkKind::Loopback;
    let virtual_device = loopback || kind == control::LinkKind::Dummy;
    let (parent, vlan_id) = match kind {
        control::LinkKind::Vlan(parent, id) => (Some(parent.0), Some(id)),
        _ => (None, None),
    };
    let broadcast = if loopback { MacAddress::default() } else { MacAddress::BROADCAST };
    Link {
        index: listing.index.0,
        name: listing.name,
        kind: match kind {
            control::LinkKind::Loopback => LinkKind::Loopback,
            control::LinkKind::Card => LinkKind::Ethernet,
            control::LinkKind::Vlan(..) => LinkKind::Vlan,
            control::LinkKind::Dummy => LinkKind::Dummy,
        },
        flags: flags(kind, up, carrier) | promiscuous(listing.promiscuous),
        mtu: listing.mtu,
        min_mtu: if virtual_device { 0 } else { MIN_MTU },
        max_mtu: if virtual_device { 0 } else { MAX_MTU },
        qdisc: match kind {
            control::LinkKind::Card => "pfifo_fast",
            _ if loopback || up => "noqueue",
            _ => "noop",
        }
        .to_string(),
        queue_length: QUEUE_LENGTH,
        operational_state: match (up, virtual_device, carrier) {
            (false, ..) => OperationalState::Down,
            (true, true, _) => OperationalState::Unknown,
            (true, false, true) => OperationalState::Up,
            (true, false, false) if parent.is_some() => OperationalState::LowerLayerDown,
            (true, false, false) => OperationalState::Down,
        },
        address: address.0.to_vec(),
        broadcast: broadcast.0.to_vec(),
        parent,
        vlan_id,
        statistics: LinkStatistics {
            rx_packets: statistics.receive_packets,
            rx_bytes: statistics.receive_bytes,
            rx_errors: counters.receive_errors,
            rx_dropped: statistics.receive_dropped,
            rx_missed: counters.receive_missed,
            rx_multicast: 0,
            tx_packets: statistics.transmit_packets,
            tx_bytes: statistics.transmit_bytes,
            tx_errors: counters.transmit_errors,
            tx_dropped: statistics.transmit_dropped,
            tx_carrier: 0,
            collisions: 0,
        },
    }
}

fn promiscuous(is: bool) -> LinkFlags {
    if is { LinkFlags::PROMISC } else { LinkFlags::empty() }
}

/// Linux: `dev_get_flags`.
fn flags(kind: control::LinkKind, up: bool, carrier: bool) -> LinkFlags {
    let own = match kind {
        control::LinkKind::Loopback => LinkFlags::LOOPBACK,
        control::LinkKind::Dummy => LinkFlags::BROADCAST | LinkFlags::NOARP,
        control::LinkKind::Card | control::LinkKind::Vlan(..) => LinkFlags::BROADCAST | LinkFlags::MULTICAST,
    };
    let works = match (up, carrier) {
        (false, _) => LinkFlags::empty(),
        (true, false) => LinkFlags::UP,
        (true, true) => LinkFlags::UP | LinkFlags::RUNNING | LinkFlags::LOWER_UP,
    };
    own | works
}
