//! Settings that each device has its own value of.

use super::table::Settings;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

/// Whose value of a setting is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// What is combined with each device's own. Linux: `conf.all`.
    All,
    /// What a new device begins with. Linux: `conf.default`.
    Default,
    /// The device of this number.
    Device(u32),
}

/// What becomes of devices that are there when the value for new ones changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inheritance {
    /// They follow until they got a value of their own. Linux: `devinet_copy_dflt_conf`, `neigh_copy_dflt_parms`.
    UntilSet,
    /// They keep what they have.
    AtCreation,
}

/// The values of one device.
#[derive(Clone, Debug)]
struct Device<T> {
    values: T,
    /// The names of the values that do not follow the default any more. Linux: `ipv4_devconf.state`.
    own: Vec<&'static str>,
}

/// A table of settings for all devices, for new devices, and for each device.
///
/// Memory: one `T` for each device, of which there are a limited number.
#[derive(Clone, Debug)]
pub struct PerDevice<T> {
    /// What is combined with each device's own.
    pub all: T,
    /// What a new device begins with, and what counts for a device that is not known.
    pub default: T,
    devices: BTreeMap<u32, Device<T>>,
    inheritance: Inheritance,
}

impl<T: Settings + Clone> PerDevice<T> {
    /// No devices yet.
    pub(super) fn new(all: T, default: T, inheritance: Inheritance) -> Self {
        PerDevice { all, default, devices: BTreeMap::new(), inheritance }
    }

    /// The values of a device.
    pub fn of(&self, device: u32) -> &T {
        self.devices.get(&device).map_or(&self.default, |device| &device.values)
    }

    /// The values of a device, to be changed by the stack itself. Linux: `IN_DEV_CONF_SET`.
    pub fn of_mut(&mut self, device: u32) -> &mut T {
        self.devices.get_mut(&device).map_or(&mut self.default, |device| &mut device.values)
    }

    /// Each device's number and values.
    pub fn devices(&self) -> impl Iterator<Item = (u32, &T)> {
        self.devices.iter().map(|(&number, device)| (number, &device.values))
    }

    /// All devices' values, and those of devices to come.
    pub(super) fn everyone(&mut self) -> impl Iterator<Item = &mut T> {
        core::iter::once(&mut self.default).chain(self.devices.values_mut().map(|device| &mut device.values))
    }

    /// A device's values no longer follow the default. Linux: `ipv4_devconf_setall`, when it gets an address.
    pub fn keep(&mut self, device: u32) {
        if let Some(device) = self.devices.get_mut(&device) {
            device.own = T::NAMES.to_vec();
        }
    }
}

/// What is asked of every table, whatever it holds.
pub(super) trait Table {
    /// The names of the settings, behind the device's.
    fn leaves(&self) -> &'static [&'static str];

    /// A device came, and gets the default's values.
    fn add(&mut self, device: u32);

    /// A device went.
    fn remove(&mut self, device: u32);

    /// A value as text.
    fn read(&self, whose: Whose, leaf: &str) -> Option<String>;

    /// Sets a value: as [`Settings::write`].
    fn write(&mut self, whose: Whose, leaf: &str, value: &str) -> Option<Result<(), &'static str>>;
}

impl<T: Settings + Clone> Table for PerDevice<T> {
    fn leaves(&self) -> &'static [&'static str] {
        T::NAMES
    }

    fn add(&mut self, device: u32) {
        self.devices.insert(device, Device { values: self.default.clone(), own: Vec::new() });
    }

    fn remove(&mut self, device: u32) {
        self.devices.remove(&device);
    }

    fn read(&self, whose: Whose, leaf: &str) -> Option<String> {
        match whose {
            Whose::All => self.all.read(leaf),
            Whose::Default => self.default.read(leaf),
            Whose::Device(device) => self.devices.get(&device)?.values.read(leaf),
        }
    }

    fn write(&mut self, whose: Whose, leaf: &str, value: &str) -> Option<Result<(), &'static str>> {
        match whose {
            Whose::All => self.all.write(leaf, value),
            Whose::Default => {
                let written = self.default.write(leaf, value)?;
                if written.is_ok() && self.inheritance == Inheritance::UntilSet {
                    for device in self.devices.values_mut().filter(|device| !device.own.contains(&leaf)) {
                        device.values.write(leaf, value);
                    }
                }
                Some(written)
            }
            Whose::Device(device) => {
                let device = self.devices.get_mut(&device)?;
                let written = device.values.write(leaf, value)?;
                let name = T::NAMES.iter().copied().find(|name| *name == leaf)?;
                if written.is_ok() && !device.own.contains(&name) {
                    device.own.push(name);
                }
                Some(written)
            }
        }
    }
}
