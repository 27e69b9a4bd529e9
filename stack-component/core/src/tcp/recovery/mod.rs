//! Loss recovery: what the acknowledgements say was lost, and what follows from it.
//!
//! ```text
//!   Open ----- SACK, duplicate ----> Disorder ----- a segment counts as lost ----> Recovery
//!    ^  \                              |                                              |
//!    |   `--- ECE, tail probe --> CWR  | everything sent                              |
//!    |                             |   | before is acknowledged                       |
//!    +-----------------------------+---+----------------------------------------------+
//!    +------------------------- Loss <---- retransmission timeout, from anywhere
//! ```
//!
//! `scoreboard` takes in SACK blocks (RFC 2018, 2883), `rack` decides by time what is lost (RFC 8985), `new_reno`
//! by duplicate acknowledgements where there is no SACK (RFC 6582), `alert` walks the picture above,
//! `reduction` lowers the window (RFC 6937), `undo` takes that back when it was needless (RFC 3522, 3708),
//! `loss` stands for timeouts (RFC 6298, F-RTO: RFC 5682), `tail_probe` avoids them (RFC 8985 section 7).
//! Linux: `tcp_input.c` from `tcp_sacktag_write_queue` to `tcp_process_loss`, `tcp_recovery.c`.

mod alert;
mod loss;
mod new_reno;
mod rack;
mod reduction;
mod reordering;
mod retransmit;
mod scoreboard;
mod tail_probe;
mod undo;

pub(super) use rack::Rack;
pub(super) use retransmit::{BurstAgain, Resend};
pub(super) use scoreboard::{Tagged, delivery_of};
pub(super) use tail_probe::TailProbe;
pub(super) use undo::Undo;

use super::congestion::CaState;
use super::connection::Connection;
use super::sequence::Sequence;

/// What loss recovery knows of a connection.
#[derive(Debug)]
pub(super) struct Recovery {
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
    pub(super) fn new(initial: Sequence, reordering: u32) -> Self {
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

/// What an acknowledgement turned out to say. Linux: the `FLAG_*` of `tcp_ack`, `struct tcp_sacktag_state`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AckFlags {
    /// It came with data. Linux: `FLAG_DATA`.
    pub data: bool,
    /// It changed the window. Linux: `FLAG_WIN_UPDATE`.
    pub window_update: bool,
    /// It acknowledged data or a FIN. Linux: `FLAG_DATA_ACKED`.
    pub data_acked: bool,
    /// It acknowledged our SYN. Linux: `FLAG_SYN_ACKED`.
    pub syn_acked: bool,
    /// It acknowledged something that was sent more than once. Linux: `FLAG_RETRANS_DATA_ACKED`.
    pub retransmitted_acked: bool,
    /// SACK reported something new. Linux: `FLAG_DATA_SACKED`.
    pub data_sacked: bool,
    /// The peer's ECN echo. Linux: `FLAG_ECE`.
    pub congestion_echo: bool,
    /// The echo told how many were marked: they are counted.
    pub marks_counted: bool,
    /// A retransmission was lost. Linux: `FLAG_LOST_RETRANS`.
    pub retransmission_lost: bool,
    /// It reported a duplicate. Linux: `FLAG_DSACKING_ACK`.
    pub duplicate_told: bool,
    /// It reported our tail loss probe as a duplicate. Linux: `FLAG_DSACK_TLP`.
    pub probe_duplicate: bool,
    /// The first segment left is one that SACK had reported. Linux: `FLAG_SACK_RENEGING`.
    pub reneging: bool,
    /// It acknowledged something new. Linux: `FLAG_SND_UNA_ADVANCED`.
    pub advanced: bool,
    /// Something never sent again, and sent before the phase began, arrived. Linux: `FLAG_ORIG_SACK_ACKED`.
    pub original_arrived: bool,
    /// The timer begins anew. Linux: `FLAG_SET_XMIT_TIMER`.
    pub set_timer: bool,
    /// The receiver may have waited before it sent it. Linux: `FLAG_ACK_MAYBE_DELAYED`.
    pub maybe_delayed: bool,
}

impl AckFlags {
    /// It acknowledged something. Linux: `FLAG_ACKED`.
    pub(super) fn acked(&self) -> bool {
        self.data_acked || self.syn_acked
    }

    /// The peer's echo says that what it acknowledges was marked, all of it (RFC 3168).
    pub(super) fn is_classic_echo(&self) -> bool {
        self.congestion_echo && !self.marks_counted
    }

    /// It is no duplicate: it says something new by itself. Linux: `FLAG_NOT_DUP`.
    pub(super) fn is_no_duplicate(&self) -> bool {
        self.data || self.window_update || self.acked()
    }

    /// Linux: `FLAG_CA_ALERT`.
    fn is_alert(&self) -> bool {
        self.data_sacked || self.congestion_echo || self.duplicate_told
    }

    /// Linux: `FLAG_FORWARD_PROGRESS`.
    pub(super) fn progresses(&self) -> bool {
        self.acked() || self.data_sacked
    }
}

impl Connection {
    /// Whether an acknowledgement needs the walk of `alert`. Linux: `tcp_ack_is_dubious`.
    pub(super) fn is_dubious(&self, flags: &AckFlags) -> bool {
        !flags.is_no_duplicate() || flags.is_alert() || self.recovery.phase != CaState::Open
    }

    /// Whether the window is being lowered. Linux: `tcp_in_cwnd_reduction`.
    pub(super) fn in_reduction(&self) -> bool {
        matches!(self.recovery.phase, CaState::Cwr | CaState::Recovery)
    }

    /// Whether anything on the list was sent more than once. Linux: `tcp_any_retrans_done`.
    pub(super) fn any_retransmission(&self) -> bool {
        self.send.sent.retransmitted > 0 || self.send.sent.front().is_some_and(|sent| sent.ever_retransmitted)
    }
}
