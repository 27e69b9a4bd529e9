//! What a connection knows of marks.

use super::super::ecn_handshake::Mode;
use super::super::sequence::Sequence;
use crate::time::Instant;
use crate::wire::ecn::Codepoint;

/// What a connection knows of marks. Linux: `ecn_flags`.
#[derive(Clone, Debug, Default)]
pub(in crate::tcp) struct Ecn {
    pub mode: Mode,
    /// Data with ECT or CE arrived. Linux: `TCP_ECN_SEEN`.
    pub seen: bool,
    /// Acknowledgements say ECE until the peer says CWR. Linux: `TCP_ECN_DEMAND_CWR`.
    pub echoes: bool,
    /// The next new data says CWR. Linux: `TCP_ECN_QUEUE_CWR`.
    pub owes_cwr: bool,
    /// An acknowledgement that goes before all others: its number, and whether it says ECE. Linux:
    /// `dctcp_ece_ack_cwr`, `__tcp_send_ack`.
    pub overdue: Option<(Sequence, bool)>,
    /// What the last segment's IP header said. Linux: the lowest bits of `inet->tos`.
    pub sent: Codepoint,
    pub accurate: Accurate,
}

/// What was seen of the peer's option. Linux: `TCP_ACCECN_OPT_*_SEEN`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::tcp) enum Seen {
    /// Nothing.
    #[default]
    Nothing = 0,
    /// One without fields.
    Empty = 1,
    /// One with counters.
    Counters = 2,
    /// One that somebody zeroed.
    Zeroed = 3,
}

/// What accurate ECN counts. The counters of bytes stand in the order ECT(1), ECT(0), CE. Linux: the `*ecn*` of
/// `struct tcp_sock`.
#[derive(Clone, Debug, Default)]
pub(in crate::tcp) struct Accurate {
    /// What our SYN or SYN-ACK was sent with. Linux: `syn_ect_snt`.
    pub sent: Codepoint,
    /// What the peer's arrived with. Linux: `syn_ect_rcv`.
    pub received: Codepoint,
    /// What the last segment arrived with. Linux: `prev_ecnfield`.
    pub last: Codepoint,
    /// That changed since the last acknowledgement: the next data is acknowledged at once. Linux: `ICSK_ACK_NOW`
    /// alone.
    pub edge: bool,
    /// Linux: `accecn_fail_mode`.
    pub failed: u8,
    /// Linux: `saw_accecn_opt`.
    pub seen: Seen,
    /// So many options are due. Linux: `accecn_opt_demand`.
    pub demand: u8,
    /// The least fields an option needs to tell what changed. Linux: `accecn_minlen`.
    pub least: u8,
    /// When the last option was sent; none before the first. Linux: `accecn_opt_tstamp`.
    pub option_sent: Option<Instant>,
    /// The last option went with a report of a duplicate that began here. Linux: `accecn_opt_sent_w_dsack`.
    pub with_duplicate: Option<Sequence>,
    /// Segments that arrived with CE. Linux: `received_ce`.
    pub received_ce: u32,
    /// Bytes of data received. Linux: `received_ecn_bytes`.
    pub received_bytes: [u32; 3],
    /// Bytes of ours that the peer received. Linux: `delivered_ecn_bytes`.
    pub delivered_bytes: [u32; 3],
    /// Which counter data that is acknowledged without the option counts for, from 1; 0: none. Linux:
    /// `est_ecnfield`.
    pub estimate: u8,
    /// Segments that an acknowledgement acknowledges on average, in 64ths. Linux: `pkts_acked_ewma`.
    pub acked_average: u32,
    /// The timestamp of the segment that is being worked off is new. Linux: `FLAG_TS_PROGRESS`.
    pub timestamp_advanced: bool,
    /// The next acknowledgement tells with what the SYN-ACK arrived. Linux: `tcp_accecn_reflector_flags`.
    pub reflects: bool,
    /// The next segment ends the handshake. Linux: `tcp_accecn_third_ack`.
    pub handshake: bool,
    /// Bytes that data leaves free for the option.
    pub room: u32,
}
