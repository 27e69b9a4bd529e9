//! How far segments overtake each other on the path. Linux: `tcp_check_sack_reordering`,
//! `tcp_check_reno_reordering`.

use super::super::Env;
use super::super::connection::Connection;
use super::super::sequence::Sequence;
use crate::counters::Counter;

impl Connection {
    /// The segment that begins at `overtaken` arrived, was never lost, and others came before it. Linux:
    /// `tcp_check_sack_reordering`.
    pub(super) fn note_reordering(&mut self, env: &mut Env<'_>, overtaken: Sequence, seen_by: Counter) {
        let highest = self.highest_sacked();
        if !overtaken.before(highest) {
            return;
        }
        let (distance, mss) = (highest.since(overtaken), self.send_mss());
        if distance > self.recovery.reordering.saturating_mul(mss) {
            self.recovery.reordering = distance.div_ceil(mss.max(1)).min(env.sysctl.tcp_max_reordering);
        }
        self.recovery.reorderings = self.recovery.reorderings.saturating_add(1);
        env.counters.increment(seen_by);
    }

    /// The part of [`Connection::note_reordering`] that follows an acknowledgement of `overtaken`.
    pub(in super::super) fn note_overtaken(&mut self, env: &mut Env<'_>, overtaken: Sequence) {
        self.note_reordering(env, overtaken, Counter::TcpExtTCPSACKReorder);
    }

    /// Duplicate acknowledgements for more segments than there can be: some were overtaken, not lost. Linux:
    /// `tcp_check_reno_reordering`.
    pub(super) fn note_reordering_without_sack(&mut self, env: &mut Env<'_>, acked: u32) {
        let sent = &mut self.send.sent;
        let holes = sent.lost.max(1).min(sent.len());
        if sent.sacked + holes <= sent.len() {
            return;
        }
        sent.sacked = sent.len() - holes;
        self.recovery.reordering = (sent.len() + acked).min(env.sysctl.tcp_max_reordering);
        self.recovery.reorderings = self.recovery.reorderings.saturating_add(1);
        env.counters.increment(Counter::TcpExtTCPRenoReorder);
    }
}
