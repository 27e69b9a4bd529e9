//! From the host's configuration to a stack with devices. Every error is a line that names what was wrong.

use crate::bindings::exports::wasi::sockets::network::IpAddress;
use crate::bindings::exports::wnet::stack::reactor::{Config, DeviceConfig, InterfaceAddress};
use crate::bindings::wnet::nic::pci::{self, Function};
use crate::bindings::wnet::stack::notify::{self, Level};
use crate::entry::new_stack;
use crate::nic_bus::NicBus;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::Ipv4Addr;
use stack_core::device::NetDevice;
use stack_core::driver::e1000::{E1000, Options};
use stack_core::stack::Stack;
use stack_core::wire::ipv4::Ipv4Cidr;

/// MTU of a device whose configuration names none.
const DEFAULT_MTU: u32 = 1500;
/// Least MTU. Linux: `ETH_MIN_MTU`.
const MIN_MTU: u32 = 68;
/// Largest MTU. The device could have 16110, the driver has no jumbo frames yet.
pub(crate) const MAX_MTU: u32 = E1000::<NicBus>::MAX_MTU;

/// The stack that `config` describes.
pub(crate) fn configured_stack(config: Config) -> Result<Stack, String> {
    let mut stack = new_stack();
    for (name, value) in &config.sysctls {
        stack.set_sysctl(name, value).map_err(|error| error.to_string())?;
    }
    let mut functions: Vec<Option<Function>> = pci::functions().into_iter().map(Some).collect();
    for device in &config.devices {
        let function = take_function(&mut functions, device.function)
            .map_err(|error| format!("{}: {error}", device.name))?;
        add_device(&mut stack, device, function).map_err(|error| format!("{}: {error}", device.name))?;
    }
    Ok(stack)
}

fn take_function(functions: &mut [Option<Function>], index: u32) -> Result<Function, String> {
    let count = functions.len();
    let place = usize::try_from(index).ok().and_then(|index| functions.get_mut(index));
    let place = place.ok_or_else(|| format!("there is no function {index}, the machine has {count}"))?;
    place.take().ok_or_else(|| format!("function {index} belongs to another device"))
}

fn add_device(stack: &mut Stack, config: &DeviceConfig, function: Function) -> Result<(), String> {
    let mtu = config.mtu.unwrap_or(DEFAULT_MTU);
    if !(MIN_MTU..=MAX_MTU).contains(&mtu) {
        return Err(format!(
            "mtu {mtu} is not within {MIN_MTU} to {MAX_MTU} (jumbo frames are not built yet)"
        ));
    }
    let device =
        E1000::probe(NicBus::new(function), Options::default()).map_err(|error| error.to_string())?;
    notify::log(Level::Info, &format!("{}: Intel 82540EM, {}, mtu {mtu}", config.name, device.mac()));
    let index = stack.add_device(&config.name, Box::new(device), mtu).map_err(|error| error.to_string())?;
    for InterfaceAddress { address, prefix_length } in &config.addresses {
        let ip = v4(address)?;
        let network = Ipv4Cidr::new(ip, *prefix_length)
            .ok_or_else(|| format!("{ip}/{prefix_length}: a prefix has 0 to 32 bits"))?;
        stack.add_address(index, network).map_err(|error| format!("{ip}/{prefix_length}: {error}"))?;
    }
    for gateway in &config.gateways {
        let ip = v4(gateway)?;
        stack.add_default_gateway(ip).map_err(|error| format!("gateway {ip}: {error}"))?;
    }
    Ok(())
}

/// The IPv4 address; an IPv6 address is an error that says so.
pub(crate) fn v4(address: &IpAddress) -> Result<Ipv4Addr, String> {
    match *address {
        IpAddress::Ipv4((a, b, c, d)) => Ok(Ipv4Addr::new(a, b, c, d)),
        IpAddress::Ipv6((a, b, c, d, e, f, g, h)) => {
            let address = core::net::Ipv6Addr::new(a, b, c, d, e, f, g, h);
            Err(format!("{address}: IPv6 is not built yet"))
        }
    }
}
