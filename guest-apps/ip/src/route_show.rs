//! Routes as they are shown. iproute2: `print_route`.

use crate::address_show::scope;
use crate::links::Links;
use crate::options::Options;
use crate::tables::{kind_name, protocol_name, table_name};
use std::fmt::Write;
use std::net::IpAddr;
use tool_common::address::{bits, ip};
use tool_common::control::routing::{Hop, Metrics, Preference, Route, RouteKind};
use tool_common::json::Json;
use tool_common::object;

/// Words of a line with the fields of its object: what is told is told both ways.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) line: String,
    pub(crate) fields: Vec<(&'static str, Json)>,
}

impl Told {
    /// A word and its value, such as `dev eth0`, under the field's name.
    pub(crate) fn pair(
        &mut self,
        word: &str,
        field: &'static str,
        value: impl std::fmt::Display + Into<Json>,
    ) {
        // Writing to a text does not fail.
        let _ = write!(self.line, "{word} {value} ");
        self.fields.push((field, value.into()));
    }
}

/// What a list has in common and does not tell of each. iproute2: `filter`.
#[derive(Clone, Copy, Default)]
pub(crate) struct Common {
    /// The table, if only one was asked for.
    pub(crate) table: Option<u32>,
    pub(crate) device: Option<u32>,
    /// The gateway. iproute2: `filter.rvia`.
    pub(crate) via: Option<IpAddr>,
    pub(crate) protocol: Option<u8>,
    pub(crate) scope: Option<u8>,
}

/// The destination as it is written. iproute2: `format_host_rta_r`.
pub(crate) fn destination(route: &Route) -> String {
    let address = ip(route.destination);
    match route.prefix_length {
        0 if address.is_unspecified() => "default".into(),
        all if all == bits(address) => address.to_string(),
        len => format!("{address}/{len}"),
    }
}

fn kind_is_told(route: &Route, options: &Options) -> bool {
    route.kind != RouteKind::Unicast || options.details
}

/// A route.
pub(crate) fn told(route: &Route, links: &Links, options: &Options, common: &Common) -> Told {
    let mut told = Told::default();
    let ipv6 = ip(route.destination).is_ipv6();
    if kind_is_told(route, options) {
        let _ = write!(told.line, "{} ", kind_name(route.kind));
        told.fields.push(("type", kind_name(route.kind).into()));
    }
    let _ = write!(told.line, "{} ", destination(route));
    told.fields.push(("dst", destination(route).into()));
    if route.tos != 0 {
        told.pair("tos", "tos", format!("{:#04x}", route.tos));
    }
    match route.hops.as_slice() {
        [hop] => next_hop(&mut told, hop, links, ip(route.destination), common),
        // Linux: the null entries of IPv6 are over the loopback device.
        [] if ipv6 => told.pair("dev", "dev", "lo"),
        _ => {}
    }
    let table = route.table.unwrap_or_default();
    if common.table.is_none() && table != 254 {
        told.pair("table", "table", table_name(table));
    }
    if (route.protocol != 3 || options.details) && common.protocol.is_none() {
        told.pair("proto", "protocol", protocol_name(route.protocol));
    }
    let far = route.scope.unwrap_or_default();
    // IPv6 has none: rtnetlink says that all are global.
    let far = if ipv6 { 0 } else { far };
    if (far != 0 || options.details) && common.scope.is_none() {
        told.pair("scope", "scope", scope(far));
    }
    if let Some(source) = route.source {
        told.pair("src", "prefsrc", ip(source).to_string());
    }
    let metric = route.metric.unwrap_or_default();
    if metric != 0 || ipv6 {
        told.pair("metric", "metric", metric);
    }
    flags(&mut told, route);
    metrics(&mut told, &route.metrics);
    if let Some(seconds) = route.expires {
        let _ = write!(told.line, "expires {seconds}sec ");
        told.fields.push(("expires", seconds.into()));
    }
    if ipv6 {
        let name = preference(route.preference);
        let _ = write!(told.line, "pref {name} ");
        told.fields.push(("pref", name.into()));
    }
    if route.hops.len() > 1 {
        several(&mut told, route, links);
    }
    told
}

/// The name of a preference.
pub(crate) fn preference(preference: Preference) -> &'static str {
    match preference {
        Preference::Low => "low",
        Preference::Medium => "medium",
        Preference::High => "high",
    }
}

fn next_hop(told: &mut Told, hop: &Hop, links: &Links, to: IpAddr, common: &Common) {
    if let Some(gateway) = hop.gateway.map(ip).filter(|gateway| common.via != Some(*gateway)) {
        if gateway.is_ipv4() == to.is_ipv4() {
            told.pair("via", "gateway", gateway.to_string());
        } else {
            let _ = write!(told.line, "via inet6 {gateway} ");
            told.fields
                .push(("via", Json::Object(object! { "family": "inet6", "host": gateway.to_string() })));
        }
    }
    if let Some(device) = hop.device.filter(|device| common.device != Some(*device)) {
        told.pair("dev", "dev", links.name(device));
    }
}

/// The words of a hop's flags.
fn hop_flags(hop: &Hop) -> Vec<&'static str> {
    let rows = [(hop.dead, "dead"), (hop.onlink, "onlink"), (hop.linkdown, "linkdown")];
    rows.into_iter().filter(|(set, _)| *set).map(|(_, name)| name).collect()
}

fn flags(told: &mut Told, route: &Route) {
    let words = match route.hops.as_slice() {
        [hop] => hop_flags(hop),
        _ => Vec::new(),
    };
    for word in &words {
        let _ = write!(told.line, "{word} ");
    }
    told.fields.push(("flags", Json::List(words.into_iter().map(Json::from).collect())));
}

/// What a route says of its path, in the order of Linux's numbers (`RTAX_*`). iproute2: `print_rta_metrics`.
pub(crate) fn metrics(told: &mut Told, m: &Metrics) {
    let mut fields = Told::default();
    if let Some(mtu) = m.mtu {
        let lock = if m.mtu_lock { "lock " } else { "" };
        let _ = write!(fields.line, "mtu {lock}{mtu} ");
        fields.fields.push(("mtu", mtu.into()));
    }
    let hop_limit = m.hoplimit.map(u32::from);
    for (name, value) in
        [("window", m.window), ("advmss", m.advmss), ("hoplimit", hop_limit), ("initcwnd", m.initcwnd)]
    {
        value.into_iter().for_each(|value| fields.pair(name, name, value));
    }
    if m.ecn {
        let _ = write!(fields.line, "features ecn ");
        fields.fields.push(("ecn", Json::Null));
    }
    if let Some(time) = m.rto_min {
        let millis = time / 1_000_000;
        // One that is said is always locked.
        let _ = write!(fields.line, "rto_min lock {millis}ms ");
        fields.fields.push(("rto_min", millis.into()));
    }
    if let Some(window) = m.initrwnd {
        fields.pair("initrwnd", "initrwnd", window);
    }
    if m.quickack {
        fields.pair("quickack", "quickack", 1u32);
    }
    if let Some(name) = &m.congctl {
        fields.pair("congctl", "congestion", name.clone());
    }
    if m.fastopen_no_cookie {
        fields.pair("fastopen_no_cookie", "fastopen_no_cookie", 1u32);
    }
    told.line += &fields.line;
    if !fields.fields.is_empty() {
        told.fields.push(("metrics", Json::List(vec![Json::Object(fields.fields)])));
    }
}

/// The ways of a route that has several, a line each.
fn several(told: &mut Told, route: &Route, links: &Links) {
    let mut values = Vec::new();
    for hop in &route.hops {
        let mut one = Told::default();
        next_hop(&mut one, hop, links, ip(route.destination), &Common::default());
        one.pair("weight", "weight", u32::from(hop.weight));
        let words = hop_flags(hop);
        words.iter().for_each(|word| one.line += &format!("{word} "));
        one.fields.push(("flags", Json::List(words.into_iter().map(Json::from).collect())));
        let _ = write!(told.line, "\n\tnexthop {}", one.line);
        values.push(Json::Object(one.fields));
    }
    told.fields.push(("nexthops", Json::List(values)));
}
