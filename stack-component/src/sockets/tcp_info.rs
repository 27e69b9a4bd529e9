//! What is told of a TCP connection, in the WIT's words.

use crate::bindings::exports::wnet::stack::socket_options::{TcpInfo, TcpState};
use stack_core::tcp;

/// Copies the fields of the same names.
macro_rules! tcp_info {
    ($from:expr; $($field:ident)*) => {{
        let tcp::TcpInfo { $($field),* } = $from;
        TcpInfo { $($field),* }
    }};
}

/// The WIT's form of TCP_INFO.
pub(crate) fn info(info: tcp::TcpInfo) -> TcpInfo {
    tcp_info! {
        info;
        state ca_state retransmits probes backoff options snd_wscale rcv_wscale
        delivery_rate_app_limited fastopen_client_fail rto ato snd_mss rcv_mss unacked sacked lost
        retrans fackets last_data_sent last_ack_sent last_data_recv last_ack_recv pmtu rcv_ssthresh rtt
        rttvar snd_ssthresh snd_cwnd advmss reordering rcv_rtt rcv_space total_retrans pacing_rate
        max_pacing_rate bytes_acked bytes_received segs_out segs_in notsent_bytes min_rtt data_segs_in
        data_segs_out delivery_rate busy_time rwnd_limited sndbuf_limited delivered delivered_ce
        bytes_sent bytes_retrans dsack_dups reord_seen rcv_ooopack snd_wnd rcv_wnd rehash total_rto
        total_rto_recoveries total_rto_time received_ce delivered_e1_bytes delivered_e0_bytes
        delivered_ce_bytes received_e1_bytes received_e0_bytes received_ce_bytes accecn_fail_mode
        accecn_opt_seen
    }
}

/// The WIT's form of a state.
pub(crate) fn state(state: tcp::TcpState) -> TcpState {
    match state {
        tcp::TcpState::Close => TcpState::Close,
        tcp::TcpState::Listen => TcpState::Listen,
        tcp::TcpState::SynSent => TcpState::SynSent,
        tcp::TcpState::SynRecv => TcpState::SynRecv,
        tcp::TcpState::Established => TcpState::Established,
        tcp::TcpState::FinWait1 => TcpState::FinWait1,
        tcp::TcpState::FinWait2 => TcpState::FinWait2,
        tcp::TcpState::CloseWait => TcpState::CloseWait,
        tcp::TcpState::Closing => TcpState::Closing,
        tcp::TcpState::LastAck => TcpState::LastAck,
        tcp::TcpState::TimeWait => TcpState::TimeWait,
    }
}
