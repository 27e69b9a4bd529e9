//! From the host's configuration to a stack with devices. Every error is a line that names what was wrong.

use crate::bindings::exports::wnet::stack::reactor::{Autoconf, Config, DeviceConfig, InterfaceAddress};
use crate::bindings::wasi::clocks::monotonic_clock;
use crate::bindings::wnet::nic::pci::{self, Function};
use crate::bindings::wnet::stack::notify::{self, Level};
use crate::entry::new_stack;
use crate::nic_bus::NicBus;
use crate::sockets::addresses::host;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use stack_core::device::{Address, NetDevice};
use stack_core::driver::e1000::{E1000, Options};
use stack_core::route::{Hop, Route};
use stack_core::stack::Stack;
use stack_core::time::Instant;
use stack_core::wire::cidr::IpCidr;

/// MTU of a device whose configuration names none.
const DEFAULT_MTU: u32 = 1500;
/// Least MTU. Linux: `ETH_MIN_MTU`.
const MIN_MTU: u32 = 68;
/// Largest MTU.
pub(crate) const MAX_MTU: u32 = E1000::<NicBus>::MAX_MTU;

/// The stack that `config` describes.
pub(crate) fn configured_stack(config: Config) -> Result<Stack, String> {
    let mut stack = new_stack();
    let of_devices = |name: &str| config.devices.iter().any(|device| is_of_device(name, &device.name));
    for (name, value) in config.sysctls.iter().filter(|(name, _)| !of_devices(name)) {
        stack.set_sysctl(name, value).map_err(|error| error.to_string())?;
    }
    let mut functions: Vec<Option<Function>> = pci::functions().into_iter().map(Some).collect();
    for device in &config.devices {
        let function = take_function(&mut functions, device.function)
            .map_err(|error| format!("{}: {error}", device.name))?;
        add_device(&mut stack, device, function, &config.sysctls)
            .map_err(|error| format!("{}: {error}", device.name))?;
    }
    Ok(stack)
}

/// Whether a setting is one of this device's own: there is none before there is the device.
fn is_of_device(setting: &str, device: &str) -> bool {
    let parts = |between: char| setting.split(between).any(|part| part == device);
    parts('.') || parts('/')
}

fn take_function(functions: &mut [Option<Function>], index: u32) -> Result<Function, String> {
    let count = functions.len();
    let place = usize::try_from(index).ok().and_then(|index| functions.get_mut(index));
    let place = place.ok_or_else(|| format!("there is no function {index}, the machine has {count}"))?;
    place.take().ok_or_else(|| format!("function {index} belongs to another device"))
}

fn add_device(
    stack: &mut Stack,
    config: &DeviceConfig,
    function: Function,
    sysctls: &[(String, String)],
) -> Result<(), String> {
    let mtu = config.mtu.unwrap_or(DEFAULT_MTU);
    if !(MIN_MTU..=MAX_MTU).contains(&mtu) {
        return Err(format!("mtu {mtu} is not within {MIN_MTU} to {MAX_MTU}"));
    }
    let device =
        E1000::probe(NicBus::new(function), Options::default()).map_err(|error| error.to_string())?;
    notify::log(Level::Info, &format!("{}: Intel 82540EM, {}, mtu {mtu}", config.name, device.mac()));
    let index = stack.add_device(&config.name, Box::new(device), mtu).map_err(|error| error.to_string())?;
    let addresses = config.addresses.iter().map(address_of).collect::<Result<Vec<_>, _>>()?;
    let autoconf = config.autoconf;
    if autoconf & Autoconf::IPV6 != Autoconf::IPV6 && !addresses.iter().any(|address| address.is_ipv6()) {
        // It asks for no routers, and believes none.
        let setting = format!("net/ipv6/conf/{}/disable_ipv6", config.name);
        stack.set_sysctl(&setting, "1").map_err(|error| error.to_string())?;
    }
    for (name, value) in sysctls.iter().filter(|(name, _)| is_of_device(name, &config.name)) {
        stack.set_sysctl(name, value).map_err(|error| error.to_string())?;
    }
    let wants_ipv6 = autoconf & Autoconf::IPV6 == Autoconf::IPV6 || addresses.iter().any(|own| own.is_ipv6());
    if wants_ipv6 && stack.sysctl().ipv6.of(index.0).disable_ipv6 {
        return Err(
            "the setting disable_ipv6 turns off IPv6, which the card is to have; leave it out, or give the card addresses of IPv4 alone (--ip)"
                .into(),
        );
    }
    for address in addresses {
        // Whoever configures a machine has seen to it that nobody else has the address, and its programs use it at once.
        let mut record = Address::new(address, Instant::from_nanos(monotonic_clock::now()));
        record.flags.no_dad = address.is_ipv6();
        stack.add_address_record(index, record).map_err(|error| format!("{address}: {error}"))?;
    }
    for gateway in &config.gateways {
        let ip = host(*gateway);
        // A gateway may have an address of its link alone, so the card is named.
        let hop = Hop { gateway: Some(ip), ..Hop::over(index) };
        let route = Route { hops: vec![hop], ..Route::via(IpCidr::all_like(ip), ip) };
        stack.add_route(route).map_err(|error| format!("gateway {ip}: {error}"))?;
    }
    if autoconf & Autoconf::DHCP == Autoconf::DHCP {
        stack
            .dhcp_start(index, Instant::from_nanos(monotonic_clock::now()))
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn address_of(InterfaceAddress { address, prefix_length }: &InterfaceAddress) -> Result<IpCidr, String> {
    let ip = host(*address);
    let bits = if ip.is_ipv4() { 32 } else { 128 };
    IpCidr::new(ip, *prefix_length)
        .ok_or_else(|| format!("{ip}/{prefix_length}: a prefix has 0 to {bits} bits"))
}
