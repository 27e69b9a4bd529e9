//! Addresses as they are shown. iproute2: `print_addrinfo`.

use crate::options::Family;
use std::fmt::Write;
use tool_common::address::ip;
use tool_common::control::addresses::{Address, AddressFlags};
use tool_common::json::Json;
use tool_common::object;

/// The names of flags, in the order in which they are shown.
const FLAGS: [(AddressFlags, &str); 9] = [
    (AddressFlags::NODAD, "nodad"),
    (AddressFlags::OPTIMISTIC, "optimistic"),
    (AddressFlags::DADFAILED, "dadfailed"),
    (AddressFlags::DEPRECATED, "deprecated"),
    (AddressFlags::TENTATIVE, "tentative"),
    // Its absence has the name, see below.
    (AddressFlags::PERMANENT, "dynamic"),
    (AddressFlags::MNGTMPADDR, "mngtmpaddr"),
    (AddressFlags::NOPREFIXROUTE, "noprefixroute"),
    (AddressFlags::STABLE_PRIVACY, "stable-privacy"),
];

/// Whether an address has these flags.
pub(crate) fn has(address: &Address, flags: AddressFlags) -> bool {
    address.flags & flags == flags
}

/// The names of an address's flags. One that is not permanent is dynamic.
pub(crate) fn flags(address: &Address) -> Vec<&'static str> {
    let v4 = ip(address.local).is_ipv4();
    let second = match v4 {
        true => has(address, AddressFlags::SECONDARY).then_some("secondary"),
        false => has(address, AddressFlags::TEMPORARY).then_some("temporary"),
    };
    let known =
        FLAGS.into_iter().filter(|(flag, _)| has(address, *flag) != (*flag == AddressFlags::PERMANENT));
    second.into_iter().chain(known.map(|(_, name)| name)).collect()
}

/// The name of a scope. iproute2: `rtnl_rtscope_n2a`.
pub(crate) fn scope(number: u8) -> String {
    match number {
        0 => "global".into(),
        200 => "site".into(),
        253 => "link".into(),
        254 => "host".into(),
        255 => "nowhere".into(),
        other => other.to_string(),
    }
}

/// The number of a scope. iproute2: `rtnl_rtscope_a2n`.
pub(crate) fn scope_number(word: &str) -> Option<u8> {
    match word {
        "global" | "universe" => Some(0),
        "site" => Some(200),
        "link" => Some(253),
        "host" => Some(254),
        "nowhere" => Some(255),
        other => other.parse().ok(),
    }
}

fn lifetime(seconds: Option<u32>) -> String {
    seconds.map_or("forever".into(), |seconds| format!("{seconds}sec"))
}

/// An address with its other end, the length of its prefix and the metric of its network.
fn ends(address: &Address) -> String {
    let (local, len) = (ip(address.local), address.prefix_length);
    let ends = match address.peer.map(ip).filter(|peer| *peer != local) {
        Some(peer) => format!("{local} peer {peer}/{len}"),
        None => format!("{local}/{len}"),
    };
    if address.metric == 0 { ends } else { format!("{ends} metric {}", address.metric) }
}

/// The fields of the same.
fn ends_json(address: &Address) -> Vec<(&'static str, Json)> {
    let local = ip(address.local);
    let mut fields = object! { "local": local.to_string() };
    if let Some(peer) = address.peer.map(ip).filter(|peer| *peer != local) {
        fields.push(("address", peer.to_string().into()));
    }
    fields.push(("prefixlen", u32::from(address.prefix_length).into()));
    if address.metric != 0 {
        fields.push(("metric", address.metric.into()));
    }
    fields
}

/// The two lines about an address.
pub(crate) fn lines(address: &Address) -> String {
    let local = ip(address.local);
    let mut out = format!("    {} {}", Family::of(local).name(), ends(address));
    // Writing to a text does not fail.
    if let Some(broadcast) = address.broadcast {
        let _ = write!(out, " brd {}", ip(broadcast));
    }
    let _ = write!(out, " scope {} ", scope(address.scope));
    for name in flags(address) {
        let _ = write!(out, "{name} ");
    }
    let (valid, preferred) = (lifetime(address.valid_lifetime), lifetime(address.preferred_lifetime));
    let _ = write!(out, "{}\n       valid_lft {valid} preferred_lft {preferred}\n", address.label);
    out
}

/// The object of an address.
pub(crate) fn json(address: &Address) -> Json {
    let local = ip(address.local);
    let mut fields = object! { "family": Family::of(local).name() };
    fields.extend(ends_json(address));
    if let Some(broadcast) = address.broadcast {
        fields.push(("broadcast", ip(broadcast).to_string().into()));
    }
    fields.push(("scope", scope(address.scope).into()));
    fields.extend(flags(address).into_iter().map(|name| (name, Json::Bool(true))));
    if !address.label.is_empty() {
        fields.push(("label", address.label.as_str().into()));
    }
    fields.push(("valid_life_time", address.valid_lifetime.unwrap_or(u32::MAX).into()));
    fields.push(("preferred_life_time", address.preferred_lifetime.unwrap_or(u32::MAX).into()));
    Json::Object(fields)
}

/// What `-br` shows of an address.
pub(crate) fn brief(address: &Address) -> String {
    ends(address) + " "
}

/// The object of an address with `-br`.
pub(crate) fn json_brief(address: &Address) -> Json {
    Json::Object(ends_json(address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tool_common::address::wit;

    fn address(local: &str, flags: AddressFlags) -> Address {
        Address {
            device: 3,
            local: wit(local.parse().unwrap()),
            prefix_length: 24,
            peer: None,
            broadcast: None,
            scope: 0,
            flags,
            label: if local.contains(':') { "" } else { "eth0" }.into(),
            metric: 0,
            preferred_lifetime: Some(50),
            valid_lifetime: None,
            protocol: 0,
        }
    }

    #[test]
    fn lines_and_objects_are_those_of_iproute2() {
        let secondary = AddressFlags::SECONDARY | AddressFlags::PERMANENT;
        let broadcast = Some(wit("10.0.2.255".parse().unwrap()));
        let v4 = Address { broadcast, ..address("10.0.2.16", secondary) };
        assert_eq!(
            lines(&v4),
            "    inet 10.0.2.16/24 brd 10.0.2.255 scope global secondary eth0\n       valid_lft forever preferred_lft 50sec\n"
        );
        let v6 = Address { scope: 253, ..address("fe80::1", AddressFlags::TENTATIVE) };
        assert_eq!(
            lines(&v6),
            "    inet6 fe80::1/24 scope link tentative dynamic \n       valid_lft forever preferred_lft 50sec\n"
        );
        assert_eq!(
            json(&v4).compact(),
            r#"{"family":"inet","local":"10.0.2.16","prefixlen":24,"broadcast":"10.0.2.255","scope":"global","secondary":true,"label":"eth0","valid_life_time":4294967295,"preferred_life_time":50}"#
        );
    }
}
