//! The interfaces of a stack, by number and by name.

use super::{Interface, NetDevice, Vlan};
use crate::packet::DeviceIndex;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// Most devices of a stack.
pub const MAX_DEVICES: usize = 4096;

/// All interfaces; the loopback interface is there from the start and is number 1. Numbers are used again
/// only when [`MAX_DEVICES`] were given out.
pub struct Interfaces {
    /// Number n is at place n - 1; none: it is gone.
    table: Vec<Option<Interface>>,
    /// Whether copies of what devices take are kept.
    watched: bool,
    /// Whether changes of new interfaces are kept.
    heard: bool,
}

impl Default for Interfaces {
    fn default() -> Self {
        Interfaces { table: vec![Some(Interface::loopback())], watched: false, heard: false }
    }
}

impl Interfaces {
    /// Adds an interface and numbers it. The name must not be taken, and there must be less than [`MAX_DEVICES`].
    pub(crate) fn add(&mut self, name: &str, mtu: u32, device: Box<dyn NetDevice>) -> DeviceIndex {
        self.place(|index| Interface::new(String::from(name), index, mtu, device))
    }

    /// As [`Interfaces::add`], for an interface of those frames of another one that have a tag.
    pub(crate) fn add_vlan(&mut self, name: &str, mtu: u32, vlan: Vlan) -> DeviceIndex {
        self.place(|index| Interface::vlan_of(String::from(name), index, mtu, vlan))
    }

    fn place(&mut self, make: impl FnOnce(DeviceIndex) -> Interface) -> DeviceIndex {
        let free = match self.table.len() < MAX_DEVICES {
            true => None,
            false => self.table.iter().position(Option::is_none),
        };
        let place = free.unwrap_or(self.table.len());
        let index = DeviceIndex(place as u32 + 1);
        let mut interface = make(index);
        interface.set_watched(self.watched);
        if self.heard {
            interface.hear();
        }
        let interface = Some(interface);
        match self.table.get_mut(place) {
            Some(free) => *free = interface,
            None => self.table.push(interface),
        }
        index
    }

    /// Keeps copies of what devices take from now on, those too that are still to come, or no more.
    pub(crate) fn set_watched(&mut self, watched: bool) {
        self.watched = watched;
        self.iter_mut().for_each(|interface| interface.set_watched(watched));
    }

    /// One more wants a device to take frames for everybody, or one less; of a VLAN its parent has to. Linux:
    /// `dev_set_promiscuity`, `vlan_dev_change_rx_flags`.
    pub(crate) fn change_promiscuity(&mut self, device: DeviceIndex, more: bool) {
        let Some(interface) = self.get_mut(device) else { return };
        let parent = interface.vlan().map(|vlan| vlan.parent);
        if interface.change_promiscuity(more)
            && let Some(parent) = parent.and_then(|parent| self.get_mut(parent))
        {
            parent.change_promiscuity(more);
        }
    }

    /// Takes an interface away.
    pub(crate) fn remove(&mut self, index: DeviceIndex) -> Option<Interface> {
        self.table.get_mut((index.0 as usize).checked_sub(1)?)?.take()
    }

    /// From now on changes are kept, or are not any more: see [`Interface::take_changes`].
    pub(crate) fn set_heard(&mut self, heard: bool) {
        self.heard = heard;
        self.iter_mut().for_each(|interface| interface.set_heard(heard));
    }

    /// The interface of this number.
    pub fn get(&self, index: DeviceIndex) -> Option<&Interface> {
        self.table.get((index.0 as usize).checked_sub(1)?)?.as_ref()
    }

    /// The interface of this number, to be changed.
    pub fn get_mut(&mut self, index: DeviceIndex) -> Option<&mut Interface> {
        self.table.get_mut((index.0 as usize).checked_sub(1)?)?.as_mut()
    }

    /// The interface of this name.
    pub fn by_name(&self, name: &str) -> Option<&Interface> {
        self.iter().find(|interface| interface.name() == name)
    }

    /// All interfaces by number.
    pub fn iter(&self) -> impl Iterator<Item = &Interface> {
        self.table.iter().flatten()
    }

    /// All interfaces by number, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Interface> {
        self.table.iter_mut().flatten()
    }

    /// The highest number that there was.
    pub fn count(&self) -> usize {
        self.table.len()
    }
}
