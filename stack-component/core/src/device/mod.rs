//! Devices: what the stack asks of a network card, the interfaces it makes of them, and the loopback device.
//! Linux: `net/core/dev.c`.

mod address;
mod dummy;
mod interface;
mod label;
mod loopback;
mod primary;
mod queue;
mod source;
mod statistics;
mod table;
mod vlan;

pub use address::{
    Address, AddressFlags, AddressKey, AddressProtocol, AddressScope, AddressState, Detection, Lifetimes,
    after,
};
pub use dummy::Dummy;
pub use interface::Interface;
pub use label::Label;
pub use loopback::Loopback;
pub use statistics::Statistics;
pub use table::{Interfaces, MAX_DEVICES};
pub use vlan::Vlan;

use crate::packet::Packet;
use crate::time::Instant;
use crate::wire::ethernet::MacAddress;
use alloc::vec::Vec;

/// What a device does beside moving frames. Linux: `netdev_features_t`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// It fills in the transport checksum of a [`Checksum::Partial`](crate::packet::Checksum) packet.
    /// Linux: `NETIF_F_HW_CSUM`.
    pub transmit_checksum: bool,
}

/// A network device as the stack drives it (Linux: `struct net_device` with its `napi_struct`).
///
/// Frames are whole Ethernet frames without preamble and frame check sequence. A device never waits.
pub trait NetDevice: Send {
    /// The device's own address.
    fn mac(&self) -> MacAddress;

    /// Gives it another address; whether it can do that. Linux: `ndo_set_mac_address`.
    fn set_mac(&mut self, _mac: MacAddress) -> bool {
        false
    }

    /// Gets it ready for packets of up to `mtu` bytes; whether it can move such. Linux: `ndo_change_mtu`.
    fn set_mtu(&mut self, _mtu: u32) -> bool {
        true
    }

    /// Takes frames for everybody from now on, or those for itself alone. Linux: `ndo_set_rx_mode`, `IFF_PROMISC`.
    fn set_promiscuous(&mut self, _promiscuous: bool) {}

    /// Whether there are stations behind it whose addresses are asked for. Linux: no `IFF_NOARP`.
    fn has_neighbours(&self) -> bool {
        true
    }

    /// What it can do.
    fn features(&self) -> Features;

    /// Whether the link is up (Linux: `netif_carrier_ok`), as of the last [`NetDevice::poll`].
    fn link_up(&self) -> bool;

    /// Handles the device's events and appends at most `budget` received frames to `frames`, with
    /// [`Packet::meta`]'s checksum verdict set. Answers whether frames were left for a next poll; only when
    /// it answers `false` is the interrupt armed again. Linux: `napi_struct.poll`.
    fn poll(&mut self, now: Instant, budget: usize, frames: &mut Vec<Packet>) -> bool;

    /// Takes one frame to send; it leaves at the latest with the next [`NetDevice::flush`]. Gives the packet
    /// back when the ring is full. Linux: `ndo_start_xmit` with `xmit_more`.
    fn transmit(&mut self, frame: Packet) -> Result<(), Packet>;

    /// Rings the doorbell for all frames taken since the last time.
    fn flush(&mut self);

    /// Whether [`NetDevice::transmit`] has room for a frame. Linux: `!netif_queue_stopped`.
    fn can_transmit(&self) -> bool;

    /// The device's own counters under their `ip -s link` names, for statistics.
    fn counters(&self) -> DeviceCounters {
        DeviceCounters::default()
    }
}

/// What a driver counts of its device. Linux: `struct rtnl_link_stats64`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeviceCounters {
    /// Frames that the device or driver found bad: length, missing end, error bits.
    pub receive_errors: u64,
    /// Frames lost because no buffer was free.
    pub receive_missed: u64,
    /// Frames the device could not send.
    pub transmit_errors: u64,
}
