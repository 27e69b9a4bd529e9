//! What SACK blocks report (RFC 2018), duplicates included (RFC 2883). Linux: `tcp_sacktag_write_queue`.

use super::super::Env;
use super::super::congestion::CaState;
use super::super::connection::Connection;
use super::super::rate::{Delivered, RateSample};
use super::super::segment::Segment;
use super::super::sent_queue::Sent;
use super::super::sequence::Sequence;
use super::AckFlags;
use crate::counters::Counter;
use crate::time::Instant;

/// A run of sequence numbers: its first, and the one behind its last.
type Block = (Sequence, Sequence);

/// What an acknowledgement delivered by SACK. Linux: `struct tcp_sacktag_state`.
#[derive(Debug)]
pub(in super::super) struct Tagged {
    /// When the first and the last of the segments reported anew were sent, which never were sent again.
    pub first_sent: Option<Instant>,
    pub last_sent: Option<Instant>,
    /// Segments delivered out of order, duplicates included.
    pub delivered: u32,
    /// Bytes delivered, in order and out of order. Linux: `delivered_bytes`.
    pub bytes: u32,
    /// The lowest number that was overtaken.
    pub overtaken: Sequence,
    /// How fast what it delivered went.
    pub sample: RateSample,
}

impl Tagged {
    pub(in super::super) fn new(next: Sequence) -> Self {
        Tagged {
            first_sent: None,
            last_sent: None,
            delivered: 0,
            bytes: 0,
            overtaken: next,
            sample: RateSample::default(),
        }
    }
}

impl Connection {
    /// Takes in the SACK blocks of `segment`. Linux: `tcp_sacktag_write_queue`.
    pub(in super::super) fn tag_sacked(
        &mut self,
        env: &mut Env<'_>,
        segment: &Segment,
        prior_una: Sequence,
        tagged: &mut Tagged,
        flags: &mut AckFlags,
    ) {
        let mut wire = [(Sequence(0), Sequence(0)); 4];
        let count = segment.options.sack.as_slice().len().min(wire.len());
        for (place, &(left, right)) in wire.iter_mut().zip(segment.options.sack.as_slice()) {
            *place = (Sequence(left), Sequence(right));
        }
        let wire = wire.get(..count).unwrap_or_default();
        if self.send.sent.sacked == 0 {
            self.recovery.highest_sacked = self.send.una;
            self.recovery.last_blocks = [(self.send.una, self.send.una); 4];
        }
        let told_duplicate = self.duplicate_told(env, segment, wire, prior_una, tagged, flags);
        // Too old an acknowledgement to say anything of today.
        if segment.acknowledgement.before(prior_una - self.send.max_window) || self.send.sent.is_empty() {
            return;
        }
        let mut blocks = [((Sequence(0), Sequence(0)), false); 4];
        let mut valid = 0;
        for (nth, &block) in wire.iter().enumerate() {
            let duplicate = nth == 0 && told_duplicate;
            if !self.is_block_valid(block, duplicate) {
                self.count_invalid_block(env, segment, block, duplicate);
            } else if block.1.after(prior_una)
                && let Some(place) = blocks.get_mut(valid)
            {
                *place = (block, duplicate);
                valid += 1;
            }
        }
        let blocks = blocks.get_mut(..valid).unwrap_or_default();
        // From below: what two blocks of one option report did not overtake each other.
        let oldest = prior_una - self.send.max_window;
        blocks.sort_unstable_by_key(|(block, _)| block.0.since(oldest));
        for &(block, duplicate) in blocks.iter() {
            self.tag_block(env, block, duplicate, tagged, flags);
        }
        self.recovery.last_blocks = [(self.send.una, self.send.una); 4];
        for (place, &block) in self.recovery.last_blocks.iter_mut().zip(wire) {
            *place = block;
        }
        if self.recovery.phase != CaState::Loss || self.recovery.undo.marker.is_some() {
            self.note_reordering(env, tagged.overtaken, Counter::TcpExtTCPSACKReorder);
        }
    }

    /// Whether the first block reports a duplicate (RFC 2883 section 4). Linux: `tcp_check_dsack`.
    fn duplicate_told(
        &mut self,
        env: &mut Env<'_>,
        segment: &Segment,
        wire: &[Block],
        prior_una: Sequence,
        tagged: &mut Tagged,
        flags: &mut AckFlags,
    ) -> bool {
        let Some(&first) = wire.first() else { return false };
        let counter = if first.0.before(segment.acknowledgement) {
            Counter::TcpExtTCPDSACKRecv
        } else if wire.get(1).is_some_and(|second| !first.1.after(second.1) && !first.0.before(second.0)) {
            Counter::TcpExtTCPDSACKOfoRecv
        } else {
            return false;
        };
        env.counters.increment(counter);
        let duplicates = self.believed_duplicates(first, tagged, flags);
        if duplicates == 0 {
            env.counters.increment(Counter::TcpExtTCPDSACKIgnoredDubious);
            return false;
        }
        env.counters.add(Counter::TcpExtTCPDSACKRecvSegs, duplicates.into());
        let undo = &mut self.recovery.undo;
        if undo.marker.is_some_and(|marker| first.1.after(marker)) && !first.1.after(prior_una) {
            undo.settle(duplicates);
        }
        true
    }

    /// How many segments a reported duplicate stands for; 0 if it cannot be ours. Linux: `tcp_dsack_seen`.
    fn believed_duplicates(&mut self, (start, end): Block, tagged: &mut Tagged, flags: &mut AckFlags) -> u32 {
        let len = end.since(start);
        if !start.before(end) || len > self.send.max_window {
            return 0;
        }
        let mss = self.send_mss().max(1);
        let mut duplicates = 1;
        if len > mss {
            duplicates = len.div_ceil(mss);
        } else if self.recovery.probe.until == Some(end) {
            flags.probe_duplicate = true;
        }
        self.recovery.duplicates_told = self.recovery.duplicates_told.saturating_add(duplicates);
        // What was never sent twice cannot have arrived twice.
        if self.recovery.duplicates_told > self.totals.retransmitted {
            return 0;
        }
        if self.recovery.reorderings > 0 && !flags.probe_duplicate {
            self.recovery.rack.duplicate_seen = true;
        }
        flags.duplicate_told = true;
        tagged.delivered += duplicates;
        duplicates
    }

    /// Whether a block can be of this connection's present. Linux: `tcp_is_sackblock_valid`.
    fn is_block_valid(&self, (start, end): Block, duplicate: bool) -> bool {
        let next = self.send.next;
        if end.after(next) || !start.before(end) || !start.before(next) {
            return false;
        }
        if start.after(self.send.una) {
            return true;
        }
        let Some(marker) = self.recovery.undo.marker.filter(|_| duplicate) else { return false };
        if end.after(self.send.una) {
            return false;
        }
        !start.before(marker) || (end.after(marker) && !start.before(end - self.send.max_window))
    }

    fn count_invalid_block(&self, env: &mut Env<'_>, segment: &Segment, block: Block, duplicate: bool) {
        if duplicate {
            env.counters.increment(match self.recovery.undo.marker {
                None => Counter::TcpExtTCPDSACKIgnoredNoUndo,
                Some(_) => Counter::TcpExtTCPDSACKIgnoredOld,
            });
        } else if segment.acknowledgement == self.send.una || block.1.after(self.send.una) {
            // Others are old: acknowledgements overtook each other.
            env.counters.increment(Counter::TcpExtTCPSACKDiscard);
        }
    }

    /// Tags the segments that lie wholly within a block, but for the part that the last acknowledgement
    /// reported already: so the work of all acknowledgements together is bounded by what was sent
    /// (CVE-2019-11478). Linux: `tcp_sacktag_walk`.
    fn tag_block(
        &mut self,
        env: &Env<'_>,
        block: Block,
        duplicate: bool,
        tagged: &mut Tagged,
        flags: &mut AckFlags,
    ) {
        let known = self.recovery.last_blocks.into_iter().find(|known| {
            !duplicate && known.0.before(known.1) && known.0.before(block.1) && block.0.before(known.1)
        });
        match known {
            Some(known) => {
                self.tag_run((block.0, known.0), block, env, duplicate, tagged, flags);
                self.tag_run((known.1, block.1), block, env, duplicate, tagged, flags);
            }
            None => self.tag_run(block, block, env, duplicate, tagged, flags),
        }
    }

    /// Tags the segments with a number in `run` that lie wholly within `block`.
    fn tag_run(
        &mut self,
        run: Block,
        block: Block,
        env: &Env<'_>,
        duplicate: bool,
        tagged: &mut Tagged,
        flags: &mut AckFlags,
    ) {
        let mut index = self.send.sent.index_at(run.0);
        while let Some(sent) = self.send.sent.get(index)
            && sent.start.before(run.1)
        {
            if sent.sacked && !duplicate {
                index = self.send.sent.next_not_sacked(index);
                continue;
            }
            if !sent.start.before(block.0) && !sent.end.after(block.1) {
                self.tag_segment(index, env, duplicate, tagged, flags);
            }
            index += 1;
        }
    }

    /// The receiver has the segment `index`. Linux: `tcp_sacktag_one`.
    fn tag_segment(
        &mut self,
        index: usize,
        env: &Env<'_>,
        duplicate: bool,
        tagged: &mut Tagged,
        flags: &mut AckFlags,
    ) {
        let Some(sent) = self.send.sent.get(index).cloned() else { return };
        if duplicate && sent.was_retransmitted() {
            if self.recovery.undo.marker.is_some_and(|marker| sent.end.after(marker)) {
                self.recovery.undo.settle(1);
            }
            if sent.sacked && sent.start.before(tagged.overtaken) {
                tagged.overtaken = sent.start;
            }
        }
        if !sent.sacked {
            self.rack_advance(&sent, env.now);
            if !sent.was_retransmitted() {
                // It was in a hole and was never sent again: others overtook it.
                let highest = self.highest_sacked();
                if sent.start.before(highest) && sent.start.before(tagged.overtaken) {
                    tagged.overtaken = sent.start;
                }
                flags.original_arrived |= !sent.end.after(self.recovery.until);
                tagged.first_sent.get_or_insert(sent.at);
                tagged.last_sent = Some(sent.at);
            }
            flags.data_sacked = true;
            tagged.delivered += 1;
            tagged.bytes += sent.data_len();
            self.send.sent.note_sacked(index);
            self.rate.on_delivered(&delivery_of(&sent), &mut tagged.sample);
            if self.send.sent.sacked == 1 || sent.end.after(self.recovery.highest_sacked) {
                self.recovery.highest_sacked = sent.end;
            }
        }
        if duplicate {
            self.send.sent.retransmission_arrived(index);
        }
    }

    /// Where the highest segment ends that SACK reported; SND.UNA without one. Linux: `tcp_highest_sack_seq`.
    pub(in super::super) fn highest_sacked(&self) -> Sequence {
        if self.send.sent.sacked == 0 {
            self.send.una
        } else {
            self.recovery.highest_sacked.latest(self.send.una)
        }
    }
}

/// What the delivery rate wants to know of a segment that arrived.
pub(in super::super) fn delivery_of(sent: &Sent) -> Delivered {
    Delivered { snapshot: sent.tx, sent_at: sent.at, end: sent.end, retransmitted: sent.was_retransmitted() }
}
