//! Setting a stack up: settings, devices, addresses, routes.

use super::Stack;
use crate::device::NetDevice;
use crate::packet::DeviceIndex;
use crate::route::RouteError;
use crate::sysctl::{Sysctl, SysctlError};
use crate::wire::ipv6;
use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;
use core::net::IpAddr;

/// Most devices of a stack.
const MAX_DEVICES: usize = 4096;

/// Least MTU of a device: what every IPv4 link must carry (RFC 791). Linux: `ETH_MIN_MTU`.
const MIN_MTU: u32 = 68;

/// Why a piece of configuration was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// There is no such device.
    NoSuchDevice,
    /// A device has this name already, or the name is empty.
    BadName(String),
    /// There are too many devices.
    TooManyDevices,
    /// The MTU is not from 68 to 65535.
    BadMtu(u32),
    /// The address cannot be a host's: a group, everybody, nobody, or the network's own first or last one.
    BadAddress(IpAddr),
    /// The stack has this address already.
    AddressExists(IpAddr),
    /// The device does not have this address.
    NoSuchAddress(IpAddr),
    /// The device has very many addresses already.
    TooManyAddresses,
    /// The route or rule was refused.
    Route(RouteError),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConfigError::NoSuchDevice => f.write_str("there is no such device"),
            ConfigError::BadName(name) => write!(f, "the device name {name:?} is empty or taken"),
            ConfigError::TooManyDevices => write!(f, "there are {MAX_DEVICES} devices already"),
            ConfigError::BadMtu(mtu) => write!(f, "mtu {mtu} is not from {MIN_MTU} to 65535"),
            ConfigError::BadAddress(address) => write!(f, "{address} cannot be a host's address"),
            ConfigError::AddressExists(address) => write!(f, "the stack has the address {address} already"),
            ConfigError::NoSuchAddress(address) => {
                write!(f, "the device does not have the address {address}")
            }
            ConfigError::TooManyAddresses => f.write_str("the device has very many addresses already"),
            ConfigError::Route(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ConfigError {}

impl From<RouteError> for ConfigError {
    fn from(error: RouteError) -> Self {
        ConfigError::Route(error)
    }
}

impl Stack {
    /// Sets a setting by its Linux name, such as `net.ipv4.ip_forward`.
    pub fn set_sysctl(&mut self, name: &str, value: &str) -> Result<(), SysctlError> {
        self.sysctl.set(name, value)?;
        // What is remembered of routes was found by the old settings.
        self.routes.note_change();
        self.neighbours.configure(&self.sysctl, self.random.as_mut());
        Ok(())
    }

    /// The settings.
    pub fn sysctl(&self) -> &Sysctl {
        &self.sysctl
    }

    /// Adds a device under a name that no other has; `mtu` is the largest IP packet it carries, in bytes.
    /// Linux: `register_netdev`.
    pub fn add_device(
        &mut self,
        name: &str,
        device: Box<dyn NetDevice>,
        mtu: u32,
    ) -> Result<DeviceIndex, ConfigError> {
        if name.is_empty() || self.interfaces.by_name(name).is_some() {
            return Err(ConfigError::BadName(String::from(name)));
        }
        if !is_mtu(mtu) {
            return Err(ConfigError::BadMtu(mtu));
        }
        if self.interfaces.count() >= MAX_DEVICES {
            return Err(ConfigError::TooManyDevices);
        }
        let index = self.interfaces.add(name, mtu, device);
        self.sysctl.add_device(index.0, name);
        self.sysctl.ipv6.of_mut(index.0).mtu = mtu.max(ipv6::MIN_MTU);
        Ok(index)
    }
}

/// Whether a device can have this MTU.
pub(super) fn is_mtu(mtu: u32) -> bool {
    (MIN_MTU..=65_535).contains(&mtu)
}
