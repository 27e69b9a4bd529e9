//! `struct tcp_info` and `union tcp_cc_info` in the kernel's layout.

use crate::options::{CcInfo, TcpInfo};

/// Fields put one after the other, little endian.
#[derive(Default)]
struct Layout(Vec<u8>);

impl Layout {
    fn bytes(mut self, fields: &[u8]) -> Self {
        self.0.extend_from_slice(fields);
        self
    }

    fn shorts(mut self, fields: &[u16]) -> Self {
        self.0.extend(fields.iter().flat_map(|field| field.to_le_bytes()));
        self
    }

    fn ints(mut self, fields: &[u32]) -> Self {
        self.0.extend(fields.iter().flat_map(|field| field.to_le_bytes()));
        self
    }

    fn longs(mut self, fields: &[u64]) -> Self {
        self.0.extend(fields.iter().flat_map(|field| field.to_le_bytes()));
        self
    }
}

/// Linux: `struct tcp_info` of 6.18 (include/uapi/linux/tcp.h).
pub(super) fn tcp_info(i: &TcpInfo) -> Vec<u8> {
    let scales = (i.snd_wscale & 0xf) | (i.rcv_wscale << 4);
    let bits = u8::from(i.delivery_rate_app_limited) | ((i.fastopen_client_fail & 3) << 1);
    Layout::default()
        .bytes(&[i.state, i.ca_state, i.retransmits, i.probes, i.backoff, i.options, scales, bits])
        .ints(&[i.rto, i.ato, i.snd_mss, i.rcv_mss])
        .ints(&[i.unacked, i.sacked, i.lost, i.retrans, i.fackets])
        .ints(&[i.last_data_sent, i.last_ack_sent, i.last_data_recv, i.last_ack_recv])
        .ints(&[i.pmtu, i.rcv_ssthresh, i.rtt, i.rttvar, i.snd_ssthresh, i.snd_cwnd, i.advmss, i.reordering])
        .ints(&[i.rcv_rtt, i.rcv_space, i.total_retrans])
        .longs(&[i.pacing_rate, i.max_pacing_rate, i.bytes_acked, i.bytes_received])
        .ints(&[i.segs_out, i.segs_in, i.notsent_bytes, i.min_rtt, i.data_segs_in, i.data_segs_out])
        .longs(&[i.delivery_rate, i.busy_time, i.rwnd_limited, i.sndbuf_limited])
        .ints(&[i.delivered, i.delivered_ce])
        .longs(&[i.bytes_sent, i.bytes_retrans])
        .ints(&[i.dsack_dups, i.reord_seen, i.rcv_ooopack, i.snd_wnd, i.rcv_wnd, i.rehash])
        .shorts(&[i.total_rto, i.total_rto_recoveries])
        .ints(&[i.total_rto_time, i.received_ce])
        .ints(&[i.delivered_e1_bytes, i.delivered_e0_bytes, i.delivered_ce_bytes])
        .ints(&[i.received_e1_bytes, i.received_e0_bytes, i.received_ce_bytes])
        .shorts(&[i.accecn_fail_mode, i.accecn_opt_seen])
        .0
}

/// Linux: `union tcp_cc_info` (include/uapi/linux/inet_diag.h); empty for those that tell nothing.
pub(super) fn cc_info(info: &CcInfo) -> Vec<u8> {
    let layout = Layout::default();
    match info {
        CcInfo::None => layout.0,
        CcInfo::Vegas(v) => layout.ints(&[v.enabled.into(), v.rttcnt, v.rtt, v.minrtt]).0,
        CcInfo::Dctcp(d) => {
            layout.shorts(&[d.enabled.into(), d.ce_state.into()]).ints(&[d.alpha, d.ab_ecn, d.ab_tot]).0
        }
        CcInfo::Bbr(b) => layout.longs(&[b.bw]).ints(&[b.min_rtt, b.pacing_gain, b.cwnd_gain]).0,
    }
}
