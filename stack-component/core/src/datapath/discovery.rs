//! Neighbour discovery on its way in and out. Linux: `ndisc_rcv`, `ndisc_send_skb`.

use super::{Context, addresses, advertisement, neighbours, transmit};
use crate::counters::Counter;
use crate::device::AddressState;
use crate::drop_reason::DropReason;
use crate::ip::v6::{self, Received, Request};
use crate::neighbour::nd::{self, Arrival, Flags, Heard, Learn, Ourselves, Verdict};
use crate::neighbour::{Key, Statement};
use crate::netfilter::{HookPoint, HookState};
use crate::packet::{DeviceIndex, Packet};
use crate::wire::icmpv6::{Header, fill_checksum};
use crate::wire::ipv6::ALL_ROUTERS;
use crate::wire::ndp::{Fields, HOP_LIMIT, Message, Options};
use crate::wire::protocol::Protocol;
use core::net::Ipv6Addr;

/// Takes in a message (its ICMPv6 header first) that came as `received` says. Linux: `ndisc_rcv`.
pub(super) fn receive(cx: &mut Context<'_>, packet: &Packet, received: &Received) -> Result<(), DropReason> {
    let header = Header::parse(packet.data()).map_err(|_| DropReason::NdiscMalformed)?;
    let &Received { source, destination, hop_limit, addressed, device, .. } = received;
    let arrival = Arrival { source, destination, hop_limit, code: header.code(), addressed };
    nd::check(&arrival)?;
    let (message, options) = Message::parse(&header).map_err(|_| DropReason::NdiscMalformed)?;
    let verdict = match message {
        Message::NeighbourSolicitation { target } => {
            let us = ourselves(cx, device, target)?;
            nd::solicitation(&arrival, target, options, us)?
        }
        Message::NeighbourAdvertisement { target, router, solicited, override_known } => {
            let us = ourselves(cx, device, target)?;
            nd::advertisement(&arrival, target, Flags { router, solicited, override_known }, options, us)?
        }
        Message::RouterAdvertisement(said) => {
            return advertisement::receive(cx, device, &arrival, &said, options);
        }
        Message::RouterSolicitation => return solicited_as_router(cx, device, &arrival, options),
        // Linux learns another first hop of it; that is not built.
        Message::Redirect { .. } => return Err(DropReason::NdiscIgnored),
    };
    follow(cx, device, message, verdict)
}

/// Does what a solicitation or an advertisement asks for.
fn follow(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    message: Message,
    verdict: Verdict,
) -> Result<(), DropReason> {
    let Verdict { reply, learn, duplicate, conflict } = verdict;
    let learnt = learn.map_or(Ok(()), |learn| self::learn(cx, device, learn));
    // What waited goes before anything that is sent from now on.
    neighbours::do_neighbour_actions(cx);
    match message {
        Message::NeighbourSolicitation { target } | Message::NeighbourAdvertisement { target, .. }
            if duplicate =>
        {
            addresses::taken(cx, device, target);
        }
        _ => {}
    }
    match reply {
        Some((to, fields)) => {
            let from = match message {
                Message::NeighbourSolicitation { target } => target,
                _ => return Ok(()),
            };
            send(cx, device, from, to, &fields);
            Ok(())
        }
        // Who has our address as well as we is not heard: RFC 4862 leaves it to people.
        None if conflict => Err(DropReason::NdiscBadSource),
        None => learnt,
    }
}

/// Takes note of what a message says of a neighbour. Linux: `ndisc_update`.
pub(super) fn learn(cx: &mut Context<'_>, device: DeviceIndex, learn: Learn) -> Result<(), DropReason> {
    let Learn { address, mac, how } = learn;
    let key = Key { device, address: address.into() };
    let statement = match (how, mac) {
        (Heard::Asking, Some(mac)) => Statement::Hearsay { mac, create: true },
        (Heard::Asking, None) => return Ok(()),
        (Heard::Advertised { solicited, override_known, router }, mac) => {
            Statement::Advertised { mac, solicited, override_known, router }
        }
    };
    cx.neighbours.hear(cx.now, key, statement)
}

/// Whoever looks for a router is a neighbour, if it says who it is. Linux: `ndisc_recv_rs`.
fn solicited_as_router(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    arrival: &Arrival,
    options: Options<'_>,
) -> Result<(), DropReason> {
    let station = nd::station(options, false);
    if !cx.sysctl.ipv6.of(device.0).forwarding {
        return Err(DropReason::NdiscNotForUs);
    }
    if arrival.source.is_unspecified() {
        return if station.is_some() { Err(DropReason::NdiscMalformed) } else { Ok(()) };
    }
    learn(cx, device, Learn { address: arrival.source, mac: station, how: Heard::Asking })
}

/// What the stack is to a message about `target` that came by `device`.
fn ourselves(cx: &Context<'_>, device: DeviceIndex, target: Ipv6Addr) -> Result<Ourselves, DropReason> {
    let interface = cx.interfaces.get(device).ok_or(DropReason::LinkDown)?;
    let record = interface.address(target.into());
    let of_target = match record.map(|address| address.state) {
        Some(AddressState::Preferred | AddressState::Deprecated) => nd::Target::Ours,
        Some(AddressState::Tentative) => nd::Target::Tentative,
        Some(AddressState::DadFailed) | None => nd::Target::Other,
    };
    Ok(Ourselves {
        mac: interface.mac(),
        target: of_target,
        nonce: record.and_then(|address| address.detection?.nonce),
        router: cx.sysctl.ipv6.of(device.0).forwarding,
    })
}

/// Asks for routers. Linux: `ndisc_send_rs`.
pub(super) fn solicit_routers(cx: &mut Context<'_>, device: DeviceIndex) {
    let Some(interface) = cx.interfaces.get(device) else { return };
    let from = interface.link_local();
    // Who has no address yet says nothing of its station, either.
    let station = from.map(|_| interface.mac());
    let fields = Fields { message: Message::RouterSolicitation, station, nonce: None };
    send(cx, device, from.unwrap_or(Ipv6Addr::UNSPECIFIED), ALL_ROUTERS, &fields);
}

/// Sends a message over a link; the routes are not asked. Linux: `ndisc_send_skb`.
pub(super) fn send(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    source: Ipv6Addr,
    destination: Ipv6Addr,
    fields: &Fields,
) {
    count(cx, fields);
    if let Err(reason) = send_counted(cx, device, source, destination, fields) {
        cx.count_sent_drop(reason, true);
    }
}

fn send_counted(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    source: Ipv6Addr,
    destination: Ipv6Addr,
    fields: &Fields,
) -> Result<(), DropReason> {
    let mut packet = Packet::with_capacity(0);
    fields.emit(packet.push(fields.message_len()));
    fill_checksum(source, destination, packet.data_mut());
    let request = Request {
        packet,
        source,
        destination,
        next_header: Protocol::ICMPV6,
        hop_limit: HOP_LIMIT,
        traffic_class: cx.sysctl.ipv6.of(device.0).ndisc_tclass as u8,
        flow_label: 0,
    };
    let mtu = cx.mtu6(device, None);
    let mut packet = v6::output(request, mtu).map_err(|(reason, _)| reason)?;
    let state = HookState { point: HookPoint::LocalOut, input: None, output: Some(device) };
    cx.hooks.run(&state, &mut packet)?;
    let target = transmit::Target::Neighbour(destination.into());
    transmit::egress(cx, packet, transmit::Way { input: None, device, target, mtu })
}

fn count(cx: &mut Context<'_>, fields: &Fields) {
    cx.counters.increment(Counter::Ip6OutRequests);
    cx.counters.increment(Counter::Icmp6OutMsgs);
    cx.counters.increment(match fields.message {
        Message::NeighbourSolicitation { .. } => Counter::Icmp6OutNeighborSolicits,
        Message::NeighbourAdvertisement { .. } => Counter::Icmp6OutNeighborAdvertisements,
        _ => Counter::Icmp6OutRouterSolicits,
    });
}
