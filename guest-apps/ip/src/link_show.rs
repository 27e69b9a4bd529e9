//! Devices as they are shown. iproute2: `print_linkinfo`.

use crate::links::Links;
use crate::options::Options;
use std::fmt::Write;
use tool_common::address::link_address;
use tool_common::control::links::{Link, LinkFlags, LinkKind, LinkStatistics, OperationalState};
use tool_common::json::Json;
use tool_common::object;

/// The names of flags, in the order in which they are shown.
const FLAGS: [(LinkFlags, &str); 8] = [
    (LinkFlags::LOOPBACK, "LOOPBACK"),
    (LinkFlags::BROADCAST, "BROADCAST"),
    (LinkFlags::MULTICAST, "MULTICAST"),
    (LinkFlags::NOARP, "NOARP"),
    (LinkFlags::ALLMULTI, "ALLMULTI"),
    (LinkFlags::PROMISC, "PROMISC"),
    (LinkFlags::UP, "UP"),
    (LinkFlags::LOWER_UP, "LOWER_UP"),
];

/// Whether a device has all of these flags.
pub(crate) fn has(link: &Link, flags: LinkFlags) -> bool {
    link.flags & flags == flags
}

/// The names of a device's flags.
fn flags(link: &Link) -> Vec<&'static str> {
    let no_carrier = has(link, LinkFlags::UP) && !has(link, LinkFlags::RUNNING);
    let known = FLAGS.into_iter().filter(|(flag, _)| has(link, *flag)).map(|(_, name)| name);
    no_carrier.then_some("NO-CARRIER").into_iter().chain(known).collect()
}

/// The name of a state. iproute2: `oper_states`.
pub(crate) fn state(link: &Link) -> &'static str {
    match link.operational_state {
        OperationalState::Unknown => "UNKNOWN",
        OperationalState::NotPresent => "NOTPRESENT",
        OperationalState::Down => "DOWN",
        OperationalState::LowerLayerDown => "LOWERLAYERDOWN",
        OperationalState::Testing => "TESTING",
        OperationalState::Dormant => "DORMANT",
        OperationalState::Up => "UP",
    }
}

fn link_type(link: &Link) -> &'static str {
    if link.kind == LinkKind::Loopback { "loopback" } else { "ether" }
}

/// The kind that `-d` tells, if it is one that can be made.
fn kind(link: &Link) -> Option<&'static str> {
    match link.kind {
        LinkKind::Vlan => Some("vlan"),
        LinkKind::Dummy => Some("dummy"),
        LinkKind::Loopback | LinkKind::Ethernet => None,
    }
}

fn full_name(link: &Link, links: &Links) -> String {
    match link.parent {
        Some(parent) => format!("{}@{}", link.name, links.name(parent)),
        None => link.name.clone(),
    }
}

/// Where a device is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a list of devices.
    Alone,
    /// Before its addresses. `-4` and `-6` leave out the line with the station address.
    BeforeAddresses,
    /// Where changes are told.
    Monitor,
}

impl Place {
    fn has_station(self, options: &Options) -> bool {
        self != Place::BeforeAddresses || options.family.is_none() || options.details
    }
}

/// The first lines about a device.
pub(crate) fn lines(link: &Link, links: &Links, options: &Options, place: Place) -> String {
    let mut out = format!(
        "{}: {}: <{}> mtu {} qdisc {} state {} ",
        link.index,
        full_name(link, links),
        flags(link).join(","),
        link.mtu,
        link.qdisc,
        state(link),
    );
    // Writing to a text does not fail.
    let _ = match place {
        Place::Alone => write!(out, "mode DEFAULT group default qlen {}", link.queue_length),
        Place::BeforeAddresses => write!(out, "group default qlen {}", link.queue_length),
        Place::Monitor => write!(out, "group default "),
    };
    if place.has_station(options) {
        let (address, broadcast) = (link_address(&link.address), link_address(&link.broadcast));
        let _ = write!(out, "\n    link/{} {address} brd {broadcast}", link_type(link));
        if options.details {
            let allmulti = u8::from(has(link, LinkFlags::ALLMULTI));
            let promiscuity = u8::from(has(link, LinkFlags::PROMISC));
            let (min, max) = (link.min_mtu, link.max_mtu);
            let _ = write!(out, " promiscuity {promiscuity}  allmulti {allmulti} minmtu {min} maxmtu {max} ");
            match (kind(link), link.vlan_id) {
                (Some(kind), Some(id)) => {
                    let _ = write!(out, "\n    {kind} protocol 802.1Q id {id} <REORDER_HDR> ");
                }
                (Some(kind), None) => {
                    let _ = write!(out, "\n    {kind} ");
                }
                (None, _) => {}
            }
        }
    }
    out.push('\n');
    if options.statistics && place == Place::Alone {
        out.push_str(&statistics(&link.statistics));
    }
    out
}

/// Two tables with columns of the same width. iproute2: `__print_link_stats`.
fn statistics(s: &LinkStatistics) -> String {
    let received = [s.rx_bytes, s.rx_packets, s.rx_errors, s.rx_dropped, s.rx_missed, s.rx_multicast];
    let sent = [s.tx_bytes, s.tx_packets, s.tx_errors, s.tx_dropped, s.tx_carrier, s.collisions];
    let mut widths = [10, 7, 6, 7, 7, 7];
    for (width, numbers) in widths.iter_mut().zip(received.iter().zip(sent)) {
        *width = [*width, numbers.0.to_string().len(), numbers.1.to_string().len()]
            .into_iter()
            .max()
            .unwrap_or(*width);
    }
    let table = |title: &str, last: [&str; 2], numbers: [u64; 6]| {
        let names = ["bytes", "packets", "errors", "dropped", last[0], last[1]];
        let row = |words: &mut dyn Iterator<Item = String>| {
            let words: Vec<_> = words.zip(widths).map(|(word, width)| format!("{word:>width$}")).collect();
            words.join(" ")
        };
        let head = row(&mut names.iter().map(ToString::to_string));
        let body = row(&mut numbers.iter().map(ToString::to_string));
        // The title stands in the first column, which is wide enough for it.
        format!("    {title}:{}           \n    {body} \n", head.get(title.len() + 1..).unwrap_or_default())
    };
    table("RX", ["missed", "mcast"], received) + &table("TX", ["carrier", "collsns"], sent)
}

/// The one line of `-br`. iproute2: `print_linkinfo_brief`.
pub(crate) fn brief(link: &Link, links: &Links) -> String {
    let name = full_name(link, links);
    format!("{name:<16} {:<14} ", state(link))
}

/// What `ip -br link` shows behind it.
pub(crate) fn brief_rest(link: &Link) -> String {
    format!("{} <{}> \n", link_address(&link.address), flags(link).join(","))
}

/// The object of a device. iproute2: `print_linkinfo`.
pub(crate) fn json(link: &Link, links: &Links, options: &Options, place: Place) -> Vec<(&'static str, Json)> {
    let mut fields = object! { "ifindex": link.index };
    if let Some(parent) = link.parent {
        fields.push(("link", links.name(parent).into()));
    }
    fields.extend(object! {
        "ifname": link.name.as_str(),
        "flags": Json::List(flags(link).into_iter().map(Json::from).collect()),
        "mtu": link.mtu,
        "qdisc": link.qdisc.as_str(),
        "operstate": state(link),
    });
    if place == Place::Alone {
        fields.push(("linkmode", "DEFAULT".into()));
    }
    fields.push(("group", "default".into()));
    if place != Place::Monitor {
        fields.push(("txqlen", link.queue_length.into()));
    }
    if place.has_station(options) {
        fields.extend(object! {
            "link_type": link_type(link),
            "address": link_address(&link.address),
            "broadcast": link_address(&link.broadcast),
        });
    }
    if options.details {
        fields.extend(object! {
            "promiscuity": u32::from(has(link, LinkFlags::PROMISC)),
            "allmulti": u32::from(has(link, LinkFlags::ALLMULTI)),
            "min_mtu": link.min_mtu,
            "max_mtu": link.max_mtu,
        });
        fields.extend(kind(link).map(|kind| ("linkinfo", link_info(kind, link.vlan_id))));
    }
    if options.statistics && place == Place::Alone {
        fields.push(("stats64", json_statistics(&link.statistics)));
    }
    fields
}

fn link_info(kind: &str, vlan_id: Option<u16>) -> Json {
    let mut info = object! { "info_kind": kind };
    if let Some(id) = vlan_id {
        let data = object! {
            "protocol": "802.1Q",
            "id": u32::from(id),
            "flags": Json::List(vec!["REORDER_HDR".into()]),
        };
        info.push(("info_data", Json::Object(data)));
    }
    Json::Object(info)
}

fn json_statistics(s: &LinkStatistics) -> Json {
    let rx = object! {
        "bytes": s.rx_bytes, "packets": s.rx_packets, "errors": s.rx_errors, "dropped": s.rx_dropped,
        "over_errors": 0u64, "multicast": s.rx_multicast,
    };
    let tx = object! {
        "bytes": s.tx_bytes, "packets": s.tx_packets, "errors": s.tx_errors, "dropped": s.tx_dropped,
        "carrier_errors": s.tx_carrier, "collisions": s.collisions,
    };
    Json::Object(vec![("rx", Json::Object(rx)), ("tx", Json::Object(tx))])
}

/// The object of a device with `-br`.
pub(crate) fn json_brief(link: &Link, links: &Links) -> Vec<(&'static str, Json)> {
    let mut fields = Vec::new();
    if let Some(parent) = link.parent {
        fields.push(("link", links.name(parent).into()));
    }
    fields.extend(object! { "ifname": link.name.as_str(), "operstate": state(link) });
    fields
}

/// What `ip -br link` tells beside it.
pub(crate) fn json_brief_rest(link: &Link) -> Vec<(&'static str, Json)> {
    let flags = flags(link).into_iter().map(Json::from).collect();
    object! { "address": link_address(&link.address), "flags": Json::List(flags) }
}
