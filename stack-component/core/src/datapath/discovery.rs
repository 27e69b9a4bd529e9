//! Neighbour discovery's messages on their way in. Linux: `ndisc_rcv`.

use super::{Context, advertisement, detection, discovery_output, neighbours, proxies, redirect};
use crate::device::{Address, AddressState, Interface};
use crate::drop_reason::DropReason;
use crate::ignore_reason::IgnoreReason;
use crate::ip::v6::Received;
use crate::neighbour::Key;
use crate::neighbour::nd::{self, Arrival, Flags, Heard, Learn, Ourselves, Verdict};
use crate::packet::{DeviceIndex, Packet};
use crate::route::Scope;
use crate::wire::ethernet::MacAddress;
use crate::wire::icmpv6::Header;
use crate::wire::ndp::{Message, NdpOption, Options};
use alloc::format;
use core::net::{IpAddr, Ipv6Addr};

/// Takes in a message (its ICMPv6 header first) that came as `received` says. Linux: `ndisc_rcv`.
pub(super) fn receive(cx: &mut Context<'_>, packet: &Packet, received: &Received) -> Result<(), DropReason> {
    let header = Header::parse(packet.data()).map_err(|_| DropReason::NdiscMalformed)?;
    let &Received { source, destination, hop_limit, addressed, device, .. } = received;
    let arrival = Arrival { source, destination, hop_limit, code: header.code(), addressed };
    nd::check(&arrival)?;
    let conf = cx.sysctl.ipv6.of(device.0);
    if received.fragmented && conf.suppress_frag_ndisc {
        return Err(DropReason::NdiscIgnored);
    }
    let drop_unsolicited = conf.drop_unsolicited_na;
    let (message, options) = Message::parse(&header).map_err(|_| DropReason::NdiscMalformed)?;
    count_ignored(cx, options);
    let verdict = match message {
        Message::NeighbourSolicitation { target } => {
            let us = ourselves(cx, device, target)?;
            nd::solicitation(&arrival, target, options, us)?
        }
        Message::NeighbourAdvertisement { solicited: false, .. } if drop_unsolicited => {
            return Err(DropReason::NdiscIgnored);
        }
        Message::NeighbourAdvertisement { target, router, solicited, override_known } => {
            let us = ourselves(cx, device, target)?;
            nd::advertisement(&arrival, target, Flags { router, solicited, override_known }, options, us)?
        }
        Message::RouterAdvertisement(said) => {
            return advertisement::receive(cx, device, &arrival, &said, options);
        }
        Message::RouterSolicitation => return solicited_as_router(cx, device, &arrival, options),
        Message::Redirect { target, destination } => {
            return redirect::heard_v6(cx, device, &arrival, (target, destination), options);
        }
    };
    if let (true, Message::NeighbourAdvertisement { target, .. }) = (verdict.conflict, message) {
        say_conflict(cx, device, target, nd::station(options, true));
    }
    follow(cx, device, message, verdict)
}

/// Counts the options that mean nothing in any message (RFC 4861 section 4.6). Linux: `ndisc_parse_options`.
fn count_ignored(cx: &mut Context<'_>, options: Options<'_>) {
    for option in options {
        match option {
            NdpOption::Unknown(_) => cx.counters.ignore(IgnoreReason::NdOptionUnknown),
            NdpOption::Malformed(_) => cx.counters.ignore(IgnoreReason::NdOptionMalformed),
            _ => {}
        }
    }
}

/// Somebody else has an address of ours, as `station` says if it names itself. Linux: `ndisc_recv_na`.
fn say_conflict(cx: &mut Context<'_>, device: DeviceIndex, target: Ipv6Addr, station: Option<MacAddress>) {
    cx.say(device, || match station {
        Some(station) => format!("NA: {station} advertised our address {target}"),
        None => format!("NA: somebody advertised our address {target}"),
    });
}

/// Does what a solicitation or an advertisement asks for.
fn follow(
    cx: &mut Context<'_>,
    device: DeviceIndex,
    message: Message,
    verdict: Verdict,
) -> Result<(), DropReason> {
    let Verdict { reply, learn, duplicate, conflict } = verdict;
    let learnt = learn.map_or(Ok(()), |learn| hear_of(cx, device, learn));
    // What waited goes before anything that is sent from now on.
    neighbours::do_neighbour_actions(cx);
    match message {
        Message::NeighbourSolicitation { target } | Message::NeighbourAdvertisement { target, .. }
            if duplicate =>
        {
            detection::taken(cx, device, target);
        }
        _ => {}
    }
    match reply {
        Some((to, fields)) => {
            let Message::NeighbourSolicitation { target } = message else { return Ok(()) };
            // Who answers for another speaks as himself. Linux: `ndisc_send_na`.
            let ours = |interface: &Interface| interface.address(target.into()).is_some();
            let from = match cx.interfaces.get(device).is_some_and(ours) {
                true => Some(target.into()),
                false => cx.interfaces.source_for(cx.sysctl, device, (to.into(), Scope::Link), to.into()),
            };
            let Some(IpAddr::V6(from)) = from else { return Err(DropReason::NoRoute) };
            discovery_output::send(cx, device, from, to, &fields);
            Ok(())
        }
        // Who has our address as well as we is not heard: RFC 4862 leaves it to people.
        None if conflict => Err(DropReason::NdiscBadSource),
        None => learnt,
    }
}

/// Takes note of what a message says of a neighbour, and of a router that is none any more.
fn hear_of(cx: &mut Context<'_>, device: DeviceIndex, learn: Learn) -> Result<(), DropReason> {
    let key = Key { device, address: learn.address.into() };
    let was_router = cx.neighbours.is_router(key);
    let learnt = neighbours::learn(cx, device, learn);
    if was_router && !cx.neighbours.is_router(key) {
        advertisement::is_no_router(cx, device, learn.address);
    }
    learnt
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
    neighbours::learn(cx, device, Learn { address: arrival.source, mac: station, how: Heard::Asking })
}

/// What the stack is to a message about `target` that came by `device`.
fn ourselves(cx: &Context<'_>, device: DeviceIndex, target: Ipv6Addr) -> Result<Ourselves, DropReason> {
    let interface = cx.interfaces.get(device).ok_or(DropReason::LinkDown)?;
    let record = interface.address(target.into());
    let of_target = match record.map(|address| address.state) {
        _ if record.is_some_and(Address::is_optimistic) => nd::Target::Optimistic,
        Some(AddressState::Preferred | AddressState::Deprecated) => nd::Target::Ours,
        Some(AddressState::Tentative) => nd::Target::Tentative,
        Some(AddressState::DadFailed) | None => match proxies::of_v6(cx, device, target) {
            Some(proxy) => nd::Target::Proxied { router: proxy.router },
            None => nd::Target::Other,
        },
    };
    Ok(Ourselves {
        mac: interface.mac(),
        target: of_target,
        nonce: record.and_then(|address| address.detection?.nonce),
        router: cx.sysctl.ipv6.of(device.0).forwarding,
    })
}
