//! Interface `wnet:stack/routing`.

use super::failure::failure;
use super::rules;
use crate::Component;
use crate::bindings::exports::wnet::stack::control_types::{Errno, Failure};
use crate::bindings::exports::wnet::stack::routing::{
    Flow, Guest, Hop, Metrics, Preference, Route, RouteKind, RouteVerb, Rule, Way,
};
use crate::entry::enter;
use crate::sockets::addresses::{host, wit_host};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use stack_core::packet::DeviceIndex;
use stack_core::route::{self, FlowKey, ROUTING_TOS, RouteError, RouteProtocol, Scope, TableId};
use stack_core::stack::control::FoundRoute;
use stack_core::stack::{ConfigError, RouteChange};
use stack_core::tcp::Algorithm;
use stack_core::time::{Duration, Instant};
use stack_core::wire::cidr::IpCidr;

/// Most routes that are told at once.
const MOST: u32 = 4096;

impl Guest for Component {
    fn routes(start: u32, max: u32) -> Vec<Route> {
        enter(|state, now| {
            let all = state.stack.routes().iter_from(start as usize);
            all.take(max.min(MOST) as usize).map(|route| wit(&route, now)).collect()
        })
    }

    fn change_route(how: RouteVerb, what: Route) -> Result<(), Failure> {
        let change = match how {
            RouteVerb::Add => RouteChange::Add,
            RouteVerb::Change => RouteChange::Change,
            RouteVerb::Replace => RouteChange::Replace,
            RouteVerb::Append => RouteChange::Append,
            RouteVerb::Prepend => RouteChange::Prepend,
            RouteVerb::Delete => RouteChange::Delete,
        };
        enter(|state, now| {
            let mut route = core_route(&what, now)?;
            if change == RouteChange::Delete {
                // Any metric is meant if none is said.
                route.metric = what.metric.unwrap_or(0);
            }
            let v6 = route.destination.is_ipv6();
            let changed = state.stack.change_route(change, route);
            changed.map_err(|error| match error {
                ConfigError::Route(RouteError::NothingToChange) if v6 => {
                    failure(Errno::NoEntry, "Can not replace route - no match found")
                }
                error => error.into(),
            })
        })
    }

    fn find_route(what: Flow) -> Result<Way, Failure> {
        let flow = core_flow(&what);
        enter(|state, now| Ok(wit_way(&state.stack.find_route(&flow)?, now)))
    }

    fn rules(ipv6: bool) -> Vec<Rule> {
        enter(|state, _| rules::all(&state.stack, any(ipv6)))
    }

    fn add_rule(ipv6: bool, what: Rule) -> Result<(), Failure> {
        enter(|state, _| {
            let rule = rules::core_rule(&state.stack, any(ipv6), what)?;
            Ok(state.stack.add_rule(any(ipv6), rule)?)
        })
    }

    fn remove_rule(ipv6: bool, what: Rule) -> Result<(), Failure> {
        enter(|state, _| {
            let rule = rules::core_rule(&state.stack, any(ipv6), what)?;
            Ok(state.stack.remove_rule(any(ipv6), &rule)?)
        })
    }
}

/// An address of the version.
fn any(ipv6: bool) -> IpAddr {
    if ipv6 { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() }
}

/// The core's form of a packet that a way is asked for.
pub(super) fn core_flow(what: &Flow) -> FlowKey {
    FlowKey {
        source: what.source.map(host),
        mark: what.mark,
        tos: what.tos & ROUTING_TOS,
        input: what.input.map(DeviceIndex),
        output: what.output.map(DeviceIndex),
        ..FlowKey::to(host(what.destination))
    }
}

/// The WIT's form of a way.
pub(super) fn wit_way(found: &FoundRoute, now: Instant) -> Way {
    let (hop, source) = (wit_hop(&found.hop), found.source.map(wit_host));
    Way { route: wit(&found.route, now), hop, source }
}

const KINDS: [(RouteKind, route::RouteKind); 9] = [
    (RouteKind::Unicast, route::RouteKind::Unicast),
    (RouteKind::Local, route::RouteKind::Local),
    (RouteKind::Broadcast, route::RouteKind::Broadcast),
    (RouteKind::Anycast, route::RouteKind::Anycast),
    (RouteKind::Multicast, route::RouteKind::Multicast),
    (RouteKind::Unreachable, route::RouteKind::Unreachable),
    (RouteKind::Prohibit, route::RouteKind::Prohibit),
    (RouteKind::Blackhole, route::RouteKind::Blackhole),
    (RouteKind::Throw, route::RouteKind::Throw),
];

const SCOPES: [Scope; 5] = [Scope::Universe, Scope::Site, Scope::Link, Scope::Host, Scope::Nowhere];

fn core_route(route: &Route, now: Instant) -> Result<route::Route, Failure> {
    let invalid = |text: &str| failure(Errno::Invalid, text);
    let destination = IpCidr::new(host(route.destination), route.prefix_length);
    let named = destination.ok_or_else(|| invalid("Invalid prefix length"))?;
    let destination = named.network();
    // Linux: `fib_valid_key_len`; `ip6_route_add` masks it.
    if destination != named && named.is_ipv4() {
        return Err(invalid("Invalid prefix for given prefix length"));
    }
    let kind =
        KINDS.iter().find(|(kind, _)| *kind == route.kind).map_or_else(Default::default, |(_, kind)| *kind);
    let hops: Vec<_> = route.hops.iter().map(core_hop).collect();
    let by_gateway = hops.iter().any(|hop| hop.gateway.is_some());
    let scope = match route.scope {
        None => Scope::of(kind, by_gateway),
        Some(number) => {
            *SCOPES.iter().find(|scope| **scope as u8 == number).ok_or_else(|| invalid("Invalid scope"))?
        }
    };
    let plain = route::Route::new(destination, kind);
    Ok(route::Route {
        tos: route.tos,
        table: route.table.map_or(plain.table, TableId),
        protocol: RouteProtocol::from_number(route.protocol),
        scope,
        hops,
        source: route.source.map(host),
        metric: route.metric.unwrap_or(plain.metric),
        metrics: core_metrics(route.metrics.clone()).map_err(|text| invalid(&text))?,
        expires: route.expires.map(|seconds| now + Duration::from_secs(seconds.into())),
        preference: match route.preference {
            Preference::Low => route::Preference::Low,
            Preference::Medium => route::Preference::Medium,
            Preference::High => route::Preference::High,
        },
        ..plain
    })
}

fn core_hop(hop: &Hop) -> route::Hop {
    route::Hop {
        gateway: hop.gateway.map(host),
        device: hop.device.map(DeviceIndex),
        weight: hop.weight,
        on_link: hop.onlink,
        ..route::Hop::default()
    }
}

fn wit_hop(hop: &route::Hop) -> Hop {
    Hop {
        gateway: hop.gateway.map(wit_host),
        device: hop.device.map(|device| device.0),
        weight: hop.weight,
        onlink: hop.on_link,
        dead: hop.dead,
        linkdown: hop.link_down,
    }
}

/// The WIT's form of a route.
pub(super) fn wit(route: &route::Route, now: Instant) -> Route {
    let kind =
        KINDS.iter().find(|(_, kind)| *kind == route.kind).map_or(RouteKind::Unicast, |(kind, _)| *kind);
    let seconds = |deadline: Instant| u32::try_from(deadline.since(now).as_secs()).unwrap_or(u32::MAX);
    Route {
        destination: wit_host(route.destination.address()),
        prefix_length: route.destination.prefix_len(),
        tos: route.tos,
        kind,
        table: Some(route.table.0),
        protocol: route.protocol.number(),
        scope: Some(route.scope as u8),
        hops: route.hops.iter().map(wit_hop).collect(),
        source: route.source.map(wit_host),
        metric: Some(route.metric),
        metrics: wit_metrics(&route.metrics),
        expires: route.expires.map(seconds),
        preference: match route.preference {
            route::Preference::Low => Preference::Low,
            route::Preference::Medium => Preference::Medium,
            route::Preference::High => Preference::High,
        },
    }
}

/// The core's form of metrics. The error is one line.
fn core_metrics(metrics: Metrics) -> Result<route::Metrics, String> {
    let algorithm = |name: String| {
        let found = Algorithm::from_name(&name).map(Algorithm::name);
        found.ok_or_else(|| format!("there is no congestion control {name}"))
    };
    Ok(route::Metrics {
        mtu: metrics.mtu,
        mtu_locked: metrics.mtu_lock,
        window: metrics.window,
        hop_limit: metrics.hoplimit,
        advertised_mss: metrics.advmss,
        initial_window: metrics.initcwnd,
        initial_receive_window: metrics.initrwnd,
        rto_min: metrics.rto_min.map(Duration::from_nanos),
        quick_ack: metrics.quickack,
        ecn: metrics.ecn,
        fast_open_no_cookie: metrics.fastopen_no_cookie,
        congestion: metrics.congctl.map(algorithm).transpose()?,
    })
}

fn wit_metrics(metrics: &route::Metrics) -> Metrics {
    Metrics {
        mtu: metrics.mtu,
        mtu_lock: metrics.mtu_locked,
        window: metrics.window,
        hoplimit: metrics.hop_limit,
        advmss: metrics.advertised_mss,
        initcwnd: metrics.initial_window,
        initrwnd: metrics.initial_receive_window,
        rto_min: metrics.rto_min.map(|time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)),
        quickack: metrics.quick_ack,
        ecn: metrics.ecn,
        fastopen_no_cookie: metrics.fast_open_no_cookie,
        congctl: metrics.congestion.map(ToString::to_string),
    }
}
