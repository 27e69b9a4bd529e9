//! What a connection tells of itself (`TCP_INFO`), from one step to the next.

use crate::tcp::TcpInfo;
use alloc::format;
use alloc::string::String;

/// `TCP_CA_Disorder`: up to here nothing is being recovered.
const DISORDER: u8 = 1;

/// `TCP_FIN_WAIT1`, `TCP_LAST_ACK`, `TCP_CLOSING`: a FIN may leave.
const ENDING: [u8; 3] = [4, 9, 11];

/// One connection, watched from its first step on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Watch {
    /// What it told last; none: nothing yet.
    before: Option<TcpInfo>,
    /// Timeouts and tail loss probes of its host by then, which go beyond the window.
    forced: u64,
    /// Most segments on their way in this window of data and in those before it: a step may end one and begin the next.
    most_out: [u32; 3],
    /// Bytes acknowledged when this window of data ends.
    until: u64,
}

impl Watch {
    /// What it tells now; `forced`: see there. `free`: its congestion control sets the window as it likes.
    pub(super) fn look(&mut self, info: &TcpInfo, forced: u64, free: bool) -> Result<(), String> {
        check_totals(info)?;
        let before = self.before.replace(*info);
        let forced = forced - core::mem::replace(&mut self.forced, forced);
        let Some(before) = before else { return Ok(()) };
        self.note_use(&before, info);
        check_growing(&before, info)?;
        check_flight(&before, info, forced)?;
        if free { Ok(()) } else { self.check_window(&before, info) }
    }

    /// Only who sends tells how much of the window is in use. Linux: `tcp_cwnd_validate`.
    fn note_use(&mut self, before: &TcpInfo, info: &TcpInfo) {
        let fresh = |info: &TcpInfo| info.data_segs_out - info.total_retrans.min(info.data_segs_out);
        let sent = fresh(info).saturating_sub(fresh(before));
        // Several segments, and a FIN, may have come and gone in a step.
        let most = info.unacked.max(before.unacked + sent + 1);
        if info.bytes_acked >= self.until && sent > 0 {
            self.until = info.bytes_sent - info.bytes_retrans;
            self.most_out = [most, self.most_out[0], self.most_out[1]];
        }
        // While the window is small because something was lost it is in use.
        let reduced = before.ca_state.max(info.ca_state) > DISORDER;
        let full = if reduced { info.snd_cwnd.max(before.snd_cwnd) } else { 0 };
        self.most_out[0] = self.most_out[0].max(most).max(full);
    }

    /// A window that was not in use does not grow (RFC 9438 section 5.8, RFC 7661). One that was full counts as in use until
    /// something is sent after that was acknowledged, so that it grows up to threefold. Linux: `tcp_is_cwnd_limited`.
    fn check_window(&self, before: &TcpInfo, info: &TcpInfo) -> Result<(), String> {
        let undone = info.snd_ssthresh > before.snd_ssthresh;
        let calm = before.ca_state <= DISORDER && info.ca_state <= DISORDER && !undone;
        let most = self.most_out.into_iter().fold(0, u32::max);
        if !calm || info.snd_cwnd <= before.snd_cwnd || info.snd_cwnd <= (most + 1).saturating_mul(3) {
            return Ok(());
        }
        Err(format!(
            "the window grows from {} to {} with {most} segments on their way at most: {before:?}, then {info:?}",
            before.snd_cwnd, info.snd_cwnd
        ))
    }
}

/// Linux: `tcp_packets_in_flight`.
fn in_flight(info: &TcpInfo) -> u32 {
    (info.unacked + info.retrans).saturating_sub(info.sacked + info.lost)
}

/// What must be so at any time.
fn check_totals(info: &TcpInfo) -> Result<(), String> {
    let rules = [
        (info.snd_ssthresh >= 2, "the threshold is below 2"),
        (info.sacked + info.lost <= info.unacked, "more lost and arrived than sent"),
        (info.retrans <= info.total_retrans, "more on their way again than were sent again"),
        (info.bytes_retrans <= info.bytes_sent, "more bytes sent again than sent"),
        (info.data_segs_out <= info.segs_out, "more segments with data than segments sent"),
        (info.data_segs_in <= info.segs_in, "more segments with data than segments received"),
        (u64::from(info.notsent_bytes) <= u64::from(u32::MAX >> 1), "unsent bytes below zero"),
    ];
    match rules.iter().find(|(holds, _)| !holds) {
        Some((_, what)) => Err(format!("{what}: {info:?}")),
        None => Ok(()),
    }
}

/// Totals do not fall.
fn check_growing(before: &TcpInfo, info: &TcpInfo) -> Result<(), String> {
    let totals = |info: &TcpInfo| {
        [
            info.bytes_sent,
            info.bytes_retrans,
            info.bytes_acked,
            info.bytes_received,
            info.segs_out.into(),
            info.segs_in.into(),
            info.total_retrans.into(),
            info.delivered.into(),
            info.dsack_dups.into(),
            info.busy_time,
            info.rwnd_limited,
            info.sndbuf_limited,
        ]
    };
    if totals(before).iter().zip(totals(info)).all(|(before, now)| *before <= now) {
        return Ok(());
    }
    Err(format!("a total fell: {before:?}, then {info:?}"))
}

/// No more is on its way than the congestion window lets, but for what was sent before it shrank, for what timers
/// forced, and for the last segment of all. Linux: `tcp_cwnd_test`.
fn check_flight(before: &TcpInfo, info: &TcpInfo, forced: u64) -> Result<(), String> {
    let (was, is) = (in_flight(before), in_flight(info));
    let ends = ENDING.contains(&info.state);
    let most = u64::from(was.max(info.snd_cwnd).max(before.snd_cwnd)) + forced + u64::from(ends);
    if is <= was || info.data_segs_out == before.data_segs_out || u64::from(is) <= most {
        return Ok(());
    }
    Err(format!(
        "{is} segments on their way, {was} before, {forced} forced, {most} allowed: {before:?}, then {info:?}"
    ))
}
