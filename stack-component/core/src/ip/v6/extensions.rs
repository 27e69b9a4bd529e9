//! Extension headers of received packets. Linux: `net/ipv6/exthdrs.c`.
//!
//! What is unknown is skipped, dropped or answered as its type says (RFC 8200 section 4.2). How much is read of one
//! packet is bounded: [`MAX_HEADERS`] headers (RFC 8504 section 5.3), and in each so many options and bytes as
//! [`Limits`] say.

use super::Received;
use crate::packet::{LinkDestination, Packet};
use crate::wire::icmpv6::parameter;
use crate::wire::ipv6_extension::{Extension, Kind, MAX_HEADERS, TypedOption, option};
use crate::wire::protocol::Protocol;

/// What is wrong with an extension header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadExtension {
    /// The packet is dropped, and nobody is told.
    Silent,
    /// The sender is told with a parameter problem.
    Problem {
        /// Its code.
        code: u8,
        /// Which byte of the packet makes no sense.
        pointer: u32,
    },
}

/// How much is read. Linux: `max_hbh_opts_number` and its kin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most options of a header, padding not counted.
    pub options: u32,
    /// Most bytes of a header.
    pub length: u32,
}

/// Most bytes of padding in a row: more than any alignment asks for (RFC 4942 section 2.1.9.5).
const MAX_PADDING: usize = 7;

/// What was reached behind the headers that were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// [`Received::next_header`] is a protocol, known or not.
    Protocol,
    /// The packet is a part of one: a fragment header comes next, and is there as a whole.
    Fragment,
    /// Nothing follows (RFC 8200 section 4.7).
    Nothing,
}

/// Reads the hop-by-hop options, which routers read, too: they come first or not at all. Linux:
/// `ipv6_parse_hopopts`.
pub fn hop_by_hop(packet: &Packet, received: &mut Received, limits: Limits) -> Result<(), BadExtension> {
    if received.next_header != Protocol::HOP_BY_HOP || received.extensions > 0 {
        return Ok(());
    }
    let extension = next(packet, received, Kind::HopByHop)?;
    let start = received.header_len;
    let mut router_alert = None;
    options(&extension, start, received.addressed, limits, |found| match found.kind {
        option::ROUTER_ALERT => {
            let value: [u8; 2] = found.value.try_into().map_err(|_| BadExtension::Silent)?;
            router_alert = Some(u16::from_be_bytes(value));
            Ok(true)
        }
        // A packet whose length its header can say is no jumbogram (RFC 2675 section 3), and no link carries longer ones.
        option::JUMBO => Err(problem(parameter::HEADER_FIELD, start + found.offset)),
        _ => Ok(false),
    })?;
    received.router_alert = router_alert;
    step_over(received, &extension);
    Ok(())
}

/// Reads the headers of a packet that is for us up to what it carries, or to a fragment header. The packet begins
/// with its IPv6 header. Linux: `ip6_protocol_deliver_rcu` as far as it resubmits.
pub fn extensions(packet: &Packet, received: &mut Received, limits: Limits) -> Result<Payload, BadExtension> {
    loop {
        let kind = match Kind::of(received.next_header) {
            _ if received.next_header == Protocol::NO_NEXT_HEADER => return Ok(Payload::Nothing),
            // Anywhere but in front hop-by-hop options are no header that anybody knows.
            None | Some(Kind::HopByHop) => return Ok(Payload::Protocol),
            Some(kind) => kind,
        };
        let extension = next(packet, received, kind)?;
        match kind {
            Kind::Fragment => return Ok(Payload::Fragment),
            Kind::Routing => routing(received, &extension)?,
            _ => options(&extension, received.header_len, received.addressed, limits, |_| Ok(false))?,
        }
        step_over(received, &extension);
    }
}

/// The header that comes next.
fn next<'a>(packet: &'a Packet, received: &Received, kind: Kind) -> Result<Extension<'a>, BadExtension> {
    if received.extensions >= MAX_HEADERS {
        return Err(BadExtension::Silent);
    }
    let rest = packet.data().get(received.header_len..).unwrap_or_default();
    Extension::parse(kind, rest).map_err(|_| BadExtension::Silent)
}

fn step_over(received: &mut Received, extension: &Extension<'_>) {
    received.next_header = extension.next_header();
    received.next_header_at = received.header_len;
    received.header_len += extension.bytes().len();
    received.extensions += 1;
}

/// A source route that is not at its end asks us to pass the packet on, which we do not (RFC 5095; Linux:
/// `accept_source_route` being 0). Linux: `ipv6_rthdr_rcv`.
fn routing(received: &Received, extension: &Extension<'_>) -> Result<(), BadExtension> {
    if received.addressed != LinkDestination::Host || received.destination.is_multicast() {
        return Err(BadExtension::Silent);
    }
    if extension.segments_left() > 0 {
        const TYPE: usize = 2;
        return Err(problem(parameter::HEADER_FIELD, received.header_len + TYPE));
    }
    Ok(())
}

/// Goes through the options of a header that begins at `start`; `know` says of each but padding whether it is known.
/// Linux: `ip6_parse_tlv`.
fn options(
    extension: &Extension<'_>,
    start: usize,
    addressed: LinkDestination,
    limits: Limits,
    mut know: impl FnMut(TypedOption<'_>) -> Result<bool, BadExtension>,
) -> Result<(), BadExtension> {
    if extension.bytes().len() > limits.length as usize {
        return Err(BadExtension::Silent);
    }
    let (mut count, mut padding) = (0, 0);
    for found in extension.options() {
        let found = found.map_err(|_| BadExtension::Silent)?;
        if matches!(found.kind, option::PAD1 | option::PADN) {
            padding += if found.kind == option::PAD1 { 1 } else { 2 + found.value.len() };
            // What is hidden in padding is no padding.
            if padding > MAX_PADDING || found.value.iter().any(|&byte| byte != 0) {
                return Err(BadExtension::Silent);
            }
            continue;
        }
        (count, padding) = (count + 1, 0);
        if count > limits.options {
            return Err(BadExtension::Silent);
        }
        if !know(found)? {
            unknown(found, start, addressed)?;
        }
    }
    Ok(())
}

/// What an option's upper two bits want of those who do not know it. Linux: `ip6_tlvopt_unknown`.
fn unknown(found: TypedOption<'_>, start: usize, addressed: LinkDestination) -> Result<(), BadExtension> {
    match found.kind >> 6 {
        0 => Ok(()),
        1 => Err(BadExtension::Silent),
        3 if addressed != LinkDestination::Host => Err(BadExtension::Silent),
        _ => Err(problem(parameter::OPTION, start + found.offset)),
    }
}

fn problem(code: u8, pointer: usize) -> BadExtension {
    BadExtension::Problem { code, pointer: u32::try_from(pointer).unwrap_or(u32::MAX) }
}

#[cfg(test)]
mod tests;
