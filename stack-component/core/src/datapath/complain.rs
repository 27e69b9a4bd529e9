//! ICMP errors to the senders of packets that go no further.

use super::{Context, Outgoing, transmit};
use crate::counters::Counter;
use crate::icmp::Suppressed;
use crate::icmp::v4::{About, Problem, error_about};
use crate::ip::Cutting;
use crate::packet::LinkDestination;
use crate::wire::ipv4::Header;
use crate::wire::protocol::Protocol;
use core::net::IpAddr;

/// Errors are sent with precedence "internetwork control" (RFC 1812 section 4.3.2.5) and keep the rest of the
/// type of service. Linux: `IPTOS_PREC_INTERNETCONTROL`.
const PRECEDENCE: u8 = 0xc0;
const TOS_MASK: u8 = 0x1e;

/// Tells the sender of the packet that `original` begins with what is wrong with it, unless RFC 1122 or a
/// limit forbids it. Linux: `icmp_send`.
pub(super) fn complain(cx: &mut Context<'_>, original: &[u8], addressed: LinkDestination, problem: Problem) {
    let Ok(header) = Header::parse_quoted(original) else { return };
    let broadcast =
        cx.routes.is_broadcast(header.source().into()) || cx.routes.is_broadcast(header.destination().into());
    let ours = cx.routes.is_local(header.source().into());
    let about = About { packet: original, addressed, broadcast, ours };
    let (destination, packet) =
        match error_about(about, problem, cx.icmp_limit, (cx.now, cx.sysctl, &mut *cx.random)) {
            None => return,
            Some(Err(Suppressed::Global)) => return cx.counters.increment(Counter::IcmpOutRateLimitGlobal),
            Some(Err(Suppressed::Host)) => return cx.counters.increment(Counter::IcmpOutRateLimitHost),
            Some(Ok(error)) => error,
        };
    let source = Some(IpAddr::V4(header.destination())).filter(|&address| cx.routes.is_local(address));
    let tos = (header.tos() & TOS_MASK) | PRECEDENCE;
    let error = Outgoing {
        packet,
        source,
        destination: destination.into(),
        protocol: Protocol::ICMP,
        ttl: None,
        tos,
        cutting: Cutting::Anywhere,
        device: None,
    };
    // What cannot be sent is counted there, and nobody is told: never an error about an error.
    let _ = transmit::send(cx, error);
}
