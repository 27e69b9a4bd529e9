//! What the tables say about one packet.

use super::multipath;
use super::rule::RuleAction;
use super::{Hop, Metrics, Route, RouteKind, Routes, Scope, TableId};
use crate::packet::DeviceIndex;
use crate::wire::address::scope_of;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The bits of a type of service that routes and rules may ask for: not ECN's. Linux: `INET_DSCP_MASK`.
pub const ROUTING_TOS: u8 = 0xfc;

/// What of a packet decides where it goes. Linux: `struct flowi4`, `struct flowi6`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FlowKey {
    /// Where it is to go.
    pub destination: IpAddr,
    /// Where it comes from, if that is known already.
    pub source: Option<IpAddr>,
    /// Its mark.
    pub mark: u32,
    /// Its type of service without ECN.
    pub tos: u8,
    /// The device it came by; none for our own.
    pub input: Option<DeviceIndex>,
    /// The device it must leave by.
    pub output: Option<DeviceIndex>,
    /// The nearest routes that count are no wider than this; IPv4 only.
    pub scope: Scope,
    /// Its flow's, to choose one of several ways by: [`Routes::flow_hash`].
    pub hash: u32,
    /// What is above IP, where rules ask for that: [`Routes::rules_ask_transport`].
    pub transport: Transport,
}

/// What of a packet's transport header decides where it goes; zeros: it is not known, or there is none. Linux:
/// `flowi4_proto`, `fl4_sport`, `fl4_dport`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Transport {
    /// The number of the protocol.
    pub protocol: u8,
    /// The source and the destination port.
    pub ports: [u16; 2],
}

impl Transport {
    /// As an answer has it.
    #[must_use]
    pub const fn reversed(self) -> Self {
        let [source, destination] = self.ports;
        Transport { ports: [destination, source], ..self }
    }
}

impl FlowKey {
    /// A packet of ours of which nothing is known but where it is to go.
    pub const fn to(destination: IpAddr) -> Self {
        let (source, input, output) = (None, None, None);
        let (scope, transport) = (Scope::Universe, Transport { protocol: 0, ports: [0; 2] });
        FlowKey { destination, source, mark: 0, tos: 0, input, output, scope, hash: 0, transport }
    }

    /// As [`FlowKey::to`], over the device of the scope of a link's address.
    pub fn towards(remote: SocketAddr) -> Self {
        FlowKey { output: scope_of(remote).map(DeviceIndex), ..FlowKey::to(remote.ip()) }
    }

    /// The device that the packet's route must be over. IPv6 addresses of a link mean one link. Linux:
    /// `RT6_LOOKUP_F_IFACE`.
    fn device(&self) -> Option<DeviceIndex> {
        match self.destination {
            IpAddr::V6(to) if to.is_unicast_link_local() || to.is_multicast() => self.output.or(self.input),
            _ => self.output,
        }
    }
}

/// The next hop of a packet. Linux: `struct fib_nh_common`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextHop {
    /// The device to leave by.
    pub device: DeviceIndex,
    /// The neighbour to send to: the gateway, or the destination itself.
    pub neighbour: IpAddr,
    /// The source address of packets that have none yet.
    pub source: Option<IpAddr>,
    /// What the route says of the path.
    pub metrics: Metrics,
    /// How far the route's destinations are. Linux: `fib_scope`.
    pub scope: Scope,
}

/// Where a packet goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// To ourselves; packets to there leave with this source address.
    Local {
        /// The source address of packets that have none yet.
        source: Option<IpAddr>,
    },
    /// To everybody on a link.
    Broadcast(NextHop),
    /// To one neighbour, or to a group.
    Unicast(NextHop),
}

/// Why a packet goes nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No route. Linux: `ENETUNREACH`.
    NoRoute,
    /// A route of kind unreachable. Linux: `EHOSTUNREACH`.
    Unreachable,
    /// A route of kind prohibit. Linux: `EACCES`.
    Prohibit,
    /// A route of kind blackhole. Linux: `EINVAL`.
    Blackhole,
}

/// The route that a packet takes. Linux: `struct fib_result`.
#[derive(Clone, Copy, Debug)]
pub struct Way<'a> {
    /// The route, but for its destination.
    pub route: &'a Route,
    /// How many bits of the destination it is for.
    pub prefix_len: u8,
    /// The one of its hops.
    pub hop: &'a Hop,
}

/// What a table says.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found<'a> {
    /// This way.
    Way(Way<'a>),
    /// No way.
    Refused(Refusal),
    /// Another table is to decide.
    Thrown,
}

impl<'a> Found<'a> {
    /// What a route to the flow's destination says to it; none: it is not for this flow.
    pub(super) fn of(route: &'a Route, prefix_len: u8, flow: &FlowKey) -> Option<Self> {
        if route.tos != 0 && route.tos != flow.tos {
            return None;
        }
        if flow.destination.is_ipv4() && route.scope < flow.scope {
            return None;
        }
        match route.kind {
            RouteKind::Unreachable => return Some(Found::Refused(Refusal::Unreachable)),
            RouteKind::Prohibit => return Some(Found::Refused(Refusal::Prohibit)),
            RouteKind::Blackhole => return Some(Found::Refused(Refusal::Blackhole)),
            RouteKind::Throw => return Some(Found::Thrown),
            _ => {}
        }
        let device = flow.device();
        let usable = |hop: &Hop| !hop.dead && (device.is_none() || hop.device == device);
        let answers = |hop: &Hop| usable(hop) && !hop.silent;
        let hop = multipath::choose(&route.hops, flow.hash, answers)
            .or_else(|| multipath::choose(&route.hops, flow.hash, usable))?;
        Some(Found::Way(Way { route, prefix_len, hop }))
    }

    /// Whether it leads by somebody who answered when he was last asked.
    pub(super) fn leads_well(&self) -> bool {
        matches!(self, Found::Way(way) if !way.hop.silent)
    }
}

impl Routes {
    /// Where a packet goes. Linux: `ip_route_output_key_hash_rcu`, `ip6_route_output_flags`.
    pub fn lookup(&self, flow: &FlowKey) -> Result<Destination, Refusal> {
        let Way { route, hop, .. } = match self.find(flow) {
            Ok(way) => way,
            Err(refusal) => return on_link(flow).ok_or(refusal),
        };
        let next_hop = || next_hop(route, hop, flow.destination);
        match route.kind {
            RouteKind::Local | RouteKind::Anycast => Ok(Destination::Local { source: route.source }),
            RouteKind::Broadcast => Ok(Destination::Broadcast(next_hop()?)),
            // The limited broadcast goes to the link that other packets to far away take.
            _ if flow.destination == Ipv4Addr::BROADCAST => {
                Ok(Destination::Broadcast(NextHop { neighbour: flow.destination, ..next_hop()? }))
            }
            _ => Ok(Destination::Unicast(next_hop()?)),
        }
    }

    /// The route that a packet takes. Linux: `fib_lookup`, `fib6_rule_lookup`.
    pub fn find(&self, flow: &FlowKey) -> Result<Way<'_>, Refusal> {
        let family = self.family(flow.destination);
        let rules = family.rules.as_slice();
        let mut next = 0;
        while let Some(rule) = rules.get(next) {
            next += 1;
            if !rule.is_about(flow) {
                continue;
            }
            let found = match rule.action {
                RuleAction::Table(table) => family.tables.get(&table).and_then(|table| table.find(flow)),
                RuleAction::Nop => continue,
                RuleAction::Goto(target) => {
                    next = family.rules.place_of(target).unwrap_or(next);
                    continue;
                }
                RuleAction::Unreachable => return Err(Refusal::NoRoute),
                RuleAction::Prohibit => return Err(Refusal::Prohibit),
                RuleAction::Blackhole => return Err(Refusal::Blackhole),
            };
            match found {
                Some(Found::Way(way)) if !is_suppressed(&way, rule.suppress_prefix_len) => return Ok(way),
                Some(Found::Refused(refusal)) => return Err(refusal),
                _ => {}
            }
        }
        Err(Refusal::NoRoute)
    }

    /// Whether rules of the version that `like` has ask for protocols or ports. Linux: `fib_rules_require_fldissect`.
    pub fn rules_ask_transport(&self, like: IpAddr) -> bool {
        self.family(like).rules.ask_transport()
    }

    /// What an address is to us. Linux: `inet_addr_type`, `ipv6_chk_addr`.
    pub fn kind_of(&self, address: IpAddr) -> RouteKind {
        match address {
            IpAddr::V4(v4) if v4.is_broadcast() || v4.octets()[0] == 0 => return RouteKind::Broadcast,
            _ if address.is_multicast() => return RouteKind::Multicast,
            _ => {}
        }
        let local = self.family(address).tables.get(&TableId::LOCAL);
        match local.and_then(|table| table.find(&FlowKey::to(address))) {
            Some(Found::Way(way)) => way.route.kind,
            _ => RouteKind::Unicast,
        }
    }

    /// Whether `address` is one of our own. Linux: `inet_addr_type() == RTN_LOCAL`.
    pub fn is_local(&self, address: IpAddr) -> bool {
        self.kind_of(address) == RouteKind::Local
    }

    /// The device that has one of our own addresses: what we send to ourselves comes by it, as far as sockets see. Linux:
    /// `inet_iif`, `inet6_iif`, of a local route.
    pub fn device_of(&self, address: IpAddr) -> Option<DeviceIndex> {
        let local = self.family(address).tables.get(&TableId::LOCAL)?;
        match local.find(&FlowKey::to(address))? {
            Found::Way(way) if way.route.kind == RouteKind::Local => way.hop.device,
            _ => None,
        }
    }

    /// Whether `address` means everybody, on whatever link.
    pub fn is_broadcast(&self, address: IpAddr) -> bool {
        address != Ipv4Addr::UNSPECIFIED && self.kind_of(address) == RouteKind::Broadcast
    }
}

/// Where a packet of ours goes that no table knows a way for: to the link of the device that it must leave by; IPv4
/// only. Linux: `ip_route_output_key_hash_rcu`.
fn on_link(flow: &FlowKey) -> Option<Destination> {
    let ours = flow.destination.is_ipv4() && flow.input.is_none();
    let device = flow.output.filter(|_| ours)?;
    let hop = NextHop {
        device,
        neighbour: flow.destination,
        source: None,
        metrics: Metrics::NONE,
        scope: Scope::Link,
    };
    Some(match flow.destination == Ipv4Addr::BROADCAST {
        true => Destination::Broadcast(hop),
        false => Destination::Unicast(hop),
    })
}

/// Linux: `fib4_rule_suppress`.
fn is_suppressed(way: &Way<'_>, longest: Option<u8>) -> bool {
    longest.is_some_and(|longest| way.prefix_len <= longest)
}

fn next_hop(route: &Route, hop: &Hop, destination: IpAddr) -> Result<NextHop, Refusal> {
    let device = hop.device.ok_or(Refusal::NoRoute)?;
    let neighbour = hop.gateway.unwrap_or(destination);
    Ok(NextHop { device, neighbour, source: route.source, metrics: route.metrics, scope: route.scope })
}
