//! What a listening socket holds. What it does with SYNs is in [`connection_request`](super::connection_request).

use super::Env;
use super::handle::TcpHandle;
use super::options::TcpOptions;
use crate::counters::Counter;
use crate::time::{Duration, Instant};
use alloc::collections::VecDeque;

/// How long a connection that was reset before its handshake counts as pending, so that forged SYNs do not
/// pay (RFC 7413 section 5.1). Linux: `reqsk_fastopen_remove`.
const RESET_MEMORY: Duration = Duration::from_secs(60);

/// What a listening socket holds. Linux: `struct request_sock_queue`.
#[derive(Debug, Default)]
pub(super) struct Listener {
    /// Connections that wait to be accepted.
    pub accept_queue: VecDeque<TcpHandle>,
    /// How many requests wait for their confirmation.
    pub requests: u32,
    /// How many of these were answered once only. Linux: `young`.
    pub young: u32,
    /// When a cookie was sent last. Linux: `ts_recent_stamp` of a listener.
    pub last_cookie: Option<Instant>,
    /// Connections that Fast Open began and whose handshake is not complete.
    pub fast_open: Pending,
}

impl Listener {
    /// Whether no connection more may wait to be accepted: a backlog of n lets n + 1 wait. Linux:
    /// `sk_acceptq_is_full`.
    pub(super) fn is_full(&self, options: &TcpOptions) -> bool {
        self.accept_queue.len() > options.backlog as usize
    }
}

/// Connections that Fast Open began and whose handshake is not complete. Linux: `struct fastopen_queue`.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// How many there are, those that were reset lately included.
    pub count: u32,
    /// Until when those that were reset count.
    pub resets: VecDeque<Instant>,
}

impl Pending {
    /// Whether one more may begin. Linux: `tcp_fastopen_queue_check`.
    pub(super) fn has_room(&mut self, env: &mut Env<'_>, most: u32) -> bool {
        if most == 0 {
            return false;
        }
        if self.count >= most {
            if self.resets.front().is_none_or(|until| *until > env.now) {
                env.counters.increment(Counter::TcpExtTCPFastOpenListenOverflow);
                return false;
            }
            self.resets.pop_front();
            self.count -= 1;
        }
        true
    }

    /// A handshake ended. Linux: `reqsk_fastopen_remove`.
    pub(super) fn end(&mut self, reset: bool, now: Instant) {
        if reset {
            self.resets.push_back(now + RESET_MEMORY);
        } else {
            self.count = self.count.saturating_sub(1);
        }
    }
}
