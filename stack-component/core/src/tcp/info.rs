//! What a connection tells of itself. Linux: `struct tcp_info`, `tcp_get_info`.

use super::TcpState;
use super::congestion::INITIAL_WINDOW;
use super::connection::{Connection, Wait};
use super::handle::TcpHandle;
use super::options::TcpOptions;
use super::table::{Role, Tcp};
use crate::time::{Duration, Instant};

/// The state of a connection under Linux's field names, without their `tcpi_`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpInfo {
    /// The state, by Linux's number (`TCP_ESTABLISHED` is 1).
    pub state: u8,
    /// Where loss recovery stands (`TCP_CA_Open` is 0).
    pub ca_state: u8,
    /// Timeouts of the same data so far.
    pub retransmits: u8,
    /// Window or keep-alive probes without an answer.
    pub probes: u8,
    /// How often the timeout was doubled.
    pub backoff: u8,
    /// Bits of what is in use: 1 timestamps, 2 SACK, 4 window scaling, 8 ECN, 16 ECN seen, 32 data in the SYN.
    pub options: u8,
    /// What shifts the peer's windows.
    pub snd_wscale: u8,
    /// What shifts our windows.
    pub rcv_wscale: u8,
    /// The delivery rate is what the application made, not the path.
    pub delivery_rate_app_limited: bool,
    /// Why Fast Open did not work.
    pub fastopen_client_fail: u8,
    /// The retransmission timeout, in microseconds.
    pub rto: u32,
    /// How long an acknowledgement waits, in microseconds.
    pub ato: u32,
    /// Bytes of a full segment sent.
    pub snd_mss: u32,
    /// Bytes of the peer's segments as far as seen.
    pub rcv_mss: u32,
    /// Segments on their way; of a listener, connections that wait to be accepted.
    pub unacked: u32,
    /// Segments of these that were reported by SACK; of a listener, its backlog.
    pub sacked: u32,
    /// Segments of these believed lost.
    pub lost: u32,
    /// Segments of these sent again.
    pub retrans: u32,
    /// No longer used; 0.
    pub fackets: u32,
    /// Milliseconds since data was sent.
    pub last_data_sent: u32,
    /// No longer used; 0.
    pub last_ack_sent: u32,
    /// Milliseconds since data arrived.
    pub last_data_recv: u32,
    /// Milliseconds since an acknowledgement arrived.
    pub last_ack_recv: u32,
    /// The path MTU in bytes.
    pub pmtu: u32,
    /// The window that is offered at most for now, in bytes.
    pub rcv_ssthresh: u32,
    /// The smoothed round trip in microseconds.
    pub rtt: u32,
    /// Its variation in microseconds.
    pub rttvar: u32,
    /// The slow-start threshold in segments.
    pub snd_ssthresh: u32,
    /// The congestion window in segments.
    pub snd_cwnd: u32,
    /// The largest segment we take.
    pub advmss: u32,
    /// How far segments may overtake each other.
    pub reordering: u32,
    /// The receiver's estimate of the round trip in microseconds.
    pub rcv_rtt: u32,
    /// Bytes that the application reads in a round trip.
    pub rcv_space: u32,
    /// Segments sent again over all.
    pub total_retrans: u32,
    /// Bytes a second; all ones: no limit.
    pub pacing_rate: u64,
    /// Bytes a second that the owner allows.
    pub max_pacing_rate: u64,
    /// Bytes of data acknowledged.
    pub bytes_acked: u64,
    /// Bytes of data received.
    pub bytes_received: u64,
    /// Segments sent.
    pub segs_out: u32,
    /// Segments received.
    pub segs_in: u32,
    /// Bytes handed in and not sent.
    pub notsent_bytes: u32,
    /// The least round trip lately, in microseconds; all ones: not measured.
    pub min_rtt: u32,
    /// Segments with data received.
    pub data_segs_in: u32,
    /// Segments with data sent.
    pub data_segs_out: u32,
    /// Bytes a second that arrived.
    pub delivery_rate: u64,
    /// Microseconds with data to send.
    pub busy_time: u64,
    /// Microseconds of these held back by the peer's window.
    pub rwnd_limited: u64,
    /// Microseconds of these held back by the send buffer.
    pub sndbuf_limited: u64,
    /// Segments delivered, needless ones included.
    pub delivered: u32,
    /// Of these, those marked for congestion.
    pub delivered_ce: u32,
    /// Bytes of data sent, retransmissions included.
    pub bytes_sent: u64,
    /// Bytes of data sent again.
    pub bytes_retrans: u64,
    /// Duplicates that the peer told of.
    pub dsack_dups: u32,
    /// Times that reordering was seen.
    pub reord_seen: u32,
    /// Segments that arrived out of order.
    pub rcv_ooopack: u32,
    /// The peer's window in bytes.
    pub snd_wnd: u32,
    /// Our window in bytes.
    pub rcv_wnd: u32,
    /// Changes of the flow hash.
    pub rehash: u32,
    /// Timeouts over all.
    pub total_rto: u16,
    /// Runs of timeouts that ended.
    pub total_rto_recoveries: u16,
    /// Milliseconds spent in them.
    pub total_rto_time: u32,
    /// Packets received with a mark of congestion.
    pub received_ce: u32,
    /// Bytes delivered with ECT(1), by AccECN.
    pub delivered_e1_bytes: u32,
    /// Bytes delivered with ECT(0), by AccECN.
    pub delivered_e0_bytes: u32,
    /// Bytes delivered with a mark of congestion, by AccECN.
    pub delivered_ce_bytes: u32,
    /// Bytes received with ECT(1).
    pub received_e1_bytes: u32,
    /// Bytes received with ECT(0).
    pub received_e0_bytes: u32,
    /// Bytes received with a mark of congestion.
    pub received_ce_bytes: u32,
    /// Why AccECN is not in use.
    pub accecn_fail_mode: u16,
    /// Whether the AccECN option was seen.
    pub accecn_opt_seen: u16,
}

impl Tcp {
    /// What is known of a socket at `now`; none if the handle is stale.
    pub fn info(&self, handle: TcpHandle, now: Instant) -> Option<TcpInfo> {
        let socket = self.sockets.get(handle)?;
        match &socket.role {
            Role::Idle => Some(TcpInfo { state: state_number(TcpState::Close), ..TcpInfo::default() }),
            Role::Listener(listener) => Some(TcpInfo {
                state: state_number(TcpState::Listen),
                unacked: listener.accept_queue.len() as u32,
                sacked: socket.options.backlog,
                snd_cwnd: INITIAL_WINDOW,
                ..TcpInfo::default()
            }),
            Role::Connection(connection) => Some(connection.info(now, &socket.options)),
        }
    }
}

#[cfg(test)]
impl Tcp {
    /// What a connection's timestamps say at `now`.
    pub(super) fn timestamp_of(&self, handle: TcpHandle, now: Instant) -> u32 {
        self.sockets.get(handle).and_then(|s| s.connection()).map_or(0, |c| c.timestamp(now))
    }
}

/// Linux's numbers of the states: `TCP_ESTABLISHED` and so on.
const fn state_number(state: TcpState) -> u8 {
    match state {
        TcpState::Established => 1,
        TcpState::SynSent => 2,
        TcpState::SynRecv => 3,
        TcpState::FinWait1 => 4,
        TcpState::FinWait2 => 5,
        TcpState::TimeWait => 6,
        TcpState::Close => 7,
        TcpState::CloseWait => 8,
        TcpState::LastAck => 9,
        TcpState::Listen => 10,
        TcpState::Closing => 11,
    }
}

fn micros(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}

fn millis_since(earlier: Instant, now: Instant) -> u32 {
    u32::try_from(now.since(earlier).as_millis()).unwrap_or(u32::MAX)
}

impl Connection {
    /// Linux: `tcp_get_info`.
    fn info(&self, now: Instant, options: &TcpOptions) -> TcpInfo {
        let mut info = TcpInfo {
            state: state_number(self.state),
            ca_state: self.recovery.phase as u8,
            retransmits: u8::try_from(self.retransmits).unwrap_or(u8::MAX),
            probes: u8::try_from(self.probes).unwrap_or(u8::MAX),
            backoff: u8::try_from(self.rtt.backoff()).unwrap_or(u8::MAX),
            options: self.options_in_use(),
            snd_wscale: self.send.scale,
            rcv_wscale: self.receive.scale,
            pmtu: self.mtu,
            advmss: self.path.advertised_mss.into(),
            fastopen_client_fail: self.fast_open.client.failure as u8,
            max_pacing_rate: options.max_pacing_rate,
            ..TcpInfo::default()
        };
        self.tell_times(&mut info, now);
        self.tell_sending(&mut info);
        self.tell_receiving(&mut info);
        self.tell_totals(&mut info);
        self.tell_accurate_ecn(&mut info);
        info
    }

    /// Linux: `TCPI_OPT_*`.
    fn options_in_use(&self) -> u8 {
        let scaled = self.send.scale > 0 || self.receive.scale > 0;
        u8::from(self.timestamps.is_some())
            | u8::from(self.sack_permitted) << 1
            | u8::from(scaled) << 2
            | u8::from(self.uses_ecn()) << 3
            | u8::from(self.ecn.seen) << 4
            | u8::from(self.fast_open.syn_data_acked) << 5
    }

    fn tell_times(&self, info: &mut TcpInfo, now: Instant) {
        info.rto = micros(self.rtt.timeout());
        info.rtt = micros(self.rtt.smoothed().unwrap_or_default());
        info.rttvar = micros(self.rtt.variation());
        info.min_rtt = self.rtt.least().map_or(u32::MAX, micros);
        info.last_data_sent = millis_since(self.send.last_data, now);
        info.last_data_recv = millis_since(self.ack.last_data, now);
        info.last_ack_recv = millis_since(self.last_ack_received, now);
        let waited = [Wait::Busy, Wait::PeerWindow, Wait::SendBuffer]
            .map(|wait| u64::from(micros(self.chronograph.passed(wait, now))));
        info.busy_time = waited.iter().sum();
        info.rwnd_limited = waited[1];
        info.sndbuf_limited = waited[2];
    }

    fn tell_sending(&self, info: &mut TcpInfo) {
        let sent = &self.send.sent;
        info.snd_mss = self.send_mss();
        info.unacked = sent.len();
        info.sacked = sent.sacked;
        info.lost = sent.lost;
        info.retrans = sent.retransmitted;
        info.snd_ssthresh = self.window.threshold;
        info.snd_cwnd = self.window.size;
        info.snd_wnd = self.send.window;
        info.reordering = self.recovery.reordering;
        info.reord_seen = self.recovery.reorderings;
        info.dsack_dups = self.recovery.duplicates_told;
        info.pacing_rate = self.window.pacing_rate;
        info.notsent_bytes = self.unsent();
        let (rate, app_limited) = self.rate.bytes_per_second(self.send_mss());
        info.delivery_rate = rate;
        info.delivery_rate_app_limited = app_limited;
        info.delivered = self.rate.delivered;
        info.delivered_ce = self.rate.delivered_ce;
    }

    fn tell_receiving(&self, info: &mut TcpInfo) {
        info.rcv_mss = self.receive.mss;
        info.rcv_wnd = self.receive_window();
        info.rcv_ssthresh = self.receive.tuning.threshold;
        info.rcv_space = self.receive.tuning.space;
        info.rcv_rtt = self.receive.tuning.round_trip.map_or(0, micros);
        info.rcv_ooopack = self.totals.out_of_order;
        info.ato = micros(self.ack.delay.unwrap_or_default());
    }

    fn tell_totals(&self, info: &mut TcpInfo) {
        let totals = &self.totals;
        info.total_retrans = totals.retransmitted;
        info.bytes_acked = totals.bytes_acked;
        info.bytes_received = totals.bytes_received;
        info.bytes_sent = totals.bytes_sent;
        info.bytes_retrans = totals.bytes_retransmitted;
        info.segs_out = totals.segments_out;
        info.segs_in = totals.segments_in;
        info.data_segs_in = totals.data_segments_in;
        info.data_segs_out = totals.data_segments_out;
        info.total_rto = u16::try_from(totals.timeouts).unwrap_or(u16::MAX);
        info.total_rto_recoveries = u16::try_from(totals.timeout_recoveries).unwrap_or(u16::MAX);
        info.total_rto_time = u32::try_from(totals.timeout_time.as_millis()).unwrap_or(u32::MAX);
    }
}
