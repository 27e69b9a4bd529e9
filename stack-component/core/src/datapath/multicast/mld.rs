//! What routers ask about IPv6 groups and what they are told (RFC 2710, RFC 3810). Linux: `net/ipv6/mcast.c`.

use super::super::{Context, transmit};
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::ip::Cutting;
use crate::ip::v6::{self, Received, Request};
use crate::multicast::{Language, Query, Report, batches};
use crate::packet::{DeviceIndex, LinkDestination, Packet};
use crate::time::Duration;
use crate::wire::icmpv6::fill_checksum;
use crate::wire::igmp::RecordType;
use crate::wire::ipv6::{ALL_ROUTERS, HEADER_LEN};
use crate::wire::mld::{self, Message};
use crate::wire::protocol::Protocol;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv6Addr};

/// Takes in a message about groups (its ICMPv6 header first), whose checksum is right. Linux: `igmp6_event_query`,
/// `igmp6_event_report`.
pub(in crate::datapath) fn input(
    cx: &mut Context<'_>,
    packet: &Packet,
    received: &Received,
) -> Result<(), DropReason> {
    let device = received.device;
    match Message::parse(packet.data()).map_err(|_| DropReason::MldMalformed)? {
        Message::Query(query) => {
            check_query(received)?;
            let query = Query {
                // The machine counts as IGMP does.
                version: query.version + 1,
                group: Some(query.group.into()).filter(|_| !query.group.is_unspecified()),
                sources: query.sources.into_iter().map(IpAddr::V6).collect(),
                max_response: Duration::from_millis(query.max_response.into()),
                robustness: query.robustness,
                interval: Duration::from_secs(query.interval.into()),
            };
            cx.groups.query(device, Language::Mld, &query, cx.now, cx.random);
        }
        Message::Report(group) => {
            if !is_of_link(received.source) && !received.source.is_unspecified() {
                return Err(DropReason::MldNotFromLink);
            }
            // Routers may not have heard what came to us alone.
            if received.addressed != LinkDestination::Host {
                cx.groups.heard_report(device, group.into(), cx.now);
            }
        }
        Message::Other => {}
    }
    Ok(())
}

fn is_of_link(source: Ipv6Addr) -> bool {
    source.is_unicast_link_local()
}

/// RFC 3810 section 6.2: nobody from beyond the link asks.
fn check_query(received: &Received) -> Result<(), DropReason> {
    let alerted = received.router_alert == Some(mld::ALERT);
    match is_of_link(received.source) && received.hop_limit == 1 && alerted {
        true => Ok(()),
        false => Err(DropReason::MldNotFromLink),
    }
}

/// Tells routers something. Linux: `mld_sendpack`, `igmp6_send`.
pub(super) fn tell(cx: &mut Context<'_>, device: DeviceIndex, report: Report) {
    match report {
        Report::Records(records) => {
            let overhead = HEADER_LEN + mld::HOP_BY_HOP.len() + mld::HEADER_LEN;
            let room = (cx.mtu6(device, None) as usize).saturating_sub(overhead);
            for batch in batches(records, room, mld::RECORD_LEN, mld::SOURCE_LEN) {
                let records: Vec<(RecordType, Ipv6Addr, Vec<Ipv6Addr>)> = batch
                    .into_iter()
                    .filter_map(|record| {
                        let sources = record.sources.into_iter().filter_map(to_v6).collect();
                        Some((record.kind, to_v6(record.group)?, sources))
                    })
                    .collect();
                send(cx, device, mld::ALL_V2_ROUTERS, mld::report(&records));
            }
        }
        Report::Joined { group: IpAddr::V6(group), .. } => send(cx, device, group, mld::old_report(group)),
        Report::Left(IpAddr::V6(group)) => send(cx, device, ALL_ROUTERS, mld::done(group)),
        Report::Joined { .. } | Report::Left(_) => {}
    }
}

fn to_v6(address: IpAddr) -> Option<Ipv6Addr> {
    if let IpAddr::V6(address) = address { Some(address) } else { None }
}

fn send(cx: &mut Context<'_>, device: DeviceIndex, destination: Ipv6Addr, message: Vec<u8>) {
    let Some(interface) = cx.interfaces.get(device) else { return };
    if interface.is_loopback() || cx.sysctl.ipv6.of(device.0).disable_ipv6 {
        return;
    }
    // RFC 3590 section 4: a host that has no address of the link yet tells all the same.
    let source = interface.link_local().unwrap_or(Ipv6Addr::UNSPECIFIED);
    let kind = message.first().copied();
    cx.counters.increment(Counter::Ip6OutRequests);
    match try_send(cx, device, source, destination, message) {
        Ok(()) => kind.into_iter().for_each(|kind| cx.counters.icmp6_sent(kind)),
        Err(reason) => cx.count_sent_drop(reason, true),
    }
}

fn try_send(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    source: Ipv6Addr,
    destination: Ipv6Addr,
    mut message: Vec<u8>,
) -> Result<(), DropReason> {
    fill_checksum(source, destination, &mut message);
    let mut packet = Packet::from_payload(&message);
    packet.push(mld::HOP_BY_HOP.len()).copy_from_slice(&mld::HOP_BY_HOP);
    let request = Request {
        packet,
        source,
        destination,
        next_header: Protocol::HOP_BY_HOP,
        hop_limit: 1,
        traffic_class: 0,
        flow_label: 0,
        cutting: Cutting::Never,
    };
    let mtu = cx.mtu6(device, None);
    let packet = v6::output(request, mtu).map_err(|(reason, _)| reason)?;
    transmit::over_link(cx, device, destination.into(), packet, mtu)
}
