//! What loss recovery knows of a connection.

use super::super::congestion::CaState;
use super::super::sequence::Sequence;
use crate::time::{Duration, Instant};

/// What loss recovery knows of a connection.
#[derive(Debug)]
pub(in crate::tcp) struct Recovery {
    pub phase: CaState,
    /// What was sent when the phase began ends here. Linux: `high_seq`.
    pub until: Sequence,
    /// How many segments may overtake one before it counts as lost. Linux: `reordering`.
    pub reordering: u32,
    /// How often reordering was seen. Linux: `reord_seen`.
    pub reorderings: u32,
    /// Where the highest segment that SACK reported ends, if `sacked` is not 0. Linux: `highest_sack`.
    pub highest_sacked: Sequence,
    /// The receiver took back what it had reported. Linux: `is_sack_reneg`.
    pub reneged: bool,
    /// The last timeout may have been needless (F-RTO). Linux: `frto`.
    pub doubtful_timeout: bool,
    /// Duplicates that the peer told of. Linux: `dsack_dups`.
    pub duplicates_told: u32,
    /// The blocks of the last acknowledgement, which need no second look. Linux: `recv_sack_cache`.
    pub last_blocks: [(Sequence, Sequence); 4],
    /// What leaves next beyond what is new.
    pub resend: Resend,
    /// The burst that leaves again, if one is under way.
    pub burst: Option<BurstAgain>,
    pub undo: Undo,
    pub rack: Rack,
    pub probe: TailProbe,
    /// Segments the peer has got since the reduction began. Linux: `prr_delivered`.
    pub reduction_delivered: u32,
    /// Segments sent since then. Linux: `prr_out`.
    pub reduction_sent: u32,
}

impl Recovery {
    /// Nothing has been sent; `reordering` is what is assumed of the path.
    pub(in crate::tcp) fn new(initial: Sequence, reordering: u32) -> Self {
        Recovery {
            phase: CaState::Open,
            until: initial,
            reordering,
            reorderings: 0,
            highest_sacked: initial,
            reneged: false,
            doubtful_timeout: false,
            duplicates_told: 0,
            last_blocks: [(initial, initial); 4],
            resend: Resend::default(),
            burst: None,
            undo: Undo::default(),
            rack: Rack::default(),
            probe: TailProbe::default(),
            reduction_delivered: 0,
            reduction_sent: 0,
        }
    }
}

/// What the last acknowledgement or timer asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::tcp) enum Resend {
    /// Nothing: only what is new leaves.
    #[default]
    Nothing,
    /// What is lost, as far as the window goes. Linux: `REXMIT_LOST`.
    Lost,
    /// First what is new, and if nothing is, what is lost (F-RTO). Linux: `REXMIT_NEW`.
    NewFirst,
    /// The first segment, whatever the window says: a timeout.
    First,
    /// A tail loss probe, whatever the window says.
    Probe,
}

/// A burst of segments that were sent as one and leave again as one.
#[derive(Clone, Copy, Debug)]
pub(in crate::tcp) struct BurstAgain {
    /// The next segment of it.
    pub next: Sequence,
    /// The number behind its last.
    pub end: Sequence,
    /// It has several segments.
    pub many: bool,
}

/// What it takes to undo.
#[derive(Debug, Default)]
pub(in crate::tcp) struct Undo {
    /// SND.UNA when the window was lowered; none: there is nothing to undo. Linux: `undo_marker`.
    pub marker: Option<Sequence>,
    /// Retransmissions that were not reported as duplicates; none before the first. Linux: `undo_retrans`, -1.
    pub outstanding: Option<u32>,
    /// When the first retransmission of the phase left. Linux: `retrans_stamp`.
    pub first_retransmission: Option<Instant>,
}

impl Undo {
    /// `count` retransmissions arrived twice.
    pub(in crate::tcp) fn settle(&mut self, count: u32) {
        if let Some(outstanding) = self.outstanding.as_mut().filter(|outstanding| **outstanding > 0) {
            *outstanding = outstanding.saturating_sub(count);
        }
    }
}

/// What RACK knows. Linux: `struct tcp_rack`.
#[derive(Debug)]
pub(in crate::tcp) struct Rack {
    /// When the segment was sent that was sent last of those that arrived. Linux: `mstamp`.
    pub sent_at: Instant,
    /// Its end. Linux: `end_seq`.
    pub end: Sequence,
    /// Its round trip. Linux: `rtt_us`.
    pub round_trip: Duration,
    /// Something arrived since losses were looked for. Linux: `advanced`.
    pub advanced: bool,
    /// How many quarters of the least round trip a segment may be overtaken, at most 255. Linux: `reo_wnd_steps`.
    pub steps: u8,
    /// For how many recoveries that stays so. Linux: `reo_wnd_persist`.
    pub recoveries_left: u8,
    /// A duplicate was reported in this round trip. Linux: `dsack_seen`.
    pub duplicate_seen: bool,
    /// How much was delivered when the steps changed last. Linux: `last_delivered`.
    pub last_delivered: u32,
}

impl Default for Rack {
    fn default() -> Self {
        Rack {
            sent_at: Instant::ZERO,
            end: Sequence(0),
            round_trip: Duration::ZERO,
            advanced: false,
            steps: 1,
            recoveries_left: 0,
            duplicate_seen: false,
            last_delivered: 0,
        }
    }
}

/// Where the probe stands.
#[derive(Debug, Default)]
pub(in crate::tcp) struct TailProbe {
    /// SND.NXT when the probe was sent; none: none is on its way. Linux: `tlp_high_seq`.
    pub until: Option<Sequence>,
    /// Whether it was a retransmission. Linux: `tlp_retrans`.
    pub retransmitted: bool,
}
