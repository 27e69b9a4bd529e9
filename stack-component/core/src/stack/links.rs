//! Devices that come, change and go while a stack runs. Linux: `net/core/rtnetlink.c`, `net/core/dev.c`.

use super::config::{is_device_name, is_mtu};
use super::control::LinkListing;
use super::{ConfigError, Stack};
use crate::datapath;
use crate::device::{Dummy, Interface, Vlan};
use crate::packet::DeviceIndex;
use crate::random::Random;
use crate::wire::ethernet::MacAddress;
use crate::wire::ipv6;
use crate::wire::vlan;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// MTU of a new dummy device, in bytes. Linux: `ETH_DATA_LEN`.
const DUMMY_MTU: u32 = 1500;

impl Stack {
    /// Adds a device for those frames of another one that have the tag of VLAN `id`, from 1 to 4094. Linux:
    /// `ip link add link PARENT name NAME type vlan id ID`, `register_vlan_dev`.
    pub fn add_vlan(&mut self, parent: DeviceIndex, name: &str, id: u16) -> Result<DeviceIndex, ConfigError> {
        let below = self.interfaces.get(parent).ok_or(ConfigError::NoSuchDevice)?;
        if below.is_loopback() || below.vlan().is_some() {
            return Err(ConfigError::NotSupported);
        }
        if !(1..=vlan::MAX_ID).contains(&id) {
            return Err(ConfigError::BadVlan(id));
        }
        let (mtu, of) = (below.mtu(), Vlan::new(parent, id, below.mac(), below.has_neighbours()));
        let same = |vlan: Vlan| vlan.parent == parent && vlan.id == id;
        if self.interfaces.iter().any(|interface| interface.vlan().is_some_and(same)) {
            return Err(ConfigError::VlanExists(id));
        }
        self.check_new_device(name, mtu)?;
        let carrier = below.link_up();
        let index = self.interfaces.add_vlan(name, mtu, of);
        if let Some(interface) = self.interfaces.get_mut(index) {
            interface.follow_parent(carrier);
            interface.known_up = carrier;
        }
        self.sysctl.add_device(index.0, name);
        self.sysctl.ipv6.of_mut(index.0).mtu = mtu.max(ipv6::MIN_MTU);
        self.groups.add_device(index, &self.sysctl, self.now);
        Ok(index)
    }

    /// Adds a device that swallows what it is given, with a random station address. Linux:
    /// `ip link add NAME type dummy`.
    pub fn add_dummy(&mut self, name: &str) -> Result<DeviceIndex, ConfigError> {
        let mac = random_mac(self.random.as_mut());
        self.add_device(name, Box::new(Dummy::new(mac)), DUMMY_MTU)
    }

    /// Takes a VLAN or dummy device away, with its addresses and routes; a dummy's VLANs go with it. Linux:
    /// `ip link delete`, `unregister_netdevice`, `vlan_device_event`.
    pub fn delete_device(&mut self, device: DeviceIndex) -> Result<(), ConfigError> {
        let interface = self.interfaces.get(device).ok_or(ConfigError::NoSuchDevice)?;
        if interface.is_loopback() || (interface.vlan().is_none() && interface.has_neighbours()) {
            return Err(ConfigError::NotSupported);
        }
        let above = |interface: &&Interface| interface.vlan().is_some_and(|vlan| vlan.parent == device);
        let vlans: Vec<_> = self.interfaces.iter().filter(above).map(Interface::index).collect();
        vlans.into_iter().try_for_each(|vlan| self.delete_device(vlan))?;
        self.set_device_up(device, false)?;
        self.routes.device_gone(device);
        self.with_context(self.now, |cx, _, _| datapath::device_gone(cx, device));
        while self.interfaces.get(device).is_some_and(|interface| interface.is_promiscuous()) {
            self.interfaces.change_promiscuity(device, false);
        }
        self.packet_sockets.device_gone(device);
        self.groups.remove_device(device);
        self.narrowed.remove(&device);
        self.sysctl.remove_device(device.0);
        if let Some(interface) = self.interfaces.remove(device) {
            self.subscribers.note_gone(LinkListing::new(&interface), interface.addresses());
        }
        Ok(())
    }

    /// Lets a device work, or not. While it does not, there are no routes over it; those that were added by hand do
    /// not come back. Linux: `ip link set DEVICE up`, `dev_change_flags`, `fib_netdev_event`.
    pub fn set_device_up(&mut self, device: DeviceIndex, up: bool) -> Result<(), ConfigError> {
        let interface = self.interfaces.get_mut(device).ok_or(ConfigError::NoSuchDevice)?;
        if interface.is_up() == up {
            return Ok(());
        }
        interface.set_up(up);
        let now = self.now;
        if up {
            self.routes.device_up(device);
            self.restore_granted_routes(device);
            self.with_context(now, |cx, _, _| datapath::device_started(cx, device));
        } else {
            self.with_context(now, |cx, _, _| datapath::device_down(cx, device));
            self.routes.device_down(device);
            self.with_context(now, |cx, _, _| datapath::device_stopped(cx, device));
        }
        Ok(())
    }

    /// Gives a device another name, which its settings have from now on. Linux: `ip link set DEVICE name NAME`,
    /// `dev_change_name`.
    pub fn rename_device(&mut self, device: DeviceIndex, name: &str) -> Result<(), ConfigError> {
        let taken = self.interfaces.by_name(name).is_some_and(|other| other.index() != device);
        if taken || !is_device_name(name) {
            return Err(ConfigError::BadName(String::from(name)));
        }
        self.interfaces.get_mut(device).ok_or(ConfigError::NoSuchDevice)?.set_name(String::from(name));
        self.sysctl.rename_device(device.0, name);
        Ok(())
    }

    /// Changes the largest IP packet of a device, in bytes; a VLAN's is not larger than its parent's. Linux:
    /// `dev_set_mtu`, `vlan_dev_change_mtu`.
    pub fn set_mtu(&mut self, device: &str, mtu: u32) -> Result<(), ConfigError> {
        if !is_mtu(mtu) {
            return Err(ConfigError::BadMtu(mtu));
        }
        let device = self.interfaces.by_name(device).ok_or(ConfigError::NoSuchDevice)?.index();
        self.set_device_mtu(device, mtu)
    }

    /// As [`Stack::set_mtu`], of an MTU that some device can have.
    pub(super) fn set_device_mtu(&mut self, index: DeviceIndex, mtu: u32) -> Result<(), ConfigError> {
        let interface = self.interfaces.get(index).ok_or(ConfigError::NoSuchDevice)?;
        let above = interface.vlan().and_then(|vlan| self.interfaces.get(vlan.parent));
        if above.is_some_and(|parent| parent.mtu() < mtu) {
            return Err(ConfigError::BadMtu(mtu));
        }
        if !self.interfaces.get_mut(index).ok_or(ConfigError::NoSuchDevice)?.set_mtu(mtu) {
            return Err(ConfigError::BadMtu(mtu));
        }
        self.sysctl.ipv6.of_mut(index.0).mtu = mtu.max(ipv6::MIN_MTU);
        // A VLAN keeps within what its parent carries. Linux: `vlan_device_event`.
        let of_it = |vlan: Vlan| vlan.parent == index;
        for interface in self.interfaces.iter_mut() {
            if interface.vlan().is_some_and(of_it) && interface.mtu() > mtu {
                interface.set_mtu(mtu);
            }
        }
        self.routes.note_change();
        Ok(())
    }

    /// Gives a device another station address, if it can have one, and its VLANs with it. What was learnt of its neighbours
    /// is forgotten. Linux: `dev_set_mac_address`, `vlan_sync_address`, `neigh_changeaddr`.
    pub fn set_mac(&mut self, device: DeviceIndex, mac: MacAddress) -> Result<(), ConfigError> {
        if !mac.is_unicast() {
            return Err(ConfigError::BadMac(mac));
        }
        let interface = self.interfaces.get_mut(device).ok_or(ConfigError::NoSuchDevice)?;
        let before = interface.mac();
        if !interface.set_mac(mac) {
            return Err(ConfigError::NotSupported);
        }
        let mut changed = vec![device];
        let of_it = |interface: &&mut Interface| interface.vlan().is_some_and(|vlan| vlan.parent == device);
        for vlan in self.interfaces.iter_mut().filter(of_it).filter(|vlan| vlan.mac() == before) {
            vlan.follow_mac(mac);
            changed.push(vlan.index());
        }
        let now = self.now;
        self.with_context(now, |cx, _, _| {
            changed.into_iter().for_each(|device| datapath::station_changed(cx, device));
        });
        self.run_output(now);
        Ok(())
    }
}

/// A locally administered address. Linux: `eth_hw_addr_random`.
fn random_mac(random: &mut dyn Random) -> MacAddress {
    let mut bytes = [0; 6];
    random.fill(&mut bytes);
    bytes[0] = bytes[0] & 0xfc | 2;
    MacAddress(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;
    use crate::route::{Destination, FlowKey, Refusal};
    use alloc::string::ToString;
    use core::net::IpAddr;

    fn stack() -> (Stack, DeviceIndex) {
        let mut stack = Stack::new(Box::new(SeededRandom::new(1)));
        let dummy = stack.add_dummy("dummy0").unwrap();
        stack.add_address(dummy, "192.0.2.1/24".parse().unwrap()).unwrap();
        (stack, dummy)
    }

    fn way(stack: &Stack, to: &str) -> Result<Destination, Refusal> {
        stack.routes().lookup(&FlowKey::to(to.parse::<IpAddr>().unwrap()))
    }

    #[test]
    fn an_mtu_is_that_of_a_device_that_there_is() {
        let (mut stack, _) = stack();
        assert_eq!(stack.set_mtu("lo", 1280), Ok(()));
        assert_eq!(stack.set_mtu("lo", 67), Err(ConfigError::BadMtu(67)));
        assert_eq!(stack.set_mtu("eth7", 1280), Err(ConfigError::NoSuchDevice));
    }

    #[test]
    fn routes_go_down_with_their_device_and_the_kernels_come_back() {
        let (mut stack, dummy) = stack();
        stack.add_default_gateway("192.0.2.9".parse::<core::net::IpAddr>().unwrap()).unwrap();
        let of_ipv4 =
            |stack: &Stack| stack.routes().iter().filter(|route| !route.destination.is_ipv6()).count();
        let before = of_ipv4(&stack);
        stack.set_device_up(dummy, false).unwrap();
        assert_eq!(way(&stack, "192.0.2.9"), Err(Refusal::NoRoute));
        assert!(
            matches!(way(&stack, "192.0.2.1"), Ok(Destination::Local { .. })),
            "our address is ours still"
        );
        stack.set_device_up(dummy, true).unwrap();
        assert!(way(&stack, "192.0.2.9").is_ok());
        assert_eq!(of_ipv4(&stack), before - 1, "the default route was added by hand");
    }

    #[test]
    fn a_device_goes_with_all_that_is_its() {
        let (mut stack, dummy) = stack();
        let fresh = Stack::new(Box::new(SeededRandom::new(1))).routes().len();
        stack.delete_device(dummy).unwrap();
        assert_eq!((stack.routes().len(), stack.interfaces().iter().count()), (fresh, 1));
        assert_eq!(stack.delete_device(dummy), Err(ConfigError::NoSuchDevice));
        assert_eq!(stack.delete_device(DeviceIndex::LOOPBACK), Err(ConfigError::NotSupported));
        assert!(stack.set_sysctl("net.ipv4.conf.dummy0.rp_filter", "1").is_err());
        assert_ne!(stack.add_dummy("dummy0").unwrap(), dummy, "numbers are not used again");
    }

    #[test]
    fn names_are_few_bytes_and_one_devices() {
        let (mut stack, dummy) = stack();
        for bad in ["", "a/b", "a b", "..", "sixteen-bytes-xx", "lo"] {
            assert_eq!(stack.rename_device(dummy, bad), Err(ConfigError::BadName(bad.to_string())));
            assert!(stack.add_dummy(bad).is_err());
        }
        stack.rename_device(dummy, "red").unwrap();
        assert!(stack.interfaces().by_name("dummy0").is_none());
        assert_eq!(stack.set_sysctl("net.ipv4.conf.red.rp_filter", "1"), Ok(()));
    }

    #[test]
    fn only_stations_addresses_and_only_where_they_can_be_changed() {
        let (mut stack, dummy) = stack();
        let (station, group) = (MacAddress([2, 0, 0, 0, 0, 9]), MacAddress([1, 0, 0, 0, 0, 9]));
        stack.set_mac(dummy, station).unwrap();
        assert_eq!(stack.interfaces().get(dummy).unwrap().mac(), station);
        assert_eq!(stack.set_mac(dummy, group), Err(ConfigError::BadMac(group)));
        assert_eq!(stack.set_mac(DeviceIndex::LOOPBACK, station), Err(ConfigError::NotSupported));
        assert_eq!(stack.add_vlan(DeviceIndex::LOOPBACK, "lo.1", 1), Err(ConfigError::NotSupported));
    }

    #[test]
    fn vlans_of_a_dummy_are_as_it_is_and_go_with_it() {
        let (mut stack, dummy) = stack();
        let vlan = stack.add_vlan(dummy, "dummy0.1", 1).unwrap();
        assert!(!stack.interfaces().get(vlan).unwrap().has_neighbours());
        assert_eq!(stack.add_vlan(vlan, "dummy0.1.1", 1), Err(ConfigError::NotSupported));
        stack.delete_device(dummy).unwrap();
        assert!(stack.interfaces().get(vlan).is_none());
    }
}
