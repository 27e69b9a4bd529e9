//! Times without Fast Open, after a path swallowed it (RFC 7413 section 7.1).

use super::Env;
use crate::counters::Counter;
use crate::time::{Duration, Instant};

/// How often the time without Fast Open doubles at most. Linux: `tcp_fastopen_active_should_disable`.
const MAX_DOUBLINGS: u32 = 6;

/// Times without Fast Open after a path swallowed it. Linux: `tfo_active_disable_times` and its stamp.
#[derive(Debug, Default)]
pub(super) struct BlackHole {
    times: u32,
    since: Instant,
}

impl BlackHole {
    /// Linux: `tcp_fastopen_active_should_disable`.
    pub(super) fn is_in_force(&self, env: &Env<'_>) -> bool {
        let seconds = u64::from(env.sysctl.tcp_fastopen_blackhole_timeout_sec);
        let doublings = self.times.saturating_sub(1).min(MAX_DOUBLINGS);
        self.times > 0 && env.now.since(self.since) < Duration::from_secs(seconds << doublings)
    }

    /// Linux: `tcp_fastopen_active_disable`.
    pub(super) fn begin(&mut self, env: &mut Env<'_>) {
        if env.sysctl.tcp_fastopen_blackhole_timeout_sec == 0 {
            return;
        }
        self.times = self.times.saturating_add(1);
        self.since = env.now;
        env.counters.increment(Counter::TcpExtTCPFastOpenBlackhole);
    }
}
