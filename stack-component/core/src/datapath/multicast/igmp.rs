//! What routers ask about IPv4 groups and what they are told (RFC 1112, RFC 2236, RFC 3376). Linux:
//! `net/ipv4/igmp.c`.

use super::super::{Context, transmit};
use crate::drop_reason::DropReason;
use crate::ip::Cutting;
use crate::ip::v4::{self, Request};
use crate::multicast::{Language, Query, Report, batches};
use crate::packet::{DeviceIndex, Packet};
use crate::route::Scope;
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

/// Bytes of a record without its sources, and of a source.
const RECORD: (usize, usize) = (8, 4);

/// Takes in a message about groups. Linux: `igmp_rcv`.
pub(in crate::datapath) fn input(cx: &mut Context<'_>, packet: &Packet) -> Result<(), DropReason> {
    let device = packet.meta.device;
    if !igmp::checksum_is_valid(packet.data()) {
        return Err(DropReason::IgmpMalformed);
    }
    match Message::parse(packet.data()).map_err(|_| DropReason::IgmpMalformed)? {
        Message::Query(query) => {
            let query = Query {
                version: query.version,
                group: Some(query.group.into()).filter(|_| !query.group.is_unspecified()),
                sources: query.sources.into_iter().map(IpAddr::V4).collect(),
                max_response: Duration::from_millis(u64::from(query.max_response) * 100),
                robustness: query.robustness,
                interval: Duration::from_secs(query.interval.into()),
            };
            cx.groups.query(device, Language::Igmp, &query, cx.now, cx.random);
        }
        Message::Report(group) => cx.groups.heard_report(device, group.into(), cx.now),
        Message::Other => {}
    }
    Ok(())
}

/// Tells routers something. Linux: `igmpv3_send_report`, `igmp_send_report`.
pub(super) fn tell(cx: &mut Context<'_>, device: DeviceIndex, report: Report) {
    match report {
        Report::Records(records) => {
            let room = (cx.mtu(device, None) as usize).saturating_sub(OVERHEAD);
            for batch in batches(records, room, RECORD.0, RECORD.1) {
                let records: Vec<(RecordType, Ipv4Addr, Vec<Ipv4Addr>)> = batch
                    .into_iter()
                    .filter_map(|record| {
                        let sources = record.sources.into_iter().filter_map(to_v4).collect();
                        Some((record.kind, to_v4(record.group)?, sources))
                    })
                    .collect();
                send(cx, device, igmp::ALL_V3_ROUTERS, &igmp::report(&records));
            }
        }
        Report::Joined { version, group: IpAddr::V4(group) } => {
            send(cx, device, group, &igmp::old_report(version, group));
        }
        Report::Left(IpAddr::V4(group)) => send(cx, device, igmp::ALL_ROUTERS, &igmp::leave(group)),
        Report::Joined { .. } | Report::Left(_) => {}
    }
}

fn to_v4(address: IpAddr) -> Option<Ipv4Addr> {
    if let IpAddr::V4(address) = address { Some(address) } else { None }
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
    let source = match cx.interfaces.source_for(cx.sysctl, device, (to, Scope::Link), to) {
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
    transmit::over_link(cx, device, destination.into(), packet, mtu)
}
