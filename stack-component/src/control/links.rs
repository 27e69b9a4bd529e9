//! Interface `wnet:stack/links`.

use super::failure::failure;
use crate::Component;
use crate::bindings::exports::wnet::stack::control_types::{Errno, Failure};
use crate::bindings::exports::wnet::stack::links::{
    Guest, Link, LinkChanges, LinkFlags, LinkKind, LinkStatistics, NewLink, OperationalState,
};
use crate::configure::MAX_MTU;
use crate::entry::enter;
use alloc::string::ToString;
use alloc::vec::Vec;
use stack_core::packet::DeviceIndex;
use stack_core::stack::control::LinkListing;
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
        let LinkChanges { up, mtu, address, name } = changes;
        if up.is_some() || address.is_some() || name.is_some() {
            return Err(failure(Errno::NotSupported, ""));
        }
        enter(|state, _| {
            let interface = state.stack.interfaces().get(DeviceIndex(index));
            let device = interface.ok_or_else(|| failure(Errno::NoDevice, ""))?.name().to_string();
            match mtu {
                Some(mtu) if mtu > MAX_MTU => Err(failure(Errno::Invalid, "mtu greater than device maximum")),
                Some(mtu) => state.stack.set_mtu(&device, mtu).map_err(Failure::from),
                None => Ok(()),
            }
        })
    }

    fn add_link(_: NewLink) -> Result<u32, Failure> {
        Err(failure(Errno::NotSupported, ""))
    }

    fn remove_link(_: u32) -> Result<(), Failure> {
        Err(failure(Errno::NotSupported, ""))
    }
}

fn link(listing: LinkListing) -> Link {
    let LinkListing { loopback, carrier, statistics, counters, address, .. } = listing;
    let kind = if loopback { LinkFlags::LOOPBACK } else { LinkFlags::BROADCAST | LinkFlags::MULTICAST };
    let works = if carrier { LinkFlags::RUNNING | LinkFlags::LOWER_UP } else { LinkFlags::empty() };
    let broadcast = if loopback { MacAddress::default() } else { MacAddress::BROADCAST };
    Link {
        index: listing.index.0,
        name: listing.name,
        kind: if loopback { LinkKind::Loopback } else { LinkKind::Ethernet },
        flags: LinkFlags::UP | kind | works,
        mtu: listing.mtu,
        min_mtu: if loopback { 0 } else { MIN_MTU },
        max_mtu: if loopback { 0 } else { MAX_MTU },
        qdisc: if loopback { "noqueue" } else { "pfifo_fast" }.to_string(),
        queue_length: QUEUE_LENGTH,
        operational_state: match (loopback, carrier) {
            (true, _) => OperationalState::Unknown,
            (false, true) => OperationalState::Up,
            (false, false) => OperationalState::Down,
        },
        address: address.0.to_vec(),
        broadcast: broadcast.0.to_vec(),
        parent: None,
        vlan_id: None,
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
