//! The walk upward, from IPv6 to the protocol that a packet carries.

use super::fragments6::{self, Refused};
use super::{Context, Outgoing, complain6, dhcp6, discovery, learn, multicast, raw, tell, transmit};
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::icmp::v6::{self as icmp, Problem};
use crate::ip::Cutting;
use crate::ip::v6::{self, BadExtension, Limits, Payload, Received};
use crate::netfilter::{HookPoint, HookState};
use crate::packet::{Checksum, LinkDestination, Packet};
use crate::tcp::SegmentInfo;
use crate::udp::{Arrival, Rejected};
use crate::wire::icmpv6::parameter;
use crate::wire::protocol::Protocol;

/// Gives a packet that is for us to its protocol, whole. Linux: `ip6_input`.
pub(super) fn deliver(
    cx: &mut Context<'_>,
    mut packet: Packet,
    mut received: Received,
) -> Result<(), DropReason> {
    let state = HookState { point: HookPoint::LocalIn, input: Some(packet.meta.device), output: None };
    cx.hooks.run(&state, &mut packet)?;
    // Twice at the most: a second fragment header is refused.
    loop {
        match v6::extensions(&packet, &mut received, limits()) {
            Ok(Payload::Protocol) => return deliver_payload(cx, packet, received),
            Ok(Payload::Fragment) => {}
            Ok(Payload::Nothing) => return Err(DropReason::Ipv6NoPayload),
            Err(bad) => return Err(refuse_extension(cx, &packet, &received, bad)),
        }
        match fragments6::reassemble(cx, packet, &received) {
            Ok(Some(whole)) => {
                (packet, received) = whole;
                received.fragmented = true;
            }
            Ok(None) => return Ok(()),
            Err(Refused::Bad(bad, packet)) => return Err(refuse_extension(cx, &packet, &received, bad)),
            Err(Refused::Silent(reason)) => return Err(reason),
        }
    }
}

/// Linux: `ip6_protocol_deliver_rcu`.
fn deliver_payload(cx: &mut Context<'_>, mut packet: Packet, received: Received) -> Result<(), DropReason> {
    packet.pull(received.header_len);
    let known = matches!(received.next_header, Protocol::ICMPV6 | Protocol::TCP | Protocol::UDP);
    if known {
        cx.counters.increment(Counter::Ip6InDelivers);
    }
    let arrival = arrival(cx, &packet, &received);
    // A raw socket of IPv6 gets what the headers carry alone (RFC 3542 section 3).
    let taken = multicast::raw(cx, &arrival, packet.data(), packet.data());
    match received.next_header {
        Protocol::TCP if !is_to_us_alone(&received) => Err(DropReason::TcpBadAddress),
        Protocol::TCP => tcp(cx, packet, &received),
        Protocol::UDP => udp(cx, packet, &received),
        Protocol::ICMPV6 => icmp_message(cx, packet, &received),
        _ if taken => {
            cx.counters.increment(Counter::Ip6InDelivers);
            Ok(())
        }
        _ => {
            let pointer = u32::try_from(received.next_header_at).unwrap_or(u32::MAX);
            let problem = Problem::ParameterProblem { code: parameter::NEXT_HEADER, pointer };
            refuse(cx, &packet, &received, problem);
            Err(DropReason::UnknownIpProtocol)
        }
    }
}

fn arrival(cx: &Context<'_>, packet: &Packet, received: &Received) -> raw::Arrival {
    raw::Arrival {
        source: received.source.into(),
        destination: received.destination.into(),
        protocol: received.next_header,
        hop_limit: received.hop_limit,
        traffic_class: received.traffic_class,
        device: cx.heard_by(packet.meta.device, received.destination.into()),
        at: cx.now,
        verified: packet.meta.checksum == Checksum::Verified,
    }
}

/// Linux: `tcp_v6_rcv`.
fn tcp(cx: &mut Context<'_>, packet: Packet, received: &Received) -> Result<(), DropReason> {
    let &Received { source, destination, traffic_class: tos, hop_limit: ttl, header_len, .. } = received;
    let device = cx.heard_by(packet.meta.device, destination.into());
    let mtu = cx.mtu(packet.meta.device, None);
    let (source, destination) = (source.into(), destination.into());
    let info = SegmentInfo { source, destination, tos, ttl, mtu, header_len, device };
    cx.with_tcp(|tcp, env| tcp.input(env, &info, packet))
}

/// Linux: `udpv6_rcv`.
fn udp(cx: &mut Context<'_>, packet: Packet, received: &Received) -> Result<(), DropReason> {
    if dhcp6::input(cx, &packet, received) {
        return Ok(());
    }
    let device = cx.heard_by(packet.meta.device, received.destination.into());
    let (source, destination) = (received.source.into(), received.destination.into());
    let arrival = Arrival { source, destination, device };
    if destination.is_multicast() {
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

/// Linux: `icmpv6_rcv`.
fn icmp_message(cx: &mut Context<'_>, packet: Packet, received: &Received) -> Result<(), DropReason> {
    let &Received { source, destination, .. } = received;
    let arrival = arrival(cx, &packet, received);
    let message = raw::for_sockets(cx, &packet, &[]);
    let verdict = match icmp::input(cx.counters, cx.sysctl, packet, source, destination) {
        Err(DropReason::IcmpIgnored) if raw::message(cx, &arrival, &message) => return Ok(()),
        Ok(icmp::Verdict::Error(error)) => {
            raw::message(cx, &arrival, &message);
            icmp::Verdict::Error(error)
        }
        verdict => verdict?,
    };
    match verdict {
        icmp::Verdict::Reply(packet) => {
            reply(cx, packet, received);
            Ok(())
        }
        icmp::Verdict::Error(mut error) => {
            error.scope = cx.heard_by(received.device, destination.into()).0;
            learn::path_mtu(cx, &error);
            tell::tell(cx, &error);
            Ok(())
        }
        icmp::Verdict::Discovery(packet) => discovery::receive(cx, &packet, received),
        icmp::Verdict::Listeners(packet) => multicast::mld::input(cx, &packet, received),
    }
}

/// Sends an echo back. Linux: `icmpv6_echo_reply`.
fn reply(cx: &mut Context<'_>, packet: Packet, received: &Received) {
    // A group is no sender: one of our addresses is chosen.
    let from = Some(received.destination).filter(|destination| !destination.is_multicast());
    let device = match received.source.is_unicast_link_local() {
        true => Some(cx.heard_by(received.device, received.source.into())),
        false => None,
    };
    let reply = Outgoing {
        packet,
        source: from.map(Into::into),
        destination: received.source.into(),
        protocol: Protocol::ICMPV6,
        ttl: None,
        tos: received.traffic_class,
        cutting: Cutting::Anywhere,
        device,
    };
    // A reply that cannot be sent is counted there; the request was answered.
    let _ = transmit::send(cx, reply);
}

/// Tells a packet's sender what is wrong with it.
pub(super) fn refuse(cx: &mut Context<'_>, packet: &Packet, received: &Received, problem: Problem) {
    complain6::complain(cx, received.quote(packet), received.device, received.addressed, problem);
}

/// How much of the options is read. Linux: `max_hbh_opts_number`, `max_dst_opts_number`, both 8.
pub(super) const fn limits() -> Limits {
    Limits { options: 8, length: u32::MAX }
}

/// Tells a packet's sender of an extension header that makes no sense, if he is to know. Linux: `icmpv6_param_prob`.
pub(super) fn refuse_extension(
    cx: &mut Context<'_>,
    packet: &Packet,
    received: &Received,
    bad: BadExtension,
) -> DropReason {
    if let BadExtension::Problem { code, pointer } = bad {
        refuse(cx, packet, received, Problem::ParameterProblem { code, pointer });
    }
    DropReason::Ipv6BadExtension
}

/// Whether a frame to many carries what a host alone is to see. Linux: `skb->pkt_type == PACKET_HOST`.
pub(super) fn is_to_us_alone(received: &Received) -> bool {
    received.addressed == LinkDestination::Host && !received.destination.is_multicast()
}
