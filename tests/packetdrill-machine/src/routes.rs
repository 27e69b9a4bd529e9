//! Routes and the device, through `wnet:stack/routes`.

use crate::calls::Process;
use packetdrill::machine::{RouteChange, RouteVerb};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use wnet::lab::exports::wasi::sockets::network::IpAddress;
use wnet::lab::exports::wnet::stack::routes::{Metrics, Route, Verb};

impl Process {
    /// `ip route`. Where Linux's tool has made a route for each peer, here is one for all; so a change of a route that
    /// is not there makes it.
    pub(crate) fn change_route(&mut self, change: &RouteChange) -> Result<(), String> {
        if let Some((name, value)) = change.other.first() {
            return Err(format!("ip route: {name} {value} is not known"));
        }
        let verb = match change.verb {
            RouteVerb::Add => Verb::Add,
            RouteVerb::Change | RouteVerb::Replace => Verb::Replace,
            RouteVerb::Delete => Verb::Delete,
        };
        let route = route(change)?;
        let changed = self.component.routes(|routes, store| routes.call_change(store, verb, &route));
        changed.map_err(|_| self.dead())?
    }

    /// `ip link set dev ... mtu`.
    pub(crate) fn set_mtu(&mut self, device: &str, mtu: u32) -> Result<(), String> {
        let set = self.component.routes(|routes, store| routes.call_set_mtu(store, device, mtu));
        set.map_err(|_| self.dead())?
    }

    /// `ip tcp_metrics flush all`.
    pub(crate) fn forget_peers(&mut self) {
        // A component that failed says so with the next call.
        let _ = self.component.routes(|routes, store| routes.call_forget_peers(store));
    }
}

fn route(change: &RouteChange) -> Result<Route, String> {
    let (destination, prefix_length) = change.destination.unwrap_or((any_like(change.via), 0));
    Ok(Route {
        destination: address(destination)?,
        prefix_length,
        gateway: change.via.map(address).transpose()?,
        device: change.device.clone(),
        source: change.source.map(address).transpose()?,
        priority: 0,
        metrics: Metrics {
            mtu: change.mtu,
            mtu_lock: change.mtu_lock,
            advmss: change.advmss,
            initcwnd: change.initcwnd,
            initrwnd: change.initrwnd,
            rto_min: change.rto_min,
            quickack: change.quickack.unwrap_or(false),
            ecn: change.ecn,
            fastopen_no_cookie: change.fastopen_no_cookie.unwrap_or(false),
            congctl: change.congctl.clone(),
        },
    })
}

/// The destination of a default route by `via`.
fn any_like(via: Option<IpAddr>) -> IpAddr {
    match via {
        Some(IpAddr::V6(_)) => Ipv6Addr::UNSPECIFIED.into(),
        _ => Ipv4Addr::UNSPECIFIED.into(),
    }
}

fn address(address: IpAddr) -> Result<IpAddress, String> {
    match address {
        IpAddr::V4(v4) => Ok(IpAddress::Ipv4(v4.octets().into())),
        IpAddr::V6(v6) => Ok(IpAddress::Ipv6(v6.segments().into())),
    }
}
