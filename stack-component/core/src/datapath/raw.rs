//! What raw and ping sockets hear of packets and errors.

use super::Context;
use crate::packet::Packet;
pub(super) use crate::raw::Arrival;
use crate::raw::{Origin, Quote, Report};
use crate::wire::icmpv4::{self, Type, unreachable};
use alloc::vec::Vec;
use core::net::IpAddr;

/// An ICMP message, as sockets may want it.
pub(super) struct Copied {
    /// From its ICMP header on; empty: there are no sockets.
    message: Vec<u8>,
    /// The options of its IPv4 header.
    options: Vec<u8>,
}

/// A copy of an ICMP message, if it could be for a socket; else an empty one.
pub(super) fn for_sockets(cx: &Context<'_>, packet: &Packet, options: &[u8]) -> Copied {
    let (message, options) = if cx.raw.is_empty() { Default::default() } else { (packet.data(), options) };
    Copied { message: message.to_vec(), options: options.to_vec() }
}

/// Gives an undamaged ICMP message to the sockets that wait for it: an echo reply, or an error. Answers whether
/// somebody took it.
pub(super) fn message(cx: &mut Context<'_>, arrival: &Arrival, copied: &Copied) -> bool {
    let Copied { message, options } = copied;
    !message.is_empty()
        && (cx.raw.echo_reply(arrival, options, message) || error_message(cx, arrival.source, message))
}

/// Tells sockets of an ICMP error that came in: `message` begins with its ICMP header and is undamaged. Answers
/// whether somebody wanted to know. Linux: `icmp_unreach`, `raw_icmp_error`, `ping_err`.
fn error_message(cx: &mut Context<'_>, offender: IpAddr, message: &[u8]) -> bool {
    let Some((&[kind, code, _, _, rest @ ..], quoted)) =
        message.split_first_chunk::<{ icmpv4::HEADER_LEN }>()
    else {
        return false;
    };
    let is_error = match offender {
        IpAddr::V4(_) => Type(kind).is_error(),
        // RFC 4443 section 2.1: errors have the high bit clear.
        IpAddr::V6(_) => kind < 128,
    };
    let Some(quote) = Quote::parse(quoted).filter(|_| is_error) else { return false };
    let [pointer, _, high, low] = rest;
    let info = match (offender, Type(kind)) {
        // RFC 1191 section 4 and RFC 792.
        (IpAddr::V4(_), Type::DESTINATION_UNREACHABLE) => u16::from_be_bytes([high, low]).into(),
        (IpAddr::V4(_), Type::PARAMETER_PROBLEM) => pointer.into(),
        (IpAddr::V4(_), _) => 0,
        // RFC 4443 sections 3.2 and 3.4: 32 bits for either.
        (IpAddr::V6(_), _) => u32::from_be_bytes(rest),
    };
    let destination = quote.destination;
    cx.raw.report(&quote, |data| {
        let origin = Origin::Icmp;
        Report { origin, offender: Some(offender), destination, kind, code, info, data }
    })
}

/// Tells sockets that the next hop of a packet of ours, which `packet` begins with, does not answer: as the ICMP
/// error that Linux sends to itself then. Linux: `ipv4_link_failure`, `ip6_link_failure`.
pub(super) fn unreachable_neighbour(cx: &mut Context<'_>, packet: &[u8]) {
    let Some(quote) = Quote::parse(packet) else { return };
    let (kind, code) = match quote.source {
        IpAddr::V4(_) => (Type::DESTINATION_UNREACHABLE.0, unreachable::HOST),
        // RFC 4443 section 3.1: address unreachable.
        IpAddr::V6(_) => (1, 3),
    };
    let Quote { source, destination, .. } = quote;
    cx.raw.report(&quote, |data| {
        let origin = Origin::Icmp;
        Report { origin, offender: Some(source), destination, kind, code, info: 0, data }
    });
}

/// Tells sockets that a payload of ours does not fit. Linux: `ip_local_error`.
pub(super) fn too_big(cx: &mut Context<'_>, quote: &Quote<'_>, mtu: u32) {
    let destination = quote.destination;
    cx.raw.report(quote, |data| {
        let origin = Origin::Local;
        Report { origin, offender: None, destination, kind: 0, code: 0, info: mtu, data }
    });
}
