//! The gateway's own network stack.

use super::GatewayConfig;
use super::device::WireDevice;
use super::door::{Door, DoorDevice};
use crate::wire::user::UserWire;
use stack_core::Stack;
use stack_core::packet::DeviceIndex;
use stack_core::random::Random;
use stack_core::route::{Route, RouteKind, TableId};
use stack_core::wire::cidr::IpCidr;
use stack_core::wire::ethernet::MacAddress;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// Largest IP packet on the user wire, in bytes.
const MTU: u32 = 1500;

/// Settings in which the gateway differs from a stack's defaults.
const SYSCTLS: &[(&str, &str)] = &[
    // The gateway has no IPv6 to offer.
    ("net.ipv6.conf.default.disable_ipv6", "1"),
    // One connection to a published port takes one port of the gateway.
    ("net.ipv4.ip_local_port_range", "1024 65535"),
    // The wire delays and repeats nothing, so no old segment has to be waited out, and a busy published
    // port does not run out of the gateway's ports.
    ("net.ipv4.tcp_max_tw_buckets", "0"),
    // What came with one turn of the wire waits here for the sockets' turn.
    ("net.core.rmem_max", "8388608"),
    ("net.core.rmem_default", "8388608"),
];

/// The gateway's stack, and what is known of its network.
pub(super) struct Network {
    pub(super) stack: Stack,
    pub(super) door: Arc<Door>,
    pub(super) guest: Ipv4Addr,
    /// The network of the guest and the gateway.
    pub(super) prefix: IpCidr,
}

/// A stack with the gateway's address on the wire that takes packets for everybody else, too; the error is one line.
pub(super) fn network(config: &GatewayConfig, wire: Arc<UserWire>) -> Result<Network, String> {
    let prefix = IpCidr::new(config.address.into(), config.prefix_length).ok_or("bad prefix length")?;
    let mut stack = Stack::new(Box::new(SystemRandom));
    for (name, value) in SYSCTLS {
        stack.set_sysctl(name, value).map_err(|error| error.to_string())?;
    }
    let door = Arc::new(Door::new(vec![config.address.into()]));
    let card = WireDevice { wire, mac: mac(config) };
    let device = DoorDevice { door: Arc::clone(&door), card };
    let device = stack.add_device("eth0", Box::new(device), MTU).map_err(|error| error.to_string())?;
    stack.add_address(device, prefix).map_err(|error| error.to_string())?;
    // Everybody is here (Linux's AnyIP), but for the guest's network. Asked first is the table of what is here.
    let everybody = Route::over(IpCidr::ALL_V4, RouteKind::Local, DeviceIndex::LOOPBACK);
    let neighbours = Route::over(prefix, RouteKind::Unicast, device);
    for route in [everybody, Route { table: TableId::LOCAL, ..neighbours }] {
        stack.add_route(route).map_err(|error| error.to_string())?;
    }
    Ok(Network { stack, door, guest: config.guest, prefix })
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
