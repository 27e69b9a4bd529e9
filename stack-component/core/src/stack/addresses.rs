//! The addresses of a stack's devices.

use super::{ConfigError, Stack};
use crate::datapath;
use crate::device::{Address, AddressKey};
use crate::ip::v6::source::{Source, order_destinations};
use crate::packet::DeviceIndex;
use crate::route::{FlowKey, Route, RouteError};
use crate::wire::cidr::IpCidr;
use core::net::{IpAddr, Ipv6Addr};

/// Most addresses of one device.
const MAX_ADDRESSES: usize = 4096;

impl Stack {
    /// Gives a device an address for ever, and the routes that follow: to the address itself, to its network, to
    /// everybody in it. An IPv4 address is announced to the link when it is up. An IPv6 address is asked for on the
    /// link first, and is ours when nobody answers. Linux: `ip address add`, `inet_insert_ifa`, `ipv6_add_addr`.
    pub fn add_address(&mut self, device: DeviceIndex, address: IpCidr) -> Result<(), ConfigError> {
        self.add_address_record(device, Address::new(address, self.now))
    }

    /// As [`Stack::add_address`], with lifetimes and flags. Its state follows from its flags.
    pub fn add_address_record(&mut self, device: DeviceIndex, address: Address) -> Result<(), ConfigError> {
        let interface = self.interfaces.get(device).ok_or(ConfigError::NoSuchDevice)?;
        let (ip, flags) = (address.ip(), address.flags);
        if flags.manage_temporary && address.cidr.is_ipv6() && address.cidr.prefix_len() != 64 {
            return Err(ConfigError::NothingBeside(ip));
        }
        if ip.is_ipv6() && self.sysctl.ipv6.of(device.0).disable_ipv6 {
            return Err(ConfigError::Ipv6Disabled);
        }
        let elsewhere = ip == Ipv6Addr::LOCALHOST && !interface.is_loopback();
        if elsewhere || !may_be_ours(ip) {
            return Err(ConfigError::BadAddress(ip));
        }
        if interface.record(address.key()).is_some() {
            return Err(ConfigError::AddressExists(ip));
        }
        // Linux: `__inet_insert_ifa`.
        if interface.primary_of(address.network()).is_some_and(|primary| primary.scope != address.scope) {
            return Err(ConfigError::OtherScope(ip));
        }
        if interface.addresses().len() >= MAX_ADDRESSES {
            return Err(ConfigError::TooManyAddresses);
        }
        let added = self.with_context(self.now, |cx, _, _| datapath::give_address(cx, device, address));
        added.map_err(|error| match error {
            RouteError::Exists => ConfigError::AddressExists(ip),
            error => ConfigError::Route(error),
        })?;
        if ip.is_ipv4() {
            self.sysctl.ipv4.keep(device.0);
        }
        Ok(())
    }

    /// Gives an address of a device other lifetimes, and one of IPv6 other flags; nothing that stays is taken away. One
    /// that is not there is added. Linux: `ip address replace`, `inet_rtm_newaddr`, `inet6_addr_modify`.
    pub fn replace_address_record(
        &mut self,
        device: DeviceIndex,
        address: Address,
    ) -> Result<(), ConfigError> {
        let interface = self.interfaces.get(device).ok_or(ConfigError::NoSuchDevice)?;
        let Some(known) = interface.record(address.key()) else {
            return self.add_address_record(device, address);
        };
        let alone = known.cidr.prefix_len() != 64 || known.flags.temporary;
        if address.flags.manage_temporary && known.cidr.is_ipv6() && alone {
            return Err(ConfigError::NothingBeside(address.ip()));
        }
        self.with_context(self.now, |cx, _, _| datapath::change_address(cx, device, &address));
        Ok(())
    }

    /// Takes an address away from a device, with the routes that came with it; of several with networks of different sizes
    /// the first. Linux: `ip address del` without a prefix length.
    pub fn remove_address(&mut self, device: DeviceIndex, ip: IpAddr) -> Result<(), ConfigError> {
        let record = self.interfaces.get(device).and_then(|interface| interface.address(ip));
        let key = record.map(Address::key).ok_or(ConfigError::NoSuchAddress(ip))?;
        self.remove_address_of(device, key)
    }

    /// Takes the address with this network away from a device, with the routes that came with it. Linux:
    /// `ip address del`.
    pub fn remove_address_of(
        &mut self,
        device: DeviceIndex,
        key: impl Into<AddressKey>,
    ) -> Result<(), ConfigError> {
        let key = key.into();
        let interface = self.interfaces.get(device).ok_or(ConfigError::NoSuchDevice)?;
        if interface.record(key).is_none_or(|known| known.key() != key) {
            return Err(ConfigError::NoSuchAddress(key.cidr.address()));
        }
        self.with_context(self.now, |cx, _, _| datapath::take_address(cx, device, key));
        Ok(())
    }

    /// Adds a default route by `gateway`, which must be in the network of a device.
    pub fn add_default_gateway(&mut self, gateway: impl Into<IpAddr>) -> Result<(), ConfigError> {
        let gateway = gateway.into();
        self.add_route(Route::via(IpCidr::all_like(gateway), gateway))
    }

    /// Puts the addresses of a name in the order in which they are to be tried (RFC 6724 section 6).
    pub fn order_destinations(&self, destinations: &mut [IpAddr]) {
        order_destinations(destinations, |destination| {
            let address = self.source_towards(destination)?;
            let records = self.interfaces.iter().flat_map(|interface| interface.addresses());
            let deprecated =
                records.filter(|record| record.ip() == address).any(|record| record.is_deprecated());
            Some(Source { address, deprecated })
        });
    }

    /// Our address towards `remote`; none if there is no way.
    fn source_towards(&self, remote: IpAddr) -> Option<IpAddr> {
        self.source_by(remote, &self.routes.lookup(&FlowKey::to(remote)).ok()?)
    }
}

/// Whether an address can be one host's. Linux takes those of groups and of everybody too, and does nothing with them.
fn may_be_ours(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            !(address.is_multicast() || address.is_broadcast() || address.octets()[0] == 0)
        }
        // Linux: `ipv6_add_addr`.
        IpAddr::V6(address) => {
            !(address.is_multicast() || address.is_unspecified() || address.to_ipv4_mapped().is_some())
        }
    }
}
