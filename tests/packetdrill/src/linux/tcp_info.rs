//! Where things are in the structures that getsockopt() fills: `struct tcp_info`, the information of congestion
//! controls, `SK_MEMINFO`.

/// A field of a structure: its name, byte offset, and bits.
pub struct Field {
    /// The name that scripts use.
    pub name: &'static str,
    offset: usize,
    shift: u32,
    bits: u32,
}

const fn field(name: &'static str, offset: usize, bits: u32) -> Field {
    Field { name, offset, shift: 0, bits }
}

const fn part(name: &'static str, offset: usize, shift: u32, bits: u32) -> Field {
    Field { name, offset, shift, bits }
}

impl Field {
    /// The field's value, if the kernel gave that many bytes.
    pub fn read(&self, bytes: &[u8]) -> Option<u64> {
        let len = (self.shift + self.bits).div_ceil(8) as usize;
        let bytes = bytes.get(self.offset..self.offset + len)?;
        let whole = bytes.iter().rev().fold(0u64, |value, &byte| value << 8 | u64::from(byte));
        Some((whole >> self.shift) & (u64::MAX >> (64 - self.bits)))
    }
}

/// Linux: struct tcp_info, all fields up to Linux 6.18; the last four are as upstream's tool reads them.
#[rustfmt::skip]
pub const TCP_INFO: &[Field] = &[
    field("tcpi_state", 0, 8), field("tcpi_ca_state", 1, 8), field("tcpi_retransmits", 2, 8),
    field("tcpi_probes", 3, 8), field("tcpi_backoff", 4, 8), field("tcpi_options", 5, 8),
    part("tcpi_snd_wscale", 6, 0, 4), part("tcpi_rcv_wscale", 6, 4, 4),
    part("tcpi_delivery_rate_app_limited", 7, 0, 1), part("tcpi_fastopen_client_fail", 7, 1, 2),
    field("tcpi_rto", 8, 32), field("tcpi_ato", 12, 32), field("tcpi_snd_mss", 16, 32), field("tcpi_rcv_mss", 20, 32),
    field("tcpi_unacked", 24, 32), field("tcpi_sacked", 28, 32), field("tcpi_lost", 32, 32),
    field("tcpi_retrans", 36, 32), field("tcpi_fackets", 40, 32), field("tcpi_last_data_sent", 44, 32),
    field("tcpi_last_ack_sent", 48, 32), field("tcpi_last_data_recv", 52, 32), field("tcpi_last_ack_recv", 56, 32),
    field("tcpi_pmtu", 60, 32), field("tcpi_rcv_ssthresh", 64, 32), field("tcpi_rtt", 68, 32),
    field("tcpi_rttvar", 72, 32), field("tcpi_snd_ssthresh", 76, 32), field("tcpi_snd_cwnd", 80, 32),
    field("tcpi_advmss", 84, 32), field("tcpi_reordering", 88, 32), field("tcpi_rcv_rtt", 92, 32),
    field("tcpi_rcv_space", 96, 32), field("tcpi_total_retrans", 100, 32), field("tcpi_pacing_rate", 104, 64),
    field("tcpi_max_pacing_rate", 112, 64), field("tcpi_bytes_acked", 120, 64), field("tcpi_bytes_received", 128, 64),
    field("tcpi_segs_out", 136, 32), field("tcpi_segs_in", 140, 32), field("tcpi_notsent_bytes", 144, 32),
    field("tcpi_min_rtt", 148, 32), field("tcpi_data_segs_in", 152, 32), field("tcpi_data_segs_out", 156, 32),
    field("tcpi_delivery_rate", 160, 64), field("tcpi_busy_time", 168, 64), field("tcpi_rwnd_limited", 176, 64),
    field("tcpi_sndbuf_limited", 184, 64), field("tcpi_delivered", 192, 32), field("tcpi_delivered_ce", 196, 32),
    field("tcpi_bytes_sent", 200, 64), field("tcpi_bytes_retrans", 208, 64), field("tcpi_dsack_dups", 216, 32),
    field("tcpi_reord_seen", 220, 32), field("tcpi_rcv_ooopack", 224, 32), field("tcpi_snd_wnd", 228, 32),
    field("tcpi_rcv_wnd", 232, 32), field("tcpi_rehash", 236, 32), field("tcpi_total_rto", 240, 16),
    field("tcpi_total_rto_recoveries", 242, 16), field("tcpi_total_rto_time", 244, 32),
    field("tcpi_received_ce", 248, 32), field("tcpi_delivered_e1_bytes", 252, 32),
    field("tcpi_delivered_e0_bytes", 256, 32), field("tcpi_delivered_ce_bytes", 260, 32),
    field("tcpi_received_e1_bytes", 264, 32), field("tcpi_received_e0_bytes", 268, 32),
    field("tcpi_received_ce_bytes", 272, 32), part("tcpi_ecn_mode", 276, 0, 2),
    part("tcpi_accecn_opt_seen", 276, 2, 2), part("tcpi_accecn_fail_mode", 276, 4, 4), part("tcpi_options2", 276, 8, 24),
];

/// Length of the largest structure, to be asked for.
pub const TCP_INFO_LEN: usize = 280;

/// Linux: struct tcp_bbr_info, tcp_dctcp_info, tcpvegas_info. One union: a script reads those of its own control.
#[rustfmt::skip]
pub const CC_INFO: &[Field] = &[
    field("bbr_bw_lo", 0, 32), field("bbr_bw_hi", 4, 32), field("bbr_bw", 0, 64), field("bbr_min_rtt", 8, 32),
    field("bbr_pacing_gain", 12, 32), field("bbr_cwnd_gain", 16, 32),
    field("dctcp_enabled", 0, 16), field("dctcp_ce_state", 2, 16), field("dctcp_alpha", 4, 32),
    field("dctcp_ab_ecn", 8, 32), field("dctcp_ab_tot", 12, 32),
    field("tcpv_enabled", 0, 32), field("tcpv_rttcnt", 4, 32), field("tcpv_rtt", 8, 32), field("tcpv_minrtt", 12, 32),
    field("tcp_rtt", 8, 32), field("tcp_minrtt", 12, 32),
];

/// Linux: SK_MEMINFO_*, as SO_MEMINFO gives them.
#[rustfmt::skip]
pub const MEMINFO: &[Field] = &[
    field("SK_MEMINFO_RMEM_ALLOC", 0, 32), field("SK_MEMINFO_RCVBUF", 4, 32), field("SK_MEMINFO_WMEM_ALLOC", 8, 32),
    field("SK_MEMINFO_SNDBUF", 12, 32), field("SK_MEMINFO_FWD_ALLOC", 16, 32),
    field("SK_MEMINFO_WMEM_QUEUED", 20, 32), field("SK_MEMINFO_OPTMEM", 24, 32), field("SK_MEMINFO_BACKLOG", 28, 32),
    field("SK_MEMINFO_DROPS", 32, 32),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_follow_one_another() {
        let mut bit = 0;
        for field in TCP_INFO {
            let start = field.offset as u32 * 8 + field.shift;
            // Five bits behind fastopen_client_fail have no name.
            assert!(
                start == bit || (bit == 59 && start == 64),
                "{} starts at bit {start}, not {bit}",
                field.name
            );
            bit = start + field.bits;
        }
        assert_eq!(bit as usize, TCP_INFO_LEN * 8);
    }

    #[test]
    fn parts_of_a_byte_are_read() {
        let mut bytes = [0; TCP_INFO_LEN];
        bytes[6] = 0x87;
        bytes[80] = 10;
        let value = |name| TCP_INFO.iter().find(|f| f.name == name).and_then(|f| f.read(&bytes));
        assert_eq!(value("tcpi_snd_wscale"), Some(7));
        assert_eq!(value("tcpi_rcv_wscale"), Some(8));
        assert_eq!(value("tcpi_snd_cwnd"), Some(10));
        assert_eq!(TCP_INFO.last().and_then(|f| f.read(&bytes[..100])), None);
    }
}
