//! Duplicate acknowledgements where the peer knows no SACK (RFC 6582). Linux: `tcp_add_reno_sack` and its
//! neighbours.

use super::super::Env;
use super::super::congestion::CaState;
use super::super::connection::Connection;
use super::AckFlags;

impl Connection {
    /// A duplicate acknowledgement: some segment left the network. Linux: `tcp_add_reno_sack`.
    pub(super) fn count_duplicate(&mut self, env: &mut Env<'_>, duplicates: u32, flags: &AckFlags) {
        if duplicates == 0 {
            return;
        }
        let before = self.send.sent.sacked;
        self.send.sent.sacked += duplicates;
        self.note_reordering_without_sack(env, 0);
        let delivered = self.send.sent.sacked.saturating_sub(before);
        self.rate.count(delivered, flags.is_classic_echo());
    }

    /// `acked` segments are acknowledged: one of them filled the hole, the others had sent duplicates. Linux:
    /// `tcp_remove_reno_sacks`.
    pub(in super::super) fn forget_duplicates_of(&mut self, env: &mut Env<'_>, acked: u32, flags: &AckFlags) {
        let sacked = self.send.sent.sacked;
        if acked > 0 {
            self.rate.count(acked.saturating_sub(sacked).max(1), flags.is_classic_echo());
            self.send.sent.sacked = sacked.saturating_sub(acked - 1);
        }
        self.note_reordering_without_sack(env, acked);
    }

    /// Three duplicates, or an acknowledgement of a part: the first segment is lost. Linux:
    /// `tcp_newreno_mark_lost`.
    pub(super) fn mark_first_lost(&mut self, env: &mut Env<'_>, advanced: bool) {
        let enough = match self.recovery.phase {
            CaState::Recovery => advanced,
            CaState::Loss => false,
            _ => self.send.sent.sacked >= self.recovery.reordering,
        };
        if enough && self.send.sent.front().is_some_and(|first| !first.lost) {
            let mss = self.send_mss();
            self.send.sent.split(0, mss);
            self.mark_lost(env, 0);
        }
    }
}
