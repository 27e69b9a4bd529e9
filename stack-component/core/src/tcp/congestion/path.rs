//! What an algorithm may know of the connection it steers, and what it is told.

use crate::time::{Duration, Instant};

/// Where loss recovery stands; the order is Linux's, later is worse. Linux: `enum tcp_ca_state`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::tcp) enum CaState {
    /// Nothing is believed lost. Linux: `TCP_CA_Open`.
    #[default]
    Open = 0,
    /// Duplicates or SACKs arrive, too few to tell of a loss. Linux: `TCP_CA_Disorder`.
    Disorder = 1,
    /// The window is being reduced because of a congestion mark or a full device. Linux: `TCP_CA_CWR`.
    Cwr = 2,
    /// Fast recovery. Linux: `TCP_CA_Recovery`.
    Recovery = 3,
    /// After a retransmission timeout. Linux: `TCP_CA_Loss`.
    Loss = 4,
}

/// What happens to the window from outside. Linux: `enum tcp_ca_event`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tcp) enum CaEvent {
    /// Data is sent and nothing was on its way; told before [`Path::last_sent`] moves. Linux: `CA_EVENT_TX_START`.
    TxStart,
    /// The window begins again after idling. Linux: `CA_EVENT_CWND_RESTART`.
    WindowRestart,
    /// A reduction of the window is complete. Linux: `CA_EVENT_COMPLETE_CWR`.
    CompleteReduction,
    /// The retransmission timer expired. Linux: `CA_EVENT_LOSS`.
    Loss,
}

/// What kind of acknowledgement arrived. Linux: `enum tcp_ca_ack_event_flags`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::tcp) struct AckFlags {
    /// It took the slow path: not just the next number in order. Linux: `CA_ACK_SLOWPATH`.
    pub slow: bool,
    /// It changed the peer's window. Linux: `CA_ACK_WIN_UPDATE`.
    pub window_update: bool,
    /// It carries ECE. Linux: `CA_ACK_ECE`.
    pub ece: bool,
}

/// How a receiver of congestion marks acknowledges if it is to tell of each change (RFC 8257 section 3.2). Linux:
/// `dctcp_ece_ack_update`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tcp) struct MarkEcho {
    /// Whether acknowledgements carry ECE from now on. Linux: `TCP_ECN_DEMAND_CWR`.
    pub echo: bool,
    /// It changed with this data, so that an acknowledgement is due at once. If another one is delayed it goes
    /// first, with this number (RCV.NXT before the data) and with the opposite of `echo`.
    pub changed_at: Option<u32>,
}

/// What was measured with an acknowledgement. Linux: `struct ack_sample`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::tcp) struct AckSample {
    /// How many segments it took off.
    pub packets: u32,
    /// The round trip, if it could be told.
    pub rtt: Option<Duration>,
    /// Segments that were on their way when the newest of them was sent.
    pub in_flight: u32,
}

/// The sender as an algorithm sees it: a copy made for each call, so that no algorithm holds on to a connection.
/// Linux: the fields of `struct tcp_sock` that algorithms read.
#[derive(Clone, Copy, Debug)]
pub(in crate::tcp) struct Path {
    /// The time of the call. Linux: `tcp_mstamp`, `tcp_jiffies32`.
    pub now: Instant,
    /// When data was sent last. Linux: `lsndtime`.
    pub last_sent: Instant,
    /// Bytes of a full segment. Linux: `mss_cache`.
    pub mss: u32,
    /// The smoothed round trip, if one was measured. Linux: `srtt_us`, which is eight times as large.
    pub srtt: Option<Duration>,
    /// The least round trip lately. Linux: `tcp_min_rtt`.
    pub min_rtt: Option<Duration>,
    /// Segments on their way now. Linux: `tcp_packets_in_flight`.
    pub in_flight: u32,
    /// Whether the window held sending back lately. Linux: `tcp_is_cwnd_limited`.
    pub window_limited: bool,
    /// The first number not acknowledged. Linux: `snd_una`.
    pub una: u32,
    /// The first number never sent. Linux: `snd_nxt`.
    pub next: u32,
    /// Where loss recovery stands. Linux: `icsk_ca_state`.
    pub state: CaState,
    /// Segments delivered over all. Linux: `delivered`.
    pub delivered: u32,
    /// Of these, those that were marked. Linux: `delivered_ce`.
    pub delivered_ce: u32,
    /// When the last delivery was told. Linux: `delivered_mstamp`.
    pub delivered_at: Instant,
    /// Segments marked lost over all. Linux: `lost`.
    pub lost: u32,
    /// Whether what is on its way is what the owner had to send, not what the path takes. Linux: `app_limited`.
    pub app_limited: bool,
    /// When pacing lets the next segment leave, now or earlier if it may leave now. Linux: `tcp_wstamp_ns`.
    pub next_departure: Instant,
    /// Whether segments are spread over time. Linux: `sk_pacing_status`.
    pub paced: bool,
    /// Whether congestion marks are in use on this connection. Linux: `tcp_ecn_mode_any`.
    pub ecn: bool,
    /// Bytes a second that the owner allows. Linux: `sk_max_pacing_rate`.
    pub max_pacing_rate: u64,
}
