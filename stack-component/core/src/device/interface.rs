//! An interface: a device with the name, addresses, queue and counts that the stack gives it.
//! Linux: `struct net_device` with its `struct in_device`.

use super::primary::place_of;
use super::{
    Address, AddressScope, AddressState, DeviceCounters, Features, Loopback, NetDevice, Statistics, Vlan,
};
use crate::drop_reason::DropReason;
use crate::journal::{Event, Journal};
use crate::packet::{DeviceIndex, Packet};
use crate::qdisc::{PfifoFast, Qdisc};
use crate::time::Instant;
use crate::wire::cidr::IpCidr;
use crate::wire::ethernet::{self, MacAddress};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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

/// A discipline, the frame that the device gave back, and whether the device has frames it was not told to
/// send.
struct Queue {
    discipline: Box<dyn Qdisc>,
    /// Linux: `qdisc->gso_skb`.
    requeued: Option<Packet>,
    unflushed: bool,
    /// Copies of what the device took, if somebody is to see them.
    watched: Option<Vec<Packet>>,
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
        let queue = Queue {
            discipline: Box::new(PfifoFast::default()),
            requeued: None,
            unflushed: false,
            watched: None,
        };
        Interface::assemble(name, index, mtu, Link::Device { device, queue })
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
            queue.watched = watched.then(Vec::new);
        }
    }

    /// Copies of what the device took since the last time.
    pub(crate) fn take_watched(&mut self) -> Vec<Packet> {
        match &mut self.link {
            Link::Device { queue, .. } => queue.watched.as_mut().map(core::mem::take).unwrap_or_default(),
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

    /// Its addresses in the order in which they are considered; the first IPv4 one is the primary one.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// Its addresses, to be changed.
    pub(crate) fn addresses_mut(&mut self) -> &mut [Address] {
        if self.journal.is_heard() && self.before.is_none() {
            self.before = Some(self.addresses.clone());
        }
        &mut self.addresses
    }

    /// The record of one of its addresses; of several that differ in their networks the first.
    pub fn address(&self, ip: IpAddr) -> Option<&Address> {
        self.addresses.iter().find(|address| address.ip() == ip)
    }

    /// Gives it one more address; an IPv4 one is announced when the link is up.
    pub(crate) fn add_address(&mut self, address: Address) {
        self.addresses.insert(place_of(&address, &self.addresses), address);
        // One that the stack makes itself is told of when it is ours. Linux: `inet6_addr_add`, `addrconf_dad_begin`.
        let by_hand = !address.flags.dynamic && address.scope() == AddressScope::Global;
        if by_hand || address.state != AddressState::Tentative {
            self.journal.note(Event::New, || address);
        }
        if let IpAddr::V4(ip) = address.ip()
            && !self.is_loopback()
            && !ip.is_loopback()
        {
            self.announcements.push(ip);
        }
    }

    /// Takes an address away, if it has it.
    pub(crate) fn remove_address(&mut self, cidr: IpCidr) -> Option<Address> {
        let place = self.addresses.iter().position(|address| address.is_at(cidr))?;
        let address = self.addresses.remove(place);
        if self.address(address.ip()).is_none() {
            self.announcements.retain(|announced| IpAddr::V4(*announced) != address.ip());
        }
        self.journal.note(Event::Gone, || address);
        Some(address)
    }

    /// Lets an address be the primary one of its network. Linux: `__inet_del_ifa`.
    pub(crate) fn promote(&mut self, cidr: IpCidr) {
        let Some(place) = self.addresses.iter().position(|address| address.is_at(cidr)) else { return };
        let mut address = self.addresses.remove(place);
        address.flags.secondary = false;
        self.addresses.insert(place_of(&address, &self.addresses), address);
        self.journal.note(Event::New, || address);
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
            let now = self.addresses.iter().find(|address| address.is_at(before.cidr));
            if let Some(&now) = now.filter(|now| **now != before && now.state != AddressState::Tentative) {
                self.journal.note(Event::New, || now);
            }
        }
        let (addresses, lost) = self.journal.take();
        (core::mem::take(&mut self.news), addresses, lost)
    }

    /// Its address that means something on its link alone, once it may be used. Linux: `ipv6_get_lladdr`.
    pub fn link_local(&self) -> Option<Ipv6Addr> {
        let usable = self.addresses.iter().filter(|address| address.is_usable());
        usable.filter_map(Address::v6).find(Ipv6Addr::is_unicast_link_local)
    }

    /// Lets all its IPv4 addresses be announced, for the first time or once more. Linux: `arp_notify`.
    pub(crate) fn announce_all(&mut self) {
        if self.is_loopback() {
            return;
        }
        let all = self.addresses.iter().filter_map(|address| match address.ip() {
            IpAddr::V4(ip) => Some(ip),
            IpAddr::V6(_) => None,
        });
        self.announcements = all.collect();
    }

    /// The addresses still to be announced, handed out once, when the link is up.
    pub(crate) fn take_announcements(&mut self) -> Vec<Ipv4Addr> {
        if self.link_up() { core::mem::take(&mut self.announcements) } else { Vec::new() }
    }

    /// The IPv4 address to ask with for `neighbour`: one of the same network, or the primary one.
    /// Linux: `inet_select_addr`.
    pub(super) fn source_for(&self, neighbour: IpAddr) -> Option<IpAddr> {
        let mut usable = self.addresses.iter().filter(|a| a.cidr.is_ipv4() && a.is_usable());
        let near = usable.clone().find(|address| address.cidr.contains(neighbour));
        near.or_else(|| usable.next()).map(Address::ip)
    }

    /// Whether `address` is in a network of this link.
    pub fn is_on_link(&self, address: Ipv4Addr) -> bool {
        self.addresses.iter().any(|ours| ours.cidr.contains(address.into()))
    }

    /// Whether two addresses are in one network of this link. Linux: `inet_addr_onlink`.
    pub fn has_both_on_link(&self, one: Ipv4Addr, other: Ipv4Addr) -> bool {
        let has = |ours: &Address| ours.cidr.contains(one.into()) && ours.cidr.contains(other.into());
        self.addresses.iter().any(has)
    }

    /// Replaces the discipline; what waited in the old one is handed out. Linux: `dev_graft_qdisc`.
    pub fn set_qdisc(&mut self, now: Instant, discipline: Box<dyn Qdisc>) -> Vec<Packet> {
        let waiting = self.purge(now);
        if let Link::Device { queue, .. } = &mut self.link {
            queue.discipline = discipline;
        }
        waiting
    }

    /// Lets the device work and appends at most about `budget` received frames to `frames`; answers whether
    /// some were left.
    pub(crate) fn poll(&mut self, now: Instant, budget: usize, frames: &mut Vec<Packet>) -> bool {
        match &mut self.link {
            Link::Loopback(loopback) => loopback.receive(budget, frames),
            Link::Device { device, .. } => {
                let more = device.poll(now, budget, frames);
                let carrier = device.link_up();
                if !self.up {
                    self.statistics.receive_dropped += frames.len() as u64;
                    frames.clear();
                }
                self.set_carrier(carrier);
                more
            }
            Link::Vlan(_) => false,
        }
    }

    /// Counts a received frame.
    pub(crate) fn count_received(&mut self, bytes: usize) {
        self.statistics.receive_packets += 1;
        self.statistics.receive_bytes += bytes as u64;
    }

    /// Queues a packet for the stack itself; only the loopback interface takes it.
    pub(crate) fn loop_back(&mut self, packet: Packet, limit: usize) -> Result<(), DropReason> {
        let bytes = packet.len();
        let result = match &mut self.link {
            Link::Loopback(loopback) => loopback.transmit(packet, limit).map_err(|_| DropReason::BacklogFull),
            Link::Device { .. } | Link::Vlan(_) => Err(DropReason::NoRoute),
        };
        self.count_sent(bytes, result)
    }

    /// Queues a copy of a packet to a group for the stack itself, as if it came by `device`; only the loopback interface
    /// takes it, and does not count it as its own.
    pub(crate) fn loop_copy(
        &mut self,
        packet: Packet,
        device: DeviceIndex,
        limit: usize,
    ) -> Result<(), DropReason> {
        match &mut self.link {
            Link::Loopback(loopback) => {
                loopback.copy(packet, device, limit).map_err(|_| DropReason::BacklogFull)
            }
            Link::Device { .. } | Link::Vlan(_) => Err(DropReason::NoRoute),
        }
    }

    /// Queues a frame, or hands it straight to the device if nothing is before it. It leaves with the next
    /// [`Interface::flush`]. Linux: `__dev_queue_xmit`.
    pub(crate) fn enqueue(&mut self, now: Instant, frame: Packet) -> Result<(), DropReason> {
        let bytes = frame.len();
        // Without a carrier Linux puts a discipline in place that drops everything (`noop_qdisc`).
        let result = match &mut self.link {
            Link::Loopback(_) | Link::Vlan(_) => Err(DropReason::UnhandledProtocol),
            Link::Device { .. } if !(self.up && self.carrier) => Err(DropReason::LinkDown),
            Link::Device { device, queue } => queue.send(now, device.as_mut(), frame),
        };
        self.count_sent(bytes, result)
    }

    /// Counts a frame that was sent, or was not.
    pub(crate) fn count_sent(
        &mut self,
        bytes: usize,
        result: Result<(), DropReason>,
    ) -> Result<(), DropReason> {
        match result {
            Ok(()) => {
                self.statistics.transmit_packets += 1;
                self.statistics.transmit_bytes += bytes as u64;
            }
            Err(_) => self.statistics.transmit_dropped += 1,
        }
        result
    }

    /// Moves frames from the queue to the device while it takes them. Linux: `__qdisc_run`.
    pub(crate) fn run_queue(&mut self, now: Instant) {
        if let Link::Device { device, queue } = &mut self.link {
            queue.run(now, device.as_mut());
        }
    }

    /// Rings the doorbell, if there are frames to be sent.
    pub(crate) fn flush(&mut self) {
        if let Link::Device { device, queue } = &mut self.link
            && core::mem::take(&mut queue.unflushed)
        {
            device.flush();
        }
    }

    /// Empties the queue. Linux: `dev_deactivate`.
    pub(crate) fn purge(&mut self, now: Instant) -> Vec<Packet> {
        match &mut self.link {
            Link::Loopback(_) | Link::Vlan(_) => Vec::new(),
            Link::Device { queue, .. } => core::iter::from_fn(|| queue.next(now)).collect(),
        }
    }

    /// Whether calling again at once would move something: looped packets, queued frames that the device has
    /// room for, addresses to be announced, a link that came up without anybody's knowing.
    pub(crate) fn has_work(&self) -> bool {
        if self.link_up() && !(self.known_up && self.announcements.is_empty()) {
            return true;
        }
        match &self.link {
            Link::Loopback(loopback) => !loopback.is_empty(),
            Link::Device { device, queue } => {
                let held_back = queue.discipline.is_empty() || queue.discipline.next_deadline().is_some();
                (queue.requeued.is_some() || !held_back) && device.can_transmit()
            }
            Link::Vlan(_) => false,
        }
    }

    /// When the discipline will release a frame that it holds back.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        match &self.link {
            Link::Loopback(_) | Link::Vlan(_) => None,
            Link::Device { queue, .. } => queue.discipline.next_deadline(),
        }
    }
}

impl Queue {
    fn send(&mut self, now: Instant, device: &mut dyn NetDevice, frame: Packet) -> Result<(), DropReason> {
        // Nothing before it and room behind it: the queue would hand it out at once. Linux: `TCQ_F_CAN_BYPASS`.
        let empty = self.requeued.is_none() && self.discipline.is_empty();
        let frame = match empty && device.can_transmit() {
            true => match self.hand_over(device, frame) {
                Ok(()) => return Ok(()),
                Err(frame) => frame,
            },
            false => frame,
        };
        self.discipline.enqueue(now, frame).map_err(|(_, reason)| reason)?;
        self.run(now, device);
        Ok(())
    }

    fn run(&mut self, now: Instant, device: &mut dyn NetDevice) {
        while device.can_transmit() {
            let Some(frame) = self.next(now) else { break };
            if let Err(frame) = self.hand_over(device, frame) {
                self.requeued = Some(frame);
                break;
            }
        }
    }

    fn hand_over(&mut self, device: &mut dyn NetDevice, frame: Packet) -> Result<(), Packet> {
        self.unflushed = true;
        let Some(watched) = &mut self.watched else { return device.transmit(frame) };
        let copy = frame.clone();
        device.transmit(frame)?;
        watched.push(copy);
        Ok(())
    }

    fn next(&mut self, now: Instant) -> Option<Packet> {
        self.requeued.take().or_else(|| self.discipline.dequeue(now))
    }
}
