//! The gateway's own network stack.

use super::config::MTU;
use super::device::WireDevice;
use super::door::{Door, DoorDevice};
use super::echo_sockets::EchoSockets;
use super::{GatewayConfig, Subnet};
use crate::wire::user::UserWire;
use stack_core::Stack;
use stack_core::autoconf::identifier::LINK_LOCAL;
use stack_core::packet::DeviceIndex;
use stack_core::random::Random;
use stack_core::raw::Family;
use stack_core::route::{Route, RouteKind, TableId};
use stack_core::stack::ConfigError;
use stack_core::wire::cidr::IpCidr;
use stack_core::wire::ethernet::MacAddress;
use std::net::IpAddr;
use std::sync::Arc;

/// Settings in which the gateway differs from a stack's defaults.
const SYSCTLS: &[(&str, &str)] = &[
    // One connection to a published port takes one port of the gateway.
    ("net.ipv4.ip_local_port_range", "1024 65535"),
    // The wire delays and repeats nothing, so no old segment has to be waited out, and a busy published
    // port does not run out of the gateway's ports.
    ("net.ipv4.tcp_max_tw_buckets", "0"),
    // What came with one turn of the wire waits here for the sockets' turn.
    ("net.core.rmem_max", "8388608"),
    ("net.core.rmem_default", "8388608"),
    // It is the router, asks for none, and says so in what it tells its neighbours.
    ("net.ipv6.conf.default.forwarding", "1"),
    ("net.ipv6.conf.default.router_solicitations", "0"),
    // It answers echo requests by itself, because those for others are carried on.
    ("net.ipv4.icmp_echo_ignore_all", "1"),
    ("net.ipv6.icmp.echo_ignore_all", "1"),
    // The wire has two ends, so nobody else has its addresses.
    ("net.ipv6.conf.default.accept_dad", "0"),
];

/// The gateway's stack, and what is known of its network.
pub(super) struct Network {
    pub(super) stack: Stack,
    pub(super) door: Arc<Door>,
    pub(super) mac: MacAddress,
    pub(super) subnets: Vec<Subnet>,
    pub(super) echo_sockets: Vec<EchoSockets>,
}

/// A stack with the gateway's addresses on the wire that takes packets for everybody else, too; the error is one line.
pub(super) fn network(config: &GatewayConfig, wire: Arc<UserWire>) -> Result<Network, String> {
    let subnets = config.subnets.clone();
    let mut stack = Stack::new(Box::new(SystemRandom));
    for (name, value) in SYSCTLS {
        stack.set_sysctl(name, value).map_err(|error| error.to_string())?;
    }
    if !subnets.iter().any(|subnet| subnet.gateway.is_ipv6()) {
        stack.set_sysctl("net.ipv6.conf.default.disable_ipv6", "1").map_err(|error| error.to_string())?;
    }
    let door = Arc::new(Door::new(subnets.iter().map(|subnet| subnet.gateway).collect()));
    let mac = mac(&subnets);
    let card = WireDevice { wire, mac };
    let device = DoorDevice { door: Arc::clone(&door), card };
    let device = stack.add_device("eth0", Box::new(device), MTU).map_err(|error| error.to_string())?;
    for subnet in &subnets {
        let prefix = IpCidr::new(subnet.gateway, subnet.prefix_length).ok_or("bad prefix length")?;
        stack.add_address(device, prefix).map_err(|error| error.to_string())?;
        be_everybody(&mut stack, device, prefix).map_err(|error| error.to_string())?;
    }
    let families = subnets.iter().map(|subnet| Family::of(subnet.gateway));
    let echo_sockets = families.map(|family| EchoSockets::open(&mut stack, family));
    let echo_sockets = echo_sockets.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    Ok(Network { stack, door, mac, subnets, echo_sockets })
}

/// Everybody is here (Linux's AnyIP), but for the guest's network. Asked first is the table of what is here.
fn be_everybody(stack: &mut Stack, device: DeviceIndex, prefix: IpCidr) -> Result<(), ConfigError> {
    let everybody = IpCidr::all_like(prefix.address());
    stack.add_route(Route::over(everybody, RouteKind::Local, DeviceIndex::LOOPBACK))?;
    let link_local = IpCidr::new(LINK_LOCAL.into(), 64).filter(|_| prefix.is_ipv6());
    for neighbours in [Some(prefix.network()), link_local].into_iter().flatten() {
        let neighbours = Route::over(neighbours, RouteKind::Unicast, device);
        stack.add_route(Route { table: TableId::LOCAL, ..neighbours })?;
    }
    Ok(())
}

/// A locally administered address that shows whose it is in a capture.
fn mac(subnets: &[Subnet]) -> MacAddress {
    let [a, b, c, d] = match subnets.first().map(|subnet| subnet.gateway) {
        Some(IpAddr::V4(address)) => address.octets(),
        Some(IpAddr::V6(address)) => (address.to_bits() as u32).to_be_bytes(),
        None => [0; 4],
    };
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
