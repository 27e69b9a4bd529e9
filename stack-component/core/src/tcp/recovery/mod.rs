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

pub(super) use scoreboard::{Tagged, delivery_of};

use super::congestion::CaState;
use super::connection::Connection;

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
