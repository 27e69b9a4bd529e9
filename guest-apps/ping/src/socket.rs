//! The socket that requests are sent by, and the addresses of its ends.

use crate::options::{Discover, Options};
use crate::record::Record;
use std::net::{IpAddr, Ipv6Addr, ToSocketAddrs};
use tool_common::address::{ip, wit};
use tool_common::control::groups::GroupOption;
use tool_common::control::raw_fields::{self, RawField};
use tool_common::control::raw_groups;
use tool_common::control::raw_sockets::{Cutting, RawOption, RawSocket, create_ping_socket};
use tool_common::error::text;
use tool_common::wasi::sockets::network::{ErrorCode, IpAddressFamily};

/// The address of a name, of the version that was asked for.
pub(crate) fn resolve(name: &str, version: Option<u8>) -> Result<IpAddr, String> {
    let fits = |address: &IpAddr| version.is_none_or(|version| address.is_ipv6() == (version == 6));
    if let Ok(address) = name.parse::<IpAddr>() {
        let refuse = || format!("{name}: Address family for hostname not supported");
        return Some(address).filter(fits).ok_or_else(refuse);
    }
    let found = (name, 0).to_socket_addrs().ok();
    let mut found = found.into_iter().flatten().map(|address| address.ip()).filter(fits);
    found.next().ok_or_else(|| format!("{name}: Name or service not known"))
}

/// A socket with the options.
pub(crate) fn open(
    options: &Options,
    address: IpAddr,
    zone: &str,
    flow_label: Option<u32>,
) -> Result<RawSocket, String> {
    let family = if address.is_ipv6() { IpAddressFamily::Ipv6 } else { IpAddressFamily::Ipv4 };
    let socket = create_ping_socket(family).map_err(|code| match code {
        ErrorCode::AccessDenied => "socket: Operation not permitted (--grant ping)".to_owned(),
        code => format!("socket: {}", text(code)),
    })?;
    let set =
        |option: &RawOption, what: &str| socket.set(option).map_err(|code| format!("{what}: {}", text(code)));
    set(&RawOption::Errors(true), "IP_RECVERR")?;
    if let Some(limit) = options.hop_limit {
        set(&RawOption::HopLimit(Some(limit)), "time to live")?;
        set(&RawOption::MulticastHopLimit(limit), "time to live")?;
    }
    set(&RawOption::TrafficClass(options.traffic_class), "type of service")?;
    if let Some(mark) = options.mark
        && socket.set(&RawOption::Mark(mark)).is_err()
    {
        // iputils pings all the same.
        eprintln!("ping: WARNING: failed to set mark: {mark}: Operation not permitted (--grant control)");
    }
    if options.unheard {
        let set = raw_groups::set(&socket, &GroupOption::LoopBack(false));
        set.map_err(|code| format!("can't disable multicast loopback: {}", text(code)))?;
    }
    let cutting = match options.discover {
        Some(Discover::Do) => Cutting::Never,
        Some(Discover::Dont) => Cutting::Anywhere,
        Some(Discover::Want) | None => Cutting::Here,
    };
    set(&RawOption::Cutting(cutting), "path MTU discovery")?;
    let mut source = None;
    match options.from.as_deref().map(|from| (from, from.parse::<IpAddr>())) {
        Some((_, Ok(from))) => source = Some(wit(from)),
        Some((device, Err(_))) => {
            bind_to(&socket, device)?;
        }
        None if !zone.is_empty() => {
            bind_to(&socket, zone)?;
        }
        None if options.sticky => source = source_over(None, address).map(wit),
        None => {}
    }
    socket.bind(source, options.identifier).map_err(|code| format!("bind: {}", text(code)))?;
    set_fields(&socket, options, address, flow_label)?;
    if options.connected {
        socket.connect(Some(wit(address))).map_err(|code| format!("connect failed: {}", text(code)))?;
    }
    Ok(socket)
}

/// What requests say beside their data, and how they leave.
fn set_fields(
    socket: &RawSocket,
    options: &Options,
    address: IpAddr,
    flow_label: Option<u32>,
) -> Result<(), String> {
    let set = |field: &RawField, what: &str| {
        raw_fields::set(socket, field).map_err(|code| format!("{what}: {}", text(code)))
    };
    if let Some(bytes) = options.send_buffer {
        set(&RawField::SendBuffer(bytes), "SO_SNDBUF")?;
    }
    if options.neighbours {
        set(&RawField::NeighboursAlone(true), "SO_DONTROUTE")?;
    }
    if flow_label.is_some() {
        set(&RawField::FlowLabel(flow_label), "can't set flowlabel")?;
    }
    let (Some(record), true) = (options.record, address.is_ipv4()) else { return Ok(()) };
    let named = options.named.iter().map(|host| match resolve(host, Some(4))? {
        IpAddr::V4(host) => Ok(host),
        IpAddr::V6(other) => Err(format!("{other}: Address family for hostname not supported")),
    });
    let named = named.collect::<Result<Vec<_>, _>>()?;
    let what = if record == Record::Route { "record route" } else { "ts option" };
    set(&RawField::HeaderOptions(record.options(&named)), what)
}

/// Whether an address means nothing without its link. iputils: `SCOPE_DELIMITER` in `pr_addr`.
pub(crate) fn is_of_link(address: Ipv6Addr) -> bool {
    let [first, scope, ..] = address.octets();
    address.is_unicast_link_local() || (first == 0xff && matches!(scope & 0xf, 1 | 2))
}

/// iputils: `SO_BINDTODEVICE` in `ping4_run`.
fn bind_to(socket: &RawSocket, device: &str) -> Result<(), String> {
    let bound = socket.set(&RawOption::BindToDevice(device.into()));
    bound.map_err(|_| format!("SO_BINDTODEVICE {device}: No such device"))
}

/// The address that requests over `device`, or over any, come from, as another socket is told. iputils: `probe_fd` in
/// `ping4_run`.
pub(crate) fn source_over(device: Option<&str>, address: IpAddr) -> Option<IpAddr> {
    let family = if address.is_ipv6() { IpAddressFamily::Ipv6 } else { IpAddressFamily::Ipv4 };
    let probe = create_ping_socket(family).ok()?;
    device.map_or(Ok(()), |device| bind_to(&probe, device)).ok()?;
    probe.connect(Some(wit(address))).ok()?;
    probe.local().ok()?.address.map(ip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_a_link() {
        for (address, expected) in
            [("fe80::1", true), ("ff02::1", true), ("ff01::1", true), ("ff0e::1", false), ("fd00::1", false)]
        {
            assert_eq!(is_of_link(address.parse().unwrap()), expected, "{address}");
        }
    }
}
