//! The state of one connection (RFC 9293 section 3.3.1: the transmission control block). Linux:
//! `struct tcp_sock`.
//!
//! What happens to it stands in the neighbouring files: segments arrive in `input`, `acknowledge` and
//! `receive`, leave in `output`, time passes in `timers`, and its end is in `close`.

mod ack_state;
mod chronograph;
mod ecn;
mod fast_open;
mod mtu_probe;
mod pacing;
mod path;
mod receive_side;
mod recovery;
mod send_side;
mod timers;
mod totals;
mod tuning;
mod usage;
mod write_buffers;

pub(super) use ack_state::AckState;
pub(super) use chronograph::{Chronograph, Wait};
pub(super) use ecn::{Accurate, Ecn, Seen};
pub(super) use fast_open::{Failure, FastOpen};
pub(super) use mtu_probe::MtuProbe;
pub(super) use pacing::Pacing;
pub(super) use path::PathState;
pub(super) use receive_side::ReceiveSide;
pub(super) use recovery::{BurstAgain, Recovery, Resend};
pub(super) use send_side::{Fin, SendSide};
pub(super) use timers::{Timer, Timers};
pub(super) use totals::Totals;
pub(super) use tuning::Tuning;
pub(super) use usage::Usage;
pub(super) use write_buffers::{Buffer, WriteBuffers};

use super::congestion::{Algorithm, CongestionControl, INITIAL_WINDOW, Path, Window};
use super::keys::Key;
use super::memory::Memory;
use super::options::TcpOptions;
use super::rate::DeliveryRate;
use super::round_trip::RoundTrip;
use super::segment_size::{MIN_MSS, TIMESTAMPS_LEN, mss_of_mtu, within_half_window};
use super::sent_queue::SentQueue;
use super::sequence::Sequence;
use super::trail::Trail;
use super::{Env, FourTuple, SocketError, TcpState, congestion};
use crate::time::Instant;
use crate::wire::tcp::{MAX_OPTIONS_LEN, SIGNED_LEN};
use alloc::boxed::Box;
use alloc::sync::Arc;

/// The timestamps option in use (RFC 7323). Linux: `struct tcp_options_received`.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimestampState {
    /// TS.Recent: the peer's last timestamp.
    pub recent: u32,
    /// When it was taken; it is not believed for ever.
    pub recent_at: Instant,
}

/// What became of a connection since it was looked at last: the owner is told.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Events {
    /// Its readiness changed.
    pub wake: bool,
    /// It has something to send.
    pub output: bool,
    /// It ended, and the peer is to be told by a reset. Linux: `tcp_send_active_reset`.
    pub reset: bool,
    /// The states it went through.
    pub trail: Trail,
}

/// One connection, from its SYN to its last acknowledgement.
#[derive(Debug)]
pub(super) struct Connection {
    pub tuple: FourTuple,
    pub state: TcpState,
    pub send: SendSide,
    pub receive: ReceiveSide,
    /// None: not in use.
    pub timestamps: Option<TimestampState>,
    /// What is known of the path beside its MTU.
    pub path: PathState,
    /// What segments are signed with.
    pub key: Option<Arc<Key>>,
    /// The peer's SYN, until the owner has looked at it.
    pub saved_syn: Option<Box<[u8]>>,
    pub fast_open: FastOpen,
    /// FIN-WAIT-2 without an owner has had its time as a whole connection.
    pub retiring: bool,
    /// Both sides understand SACK (RFC 2018 section 2). Linux: `tp->rx_opt.sack_ok`.
    pub sack_permitted: bool,
    /// What is added to the clock in our timestamps.
    pub timestamp_offset: u32,
    pub rtt: RoundTrip,
    pub window: Window,
    pub control: Box<dyn CongestionControl>,
    pub rate: DeliveryRate,
    pub recovery: Recovery,
    pub pacing: Pacing,
    pub mtu_probe: MtuProbe,
    pub totals: Totals,
    pub chronograph: Chronograph,
    /// The window to begin with, in segments. Linux: `tcp_init_cwnd`.
    pub initial_window: u32,
    /// Our clock as the last acknowledgement echoed it.
    pub echo: Option<u32>,
    /// What ICMP said of late; the owner hears of it if the connection ends by a timeout. Linux: `sk_err_soft`.
    pub soft_error: Option<SocketError>,
    /// When an acknowledgement arrived last. Linux: `rcv_tstamp`.
    pub last_ack_received: Instant,
    pub ack: AckState,
    pub ecn: Ecn,
    pub timers: Timers,
    /// Retransmissions of the same data so far. Linux: `icsk_retransmits`.
    pub retransmits: u32,
    /// Window or keep-alive probes without an answer so far. Linux: `icsk_probes_out`.
    pub probes: u32,
    /// When the first of these was sent. Linux: `icsk_probes_tstamp`.
    pub probing_since: Option<Instant>,
    /// A probe is to be sent.
    pub probe: bool,
    /// Largest IP packet of the path, in bytes.
    pub mtu: u32,
    /// When a segment arrived last.
    pub last_heard: Instant,
    /// The next acknowledgement is the one that completed the handshake.
    pub confirming: bool,
    /// Nobody owns it any more. Linux: `SOCK_DEAD`.
    pub orphan: bool,
    /// The peer acknowledged something new since the last segment was sent. Linux: `sk_dst_pending_confirm`.
    pub progressed: bool,
    /// The first error, until the owner has been told.
    pub error: Option<SocketError>,
    /// Why it ended, if not by FINs.
    pub ended_by: Option<SocketError>,
    pub events: Events,
}

/// What both ways of opening know when a connection begins.
pub(super) struct Opening {
    pub tuple: FourTuple,
    pub initial: Sequence,
    pub timestamp_offset: u32,
    pub mtu: u32,
    pub receive_scale: u8,
    pub now: Instant,
}

impl Connection {
    /// A connection that has sent and received nothing.
    pub(super) fn new(env: &mut Env<'_>, opening: Opening, algorithm: Algorithm, state: TcpState) -> Self {
        let (sysctl, seed) = (env.sysctl, env.random.next_u32());
        let Opening { tuple, initial, timestamp_offset, mtu, receive_scale, now } = opening;
        Connection {
            tuple,
            state,
            send: SendSide::new(initial, sysctl, now),
            receive: ReceiveSide::new(receive_scale, now),
            timestamps: None,
            path: PathState::default(),
            key: None,
            saved_syn: None,
            fast_open: FastOpen::default(),
            retiring: false,
            sack_permitted: false,
            timestamp_offset,
            rtt: RoundTrip::new(sysctl),
            window: Window::default(),
            control: congestion::new(algorithm, seed, sysctl),
            rate: DeliveryRate::default(),
            recovery: Recovery::new(initial, sysctl.tcp_reordering),
            pacing: Pacing::default(),
            mtu_probe: MtuProbe::default(),
            totals: Totals::default(),
            chronograph: Chronograph::default(),
            initial_window: INITIAL_WINDOW,
            echo: None,
            soft_error: None,
            last_ack_received: now,
            ack: AckState::new(now),
            ecn: Ecn::default(),
            timers: Timers::default(),
            retransmits: 0,
            probes: 0,
            probing_since: None,
            probe: false,
            mtu,
            last_heard: now,
            confirming: false,
            orphan: false,
            progressed: false,
            error: None,
            ended_by: None,
            events: Events::default(),
        }
    }

    /// The most data a segment of ours carries. Linux: `tcp_current_mss`.
    pub(super) fn send_mss(&self) -> u32 {
        let timestamps = if self.timestamps.is_some() { TIMESTAMPS_LEN } else { 0 };
        let signature = if self.key.is_some() { SIGNED_LEN as u32 } else { 0 };
        let always = timestamps + signature;
        let options = always + self.receive.sack.option_len(timestamps > 0);
        let options = (options + self.ecn.accurate.option_room()).min(MAX_OPTIONS_LEN as u32);
        let whole = self.mss_without_options().saturating_sub(always);
        let cached = within_half_window(whole, always, self.send.max_window);
        cached.saturating_sub(options.saturating_sub(always)).max(8)
    }

    /// The most data a segment of ours could carry without options. Linux: `__tcp_mtu_to_mss`.
    pub(super) fn mss_without_options(&self) -> u32 {
        self.send.peer_mss.min(mss_of_mtu(self.passing_mtu(), self.tuple.remote.ip())).max(MIN_MSS)
    }

    /// The largest segment we tell the peer that we take. Linux: `advmss`.
    pub(super) fn advertised_mss(&self) -> u32 {
        self.path.advertised_mss.into()
    }

    /// Segments on their way, as far as known. Linux: `tcp_packets_in_flight`.
    pub(super) fn in_flight(&self) -> u32 {
        self.send.sent.in_flight()
    }

    /// The connection as its congestion control sees it now.
    pub(super) fn path(&self, now: Instant) -> Path {
        Path {
            now,
            last_sent: self.send.last_data,
            mss: self.send_mss(),
            srtt: self.rtt.smoothed(),
            min_rtt: self.rtt.least(),
            in_flight: self.in_flight(),
            window_limited: self.is_window_limited(),
            una: self.send.una.0,
            next: self.send.next.0,
            state: self.recovery.phase,
            delivered: self.rate.delivered,
            delivered_ce: self.rate.delivered_ce,
            delivered_at: self.rate.delivered_at(),
            lost: self.rate.lost,
            app_limited: self.rate.is_app_limited(),
            next_departure: self.pacing.next_departure.max(now),
            paced: self.paces(),
            ecn: self.uses_ecn(),
            max_pacing_rate: self.pacing.max_rate,
        }
    }

    /// What both queues hold, in bytes.
    pub(super) fn held(&self) -> usize {
        self.receive.queue.charged() + self.send.queue.len()
    }

    /// Bytes handed in and not sent.
    pub(super) fn unsent(&self) -> u32 {
        self.send.queue.end().saturating_since(self.send.next)
    }

    /// How many bytes the owner may begin to hand in now, all of which are taken if they say that they were promised.
    /// None until a third of the buffer is free, so that writers are not woken for crumbs; then a whole piece at least: the
    /// limit is looked at where one begins, not while it is filled. Linux: `sk_stream_is_writeable`,
    /// `sk_stream_min_wspace`, `tcp_stream_memory_free`, `tcp_sendmsg_locked`.
    pub(super) fn send_space(&self, options: &TcpOptions, memory: &Memory) -> usize {
        let charge = self.send_charge();
        let room = (options.send_buffer as usize).saturating_sub(charge);
        let lowat = options.not_sent_lowat.unwrap_or(self.send.lowat) as usize;
        let unsent = self.unsent() as usize;
        // Writers wake when half of what may be unsent is gone.
        let crumbs = room == 0 || room < charge / 2 || unsent.saturating_mul(2) >= lowat;
        let room = if crumbs { 0 } else { room.min(lowat - unsent).max(self.buffer_goal() as usize) };
        let wanted = u32::try_from(room).unwrap_or(u32::MAX);
        memory.grant(wanted, self.send.queue.len(), self.send.least_buffer) as usize
    }

    /// Goes to another state. Linux: `tcp_set_state`.
    pub(super) fn enter(&mut self, state: TcpState) {
        self.events.trail.push(self.state, state);
        self.state = state;
    }

    /// Tells the owner to look.
    pub(super) fn wake(&mut self) {
        self.events.wake = true;
    }

    /// Ends the connection at once; `error` is what the owner hears. Linux: `tcp_done`, with `sk_err`.
    pub(super) fn die(&mut self, error: Option<SocketError>) {
        self.enter(TcpState::Close);
        self.error = self.error.or(error);
        self.ended_by = self.ended_by.or(error);
        self.send.queue.clear();
        self.send.sent = SentQueue::default();
        self.receive.queue.forget_out_of_order();
        self.timers = Timers::default();
        self.ack.now = false;
        self.probe = false;
        self.wake();
    }
}
