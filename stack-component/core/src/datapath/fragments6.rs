//! Packets of IPv6 that arrive in pieces: put together on their way through the extension headers, their senders told of
//! those that did not arrive whole.

use super::{Context, complain6};
use crate::drop_reason::DropReason;
use crate::fragment::Limits;
use crate::fragment::v6::{Piece, finish, piece};
use crate::icmp::v6::Problem;
use crate::ip::v6::{self, BadExtension, Received};
use crate::packet::Packet;

/// Why a fragment is dropped.
pub(super) enum Refused {
    /// Its header makes no sense; the packet is what its sender is told about.
    Bad(BadExtension, Packet),
    /// Nobody is told.
    Silent(DropReason),
}

/// Takes in a packet whose next header is a fragment header. Answers the packet that it is or made whole, if it did.
/// Linux: `ipv6_frag_rcv`.
pub(super) fn reassemble(
    cx: &mut Context<'_>,
    packet: Packet,
    received: &Received,
) -> Result<Option<(Packet, Received)>, Refused> {
    let fragment = match piece(packet, received) {
        Ok(Piece::Atomic(packet, received)) => return Ok(Some((packet, received))),
        Ok(Piece::Fragment(fragment)) => fragment,
        Err((bad, packet)) => return Err(Refused::Bad(bad, *packet)),
    };
    let limits = Limits::v6(cx.sysctl);
    let whole = cx.fragments_v6.input(cx.now, &limits, cx.counters, fragment).map_err(Refused::Silent)?;
    let Some(whole) = whole else { return Ok(None) };
    let mut packet = finish(whole).map_err(Refused::Silent)?;
    let received = v6::input(&mut packet).map_err(Refused::Silent)?;
    Ok(Some((packet, received)))
}

/// Gives up what did not arrive in time. Linux: `ip6frag_expire_frag_queue`.
pub(super) fn run_timers(cx: &mut Context<'_>) {
    for first in cx.fragments_v6.run_timers(cx.now, cx.counters) {
        let (device, addressed) = (first.meta.device, first.meta.destination);
        complain6::complain(cx, first.data(), device, addressed, Problem::ReassemblyTimeExceeded);
    }
}
