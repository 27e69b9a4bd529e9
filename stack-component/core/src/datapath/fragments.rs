//! Packets that arrive in pieces: put together before they are delivered, their senders told of those that did not
//! arrive whole.

use super::{Context, complain};
use crate::drop_reason::DropReason;
use crate::fragment::{self, Limits};
use crate::icmp::v4::Problem;
use crate::ip::v4::{self, Received};
use crate::packet::Packet;

/// Takes in a fragment that is for us. Answers the packet that it made whole, if it did. Linux: `ip_defrag`.
pub(super) fn reassemble(
    cx: &mut Context<'_>,
    packet: Packet,
    received: &Received,
) -> Result<Option<(Packet, Received)>, DropReason> {
    let fragment = fragment::v4::fragment(packet, received)?;
    let limits = Limits::v4(cx.sysctl);
    let Some(whole) = cx.fragments.input(cx.now, &limits, cx.counters, fragment)? else { return Ok(None) };
    let mut packet = fragment::v4::finish(whole);
    let received = v4::input(&mut packet)?;
    Ok(Some((packet, received)))
}

/// Gives up what did not arrive in time. Linux: `ip_expire`.
pub(super) fn run_timers(cx: &mut Context<'_>) {
    for first in cx.fragments.run_timers(cx.now, cx.counters) {
        complain::complain(cx, first.data(), first.meta.destination, Problem::ReassemblyTimeExceeded);
    }
}
