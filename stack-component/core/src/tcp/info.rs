//! What a connection tells of itself. Linux: `struct tcp_info`, `tcp_get_info`.

use super::table::{Role, Tcp, TcpHandle};

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
    /// What is known of a socket; none if the handle is stale.
    pub fn info(&self, handle: TcpHandle) -> Option<TcpInfo> {
        let socket = self.sockets.get(handle)?;
        match &socket.role {
            Role::Idle => Some(TcpInfo { state: 7, ..TcpInfo::default() }),
            Role::Listener(listener) => Some(TcpInfo {
                state: 10,
                unacked: listener.accept_queue.len() as u32,
                sacked: socket.options.backlog,
                ..TcpInfo::default()
            }),
            Role::Connection(connection) => Some(connection.info()),
        }
    }
}

impl super::connection::Connection {
    fn info(&self) -> TcpInfo {
        TcpInfo { snd_cwnd: self.window.size, snd_mss: self.send_mss(), ..TcpInfo::default() }
    }
}
