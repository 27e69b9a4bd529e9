//! Setting a stack up: settings, devices, addresses, routes.

use super::Stack;
use crate::datapath;
use crate::device::{MAX_DEVICES, NetDevice};
use crate::packet::DeviceIndex;
use crate::route::RouteError;
use crate::sysctl::{Sysctl, SysctlError};
use crate::wire::ethernet::MacAddress;
use crate::wire::{ipv6, vlan};
use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;
use core::net::IpAddr;

/// Longest name of a device in bytes. Linux: `IFNAMSIZ` with its terminator.
const MAX_NAME: usize = 15;

/// Least MTU of a device: what every IPv4 link must carry (RFC 791). Linux: `ETH_MIN_MTU`.
const MIN_MTU: u32 = 68;

/// Why a piece of configuration was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// There is no such device.
    NoSuchDevice,
    /// A device has this name already, or it is no name: 1 to 15 bytes, no slash, colon or white space.
    BadName(String),
    /// There are too many devices.
    TooManyDevices,
    /// The MTU is not from 68 to 65535, or more than the device moves.
    BadMtu(u32),
    /// The address cannot be a host's: a group, everybody, nobody, or the network's own first or last one.
    BadAddress(IpAddr),
    /// The stack has this address already.
    AddressExists(IpAddr),
    /// The device does not have this address.
    NoSuchAddress(IpAddr),
    /// The address means something as far as others of its network do not. Linux: `EINVAL`.
    OtherScope(IpAddr),
    /// Temporary addresses are made beside a public one of IPv6 with a network of 64 bits. Linux: `EINVAL`.
    NothingBeside(IpAddr),
    /// The device is without IPv6 (`disable_ipv6`). Linux: `EACCES`.
    Ipv6Disabled,
    /// The device has very many addresses already.
    TooManyAddresses,
    /// The device cannot do that: the loopback device is not deleted, a card not taken out, a VLAN has no VLANs. Linux:
    /// `EOPNOTSUPP`.
    NotSupported,
    /// The VLAN's number is not from 1 to 4094. Linux: `ERANGE`.
    BadVlan(u16),
    /// The device has this VLAN already. Linux: `EEXIST`.
    VlanExists(u16),
    /// It is no station's address. Linux: `EADDRNOTAVAIL`.
    BadMac(MacAddress),
    /// The route or rule was refused.
    Route(RouteError),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConfigError::NoSuchDevice => f.write_str("there is no such device"),
            ConfigError::BadName(name) => write!(
                f,
                "the device name {name:?} is taken, or not 1 to {MAX_NAME} bytes without slash or space"
            ),
            ConfigError::TooManyDevices => write!(f, "there are {MAX_DEVICES} devices already"),
            ConfigError::BadMtu(mtu) => {
                write!(f, "mtu {mtu} is not from {MIN_MTU} to the most that the device moves")
            }
            ConfigError::BadAddress(address) => write!(f, "{address} cannot be a host's address"),
            ConfigError::NoSuchAddress(address) => {
                write!(f, "the device does not have the address {address}")
            }
            ConfigError::AddressExists(address) => write!(f, "the stack has the address {address} already"),
            ConfigError::OtherScope(address) => {
                write!(f, "{address} has another scope than the first address of its network")
            }
            ConfigError::NothingBeside(address) => {
                write!(f, "no temporary addresses are made beside {address}, whose network has not 64 bits")
            }
            ConfigError::Ipv6Disabled => f.write_str("IPv6 is disabled on this device"),
            ConfigError::TooManyAddresses => f.write_str("the device has very many addresses already"),
            ConfigError::NotSupported => f.write_str("the device cannot do that"),
            ConfigError::BadVlan(id) => write!(f, "a VLAN has a number from 1 to {}, not {id}", vlan::MAX_ID),
            ConfigError::VlanExists(id) => write!(f, "the device has a VLAN {id} already"),
            ConfigError::BadMac(mac) => write!(f, "{mac} cannot be a station's address"),
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
        self.with_context(self.now, |cx, _, _| datapath::follow_settings(cx));
        self.with_context(self.now, |cx, _, _| datapath::follow_link_local(cx));
        self.with_context(self.now, |cx, _, _| datapath::follow_link_settings(cx));
        self.groups.configure(&self.sysctl, self.now);
        Ok(())
    }

    /// The settings.
    pub fn sysctl(&self) -> &Sysctl {
        &self.sysctl
    }

    /// Whether a device with this name and MTU can be added.
    pub(super) fn check_new_device(&self, name: &str, mtu: u32) -> Result<(), ConfigError> {
        if !is_device_name(name) || self.interfaces.by_name(name).is_some() {
            return Err(ConfigError::BadName(String::from(name)));
        }
        if !is_mtu(mtu) {
            return Err(ConfigError::BadMtu(mtu));
        }
        match self.interfaces.iter().count() < MAX_DEVICES {
            true => Ok(()),
            false => Err(ConfigError::TooManyDevices),
        }
    }

    /// Adds a device under a name that no other has; `mtu` is the largest IP packet it carries, in bytes.
    /// Linux: `register_netdev`.
    pub fn add_device(
        &mut self,
        name: &str,
        mut device: Box<dyn NetDevice>,
        mtu: u32,
    ) -> Result<DeviceIndex, ConfigError> {
        self.check_new_device(name, mtu)?;
        if !device.set_mtu(mtu) {
            return Err(ConfigError::BadMtu(mtu));
        }
        let index = self.interfaces.add(name, mtu, device);
        self.sysctl.add_device(index.0, name);
        self.sysctl.ipv6.of_mut(index.0).mtu = mtu.max(ipv6::MIN_MTU);
        self.groups.add_device(index, &self.sysctl, self.now);
        Ok(index)
    }
}

/// Whether a device can have this name. Linux: `dev_valid_name`.
pub(super) fn is_device_name(name: &str) -> bool {
    let forbidden = |char: char| char == '/' || char == ':' || char.is_whitespace() || char.is_control();
    (1..=MAX_NAME).contains(&name.len()) && name != "." && name != ".." && !name.contains(forbidden)
}

/// Whether a device can have this MTU.
pub(super) fn is_mtu(mtu: u32) -> bool {
    (MIN_MTU..=65_535).contains(&mtu)
}
