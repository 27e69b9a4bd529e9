//! The walk upward, from IPv4 to the protocol that a packet carries.

use super::{Context, Outgoing, complain, dhcp, fragments, learn, multicast, raw, redirect, tell, transmit};
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::icmp::v4::{self as icmp, Problem};
use crate::ip::Cutting;
use crate::ip::v4::{self, Received, Recorder};
use crate::netfilter::{HookPoint, HookState};
use crate::packet::{Checksum, DeviceIndex, LinkDestination, Packet};
use crate::route::Scope;
use crate::tcp::SegmentInfo;
use crate::udp::{Arrival, Rejected};
use crate::wire::ipv4::{HEADER_LEN, set_options_len};
use crate::wire::protocol::Protocol;
use core::net::{IpAddr, Ipv4Addr};

/// Gives a packet that is for us to its protocol. `to_many` says that it is for others, too. Linux:
/// `ip_local_deliver`.
pub(super) fn deliver(
    cx: &mut Context<'_>,
    packet: Packet,
    received: Received,
    to_many: bool,
) -> Result<(), DropReason> {
    if !received.fragment {
        return deliver_whole(cx, packet, received, to_many);
    }
    match fragments::reassemble(cx, packet, &received)? {
        Some((packet, received)) => deliver_whole(cx, packet, received, to_many),
        None => Ok(()),
    }
}

/// Linux: `ip_local_deliver_finish`, `ip_protocol_deliver_rcu`.
fn deliver_whole(
    cx: &mut Context<'_>,
    mut packet: Packet,
    received: Received,
    to_many: bool,
) -> Result<(), DropReason> {
    let many = to_many || received.addressed != LinkDestination::Host;
    if received.header_len > HEADER_LEN {
        record(cx, &mut packet, &received, many);
    }
    let state = HookState { point: HookPoint::LocalIn, input: Some(packet.meta.device), output: None };
    cx.hooks.run(&state, &mut packet)?;
    packet.pull(received.header_len);
    let known = matches!(received.protocol, Protocol::ICMP | Protocol::IGMP | Protocol::TCP | Protocol::UDP);
    if known {
        cx.counters.increment(Counter::IpInDelivers);
    }
    let arrival = arrival(cx, &packet, &received);
    let taken = multicast::raw(cx, &arrival, received.quote(&packet), packet.data());
    match received.protocol {
        Protocol::TCP if many => Err(DropReason::TcpBadAddress),
        Protocol::TCP => tcp(cx, packet, &received),
        Protocol::UDP => udp(cx, packet, &received, to_many),
        Protocol::IGMP => multicast::igmp::input(cx, &packet),
        Protocol::ICMP => icmp_message(cx, packet, &received, many),
        _ if taken => {
            cx.counters.increment(Counter::IpInDelivers);
            Ok(())
        }
        _ => {
            refuse(cx, &packet, &received, Problem::ProtocolUnreachable);
            Err(DropReason::UnknownIpProtocol)
        }
    }
}

/// Leaves our address and time in the options of a packet that begins with its header and came to us. Linux:
/// `ip_options_compile`.
fn record(cx: &Context<'_>, packet: &mut Packet, received: &Received, to_many: bool) {
    let ours = (!to_many).then_some(received.destination.into());
    let Some(address) = recorded_address(cx, packet.meta.device, received.source, ours) else { return };
    let us = Recorder { address, millis: cx.now.as_millis(), is_ours: &|ip| cx.routes.is_local(ip.into()) };
    let options = packet.data_mut().get_mut(HEADER_LEN..received.header_len).unwrap_or_default();
    if us.record(options) {
        set_options_len(packet.data_mut(), received.header_len - HEADER_LEN);
    }
}

/// What is recorded of us in a packet from `peer` that came by `device`, or in an answer to it: `ours`, or the address that the
/// route to the peer has. Linux: `fib_compute_spec_dst`, `ip_rt_get_source`.
fn recorded_address(
    cx: &Context<'_>,
    device: DeviceIndex,
    peer: Ipv4Addr,
    ours: Option<IpAddr>,
) -> Option<Ipv4Addr> {
    let peer = IpAddr::V4(peer);
    match ours.or_else(|| cx.interfaces.source_for(cx.sysctl, device, (peer, Scope::Link), peer))? {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    }
}

fn arrival(cx: &Context<'_>, packet: &Packet, received: &Received) -> raw::Arrival {
    raw::Arrival {
        source: received.source.into(),
        destination: received.destination.into(),
        protocol: received.protocol,
        hop_limit: received.ttl,
        traffic_class: received.tos,
        device: cx.heard_by(packet.meta.device, received.destination.into()),
        at: cx.now,
        verified: packet.meta.checksum == Checksum::Verified,
    }
}

/// Linux: `tcp_v4_rcv`.
fn tcp(cx: &mut Context<'_>, packet: Packet, received: &Received) -> Result<(), DropReason> {
    let &Received { source, destination, tos, ttl, header_len, .. } = received;
    let mtu = cx.mtu(packet.meta.device, None);
    let (source, destination) = (source.into(), destination.into());
    let device = cx.heard_by(packet.meta.device, destination);
    let info = SegmentInfo { source, destination, tos, ttl, mtu, header_len, device };
    cx.with_tcp(|tcp, env| tcp.input(env, &info, packet))
}

/// Linux: `udp_rcv`.
fn udp(cx: &mut Context<'_>, packet: Packet, received: &Received, to_many: bool) -> Result<(), DropReason> {
    if dhcp::input(cx, &packet, received) {
        return Ok(());
    }
    let arrival = Arrival {
        source: received.source.into(),
        destination: received.destination.into(),
        device: cx.heard_by(packet.meta.device, received.destination.into()),
    };
    if to_many {
        return multicast::udp(cx, &arrival, packet);
    }
    let Err(Rejected { packet, reason }) = cx.udp.input(cx.sysctl, cx.counters, &arrival, packet) else {
        return Ok(());
    };
    if reason == DropReason::UdpNoSocket {
        refuse(cx, &packet, received, Problem::PortUnreachable);
    }
    Err(reason)
}

/// Linux: `icmp_rcv`.
fn icmp_message(
    cx: &mut Context<'_>,
    packet: Packet,
    received: &Received,
    to_many: bool,
) -> Result<(), DropReason> {
    let device = packet.meta.device;
    let arrival = arrival(cx, &packet, received);
    // Errors about what sockets below TCP and UDP sent, and echo replies, say nothing to ICMP itself.
    let message = raw::for_sockets(cx, &packet, received.options(&packet));
    let verdict = match icmp::input(cx.counters, cx.sysctl, packet, to_many, cx.now) {
        Err(DropReason::IcmpIgnored) if raw::message(cx, &arrival, &message) => return Ok(()),
        Ok(icmp::Verdict::Error(error)) => {
            raw::message(cx, &arrival, &message);
            icmp::Verdict::Error(error)
        }
        verdict => verdict?,
    };
    match verdict {
        icmp::Verdict::Reply(packet) => {
            // Everybody's address is no sender's: the route chooses one of ours.
            let from = (!to_many).then_some(received.destination.into());
            let packet = with_options_echoed(cx, packet, received, from);
            let &Received { source, tos, .. } = received;
            let reply = Outgoing {
                packet,
                source: from,
                destination: source.into(),
                protocol: Protocol::ICMP,
                ttl: None,
                tos,
                cutting: Cutting::Anywhere,
                device: None,
            };
            // A reply that cannot be sent is counted there; the request was answered.
            let _ = transmit::send(cx, reply);
            Ok(())
        }
        icmp::Verdict::Redirect { gateway, about } => {
            redirect::heard_v4(cx, device, received.source, gateway, &about);
            Ok(())
        }
        icmp::Verdict::Error(error) => {
            learn::path_mtu(cx, &error);
            tell::tell(cx, &error);
            Ok(())
        }
    }
}

/// Puts before an answer the options of the packet `received` that record who it meets. Linux: `ip_options_echo`.
fn with_options_echoed(
    cx: &Context<'_>,
    mut packet: Packet,
    received: &Received,
    from: Option<IpAddr>,
) -> Packet {
    let options = received.options(&packet);
    if options.is_empty() {
        return packet;
    }
    let Some(address) = recorded_address(cx, packet.meta.device, received.source, from) else {
        return packet;
    };
    let us = Recorder { address, millis: cx.now.as_millis(), is_ours: &|ip| cx.routes.is_local(ip.into()) };
    let options = v4::echo_options(options, us);
    packet.push(options.len()).copy_from_slice(&options);
    packet.meta.options = options.len() as u8;
    packet
}

/// Tells a packet's sender what is wrong with it.
pub(super) fn refuse(cx: &mut Context<'_>, packet: &Packet, received: &Received, problem: Problem) {
    complain::complain(cx, received.quote(packet), received.addressed, problem);
}
