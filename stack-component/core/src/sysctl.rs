//! Settings under Linux's names, with Linux's defaults.

mod nearest;

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

/// Why a setting was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SysctlError {
    /// No setting has this name.
    Unknown {
        /// What was asked for.
        name: String,
        /// The name that was perhaps meant.
        near: Option<&'static str>,
    },
    /// It can only be read.
    ReadOnly(&'static str),
    /// The text is no value of this setting; `expected` says what would be.
    Invalid {
        /// The setting's name.
        name: &'static str,
        /// What a value looks like.
        expected: &'static str,
    },
}

impl fmt::Display for SysctlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SysctlError::Unknown { name, near: None } => write!(f, "there is no sysctl {name:?}"),
            SysctlError::Unknown { name, near: Some(near) } => {
                write!(f, "there is no sysctl {name:?}; did you mean {near}?")
            }
            SysctlError::ReadOnly(name) => write!(f, "{name} can only be read"),
            SysctlError::Invalid { name, expected } => write!(f, "{name} takes {expected}"),
        }
    }
}

impl core::error::Error for SysctlError {}

/// The name of a setting and how it reads.
type ReadOnly = (&'static str, fn() -> String);

/// Settings that can only be read.
const READ_ONLY: &[ReadOnly] =
    &[("net.ipv4.tcp_available_congestion_control", || CONGESTION_CONTROLS.join(" "))];

fn unknown(name: String) -> SysctlError {
    let names = Sysctl::NAMES.iter().copied().chain(READ_ONLY.iter().map(|(name, _)| *name));
    let near = nearest::nearest(&name, names);
    SysctlError::Unknown { name, near }
}

/// A value's way from and to text.
trait Value: Sized {
    fn parse(text: &str) -> Option<Self>;
    fn show(&self) -> String;
}

impl Value for bool {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        }
    }
    fn show(&self) -> String {
        u8::from(*self).to_string()
    }
}

impl Value for u32 {
    fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix("0x") {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        }
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for String {
    fn parse(text: &str) -> Option<Self> {
        Some(text.into())
    }
    fn show(&self) -> String {
        self.clone()
    }
}

impl<const N: usize> Value for [u32; N] {
    fn parse(text: &str) -> Option<Self> {
        let mut values = [0; N];
        let mut words = text.split_ascii_whitespace();
        for value in &mut values {
            *value = words.next()?.parse().ok()?;
        }
        words.next().is_none().then_some(values)
    }
    fn show(&self) -> String {
        let words: alloc::vec::Vec<String> = self.iter().map(|v| v.to_string()).collect();
        words.join(" ")
    }
}

macro_rules! sysctls {
    ($($(#[$doc:meta])* $field:ident: $type:ty = $default:expr, $name:literal, $expected:literal, $valid:expr;)*) => {
        /// The settings of a stack.
        #[derive(Clone, Debug)]
        pub struct Sysctl { $($(#[$doc])* pub $field: $type),* }

        impl Default for Sysctl {
            fn default() -> Self {
                Sysctl { $($field: $default),* }
            }
        }

        impl Sysctl {
            /// The names of all settings.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// All settings with their values as text, those that can only be read last.
            pub fn all(&self) -> Vec<(&'static str, String)> {
                let mut all = alloc::vec![$(($name, self.$field.show())),*];
                all.extend(READ_ONLY.iter().map(|(name, value)| (*name, value())));
                all
            }

            /// Sets the setting `name` (dots or slashes between its parts) to what `value` says.
            pub fn set(&mut self, name: &str, value: &str) -> Result<(), SysctlError> {
                let name = name.replace('/', ".");
                match name.as_str() {
                    $($name => {
                        let valid: fn(&$type) -> bool = $valid;
                        self.$field = <$type as Value>::parse(value.trim()).filter(valid)
                            .ok_or(SysctlError::Invalid { name: $name, expected: $expected })?;
                        Ok(())
                    })*
                    _ => Err(match READ_ONLY.iter().find(|(known, _)| *known == name) {
                        Some((known, _)) => SysctlError::ReadOnly(known),
                        None => unknown(name),
                    }),
                }
            }

            /// The setting `name` as text.
            pub fn get(&self, name: &str) -> Result<String, SysctlError> {
                let name = name.replace('/', ".");
                match name.as_str() {
                    $($name => Ok(self.$field.show()),)*
                    _ => match READ_ONLY.iter().find(|(known, _)| *known == name) {
                        Some((_, value)) => Ok(value()),
                        None => Err(unknown(name)),
                    },
                }
            }
        }
    };
}

sysctls! {
    /// Whether packets for others are passed on.
    ip_forward: bool = false, "net.ipv4.ip_forward", "0 or 1", |_| true;
    /// Time to live of packets sent.
    ip_default_ttl: u32 = 64, "net.ipv4.ip_default_ttl", "a number from 1 to 255", |v| (1..=255).contains(v);
    /// First and last ephemeral port.
    ip_local_port_range: [u32; 2] = [32768, 60999], "net.ipv4.ip_local_port_range",
        "two ports, the lower first", |v| 1 <= v[0] && v[0] <= v[1] && v[1] <= 65535;
    /// Bytes of memory for fragments above which the oldest datagrams are given up; 0: none is put together.
    ipfrag_high_thresh: u32 = 4 << 20, "net.ipv4.ipfrag_high_thresh", "bytes", |_| true;
    /// Bytes of memory for fragments that are left then.
    ipfrag_low_thresh: u32 = 3 << 20, "net.ipv4.ipfrag_low_thresh", "bytes", |_| true;
    /// Seconds that the fragments of a datagram may take to arrive.
    ipfrag_time: u32 = 30, "net.ipv4.ipfrag_time", "seconds", |_| true;
    /// How many other fragments of a source may arrive between two of one datagram; 0 means no limit.
    ipfrag_max_dist: u32 = 64, "net.ipv4.ipfrag_max_dist", "a number", |_| true;
    /// Whether echo requests are ignored.
    icmp_echo_ignore_all: bool = false, "net.ipv4.icmp_echo_ignore_all", "0 or 1", |_| true;
    /// Whether echo requests to everybody are ignored.
    icmp_echo_ignore_broadcasts: bool = true, "net.ipv4.icmp_echo_ignore_broadcasts", "0 or 1", |_| true;
    /// ICMP errors a second, over all destinations.
    icmp_msgs_per_sec: u32 = 1000, "net.ipv4.icmp_msgs_per_sec", "a number", |_| true;
    /// ICMP errors at once, over all destinations.
    icmp_msgs_burst: u32 = 50, "net.ipv4.icmp_msgs_burst", "a number", |_| true;
    /// Milliseconds between ICMP errors to one destination; 0 means no limit.
    icmp_ratelimit: u32 = 1000, "net.ipv4.icmp_ratelimit", "milliseconds", |_| true;
    /// Neighbours below which none is ever forgotten.
    neigh_gc_thresh1: u32 = 128, "net.ipv4.neigh.default.gc_thresh1", "a number", |_| true;
    /// Neighbours that a clean-up leaves.
    neigh_gc_thresh2: u32 = 512, "net.ipv4.neigh.default.gc_thresh2", "a number", |_| true;
    /// Most neighbours.
    neigh_gc_thresh3: u32 = 1024, "net.ipv4.neigh.default.gc_thresh3", "a number from 1", |v| *v >= 1;
    /// Seconds after which an unused neighbour may be forgotten.
    neigh_gc_stale_time: u32 = 60, "net.ipv4.neigh.default.gc_stale_time", "seconds", |_| true;
    /// Milliseconds, on average, that a neighbour counts as reachable.
    neigh_base_reachable_time_ms: u32 = 30_000, "net.ipv4.neigh.default.base_reachable_time_ms",
        "milliseconds from 1", |v| *v >= 1;
    /// Milliseconds between solicitations.
    neigh_retrans_time_ms: u32 = 1000, "net.ipv4.neigh.default.retrans_time_ms", "milliseconds from 10", |v| *v >= 10;
    /// Seconds that a stale neighbour in use has to show that it lives before it is probed.
    neigh_delay_first_probe_time: u32 = 5, "net.ipv4.neigh.default.delay_first_probe_time", "seconds", |_| true;
    /// Solicitations to a known address before a neighbour counts as gone.
    neigh_ucast_solicit: u32 = 3, "net.ipv4.neigh.default.ucast_solicit", "a number from 1", |v| *v >= 1;
    /// Solicitations to everybody before a neighbour counts as not there.
    neigh_mcast_solicit: u32 = 3, "net.ipv4.neigh.default.mcast_solicit", "a number from 1", |v| *v >= 1;
    /// Most packets that wait for one neighbour's address.
    neigh_unres_qlen: u32 = 101, "net.ipv4.neigh.default.unres_qlen", "a number", |_| true;
    /// Most bytes of memory in packets that wait for one neighbour's address.
    neigh_unres_qlen_bytes: u32 = 65_536, "net.ipv4.neigh.default.unres_qlen_bytes", "bytes", |_| true;
    /// Largest accept queue a listener may ask for.
    somaxconn: u32 = 4096, "net.core.somaxconn", "a number up to 65535", |v| *v <= 65535;
    /// Frames handled in one step at most.
    netdev_budget: u32 = 300, "net.core.netdev_budget", "a number from 1", |v| *v >= 1;
    /// Largest loopback backlog, in packets.
    netdev_max_backlog: u32 = 1000, "net.core.netdev_max_backlog", "a number from 1", |v| *v >= 1;
    /// Largest socket receive buffer in bytes that may be asked for.
    rmem_max: u32 = 4_194_304, "net.core.rmem_max", "bytes, at least 2304", |v| *v >= 2304;
    /// Largest socket send buffer in bytes that may be asked for.
    wmem_max: u32 = 4_194_304, "net.core.wmem_max", "bytes, at least 4608", |v| *v >= 4608;
    /// Receive buffer of a UDP socket in bytes.
    rmem_default: u32 = 212_992, "net.core.rmem_default", "bytes, at least 2304", |v| *v >= 2304;
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
    /// Whether the path MTU is not discovered: packets may be fragmented.
    ip_no_pmtu_disc: u32 = 0, "net.ipv4.ip_no_pmtu_disc", "a number up to 3", |v| *v <= 3;
    /// The least path MTU that an ICMP message is believed, in bytes.
    min_pmtu: u32 = 552, "net.ipv4.route.min_pmtu", "bytes from 68", |v| *v >= 68;
    /// The least MSS that is advertised for a route, in bytes.
    min_adv_mss: u32 = 256, "net.ipv4.route.min_adv_mss", "bytes", |_| true;
}

/// The congestion controls there are.
pub const CONGESTION_CONTROLS: &[&str] = &["reno", "cubic", "bbr", "dctcp"];

/// The one or two 128-bit keys that a text like `8d4f0cbc-1bd4c1ff-4d0d7b5d-2ffbe3b2` says, comma between them;
/// none at all for an empty text. Linux: `proc_tcp_fastopen_key`.
pub fn fast_open_keys(text: &str) -> Option<[Option<[u8; 16]>; 2]> {
    let mut keys = [None; 2];
    if text.is_empty() {
        return Some(keys);
    }
    let mut words = text.split(',');
    for place in &mut keys {
        let Some(word) = words.next() else { break };
        let mut key = [0; 16];
        let mut groups = word.trim().split('-');
        for part in key.chunks_exact_mut(4) {
            let group = groups.next().filter(|group| (1..=8).contains(&group.len()))?;
            part.copy_from_slice(&u32::from_str_radix(group, 16).ok()?.to_le_bytes());
        }
        if groups.next().is_some() {
            return None;
        }
        *place = Some(key);
    }
    words.next().is_none().then_some(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_checked_and_read_back() {
        let mut sysctl = Sysctl::default();
        assert_eq!(sysctl.set("net/ipv4/ip_default_ttl", " 65 "), Ok(()));
        assert_eq!(sysctl.get("net.ipv4.ip_default_ttl").unwrap(), "65");
        assert!(sysctl.set("net.ipv4.ip_default_ttl", "0").is_err());
        assert!(sysctl.set("net.ipv4.tcp_rmem", "1 2").is_err());
        assert_eq!(sysctl.get("net.ipv4.tcp_rmem").unwrap(), "4096 131072 6291456");
        assert_eq!(
            sysctl.set("net.ipv4.nosuch", "1").unwrap_err().to_string(),
            "there is no sysctl \"net.ipv4.nosuch\""
        );
        assert_eq!(
            sysctl.set("net.ipv4.tcp_sac", "1").unwrap_err().to_string(),
            "there is no sysctl \"net.ipv4.tcp_sac\"; did you mean net.ipv4.tcp_sack?"
        );
        for name in Sysctl::NAMES {
            let value = sysctl.get(name).unwrap();
            assert_eq!(sysctl.set(name, &value), Ok(()), "{name} takes its own value");
        }
        for (name, value) in sysctl.all() {
            assert_eq!(sysctl.get(name).as_ref(), Ok(&value));
        }
        let available = "net.ipv4.tcp_available_congestion_control";
        assert_eq!(sysctl.get(available).unwrap(), "reno cubic bbr dctcp");
        assert_eq!(sysctl.set(available, "reno"), Err(SysctlError::ReadOnly(available)));
    }
}
