//! Half-open connections: a SYN that was answered and not yet confirmed. Linux: `struct
//! tcp_request_sock`.

use super::ecn_handshake::Promise;
use super::first_window::{initial_window, largest_window, scale_for};
use super::handle::TcpHandle;
use super::keys::Key;
use super::options::TcpOptions;
use super::segment::{Outgoing, Segment};
use super::segment_size::TIMESTAMPS_LEN;
use super::sequence::Sequence;
use super::syn_cookies::Remembered;
use super::{Env, FourTuple, Output};
use crate::packet::Packet;
use crate::route::PathInfo;
use crate::time::{Duration, Instant};
use crate::wire::tcp::{FastOpenCookie, Flags, Options, Timestamps};
use alloc::boxed::Box;
use alloc::sync::Arc;

/// How long the first SYN-ACK waits for its answer. Linux: `TCP_TIMEOUT_INIT`.
pub(super) const FIRST_TIMEOUT: Duration = Duration::from_secs(1);

/// A SYN that was answered. Everything the connection will need and nothing more: a flood makes many.
#[derive(Debug)]
pub(super) struct Request {
    pub tuple: FourTuple,
    pub listener: TcpHandle,
    /// The number of our SYN-ACK.
    pub initial: Sequence,
    /// The number of the peer's SYN.
    pub peer_initial: Sequence,
    /// The number expected next: behind the SYN, and behind its data if that was taken.
    pub receive_next: Sequence,
    /// The peer's largest segment.
    pub peer_mss: u16,
    /// The largest segment we name.
    pub advertised_mss: u16,
    /// The peer's window scale; none: not in use either way.
    pub peer_scale: Option<u8>,
    /// The peer's timestamp; none: not in use.
    pub timestamp: Option<u32>,
    pub timestamp_offset: u32,
    /// The timestamps of our first and of our last SYN-ACK: an echo is one of these or between. Linux:
    /// `snt_tsval_first`, `snt_tsval_last`.
    pub stamps: (u32, u32),
    /// Both sides understand SACK.
    pub sack_permitted: bool,
    /// The window our SYN-ACK offers.
    pub window: u16,
    /// What shifts our later windows.
    pub scale: u8,
    pub tos: u8,
    pub mtu: u32,
    /// What the SYN-ACK says of congestion marks.
    pub ecn: Promise,
    /// How often the SYN-ACK was sent again. Linux: `num_retrans`.
    pub retransmits: u8,
    /// How often its timer fired. Linux: `num_timeout`.
    pub timeouts: u8,
    /// The handshake was confirmed, but the accept queue was full or data is waited for. Linux: `acked`.
    pub confirmed: bool,
    /// When the SYN-ACK was sent first; none if nobody remembers.
    pub sent_at: Option<Instant>,
    pub deadline: Instant,
    /// When a segment that was not as expected was answered last. Linux: `last_oow_ack_time`.
    pub last_answer: Option<Instant>,
    /// What its segments are signed with.
    pub key: Option<Arc<Key>>,
    /// The SYN, if its owner wants to see it.
    pub saved_syn: Option<Box<[u8]>>,
}

impl Request {
    /// The request that `syn` makes of a connection over `path`. Linux: `tcp_openreq_init`.
    pub(super) fn new(
        env: &Env<'_>,
        syn: &Segment,
        listener: TcpHandle,
        options: &TcpOptions,
        path: &PathInfo,
    ) -> Self {
        let peer_scale = syn.options.window_scale.filter(|_| env.sysctl.tcp_window_scaling);
        let timestamp = syn.options.timestamps.filter(|_| env.sysctl.tcp_timestamps).map(|t| t.value);
        let in_use = if timestamp.is_some() { TIMESTAMPS_LEN } else { 0 };
        let advertised_mss =
            super::segment_size::advertised_mss(env.sysctl, syn.tuple.remote.ip(), path, options);
        let window_mss = u32::from(advertised_mss).saturating_sub(in_use);
        let of_route = path.metrics.initial_receive_window.map(|count| count.saturating_mul(window_mss));
        let window = initial_window(options, &path.metrics, window_mss).min(of_route.unwrap_or(u32::MAX));
        Request {
            tuple: syn.tuple,
            listener,
            initial: Sequence(0),
            peer_initial: syn.sequence,
            receive_next: syn.sequence + 1,
            peer_mss: super::segment_size::believable_mss(env.sysctl, syn.options.mss, options),
            advertised_mss,
            peer_scale,
            timestamp,
            timestamp_offset: 0,
            stamps: (0, 0),
            sack_permitted: syn.options.sack_permitted && env.sysctl.tcp_sack,
            window: window as u16,
            scale: if peer_scale.is_some() {
                scale_for(largest_window(env.sysctl, options, &path.metrics))
            } else {
                0
            },
            tos: if env.sysctl.tcp_reflect_tos { syn.tos & !0x3 } else { options.tos },
            mtu: path.mtu,
            ecn: Promise::of_syn(env, syn, options.congestion.needs_ecn()),
            retransmits: 0,
            timeouts: 0,
            confirmed: false,
            sent_at: Some(env.now),
            deadline: env.now + FIRST_TIMEOUT,
            last_answer: None,
            key: None,
            saved_syn: None,
        }
    }

    /// The number behind our SYN-ACK's window: what the peer may use before the handshake is complete.
    pub(super) fn edge(&self) -> Sequence {
        self.receive_next + u32::from(self.window)
    }

    /// Takes over what a SYN cookie brought back. Linux: `cookie_v4_check`.
    pub(super) fn remember(
        &mut self,
        options: Remembered,
        mss: u16,
        scale: u8,
        ack: &Segment,
        needs_ecn: bool,
    ) {
        self.initial = ack.acknowledgement - 1;
        self.peer_initial = ack.sequence - 1;
        self.receive_next = ack.sequence;
        self.peer_mss = mss;
        self.peer_scale = options.scale;
        self.sack_permitted = options.sack;
        self.sent_at = None;
        self.ecn = Promise::of_cookie(options.ecn, ack, needs_ecn);
        self.scale = options.scale.map_or(0, |_| scale);
    }

    /// What a timestamp can remember of the SYN.
    pub(super) fn remembered(&self) -> Remembered {
        Remembered { scale: self.peer_scale, sack: self.sack_permitted, ecn: self.ecn.is_agreed() }
    }

    /// The SYN-ACK. Linux: `tcp_make_synack`.
    pub(super) fn syn_ack(&mut self, env: &Env<'_>, options: &TcpOptions, ask: SynAck) -> Output {
        let clock = match ask {
            SynAck::Cookie => self.remembered().timestamp(env.now),
            _ => env.now.as_millis() as u32,
        };
        let value = clock.wrapping_add(self.timestamp_offset);
        if self.stamps == (0, 0) {
            self.stamps.0 = value;
        }
        self.stamps.1 = value;
        // There is no room for signature, timestamps and SACK. Linux: `tcp_synack_options`.
        if self.key.is_some() && self.sack_permitted && ask != SynAck::Cookie {
            self.timestamp = None;
        }
        let fast_open = match ask {
            SynAck::Ordinary { cookie } => cookie,
            SynAck::Cookie => None,
        };
        let mut syn = Options {
            mss: Some(self.advertised_mss),
            window_scale: self.peer_scale.map(|_| self.scale),
            timestamps: self.timestamp.map(|echo| Timestamps { value, echo }),
            sack_permitted: self.sack_permitted,
            fast_open,
            ..Options::default()
        };
        let again = u32::from(self.retransmits);
        let flags = Flags::SYN | Flags::ACK | self.ecn.flags(again);
        self.ecn.add_option(env, again, &mut syn);
        let mut output = self.outgoing(self.initial, flags, self.window, syn, options);
        output.tos = self.ecn.codepoint().in_tos(output.tos);
        output
    }

    /// An acknowledgement of what arrived. Linux: `tcp_v4_reqsk_send_ack`.
    pub(super) fn ack(&self, env: &Env<'_>, options: &TcpOptions) -> Output {
        let value = (env.now.as_millis() as u32).wrapping_add(self.timestamp_offset);
        let timestamps = self.timestamp.map(|echo| Timestamps { value, echo });
        let plain = Options { timestamps, ..Options::default() };
        self.outgoing(self.initial + 1, Flags::ACK, self.window >> self.scale, plain, options)
    }

    fn outgoing(
        &self,
        sequence: Sequence,
        flags: Flags,
        window: u16,
        options: Options,
        of_listener: &TcpOptions,
    ) -> Output {
        let outgoing = Outgoing { sequence, acknowledgement: self.receive_next, flags, window, options };
        let payload = Packet::with_capacity(0);
        let mut output =
            outgoing.into_signed(&self.tuple, payload, of_listener.hop_limit, self.key.as_deref());
        output.tos = self.tos;
        output.mark = of_listener.mark;
        output
    }

    /// Whether the echo of a timestamp cannot be of one of our SYN-ACKs. Linux: `tsecr_reject` in
    /// `tcp_check_req`.
    pub(super) fn refuses_echo(&self, segment: &Segment) -> bool {
        let Some(Timestamps { echo, .. }) = segment.options.timestamps else { return false };
        let (first, last) = self.stamps;
        self.timestamp.is_some() && echo != 0 && last.wrapping_sub(first) < echo.wrapping_sub(first)
    }

    /// How long the SYN-ACK waits for its answer now. Linux: `tcp_reqsk_timeout`.
    pub(super) fn timeout(&self, longest: Duration) -> Duration {
        FIRST_TIMEOUT.saturating_mul(1 << self.timeouts.min(16)).min(longest)
    }
}

/// Which SYN-ACK. Linux: `enum tcp_synack_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SynAck {
    /// Of a request; with a cookie for Fast Open, if there is one to give.
    Ordinary {
        /// Behind the other options.
        cookie: Option<FastOpenCookie>,
    },
    /// Its number is a SYN cookie.
    Cookie,
}

impl SynAck {
    /// Without a cookie.
    pub(super) const PLAIN: SynAck = SynAck::Ordinary { cookie: None };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_small() {
        assert!(size_of::<Request>() <= 200, "{}", size_of::<Request>());
    }
}
