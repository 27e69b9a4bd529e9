//! Packets in pieces: put together before they are delivered, their senders told of those that did not arrive whole.

use super::{Context, checksum, complain, transmit};
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::fragment::{self, Limits};
use crate::icmp::v4::Problem;
use crate::ip::v4::{self, Received};
use crate::netfilter::EgressChecked;
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

/// Cuts a packet that is larger than its way carries, and sends the pieces. Linux: `ip_fragment`.
pub(super) fn send_in_pieces(
    cx: &mut Context<'_>,
    checked: EgressChecked,
    way: &transmit::Way,
) -> Result<(), DropReason> {
    // No device sums up what it sees in pieces.
    let whole = checked.with_checksum(checksum::complete);
    let pieces = whole.cut(|packet| v4::fragment(packet, way.mtu)).ok_or(DropReason::PacketTooBig)?;
    for piece in pieces {
        // The others are worth nothing without it. Linux: `ip_do_fragment` frees the rest.
        transmit::link(cx, piece, way)?;
        cx.counters.increment(Counter::IpFragCreates);
    }
    cx.counters.increment(Counter::IpFragOKs);
    Ok(())
}

/// Gives up what did not arrive in time. Linux: `ip_expire`.
pub(super) fn run_timers(cx: &mut Context<'_>) {
    for first in cx.fragments.run_timers(cx.now, cx.counters) {
        complain::complain(cx, first.data(), first.meta.destination, Problem::ReassemblyTimeExceeded);
    }
}
