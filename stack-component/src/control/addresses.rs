//! Interface `wnet:stack/addresses`.

use super::failure::failure;
use crate::Component;
use crate::bindings::exports::wasi::sockets::network::IpAddress;
use crate::bindings::exports::wnet::stack::addresses::{Address, AddressFlags, Guest, Membership};
use crate::bindings::exports::wnet::stack::control_types::{Errno, Failure};
use crate::entry::enter;
use crate::sockets::addresses::{host, wit_host};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;
use stack_core::device::Interface;
use stack_core::packet::DeviceIndex;
use stack_core::wire::ipv4::Ipv4Cidr;

/// Linux: `RT_SCOPE_HOST`.
const SCOPE_HOST: u8 = 254;

impl Guest for Component {
    fn addresses() -> Vec<Address> {
        enter(|state, _| {
            let interfaces = state.stack.interfaces().iter();
            interfaces.flat_map(|interface| addresses_of(interface).collect::<Vec<_>>()).collect()
        })
    }

    fn add_address(what: Address, _replace: bool) -> Result<(), Failure> {
        let IpAddr::V4(local) = host(what.local) else {
            return Err(failure(Errno::NotSupported, ""));
        };
        let cidr = Ipv4Cidr::new(local, what.prefix_length).ok_or_else(|| failure(Errno::Invalid, ""))?;
        Ok(enter(|state, _| state.stack.add_address(DeviceIndex(what.device), cidr))?)
    }

    fn remove_address(_: u32, _: IpAddress, _: Option<u8>, _: String) -> Result<(), Failure> {
        Err(failure(Errno::NotSupported, ""))
    }

    fn memberships() -> Vec<Membership> {
        Vec::new()
    }
}

fn addresses_of(interface: &Interface) -> impl Iterator<Item = Address> {
    interface.addresses().iter().enumerate().map(|(place, cidr)| {
        let earlier = interface.addresses().get(..place).unwrap_or_default();
        let secondary = earlier.iter().any(|other| other.network() == cidr.network());
        let secondary = if secondary { AddressFlags::SECONDARY } else { AddressFlags::empty() };
        let broadcast = cidr.broadcast().filter(|_| !interface.is_loopback());
        Address {
            device: interface.index().0,
            local: wit_host(cidr.address().into()),
            prefix_length: cidr.prefix_len(),
            peer: None,
            broadcast: broadcast.map(|everybody| wit_host(everybody.into())),
            scope: if interface.is_loopback() { SCOPE_HOST } else { 0 },
            flags: AddressFlags::PERMANENT | secondary,
            label: interface.name().to_string(),
            preferred_lifetime: None,
            valid_lifetime: None,
            protocol: 0,
        }
    })
}
