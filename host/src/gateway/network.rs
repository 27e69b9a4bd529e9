//! The gateway's own network stack.

use super::GatewayConfig;
use super::device::WireDevice;
use crate::wire::user::UserWire;
use stack_core::Stack;
use stack_core::random::Random;
use stack_core::route::{Route, RouteKind};
use stack_core::wire::cidr::IpCidr;
use stack_core::wire::ethernet::MacAddress;
use std::sync::Arc;

/// Largest IP packet on the user wire, in bytes.
const MTU: u32 = 1500;

/// Settings in which the gateway differs from a stack's defaults.
const SYSCTLS: &[(&str, &str)] = &[
    // So that a packet for somebody else is answered (by the prohibiting route) instead of dropped.
    ("net.ipv4.ip_forward", "1"),
    // The gateway has no IPv6 to offer.
    ("net.ipv6.conf.default.disable_ipv6", "1"),
    // One connection to a published port takes one port of the gateway.
    ("net.ipv4.ip_local_port_range", "1024 65535"),
    // The wire delays and repeats nothing, so no old segment has to be waited out, and a busy published
    // port does not run out of the gateway's ports.
    ("net.ipv4.tcp_max_tw_buckets", "0"),
];

/// A stack with the gateway's address on the wire; the error is one line.
pub(super) fn stack(config: &GatewayConfig, wire: Arc<UserWire>) -> Result<Stack, String> {
    let address = IpCidr::new(config.address.into(), config.prefix_length).ok_or("bad prefix length")?;
    let mut stack = Stack::new(Box::new(SystemRandom));
    for (name, value) in SYSCTLS {
        stack.set_sysctl(name, value).map_err(|error| error.to_string())?;
    }
    let device = WireDevice { wire, mac: mac(config) };
    let device = stack.add_device("eth0", Box::new(device), MTU).map_err(|error| error.to_string())?;
    stack.add_address(device, address).map_err(|error| error.to_string())?;
    let prohibit = Route::new(IpCidr::ALL_V4, RouteKind::Prohibit);
    stack.add_route(prohibit).map_err(|error| error.to_string())?;
    Ok(stack)
}

/// A locally administered address that shows whose it is in a capture.
fn mac(config: &GatewayConfig) -> MacAddress {
    let [a, b, c, d] = config.address.octets();
    MacAddress([0x52, 0x55, a, b, c, d])
}

/// The operating system's random numbers.
#[derive(Debug)]
struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&mut self, bytes: &mut [u8]) {
        // It fails only where the system call does not exist, which no system that runs this lacks; a
        // guessable sequence number would be worse than an end.
        getrandom::fill(bytes).expect("the operating system gives random numbers");
    }
}
