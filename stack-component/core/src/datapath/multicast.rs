//! What routers ask about groups and what they are told, in IGMP. MLD is not built.

use super::{Context, transmit};
use crate::drop_reason::DropReason;
use crate::ip::Cutting;
use crate::ip::v4::{self, Received, Request};
use crate::multicast::{Query, Record, Report};
use crate::netfilter::{HookPoint, HookState};
use crate::packet::{DeviceIndex, Packet};
use crate::time::Duration;
use crate::wire::igmp::{self, Message, RecordType};
use crate::wire::ipv4::{ROUTER_ALERT, set_options_len};
use crate::wire::protocol::Protocol;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

/// Reports are sent with precedence "internetwork control" (RFC 3376 section 4).
const TOS: u8 = 0xc0;

/// Bytes of a report's header and of the IP header before it, options included.
const OVERHEAD: usize = igmp::HEADER_LEN + 24;

/// Takes in a message about groups. Linux: `igmp_rcv`.
pub(super) fn input(cx: &mut Context<'_>, packet: &Packet) -> Result<(), DropReason> {
    let device = packet.meta.device;
    if !igmp::checksum_is_valid(packet.data()) {
        return Err(DropReason::IgmpMalformed);
    }
    match Message::parse(packet.data()).map_err(|_| DropReason::IgmpMalformed)? {
        Message::Query(igmp::Query { version, group, max_response, sources, robustness }) => {
            let query = Query {
                version,
                group: Some(group.into()).filter(|_| !group.is_unspecified()),
                sources: sources.into_iter().map(IpAddr::V4).collect(),
                max_response: Duration::from_millis(u64::from(max_response) * 100),
                robustness,
            };
            cx.groups.query(device, &query, cx.now, cx.random);
        }
        Message::Report(group) => {
            let forced = cx.sysctl.ipv4_device(device.0).force_igmp_version();
            cx.groups.heard_report(device, group.into(), cx.now, forced);
        }
        Message::Other => {}
    }
    Ok(())
}

/// Whether a packet to a group is for us. Every host listens to all hosts. Linux: `ip_check_mc_rcu`.
pub(super) fn is_for_us(cx: &Context<'_>, device: DeviceIndex, received: &Received) -> bool {
    let (group, source) = (received.destination, received.source);
    group == igmp::ALL_HOSTS || cx.groups.hears(device, group.into(), source.into())
}

/// Tells routers what is due.
pub(crate) fn run(cx: &mut Context<'_>) {
    let sysctl = &*cx.sysctl;
    let forced = |device: DeviceIndex| sysctl.ipv4_device(device.0).force_igmp_version();
    for (device, report) in cx.groups.run(cx.now, forced, cx.random) {
        match report {
            Report::Records(records) => send_records(cx, device, &records),
            Report::Joined { version, group: IpAddr::V4(group) } => {
                send(cx, device, group, &igmp::old_report(version, group));
            }
            Report::Left(IpAddr::V4(group)) => send(cx, device, igmp::ALL_ROUTERS, &igmp::leave(group)),
            Report::Joined { .. } | Report::Left(_) => {}
        }
    }
}

/// As many reports as the records need. Linux: `add_grec`.
fn send_records(cx: &mut Context<'_>, device: DeviceIndex, records: &[Record]) {
    let room = (cx.mtu(device, None) as usize).saturating_sub(OVERHEAD);
    let mut batch: Vec<(RecordType, Ipv4Addr, Vec<Ipv4Addr>)> = Vec::new();
    let mut size = 0;
    for record in records {
        let IpAddr::V4(group) = record.group else { continue };
        let only_v4 = |source: &IpAddr| if let IpAddr::V4(source) = source { Some(*source) } else { None };
        let sources: Vec<Ipv4Addr> = record.sources.iter().filter_map(only_v4).collect();
        let needed = igmp::HEADER_LEN + sources.len() * 4;
        if size + needed > room && !batch.is_empty() {
            send(cx, device, igmp::ALL_V3_ROUTERS, &igmp::report(&batch));
            batch.clear();
            size = 0;
        }
        size += needed;
        batch.push((record.kind, group, sources));
    }
    if !batch.is_empty() {
        send(cx, device, igmp::ALL_V3_ROUTERS, &igmp::report(&batch));
    }
}

/// Sends a message to a group of the link, as one that routers are to look at (RFC 2113). Linux: `igmpv3_sendpack`,
/// `igmp_send_report`.
fn send(cx: &mut Context<'_>, device: DeviceIndex, destination: Ipv4Addr, message: &[u8]) {
    if let Err(reason) = try_send(cx, device, destination, message) {
        cx.count_sent_drop(reason, false);
    }
}

fn try_send(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    destination: Ipv4Addr,
    message: &[u8],
) -> Result<(), DropReason> {
    if cx.interfaces.get(device).is_none_or(|interface| interface.is_loopback()) {
        return Ok(());
    }
    let to = destination.into();
    let source = match cx.interfaces.source_for(cx.sysctl, device, to, to) {
        Some(IpAddr::V4(source)) => source,
        // RFC 3376 section 4.2.13: a host without an address tells all the same.
        _ => Ipv4Addr::UNSPECIFIED,
    };
    let mut packet = Packet::from_payload(message);
    packet.push(ROUTER_ALERT.len()).copy_from_slice(&ROUTER_ALERT);
    let (protocol, ttl, tos, cutting) = (Protocol::IGMP, 1, TOS, Cutting::Never);
    let request = Request { packet, source, destination, protocol, ttl, tos, cutting };
    let mtu = cx.mtu(device, None);
    let output = v4::output(cx.now, cx.random, cx.identification, request, mtu);
    let mut packet = output.map_err(|(reason, _)| reason)?;
    set_options_len(packet.data_mut(), ROUTER_ALERT.len());
    let state = HookState { point: HookPoint::LocalOut, input: None, output: Some(device) };
    cx.hooks.run(&state, &mut packet)?;
    let target = transmit::Target::Neighbour(destination.into());
    transmit::egress(cx, packet, transmit::Way { input: None, device, target, mtu })
}
