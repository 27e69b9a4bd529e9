//! Routes and the device, through `wnet:stack/routing`, `links` and `tcp-metrics`.

use crate::calls::Process;
use packetdrill::machine::{RouteChange, RouteVerb as Verb};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use wnet::lab::Stack;
use wnet::lab::exports::wasi::sockets::network::IpAddress;
use wnet::lab::exports::wnet::stack::control_types::Failure;
use wnet::lab::exports::wnet::stack::links::LinkChanges;
use wnet::lab::exports::wnet::stack::routing::{Hop, Metrics, Preference, Route, RouteKind, RouteVerb};

/// Who made the routes: somebody at the command line. Linux: `RTPROT_BOOT`.
const BOOT: u8 = 3;

impl Process {
    /// `ip route`. Where Linux's tool has made a route for each peer, here is one for all; so a change of a route that
    /// is not there makes it.
    pub(crate) fn change_route(&mut self, change: &RouteChange) -> Result<(), String> {
        if let Some((name, value)) = change.other.first() {
            return Err(format!("ip route: {name} {value} is not known"));
        }
        let verb = match change.verb {
            Verb::Add => RouteVerb::Add,
            Verb::Change | Verb::Replace => RouteVerb::Replace,
            Verb::Delete => RouteVerb::Delete,
        };
        let device = change.device.as_deref().map(|name| self.device(name)).transpose()?;
        let route = route(change, device)?;
        let changed = self
            .component
            .ask(Stack::routing, |routing, store| routing.call_change_route(store, verb, &route));
        changed.map_err(|_| self.dead())?.map_err(text)
    }

    /// `ip link set dev ... mtu`.
    pub(crate) fn set_mtu(&mut self, device: &str, mtu: u32) -> Result<(), String> {
        let index = self.device(device)?;
        let changes = LinkChanges { up: None, mtu: Some(mtu), address: None, name: None };
        let set =
            self.component.ask(Stack::links, |links, store| links.call_set_link(store, index, &changes));
        set.map_err(|_| self.dead())?.map_err(|failure| format!("{device}: {}", text(failure)))
    }

    /// `ip tcp_metrics flush all`.
    pub(crate) fn forget_peers(&mut self) {
        // A component that failed says so with the next call.
        let _ = self.component.ask(Stack::tcp_metrics, |metrics, store| metrics.call_forget_peers(store));
    }

    /// The number of a device.
    fn device(&mut self, name: &str) -> Result<u32, String> {
        let links = self.component.ask(Stack::links, |links, store| links.call_links(store));
        let links = links.map_err(|_| self.dead())?;
        let found = links.iter().find(|link| link.name == name).map(|link| link.index);
        found.ok_or_else(|| format!("there is no device {name}"))
    }
}

/// One line that says what the stack has against it.
fn text(failure: Failure) -> String {
    if failure.text.is_empty() { format!("{:?}", failure.errno) } else { failure.text }
}

fn route(change: &RouteChange, device: Option<u32>) -> Result<Route, String> {
    let (destination, prefix_length) = change.destination.unwrap_or((any_like(change.via), 0));
    let gateway = change.via.map(address).transpose()?;
    let hop = Hop { gateway, device, weight: 1, onlink: false, dead: false, linkdown: false };
    Ok(Route {
        destination: address(destination)?,
        prefix_length,
        tos: 0,
        kind: RouteKind::Unicast,
        table: None,
        protocol: BOOT,
        scope: None,
        hops: (gateway.is_some() || device.is_some()).then_some(hop).into_iter().collect(),
        source: change.source.map(address).transpose()?,
        metric: None,
        metrics: Metrics {
            mtu: change.mtu,
            mtu_lock: change.mtu_lock,
            window: None,
            hoplimit: None,
            advmss: change.advmss,
            initcwnd: change.initcwnd,
            initrwnd: change.initrwnd,
            rto_min: change.rto_min,
            quickack: change.quickack.unwrap_or(false),
            ecn: change.ecn,
            fastopen_no_cookie: change.fastopen_no_cookie.unwrap_or(false),
            congctl: change.congctl.clone(),
        },
        expires: None,
        preference: Preference::Medium,
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
