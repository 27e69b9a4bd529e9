//! An interface: a device with the name, addresses, queue and counts that the stack gives it.
//! Linux: `struct net_device` with its `struct in_device`.

mod addresses;
mod frames;

use super::queue::Queue;
use super::{Address, AddressState, DeviceCounters, Features, Loopback, NetDevice, Statistics, Vlan};
use crate::journal::{Event, Journal};
use crate::packet::{DeviceIndex, Packet};
use crate::wire::ethernet::{self, MacAddress};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::Ipv4Addr;

/// Room for a VLAN tag beside the Ethernet header in the longest frame. Linux: `VLAN_HLEN`.
const VLAN_TAG: usize = 4;

/// The MTU of Ethernet. Linux: `ETH_DATA_LEN`.
const USUAL_MTU: u32 = 1500;

/// What is behind an interface.
enum Link {
    /// The stack itself.
    Loopback(Loopback),
    /// A device with a queue before it.
    Device { device: Box<dyn NetDevice>, queue: Queue },
    /// Those frames of another interface that have a tag. They wait in its queue.
    Vlan(Vlan),
}

/// A device with what the stack knows of it.
pub struct Interface {
    name: String,
    index: DeviceIndex,
    mtu: u32,
    link: Link,
    carrier: bool,
    /// Linux: `IFF_UP`.
    up: bool,
    addresses: Vec<Address>,
    announcements: Vec<Ipv4Addr>,
    /// How many want it to take frames for everybody. Linux: `dev->promiscuity`.
    promiscuity: u32,
    /// Whether IPv6 began to work on it. Linux: `IF_READY`.
    pub(crate) ipv6_ready: bool,
    /// Whether its link is up as far as the routes over it know.
    pub(crate) routed_carrier: bool,
    /// Whether its link is up as far as those know who ask by it: DHCP, groups, addresses of the link.
    pub(crate) known_up: bool,
    /// Whether it is different from when it was last told of.
    news: bool,
    journal: Journal<Address>,
    /// The addresses as they were before somebody changed them, if that is of interest.
    before: Option<Vec<Address>>,
    /// What it counts.
    pub statistics: Statistics,
}

impl Interface {
    /// The loopback interface.
    pub(super) fn loopback() -> Self {
        let link = Link::Loopback(Loopback::default());
        Interface::assemble(String::from("lo"), DeviceIndex::LOOPBACK, Loopback::MTU, link)
    }

    /// An interface of a device, with the default discipline.
    pub(super) fn new(name: String, index: DeviceIndex, mtu: u32, device: Box<dyn NetDevice>) -> Self {
        Interface::assemble(name, index, mtu, Link::Device { device, queue: Queue::default() })
    }

    /// An interface of the frames of another one that have a tag.
    pub(super) fn vlan_of(name: String, index: DeviceIndex, mtu: u32, vlan: Vlan) -> Self {
        Interface::assemble(name, index, mtu, Link::Vlan(vlan))
    }

    fn assemble(name: String, index: DeviceIndex, mtu: u32, link: Link) -> Self {
        let carrier = match &link {
            Link::Loopback(_) => true,
            Link::Device { device, .. } => device.link_up(),
            Link::Vlan(_) => false,
        };
        let (addresses, announcements) = (Vec::new(), Vec::new());
        Interface {
            name,
            index,
            mtu,
            link,
            carrier,
            up: true,
            addresses,
            announcements,
            promiscuity: 0,
            ipv6_ready: false,
            routed_carrier: true,
            known_up: carrier,
            news: true,
            journal: Journal::default(),
            before: None,
            statistics: Statistics::default(),
        }
    }

    /// Its name, such as `eth0`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its number.
    pub fn index(&self) -> DeviceIndex {
        self.index
    }

    /// Bytes of the largest IP packet it carries.
    pub fn mtu(&self) -> u32 {
        self.mtu
    }

    /// Changes the largest IP packet it carries; whether its device can move such. Linux: `dev_set_mtu`.
    pub(crate) fn set_mtu(&mut self, mtu: u32) -> bool {
        let taken = match &mut self.link {
            Link::Device { device, .. } => device.set_mtu(mtu),
            Link::Loopback(_) | Link::Vlan(_) => true,
        };
        if taken {
            self.news |= self.mtu != mtu;
            self.mtu = mtu;
        }
        taken
    }

    /// Bytes of the longest frame it takes in, with room for a VLAN tag. A card with a small MTU receives usual frames all the
    /// same: others on the link may not know of it. Linux: drivers, which set the hardware up for no less than 1500.
    pub fn max_frame(&self) -> usize {
        self.mtu.max(USUAL_MTU) as usize + ethernet::HEADER_LEN + VLAN_TAG
    }

    /// Whether it is the loopback interface.
    pub fn is_loopback(&self) -> bool {
        matches!(self.link, Link::Loopback(_))
    }

    /// Its station address; zeros for the loopback interface.
    pub fn mac(&self) -> MacAddress {
        match &self.link {
            Link::Loopback(_) => MacAddress::default(),
            Link::Device { device, .. } => device.mac(),
            Link::Vlan(vlan) => vlan.mac,
        }
    }

    /// Gives it another station address; whether its device can do that.
    pub(crate) fn set_mac(&mut self, mac: MacAddress) -> bool {
        self.news |= self.mac() != mac;
        match &mut self.link {
            Link::Device { device, .. } => device.set_mac(mac),
            Link::Loopback(_) | Link::Vlan(_) => false,
        }
    }

    /// A VLAN's station address is that of its parent. Linux: `vlan_sync_address`.
    pub(crate) fn follow_mac(&mut self, mac: MacAddress) {
        if let Link::Vlan(vlan) = &mut self.link {
            vlan.mac = mac;
            self.news = true;
        }
    }

    /// Changes what [`Interface::name`] tells.
    pub(crate) fn set_name(&mut self, name: String) {
        self.news |= self.name != name;
        self.name = name;
        self.relabel();
    }

    /// Whether there are stations behind it whose addresses are asked for. Linux: no `IFF_NOARP`.
    pub fn has_neighbours(&self) -> bool {
        match &self.link {
            Link::Loopback(_) => false,
            Link::Device { device, .. } => device.has_neighbours(),
            Link::Vlan(vlan) => vlan.has_neighbours,
        }
    }

    /// What makes it a VLAN's, if it is one.
    pub fn vlan(&self) -> Option<Vlan> {
        match self.link {
            Link::Vlan(vlan) => Some(vlan),
            Link::Loopback(_) | Link::Device { .. } => None,
        }
    }

    /// Whether it is to work. Linux: `IFF_UP`.
    pub fn is_up(&self) -> bool {
        self.up
    }

    /// Lets it work or not.
    pub(crate) fn set_up(&mut self, up: bool) {
        self.news |= self.up != up;
        self.up = up;
    }

    /// Whether it takes frames for everybody. Linux: `IFF_PROMISC`.
    pub fn is_promiscuous(&self) -> bool {
        self.promiscuity > 0
    }

    /// One more wants it to take frames for everybody, or one less; answers whether it changed. Linux:
    /// `__dev_set_promiscuity`.
    pub(crate) fn change_promiscuity(&mut self, more: bool) -> bool {
        let before = self.is_promiscuous();
        self.promiscuity = match more {
            true => self.promiscuity.saturating_add(1),
            false => self.promiscuity.saturating_sub(1),
        };
        let changed = before != self.is_promiscuous();
        if changed && let Link::Device { device, .. } = &mut self.link {
            device.set_promiscuous(more);
        }
        changed
    }

    /// Keeps copies of what the device takes from now on, for [`Interface::take_watched`], or no more.
    pub(super) fn set_watched(&mut self, watched: bool) {
        if let Link::Device { queue, .. } = &mut self.link {
            queue.set_watched(watched);
        }
    }

    /// Copies of what the device took since the last time.
    pub(crate) fn take_watched(&mut self) -> Vec<Packet> {
        match &mut self.link {
            Link::Device { queue, .. } => queue.take_watched(),
            Link::Loopback(_) | Link::Vlan(_) => Vec::new(),
        }
    }

    /// A VLAN's link is that of its parent. Linux: `vlan_transfer_operstate`.
    pub(crate) fn follow_parent(&mut self, carrier: bool) {
        self.set_carrier(carrier);
    }

    fn set_carrier(&mut self, carrier: bool) {
        self.news |= self.carrier != carrier;
        self.carrier = carrier;
    }

    /// What its device can do.
    pub fn features(&self) -> Features {
        match &self.link {
            Link::Loopback(_) => Features { transmit_checksum: true },
            Link::Device { device, .. } => device.features(),
            Link::Vlan(_) => Features::default(),
        }
    }

    /// What its driver counted.
    pub fn device_counters(&self) -> DeviceCounters {
        match &self.link {
            Link::Loopback(_) | Link::Vlan(_) => DeviceCounters::default(),
            Link::Device { device, .. } => device.counters(),
        }
    }

    /// Whether it is to work and its link was up when it last did. Linux: `netif_running`, `netif_carrier_ok`.
    pub fn link_up(&self) -> bool {
        self.up && self.carrier
    }

    /// Whether its link was up when it last worked. Linux: `netif_carrier_ok`.
    pub fn has_carrier(&self) -> bool {
        self.carrier
    }

    /// From now on its changes are kept for [`Interface::take_changes`], or are not any more.
    pub(crate) fn set_heard(&mut self, heard: bool) {
        self.news &= !heard;
        self.journal.set_heard(heard);
        self.before = None;
    }

    /// As [`Interface::set_heard`], for one that is news itself.
    pub(super) fn hear(&mut self) {
        self.journal.set_heard(true);
    }

    /// Whether it is different from the last time, what became of its addresses, and whether some of that was lost.
    pub(crate) fn take_changes(&mut self) -> (bool, Vec<(Event, Address)>, bool) {
        for before in self.before.take().unwrap_or_default() {
            let now = self.addresses.iter().find(|address| address.is_at(before.key()));
            if let Some(&now) = now.filter(|now| **now != before && now.state != AddressState::Tentative) {
                self.journal.note(Event::New, || now);
            }
        }
        let (addresses, lost) = self.journal.take();
        (core::mem::take(&mut self.news), addresses, lost)
    }
}
