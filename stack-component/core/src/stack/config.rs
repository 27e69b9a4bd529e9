//! Setting a stack up: settings, devices, addresses, routes.

use super::Stack;
use crate::device::{MAX_DEVICES, NetDevice};
use crate::packet::DeviceIndex;
use crate::route::{Meeting, Route, RouteError, RouteKind, RouteProtocol};
use crate::sysctl::{Sysctl, SysctlError};
use crate::wire::cidr::IpCidr;
use crate::wire::ethernet::MacAddress;
use crate::wire::ipv4::Ipv4Cidr;
use crate::wire::vlan;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr};

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
    /// The MTU is not from 68 to 65535.
    BadMtu(u32),
    /// The address cannot be a host's: a group, everybody, nobody, or the network's own first or last one.
    BadAddress(Ipv4Addr),
    /// The stack has this address already.
    AddressExists(Ipv4Addr),
    /// The device does not have this address.
    NoSuchAddress(IpAddr),
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
            ConfigError::BadMtu(mtu) => write!(f, "mtu {mtu} is not from {MIN_MTU} to 65535"),
            ConfigError::BadAddress(address) => write!(f, "{address} cannot be a host's address"),
            ConfigError::NoSuchAddress(address) => {
                write!(f, "the device does not have the address {address}")
            }
            ConfigError::AddressExists(address) => write!(f, "the stack has the address {address} already"),
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
        device: Box<dyn NetDevice>,
        mtu: u32,
    ) -> Result<DeviceIndex, ConfigError> {
        self.check_new_device(name, mtu)?;
        let index = self.interfaces.add(name, mtu, device);
        self.sysctl.add_device(index.0, name);
        Ok(index)
    }

    /// Gives a device an address and the routes that follow: to the address itself, to its network, to
    /// everybody in it. The address is announced to the link when it is up. Linux: `inet_insert_ifa`,
    /// `fib_add_ifaddr`.
    pub fn add_address(&mut self, device: DeviceIndex, address: Ipv4Cidr) -> Result<(), ConfigError> {
        let interface = self.interfaces.get_mut(device).ok_or(ConfigError::NoSuchDevice)?;
        let ip = address.address();
        let loopback = interface.is_loopback();
        if !may_be_ours(address) || ip.is_loopback() != loopback {
            return Err(ConfigError::BadAddress(ip));
        }
        let route = |destination, kind| Route {
            source: Some(ip.into()),
            ..Route::over(destination, kind, device).by_kernel()
        };
        let to_us = route(IpCidr::host(ip.into()), RouteKind::Local);
        self.routes.insert(to_us, Meeting::Add).map_err(|error| match error {
            RouteError::Exists => ConfigError::AddressExists(ip),
            error => ConfigError::Route(error),
        })?;
        interface.add_address(address);
        self.sysctl.ipv4.keep(device.0);
        // Two addresses of one network have the same of these.
        if let Some(everybody) = address.broadcast().filter(|_| !loopback) {
            let _ = self
                .routes
                .insert(route(IpCidr::host(everybody.into()), RouteKind::Broadcast), Meeting::Append);
        }
        if let Some(network) = IpCidr::new(ip.into(), address.prefix_len()).filter(|block| !block.is_host()) {
            let kind = if loopback { RouteKind::Local } else { RouteKind::Unicast };
            let _ = self.routes.insert(route(network.network(), kind), Meeting::Append);
        }
        Ok(())
    }

    /// Takes an address away from a device, with the routes that came with it. Linux: `inet_del_ifa`.
    pub fn remove_address(&mut self, device: DeviceIndex, ip: IpAddr) -> Result<(), ConfigError> {
        let interface = self.interfaces.get_mut(device).ok_or(ConfigError::NoSuchDevice)?;
        if !interface.remove_address(ip) {
            return Err(ConfigError::NoSuchAddress(ip));
        }
        let came_with_it = |route: &Route| {
            route.source == Some(ip) && route.protocol == RouteProtocol::Kernel && route.is_over(device)
        };
        let routes: Vec<Route> = self.routes.iter().filter(came_with_it).collect();
        for route in routes {
            let _ = self.routes.remove(&route);
        }
        Ok(())
    }

    /// Adds a default route by `gateway`, which must be in the network of a device.
    pub fn add_default_gateway(&mut self, gateway: Ipv4Addr) -> Result<(), ConfigError> {
        self.add_route(Route::via(IpCidr::ALL_V4, gateway.into()))
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

/// Whether an address can be a host's in its network.
fn may_be_ours(cidr: Ipv4Cidr) -> bool {
    let address = cidr.address();
    let is_the_network = cidr.broadcast().is_some() && cidr.network().address() == address;
    let is_everybody = address.is_broadcast() || cidr.broadcast() == Some(address);
    !(address.is_multicast() || address.octets()[0] == 0 || is_the_network || is_everybody)
}
