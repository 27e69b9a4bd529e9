//! What we tell the peer of data that arrived out of order or twice (RFC 2018, RFC 2883). Linux:
//! `selective_acks`, `duplicate_sack`.

use super::sequence::Sequence;
use crate::wire::tcp::SackBlocks;

/// Most blocks remembered. Linux: `TCP_NUM_SACKS`.
const MAX_BLOCKS: usize = 4;

/// A run of sequence numbers: the first, and the one behind the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Block {
    start: Sequence,
    end: Sequence,
}

impl Block {
    /// Takes in a run that overlaps or touches. Linux: `tcp_sack_extend`.
    fn extend(&mut self, other: Block) -> bool {
        if other.start.after(self.end) || self.start.after(other.end) {
            return false;
        }
        self.start = if other.start.before(self.start) { other.start } else { self.start };
        self.end = self.end.latest(other.end);
        true
    }
}

/// The blocks that the next acknowledgements carry.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SackOut {
    /// What arrived twice; told once, before the others.
    duplicate: Option<Block>,
    /// The run with the newest segment first.
    blocks: [Block; MAX_BLOCKS],
    len: usize,
}

impl SackOut {
    /// How many runs are told.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The largest number behind a run.
    pub(super) fn highest(&self) -> Option<Sequence> {
        self.blocks.iter().take(self.len).map(|block| block.end).reduce(Sequence::latest)
    }

    /// A segment arrived out of order: the run it belongs to becomes the first (RFC 2018 section 4). Linux:
    /// `tcp_sack_new_ofo_skb`.
    pub(super) fn add(&mut self, start: Sequence, end: Sequence) {
        let new = Block { start, end };
        let position = self.blocks.iter_mut().take(self.len).position(|block| block.extend(new));
        match position {
            Some(position) => {
                if let Some(head) = self.blocks.get_mut(..=position) {
                    head.rotate_right(1);
                }
                self.coalesce();
            }
            None => {
                self.blocks.rotate_right(1);
                self.blocks[0] = new;
                self.len = (self.len + 1).min(MAX_BLOCKS);
            }
        }
    }

    /// The first block grew: others that it now touches become part of it. Linux: `tcp_sack_maybe_coalesce`.
    fn coalesce(&mut self) {
        let [mut first, ..] = self.blocks;
        self.keep(1, |block| !first.extend(*block));
        self.blocks[0] = first;
    }

    /// Everything before `next` is here in order. Linux: `tcp_sack_remove`.
    pub(super) fn remove_before(&mut self, next: Sequence) {
        self.keep(0, |block| next.before(block.start));
    }

    /// Keeps the blocks from `from` on that `good` likes, in their order.
    fn keep(&mut self, from: usize, mut good: impl FnMut(&Block) -> bool) {
        let mut kept = from.min(self.len);
        for index in from..self.len {
            if let Some(block) = self.blocks.get(index).copied()
                && good(&block)
                && let Some(place) = self.blocks.get_mut(kept)
            {
                *place = block;
                kept += 1;
            }
        }
        self.len = kept;
    }

    /// Nothing waits out of order any more. Linux: `tcp_sack_remove` with an empty queue.
    pub(super) fn clear_blocks(&mut self) {
        self.len = 0;
    }

    /// Forgets everything. Linux: `tcp_sack_reset`.
    pub(super) fn reset(&mut self) {
        *self = SackOut::default();
    }

    /// A new segment is looked at: what was told of the last one is no longer news.
    pub(super) fn forget_duplicate(&mut self) {
        self.duplicate = None;
    }

    /// These bytes arrived twice (RFC 2883 section 4). Linux: `tcp_dsack_set`.
    pub(super) fn set_duplicate(&mut self, start: Sequence, end: Sequence) {
        self.duplicate = Some(Block { start, end });
    }

    /// These too, by the same segment. Answers whether they are the first. Linux: `tcp_dsack_extend`.
    pub(super) fn extend_duplicate(&mut self, start: Sequence, end: Sequence) -> bool {
        match &mut self.duplicate {
            Some(block) => {
                block.extend(Block { start, end });
                false
            }
            None => {
                self.set_duplicate(start, end);
                true
            }
        }
    }

    /// How many blocks fit: three beside timestamps, four without (RFC 2018 section 3).
    pub(super) fn room(timestamps: bool) -> usize {
        if timestamps { SackBlocks::MAX - 1 } else { SackBlocks::MAX }
    }

    /// Bytes that the option of the next segment takes, its padding included.
    pub(super) fn option_len(&self, timestamps: bool) -> u32 {
        let blocks = (self.len + usize::from(self.duplicate.is_some())).min(Self::room(timestamps));
        if blocks == 0 { 0 } else { 4 + 8 * blocks as u32 }
    }

    /// The option of the next segment, at most `room` blocks. Linux: `tcp_options_write`.
    pub(super) fn option(&self, room: usize) -> SackBlocks {
        let mut option = SackBlocks::EMPTY;
        let blocks = self.blocks.iter().take(self.len);
        for block in self.duplicate.iter().chain(blocks).take(room.min(SackBlocks::MAX)) {
            option.push(block.start.0, block.end.0);
        }
        option
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(sack: &SackOut) -> std::vec::Vec<(u32, u32)> {
        sack.option(4).as_slice().to_vec()
    }

    #[test]
    fn the_newest_run_is_first_and_runs_that_meet_become_one() {
        let mut sack = SackOut::default();
        sack.add(Sequence(10), Sequence(20));
        sack.add(Sequence(40), Sequence(50));
        sack.add(Sequence(20), Sequence(30));
        assert_eq!(told(&sack), [(10, 30), (40, 50)]);
        sack.add(Sequence(30), Sequence(40));
        assert_eq!(told(&sack), [(10, 50)]);
        sack.remove_before(Sequence(50));
        assert_eq!(sack.len(), 0);
    }

    #[test]
    fn the_oldest_run_is_forgotten_and_a_duplicate_goes_first() {
        let mut sack = SackOut::default();
        for start in [10, 30, 50, 70, 90] {
            sack.add(Sequence(start), Sequence(start + 10));
        }
        assert_eq!(told(&sack), [(90, 100), (70, 80), (50, 60), (30, 40)]);
        assert!(sack.extend_duplicate(Sequence(72), Sequence(75)));
        assert!(!sack.extend_duplicate(Sequence(75), Sequence(80)));
        assert_eq!(told(&sack), [(72, 80), (90, 100), (70, 80), (50, 60)]);
        assert_eq!(sack.option(3).as_slice().len(), 3);
        assert_eq!(sack.highest(), Some(Sequence(100)));
    }
}
