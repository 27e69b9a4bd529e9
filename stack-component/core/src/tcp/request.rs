//! Half-open connections: a SYN that was answered and not yet confirmed. Linux: `struct
//! tcp_request_sock`.

use super::connection::{
    Connection, DEFAULT_MSS, MIN_MSS, Opening, TIMESTAMPS_LEN, TimestampState, mss_of_mtu,
};
use super::ecn::Promise;
use super::options::TcpOptions;
use super::segment::{Outgoing, Segment};
use super::sequence::Sequence;
use super::table::TcpHandle;
use super::tuning::{initial_window, largest_window};
use super::window::scale_for;
use super::{Env, FourTuple, Output, TcpState};
use crate::packet::Packet;
use crate::time::{Duration, Instant};
use crate::wire::tcp::{Flags, Options, Timestamps};

/// How long the first SYN-ACK waits for its answer. Linux: `TCP_TIMEOUT_INIT`.
const FIRST_TIMEOUT: Duration = Duration::from_secs(1);
/// The longest wait between two SYN-ACKs. Linux: `TCP_RTO_MAX`.
const MAX_TIMEOUT: Duration = Duration::from_secs(120);

/// A SYN that was answered. Everything the connection will need and nothing more: a flood makes many.
#[derive(Debug)]
pub(super) struct Request {
    pub tuple: FourTuple,
    pub listener: TcpHandle,
    /// The number of our SYN-ACK.
    pub initial: Sequence,
    /// The number of the peer's SYN.
    pub peer_initial: Sequence,
    /// The peer's largest segment.
    pub peer_mss: u32,
    /// The peer's window scale; none: not in use either way.
    pub peer_scale: Option<u8>,
    /// The peer's timestamp; none: not in use.
    pub timestamp: Option<u32>,
    pub timestamp_offset: u32,
    /// Both sides understand SACK.
    pub sack_permitted: bool,
    /// The window our SYN-ACK offers.
    pub window: u16,
    /// What shifts our later windows.
    pub scale: u8,
    pub mtu: u32,
    /// What the SYN-ACK says of congestion marks.
    pub ecn: Promise,
    /// How often the SYN-ACK was sent again.
    pub retransmits: u32,
    /// The handshake was confirmed, but the accept queue was full.
    pub confirmed: bool,
    pub sent_at: Instant,
    pub deadline: Instant,
    /// When a SYN that came again was answered last.
    pub last_answer: Instant,
}

impl Request {
    /// The request that `syn` makes.
    pub(super) fn new(
        env: &Env<'_>,
        syn: &Segment,
        listener: TcpHandle,
        options: &TcpOptions,
        initial: Sequence,
        timestamp_offset: u32,
    ) -> Self {
        let peer_scale = syn.options.window_scale.filter(|_| env.sysctl.tcp_window_scaling);
        let timestamp = syn.options.timestamps.filter(|_| env.sysctl.tcp_timestamps).map(|t| t.value);
        let in_use = if timestamp.is_some() { TIMESTAMPS_LEN } else { 0 };
        let window_mss = mss_of_mtu(syn.mtu) - in_use;
        Request {
            tuple: syn.tuple,
            listener,
            initial,
            peer_initial: syn.sequence,
            peer_mss: syn.options.mss.map_or(DEFAULT_MSS, |mss| u32::from(mss).max(MIN_MSS)),
            peer_scale,
            timestamp,
            timestamp_offset,
            sack_permitted: syn.options.sack_permitted && env.sysctl.tcp_sack,
            window: initial_window(options, window_mss) as u16,
            scale: if peer_scale.is_some() { scale_for(largest_window(env.sysctl, options)) } else { 0 },
            mtu: syn.mtu,
            ecn: Promise::of_syn(env, syn, options.congestion.needs_ecn()),
            retransmits: 0,
            confirmed: false,
            sent_at: env.now,
            deadline: env.now + FIRST_TIMEOUT,
            last_answer: env.now,
        }
    }

    /// The number behind our SYN-ACK's window: what the peer may use before the handshake is complete.
    pub(super) fn edge(&self) -> Sequence {
        self.peer_initial + 1 + u32::from(self.window)
    }

    /// The SYN-ACK. Linux: `tcp_make_synack`.
    pub(super) fn syn_ack(&self, now: Instant, hop_limit: u8) -> Output {
        let mut output =
            self.outgoing(self.initial, Flags::SYN | Flags::ACK | self.ecn.flags(), now, hop_limit);
        output.tos = self.ecn.codepoint().in_tos(output.tos);
        output
    }

    /// An acknowledgement of the peer's SYN. Linux: `tcp_v4_reqsk_send_ack`.
    pub(super) fn ack(&self, now: Instant, hop_limit: u8) -> Output {
        self.outgoing(self.initial + 1, Flags::ACK, now, hop_limit)
    }

    fn outgoing(&self, sequence: Sequence, flags: Flags, now: Instant, hop_limit: u8) -> Output {
        let clock = (now.as_millis() as u32).wrapping_add(self.timestamp_offset);
        let timestamps = self.timestamp.map(|echo| Timestamps { value: clock, echo });
        let syn = Options {
            mss: Some(mss_of_mtu(self.mtu) as u16),
            window_scale: self.peer_scale.map(|_| self.scale),
            timestamps,
            sack_permitted: self.sack_permitted,
            ..Options::default()
        };
        let options = if flags.syn() { syn } else { Options { timestamps, ..Options::default() } };
        let window = if flags.syn() { self.window } else { self.window >> self.scale };
        let acknowledgement = self.peer_initial + 1;
        Outgoing { sequence, acknowledgement, flags, window, options }.into_output(
            &self.tuple,
            Packet::with_capacity(0),
            hop_limit,
        )
    }

    /// Waits twice as long for the next answer.
    pub(super) fn back_off(&mut self, now: Instant) {
        self.retransmits += 1;
        let wait = FIRST_TIMEOUT.saturating_mul(1 << self.retransmits.min(16)).min(MAX_TIMEOUT);
        self.deadline = now + wait;
    }

    /// The connection that the acknowledgement of our SYN-ACK makes of the request. Linux:
    /// `tcp_create_openreq_child`.
    pub(super) fn into_connection(self, env: &mut Env<'_>, options: &TcpOptions) -> Connection {
        let now = env.now;
        let opening = Opening {
            tuple: self.tuple,
            initial: self.initial,
            timestamp_offset: self.timestamp_offset,
            mtu: self.mtu,
            receive_scale: self.scale,
            now,
        };
        let mut connection = Connection::new(env, opening, options.congestion, TcpState::SynRecv);
        connection.events.trail.push(TcpState::Listen, TcpState::SynRecv);
        connection.send.next = self.initial + 1;
        connection.send.una = self.initial + 1;
        connection.send.peer_mss = self.peer_mss;
        connection.send.scale = self.peer_scale.unwrap_or(0);
        connection.receive.next = self.peer_initial + 1;
        connection.receive.acked = connection.receive.next;
        connection.receive.edge = self.edge();
        connection.send.window_sequence = self.peer_initial;
        connection.sack_permitted = self.sack_permitted;
        connection.keep_promise(self.ecn);
        connection.timestamps = self.timestamp.map(|recent| TimestampState { recent, recent_at: now });
        connection.receive.mss = connection.send_mss().min(DEFAULT_MSS);
        if self.retransmits == 0 {
            connection.measure_handshake(env, now.since(self.sent_at));
        } else {
            connection.rtt.fall_back();
        }
        connection
    }
}
