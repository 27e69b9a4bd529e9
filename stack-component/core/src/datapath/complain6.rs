//! ICMPv6 errors to the senders of packets that go no further.

use super::{Context, Outgoing, transmit};
use crate::counters::Counter;
use crate::icmp::v6::{About, Problem, error_about};
use crate::ip::Cutting;
use crate::packet::{DeviceIndex, LinkDestination};
use crate::wire::ipv6::Header;
use crate::wire::protocol::Protocol;
use core::net::IpAddr;

/// Tells the sender of the packet that `original` begins with, and that came by `device`, what is wrong with it,
/// unless RFC 4443 or a limit forbids it. Linux: `icmp6_send`.
pub(super) fn complain(
    cx: &mut Context<'_>,
    original: &[u8],
    device: DeviceIndex,
    addressed: LinkDestination,
    problem: Problem,
) {
    let Ok(header) = Header::parse_quoted(original) else { return };
    let ours = cx.routes.is_local(header.source().into());
    let about = About { packet: original, addressed, ours };
    let (destination, packet) =
        match error_about(about, problem, cx.icmp_limit, (cx.now, cx.sysctl, &mut *cx.random)) {
            None => return,
            Some(Err(_)) => return cx.counters.increment(Counter::Icmp6OutRateLimitHost),
            Some(Ok(error)) => error,
        };
    let source = Some(IpAddr::V6(header.destination())).filter(|&address| cx.routes.is_local(address));
    let error = Outgoing {
        packet,
        source,
        destination: destination.into(),
        protocol: Protocol::ICMPV6,
        ttl: None,
        tos: 0,
        cutting: Cutting::Anywhere,
        device: destination.is_unicast_link_local().then_some(device),
    };
    // What cannot be sent is counted there, and nobody is told: never an error about an error.
    let _ = transmit::send(cx, error);
}
