//! Settings under Linux's names, with Linux's defaults.

use alloc::string::{String, ToString};
use core::fmt;

/// Why a setting was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SysctlError {
    /// No setting has this name.
    Unknown(String),
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
            SysctlError::Unknown(name) => write!(f, "there is no sysctl {name:?}"),
            SysctlError::Invalid { name, expected } => write!(f, "{name} takes {expected}"),
        }
    }
}

impl core::error::Error for SysctlError {}

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
        text.parse().ok()
    }
    fn show(&self) -> String {
        self.to_string()
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
                    _ => Err(SysctlError::Unknown(name)),
                }
            }

            /// The setting `name` as text.
            pub fn get(&self, name: &str) -> Result<String, SysctlError> {
                let name = name.replace('/', ".");
                match name.as_str() {
                    $($name => Ok(self.$field.show()),)*
                    _ => Err(SysctlError::Unknown(name)),
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
    /// Challenge acknowledgements a second over all connections (RFC 5961 section 7).
    tcp_challenge_ack_limit: u32 = 1000, "net.ipv4.tcp_challenge_ack_limit", "a number", |_| true;
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
        for name in Sysctl::NAMES {
            let value = sysctl.get(name).unwrap();
            assert_eq!(sysctl.set(name, &value), Ok(()), "{name} takes its own value");
        }
    }
}
