//! Interface `wnet:stack/routes`.

use crate::Component;
use crate::bindings::exports::wnet::stack::routes::{Guest, Metrics, Route, Verb};
use crate::entry::enter;
use crate::sockets::addresses::host;
use alloc::format;
use alloc::string::{String, ToString};
use stack_core::route::{self, Hop, RouteKind, Scope};
use stack_core::stack::{RouteChange, Stack};
use stack_core::tcp::Algorithm;
use stack_core::time::Duration;
use stack_core::wire::cidr::IpCidr;

impl Guest for Component {
    fn change(how: Verb, what: Route) -> Result<(), String> {
        let change = match how {
            Verb::Add => RouteChange::Add,
            Verb::Change => RouteChange::Change,
            Verb::Replace => RouteChange::Replace,
            Verb::Delete => RouteChange::Delete,
        };
        enter(|state, _| {
            let route = core_route(&state.stack, what)?;
            state.stack.change_route(change, route).map_err(|error| error.to_string())
        })
    }

    fn set_mtu(device: String, mtu: u32) -> Result<(), String> {
        let set = enter(|state, _| state.stack.set_mtu(&device, mtu));
        set.map_err(|error| format!("{device}: {error}"))
    }

    fn forget_peers() {
        enter(|state, _| state.stack.forget_peers());
    }
}

fn core_route(stack: &Stack, route: Route) -> Result<route::Route, String> {
    let ip = host(route.destination);
    let bits = if ip.is_ipv4() { 32 } else { 128 };
    let destination = IpCidr::new(ip, route.prefix_length)
        .ok_or_else(|| format!("{ip}/{}: a prefix has 0 to {bits} bits", route.prefix_length))?;
    let device = route.device.map(|name| {
        let interface = stack.interfaces().by_name(&name).map(|interface| interface.index());
        interface.ok_or_else(|| format!("there is no device {name}"))
    });
    let (gateway, device) = (route.gateway.map(host), device.transpose()?);
    let hop = Hop { gateway, device, ..Hop::default() };
    let default = route::Route::new(destination.network(), RouteKind::Unicast);
    Ok(route::Route {
        hops: (gateway.is_some() || device.is_some()).then_some(hop).into_iter().collect(),
        scope: Scope::of(RouteKind::Unicast, gateway.is_some()),
        source: route.source.map(host),
        metric: if route.priority == 0 { default.metric } else { route.priority },
        metrics: core_metrics(route.metrics)?,
        ..default
    })
}

/// The core's form of metrics. The error is one line.
pub(crate) fn core_metrics(metrics: Metrics) -> Result<route::Metrics, String> {
    let algorithm = |name: String| {
        let found = Algorithm::from_name(&name).map(Algorithm::name);
        found.ok_or_else(|| format!("there is no congestion control {name}"))
    };
    Ok(route::Metrics {
        mtu: metrics.mtu,
        mtu_locked: metrics.mtu_lock,
        // The published record has no place for it.
        hop_limit: None,
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
