//! What the hosts count, held against what passed the link and against itself. Linux: `/proc/net/snmp`.

use super::link::Link;
use super::network::Network;
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::stack::Stack;
use alloc::format;
use alloc::string::String;

/// Why a segment that TCP sent does not come to the link.
const KEPT_BACK: [DropReason; 6] = [
    DropReason::NeighbourFailed,
    DropReason::NeighbourQueueFull,
    DropReason::NeighbourTableFull,
    DropReason::PacketTooBig,
    DropReason::NoRoute,
    DropReason::QdiscFull,
];

/// Nothing is under way inside of the hosts: all books agree.
pub(super) fn check(network: &Network) -> Result<(), String> {
    let link = network.link();
    for (number, host) in network.hosts.iter().enumerate() {
        check_link(&link, number)
            .and_then(|()| check_sent(&link, number, host))
            .and_then(|()| check_received(&link, number, host))
            .map_err(|what| format!("the books of host {number}: {what}"))?;
    }
    Ok(())
}

/// After everything has gone away: what left is all that was counted, but for what the neighbour's address was missing
/// for. A SYN-ACK that goes again is counted on both sides, as in Linux (`tcp_make_synack`, `tcp_rtx_synack`).
pub(super) fn check_final(network: &Network) -> Result<(), String> {
    check(network)?;
    let link = network.link();
    for (number, host) in network.hosts.iter().enumerate() {
        let Some(wire) = &link.wire else { continue };
        let counters = host.counters();
        let kept: u64 = KEPT_BACK.iter().map(|&reason| counters.dropped(reason)).sum();
        let twice = counters.get(Counter::TcpExtTCPSynRetrans);
        let (sent, again) = (counters.get(Counter::TcpOutSegs), counters.get(Counter::TcpRetransSegs));
        let (left, left_again) = (wire.segments[number], wire.repeated[number]);
        if sent + again > left + kept + twice || again > left_again + kept {
            return Err(format!(
                "host {number} counts {sent} segments and {again} again, of which {kept} were kept back; {left} left, \
                 {left_again} of them again"
            ));
        }
    }
    Ok(())
}

/// Frames do not come about or vanish.
fn check_link(link: &Link, number: usize) -> Result<(), String> {
    let traffic = link.traffic(number);
    let gone = traffic.lost + traffic.overflowed + traffic.too_large;
    if traffic.sent + traffic.made == gone + traffic.arrived + link.on_the_way(number) {
        return Ok(());
    }
    Err(format!("the link's: {traffic:?}"))
}

/// `OutSegs` and `RetransSegs` are at least what left: segments may wait for an address.
fn check_sent(link: &Link, number: usize, host: &Stack) -> Result<(), String> {
    let Some(wire) = &link.wire else { return Ok(()) };
    let [sent, again] =
        [Counter::TcpOutSegs, Counter::TcpRetransSegs].map(|which| host.counters().get(which));
    let (left, left_again) = (wire.segments[number], wire.repeated[number]);
    if left <= sent + again && left_again <= again {
        return Ok(());
    }
    Err(format!("{sent} segments sent and {again} again; {left} left, {left_again} of them again"))
}

/// `InSegs` is what arrived, and `InErrs` what of it was damaged.
fn check_received(link: &Link, number: usize, host: &Stack) -> Result<(), String> {
    let Some(wire) = &link.wire else { return Ok(()) };
    let [received, wrong, sums] = [Counter::TcpInSegs, Counter::TcpInErrs, Counter::TcpInCsumErrors]
        .map(|which| host.counters().get(which));
    let (arrived, damaged) = (wire.arrived[number], wire.damaged[number]);
    if received == arrived && wrong == damaged && sums <= wrong {
        return Ok(());
    }
    Err(format!("{received} segments in, {wrong} wrong; {arrived} arrived, {damaged} damaged"))
}
