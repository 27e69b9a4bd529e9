//! When a peer that does not answer is given up (RFC 9293 section 3.8.3, RFC 1122 section 4.2.3.5, RFC 5482). Linux:
//! `tcp_write_timeout`.

use super::connection::Connection;
use super::options::TcpOptions;
use super::round_trip::INITIAL;
use super::{Env, SocketError, TcpState};
use crate::counters::Counter;
use crate::time::{Duration, Instant};

/// What a number of retransmissions means in time is counted with this timeout, whatever the path's is. Linux:
/// `TCP_RTO_MIN` in `retransmits_timed_out`.
const MODEL_TIMEOUT: Duration = Duration::from_millis(200);
/// Retransmissions of a closed socket's data while its peer may live. Linux: `tcp_orphan_retries`.
const ORPHAN_RETRIES: u32 = 8;

/// How long `retries` retransmissions take that begin after `base` and wait twice as long each time, up to `most`.
/// Linux: `tcp_model_timeout`.
fn model_timeout(retries: u32, base: Duration, most: Duration) -> Duration {
    let doublings = (most.as_millis() / base.as_millis().max(1)).max(1).ilog2();
    if retries <= doublings {
        base.saturating_mul((2u32 << retries.min(30)) - 1)
    } else {
        let doubled = base.saturating_mul((2u32 << doublings.min(30)) - 1);
        doubled.saturating_add(most.saturating_mul(retries - doublings))
    }
}

impl Connection {
    /// The retransmission timer expired: is it for the last time? Linux: `tcp_write_timeout`.
    pub(super) fn is_given_up(&mut self, env: &mut Env<'_>, options: &TcpOptions) -> bool {
        let (retries, enough) = match self.state {
            TcpState::SynSent | TcpState::SynRecv => {
                let retries = options.syn_count.map_or(env.sysctl.tcp_syn_retries, u32::from);
                let linear = match self.state {
                    TcpState::SynSent => env.sysctl.tcp_syn_linear_timeouts,
                    _ => 0,
                };
                (retries, self.retransmits >= retries.saturating_add(linear))
            }
            _ => {
                if self.has_timed_out(env, env.sysctl.tcp_retries1, None) {
                    self.suspect_black_hole(env);
                }
                (self.data_retries(env), false)
            }
        };
        enough || self.has_timed_out(env, retries, options.user_timeout)
    }

    /// Linux: the retries of `tcp_write_timeout`, `tcp_orphan_retries`.
    pub(super) fn data_retries(&self, env: &Env<'_>) -> u32 {
        if !self.orphan {
            return env.sysctl.tcp_retries2;
        }
        let alive = self.rtt.timeout() < self.rtt.largest_timeout();
        match env.sysctl.tcp_orphan_retries {
            _ if self.soft_error.is_some() && !alive => 0,
            0 if alive => ORPHAN_RETRIES,
            retries => retries,
        }
    }

    /// Whether the same data was sent again for as long as `retries` retransmissions take, or for `most`. Linux:
    /// `retransmits_timed_out`.
    fn has_timed_out(&self, env: &Env<'_>, retries: u32, most: Option<Duration>) -> bool {
        let Some(since) = self.unanswered_since().filter(|_| self.retransmits > 0) else { return false };
        let base = match self.state {
            TcpState::SynSent | TcpState::SynRecv => INITIAL,
            _ => MODEL_TIMEOUT,
        };
        let most = most.unwrap_or_else(|| model_timeout(retries, base, self.rtt.largest_timeout()));
        env.now.since(since) >= most
    }

    /// What the time without an answer is counted from: the first retransmission, of a SYN the first one. Linux:
    /// `retrans_stamp`, which `tcp_connect` sets.
    fn unanswered_since(&self) -> Option<Instant> {
        match self.state {
            TcpState::SynSent => Some(self.send.last_data),
            _ => self.recovery.undo.first_retransmission,
        }
    }

    /// The timeout, cut so that the owner's limit is met. Linux: `tcp_clamp_rto_to_user_timeout`.
    pub(super) fn timeout_within_limit(&self, env: &Env<'_>, options: &TcpOptions) -> Duration {
        let timeout = self.rtt.timeout();
        let Some(most) = options.user_timeout else { return timeout };
        let since =
            self.unanswered_since().or_else(|| self.send.sent.front().map(|sent| sent.at)).unwrap_or(env.now);
        let left = most.saturating_sub(env.now.since(since));
        timeout.min(left.max(Duration::from_millis(1)))
    }

    /// Ends the connection because the peer does not answer. Linux: `tcp_write_err`.
    pub(super) fn give_up(&mut self, env: &mut Env<'_>) {
        if matches!(self.state, TcpState::SynSent | TcpState::SynRecv) {
            env.counters.increment(Counter::TcpAttemptFails);
        }
        env.counters.increment(Counter::TcpExtTCPAbortOnTimeout);
        self.die(Some(self.soft_error.unwrap_or(SocketError::Timeout)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of Linux's documentation of `tcp_retries2`: 15 are 924.6 seconds.
    #[test]
    fn fifteen_retransmissions_are_924_seconds() {
        let most = Duration::from_secs(120);
        assert_eq!(model_timeout(15, MODEL_TIMEOUT, most), Duration::from_millis(924_600));
        assert_eq!(model_timeout(3, MODEL_TIMEOUT, most), Duration::from_millis(3_000));
        assert_eq!(model_timeout(6, INITIAL, most), Duration::from_secs(127));
    }
}
