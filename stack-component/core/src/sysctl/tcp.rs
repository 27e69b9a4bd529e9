//! Settings of TCP: `net.ipv4.tcp_*`.

/// Hands the rows to the next macro, behind those it was handed itself: see [`super::table`].
macro_rules! tcp_rows {
    ($next:ident $($more:ident)* { $($before:tt)* }) => { $next! { $($more)* { $($before)*
        /// Least, default and largest receive buffer of a TCP socket in bytes.
        tcp_rmem: [u32; 3] = [4096, 131_072, 6_291_456], "net.ipv4.tcp_rmem",
            "three sizes in bytes, rising", |v| 2304 <= v[0] && v[0] <= v[1] && v[1] <= v[2];
        /// Least, default and largest send buffer of a TCP socket in bytes.
        tcp_wmem: [u32; 3] = [4096, 16_384, 4_194_304], "net.ipv4.tcp_wmem",
            "three sizes in bytes, rising", |v| 4096 <= v[0] && v[0] <= v[1] && v[1] <= v[2];
        /// Whether window scaling is offered (RFC 7323 section 2).
        tcp_window_scaling: bool = true, "net.ipv4.tcp_window_scaling", "0 or 1", |_| true;
        /// Whether timestamps are offered (RFC 7323 section 3).
        tcp_timestamps: bool = true, "net.ipv4.tcp_timestamps", "0 or 1", |_| true;
        /// How often a SYN is sent again before a connection attempt fails.
        tcp_syn_retries: u32 = 6, "net.ipv4.tcp_syn_retries", "a number from 1 to 127", |v| (1..=127).contains(v);
        /// How often a SYN-ACK is sent again before a request is forgotten.
        tcp_synack_retries: u32 = 5, "net.ipv4.tcp_synack_retries", "a number up to 127", |v| *v <= 127;
        /// How often data is sent again before a connection is given up.
        tcp_retries2: u32 = 15, "net.ipv4.tcp_retries2", "a number up to 127", |v| *v <= 127;
        /// How often a closed socket's data is sent again; 0 means 8.
        tcp_orphan_retries: u32 = 0, "net.ipv4.tcp_orphan_retries", "a number up to 127", |v| *v <= 127;
        /// Most half-open connections of a listener.
        tcp_max_syn_backlog: u32 = 1024, "net.ipv4.tcp_max_syn_backlog", "a number from 1", |v| *v >= 1;
        /// Most connections in TIME-WAIT.
        tcp_max_tw_buckets: u32 = 131_072, "net.ipv4.tcp_max_tw_buckets", "a number", |_| true;
        /// Seconds that a closed socket waits for the peer's FIN.
        tcp_fin_timeout: u32 = 60, "net.ipv4.tcp_fin_timeout", "seconds up to 32767", |v| *v <= 32767;
        /// Seconds without data before keep-alive probes begin.
        tcp_keepalive_time: u32 = 7200, "net.ipv4.tcp_keepalive_time", "seconds, 1 to 32767", |v| (1..=32767).contains(v);
        /// Seconds between keep-alive probes.
        tcp_keepalive_intvl: u32 = 75, "net.ipv4.tcp_keepalive_intvl", "seconds, 1 to 32767", |v| (1..=32767).contains(v);
        /// Unanswered keep-alive probes before a connection is given up.
        tcp_keepalive_probes: u32 = 9, "net.ipv4.tcp_keepalive_probes", "a number from 1 to 127", |v| (1..=127).contains(v);
        /// Whether a full accept queue resets new connections instead of letting them try again.
        tcp_abort_on_overflow: bool = false, "net.ipv4.tcp_abort_on_overflow", "0 or 1", |_| true;
        /// Whether the window shrinks to one segment after an idle time (RFC 2861).
        tcp_slow_start_after_idle: bool = true, "net.ipv4.tcp_slow_start_after_idle", "0 or 1", |_| true;
        /// Least milliseconds between acknowledgements of segments outside of the window of one connection.
        tcp_invalid_ratelimit: u32 = 500, "net.ipv4.tcp_invalid_ratelimit", "milliseconds", |_| true;
        /// Challenge acknowledgements a second over all connections (RFC 5961 section 7); 2147483647: no limit but
        /// `tcp_invalid_ratelimit` for each.
        tcp_challenge_ack_limit: u32 = 2_147_483_647, "net.ipv4.tcp_challenge_ack_limit", "a number up to 2147483647", |v| *v <= i32::MAX as u32;
        /// Whether SACK is offered (RFC 2018).
        tcp_sack: bool = true, "net.ipv4.tcp_sack", "0 or 1", |_| true;
        /// Whether duplicates are told of (RFC 2883).
        tcp_dsack: bool = true, "net.ipv4.tcp_dsack", "0 or 1", |_| true;
        /// Bits: 1 is RACK (RFC 8985), 2 a reordering window that does not adapt, 4 no duplicate threshold.
        tcp_recovery: u32 = 1, "net.ipv4.tcp_recovery", "a sum of 1, 2 and 4", |v| *v < 8;
        /// Whether short segments that are sent again are put together.
        tcp_retrans_collapse: bool = true, "net.ipv4.tcp_retrans_collapse", "0 or 1", |_| true;
        /// How far segments may overtake each other, in segments, before anything is known of the path.
        tcp_reordering: u32 = 3, "net.ipv4.tcp_reordering", "a number from 1", |v| *v >= 1;
        /// How far segments are ever believed to overtake each other, in segments.
        tcp_max_reordering: u32 = 300, "net.ipv4.tcp_max_reordering", "a number from 1", |v| *v >= 1;
        /// 3 or 4: the tail loss probe is used (RFC 8985 section 7).
        tcp_early_retrans: u32 = 3, "net.ipv4.tcp_early_retrans", "a number up to 4", |v| *v <= 4;
        /// Whether needless timeouts are found out (F-RTO, RFC 5682): 0, 1 or 2.
        tcp_frto: u32 = 2, "net.ipv4.tcp_frto", "0, 1 or 2", |v| *v <= 2;
        /// Retransmissions after which the route is doubted.
        tcp_retries1: u32 = 3, "net.ipv4.tcp_retries1", "a number up to 255", |v| *v <= 255;
        /// Least retransmission timeout beyond the round trip, in microseconds.
        tcp_rto_min_us: u32 = 200_000, "net.ipv4.tcp_rto_min_us", "microseconds from 1", |v| *v >= 1;
        /// Largest retransmission timeout, in milliseconds.
        tcp_rto_max_ms: u32 = 120_000, "net.ipv4.tcp_rto_max_ms", "milliseconds, 1000 to 120000", |v| (1000..=120_000).contains(v);
        /// How many SYNs are sent again at the same interval before it doubles.
        tcp_syn_linear_timeouts: u32 = 4, "net.ipv4.tcp_syn_linear_timeouts", "a number up to 127", |v| *v <= 127;
        /// Whether thin streams do not double their timeout.
        tcp_thin_linear_timeouts: bool = false, "net.ipv4.tcp_thin_linear_timeouts", "0 or 1", |_| true;
        /// The congestion control of new sockets.
        tcp_congestion_control: String = String::from("cubic"), "net.ipv4.tcp_congestion_control",
            "one of reno, cubic, bbr, dctcp", |v| CONGESTION_CONTROLS.contains(&v.as_str());
        /// Pacing rate in slow start, in percent of the window for each round trip.
        tcp_pacing_ss_ratio: u32 = 200, "net.ipv4.tcp_pacing_ss_ratio", "percent up to 1000", |v| *v <= 1000;
        /// Pacing rate in congestion avoidance, in percent of the window for each round trip.
        tcp_pacing_ca_ratio: u32 = 120, "net.ipv4.tcp_pacing_ca_ratio", "percent up to 1000", |v| *v <= 1000;
        /// Seconds over which the least round trip is remembered.
        tcp_min_rtt_wlen: u32 = 300, "net.ipv4.tcp_min_rtt_wlen", "seconds up to 86400", |v| *v <= 86_400;
        /// Has no effect yet: most bytes of a socket that wait in queues below TCP.
        tcp_limit_output_bytes: u32 = 4_194_304, "net.ipv4.tcp_limit_output_bytes", "bytes", |_| true;
        /// Has no effect: whether small writes wait while earlier ones are still in a queue below TCP.
        tcp_autocorking: bool = true, "net.ipv4.tcp_autocorking", "0 or 1", |_| true;
        /// ECN: 0 never, 1 asked for and accepted (RFC 3168), 2 accepted; 3 AccECN (RFC 9768) asked for and accepted, 4 ECN
        /// asked for and AccECN accepted, 5 AccECN accepted.
        tcp_ecn: u32 = 2, "net.ipv4.tcp_ecn", "a number up to 5", |v| *v <= 5;
        /// Whether a SYN with ECN that is lost goes again without.
        tcp_ecn_fallback: bool = true, "net.ipv4.tcp_ecn_fallback", "0 or 1", |_| true;
        /// When AccECN's option is sent: 0 never, 1 as seldom as allowed, 2 always unless it seems to do harm, 3 always.
        tcp_ecn_option: u32 = 2, "net.ipv4.tcp_ecn_option", "a number up to 3", |v| *v <= 3;
        /// How often in a round trip the AccECN option is sent at least.
        tcp_ecn_option_beacon: u32 = 3, "net.ipv4.tcp_ecn_option_beacon", "a number up to 3", |v| *v <= 3;
        /// Fast Open (RFC 7413), bits: 1 client, 2 server, 4 client without cookie, 0x200 server without cookie,
        /// 0x400 all listeners.
        tcp_fastopen: u32 = 1, "net.ipv4.tcp_fastopen", "a sum of bits, decimal or 0x...", |_| true;
        /// The keys of Fast Open cookies: one or two, the second accepted only.
        tcp_fastopen_key: String = String::new(), "net.ipv4.tcp_fastopen_key",
            "one or two keys of four groups of eight hexadecimal digits", |v| fast_open_keys(v).is_some();
        /// Seconds for which Fast Open is not tried after a path swallowed it; 0: always tried.
        tcp_fastopen_blackhole_timeout_sec: u32 = 0, "net.ipv4.tcp_fastopen_blackhole_timeout_sec", "seconds", |_| true;
        /// SYN cookies: 0 never, 1 when the queue is full, 2 always.
        tcp_syncookies: u32 = 1, "net.ipv4.tcp_syncookies", "0, 1 or 2", |v| *v <= 2;
        /// Whether receive buffers grow with what is read.
        tcp_moderate_rcvbuf: bool = true, "net.ipv4.tcp_moderate_rcvbuf", "0 or 1", |_| true;
        /// Unsent bytes below which a socket is writable.
        tcp_notsent_lowat: u32 = u32::MAX, "net.ipv4.tcp_notsent_lowat", "bytes", |_| true;
        /// Packetisation-layer path MTU discovery (RFC 4821): 0 never, 1 after a black hole, 2 always.
        tcp_mtu_probing: u32 = 0, "net.ipv4.tcp_mtu_probing", "0, 1 or 2", |v| *v <= 2;
        /// The segment size that probing begins with.
        tcp_base_mss: u32 = 1024, "net.ipv4.tcp_base_mss", "bytes from 48", |v| *v >= 48;
        /// The least segment size that a peer may ask for.
        tcp_min_snd_mss: u32 = 48, "net.ipv4.tcp_min_snd_mss", "bytes, 48 to 65535", |v| (48..=65_535).contains(v);
        /// The least segment size that probing falls back to.
        tcp_mtu_probe_floor: u32 = 48, "net.ipv4.tcp_mtu_probe_floor", "bytes, 48 to 65535", |v| (48..=65_535).contains(v);
        /// Seconds between searches for a larger path MTU.
        tcp_probe_interval: u32 = 600, "net.ipv4.tcp_probe_interval", "seconds", |_| true;
        /// Probing ends when the range is smaller than this many bytes.
        tcp_probe_threshold: u32 = 8, "net.ipv4.tcp_probe_threshold", "bytes", |_| true;
        /// Most closed sockets that still have to send.
        tcp_max_orphans: u32 = 65_536, "net.ipv4.tcp_max_orphans", "a number", |_| true;
        /// Memory of all TCP sockets in pages of 4096 bytes: below the first nothing is limited, from the second
        /// on buffers do not grow, beyond the third nothing is taken.
        tcp_mem: [u32; 3] = [49_152, 65_536, 98_304], "net.ipv4.tcp_mem", "three numbers of pages, rising",
            |v| v[0] <= v[1] && v[1] <= v[2];
        /// Whether a new connection may take the place of one in TIME-WAIT: 0 no, 1 yes, 2 on loopback.
        tcp_tw_reuse: u32 = 2, "net.ipv4.tcp_tw_reuse", "0, 1 or 2", |v| *v <= 2;
        /// Milliseconds in TIME-WAIT before that.
        tcp_tw_reuse_delay: u32 = 1000, "net.ipv4.tcp_tw_reuse_delay", "milliseconds up to 60000", |v| *v <= 60_000;
        /// Has no effect, as in Linux since 4.15: kept for scripts that set it.
        tcp_fack: u32 = 0, "net.ipv4.tcp_fack", "a number", |_| true;
        /// Has no effect yet: how much of the window a super-segment may wait for. Segments leave one by one.
        tcp_tso_win_divisor: u32 = 3, "net.ipv4.tcp_tso_win_divisor", "a number", |_| true;
        /// How many segments leave at once at least where they are paced, unless the congestion control says otherwise.
        tcp_min_tso_segs: u32 = 2, "net.ipv4.tcp_min_tso_segs", "a number from 1", |v| *v >= 1;
        /// Where segments are paced, so many leave at once in addition as 64 KiB, halved for every 2 to the power of this
        /// microseconds of the least round trip.
        tcp_tso_rtt_log: u32 = 9, "net.ipv4.tcp_tso_rtt_log", "a number up to 31", |v| *v <= 31;
        /// Whether a reset does not end TIME-WAIT (RFC 1337).
        tcp_rfc1337: bool = false, "net.ipv4.tcp_rfc1337", "0 or 1", |_| true;
        /// How long duplicate acknowledgements may wait to be sent as one, in nanoseconds.
        tcp_comp_sack_delay_ns: u32 = 1_000_000, "net.ipv4.tcp_comp_sack_delay_ns", "nanoseconds", |_| true;
        /// How many duplicate acknowledgements may become one; 0: none.
        tcp_comp_sack_nr: u32 = 44, "net.ipv4.tcp_comp_sack_nr", "a number up to 255", |v| *v <= 255;
        /// Has no effect: whether connections remember nothing of the windows of those before. They do not.
        tcp_no_metrics_save: bool = false, "net.ipv4.tcp_no_metrics_save", "0 or 1", |_| true;
        /// Whether an answer's type of service is that of the SYN.
        tcp_reflect_tos: bool = false, "net.ipv4.tcp_reflect_tos", "0 or 1", |_| true;
        /// How many answers make a connection interactive.
        tcp_pingpong_thresh: u32 = 1, "net.ipv4.tcp_pingpong_thresh", "a number from 1 to 255", |v| (1..=255).contains(v);
        /// Whether a window may shrink when memory is short.
        tcp_shrink_window: bool = false, "net.ipv4.tcp_shrink_window", "0 or 1", |_| true;
        /// Whether CUBIC leaves slow start by HyStart++ (RFC 9406) instead of HyStart. Ours: Linux has no HyStart++.
        tcp_hystart_plus_plus: bool = false, "net.ipv4.tcp_hystart_plus_plus", "0 or 1", |_| true;
    } } };
}

pub(super) use tcp_rows;
