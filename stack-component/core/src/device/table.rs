//! The interfaces of a stack, by number and by name.

use super::{Interface, NetDevice};
use crate::packet::DeviceIndex;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// All interfaces; the loopback interface is there from the start and is number 1.
pub struct Interfaces {
    /// Number n is at place n - 1.
    table: Vec<Interface>,
}

impl Default for Interfaces {
    fn default() -> Self {
        Interfaces { table: vec![Interface::loopback()] }
    }
}

impl Interfaces {
    /// Adds an interface and numbers it. The name must not be taken.
    pub(crate) fn add(&mut self, name: &str, mtu: u32, device: Box<dyn NetDevice>) -> DeviceIndex {
        let index = DeviceIndex(self.table.len() as u32 + 1);
        self.table.push(Interface::new(String::from(name), index, mtu, device));
        index
    }

    /// The interface of this number.
    pub fn get(&self, index: DeviceIndex) -> Option<&Interface> {
        self.table.get((index.0 as usize).checked_sub(1)?)
    }

    /// The interface of this number, to be changed.
    pub fn get_mut(&mut self, index: DeviceIndex) -> Option<&mut Interface> {
        self.table.get_mut((index.0 as usize).checked_sub(1)?)
    }

    /// The interface of this name.
    pub fn by_name(&self, name: &str) -> Option<&Interface> {
        self.iter().find(|interface| interface.name() == name)
    }

    /// All interfaces by number.
    pub fn iter(&self) -> impl Iterator<Item = &Interface> {
        self.table.iter()
    }

    /// All interfaces by number, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Interface> {
        self.table.iter_mut()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.table.len()
    }
}
