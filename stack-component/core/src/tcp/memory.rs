//! The memory of all sockets together, and the connections nobody owns any more. Linux: `tcp_mem`,
//! `tcp_memory_pressure`, `tcp_max_orphans`.

use super::Env;
use crate::counters::Counter;
use crate::sysctl::Sysctl;
use crate::time::Instant;

/// Bytes of a page, which `tcp_mem` counts in.
const PAGE: u64 = 4096;
/// Below this much to be sent a socket is not held to be a burden. Linux: `SOCK_MIN_SNDBUF`.
const SMALL_SEND_QUEUE: usize = 4608;

/// How short memory is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shortage {
    /// There is enough.
    #[default]
    None,
    /// Buffers do not grow: `tcp_mem[1]` was passed, and not yet left below `tcp_mem[0]`. Linux:
    /// `tcp_under_memory_pressure`.
    Pressure,
    /// Nothing more is taken: `tcp_mem[2]` is passed.
    Exhausted,
}

/// What all sockets hold.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Linux: `tcp_memory_allocated`.
    bytes: u64,
    shortage: Shortage,
    /// When memory became short. Linux: `tcp_memory_pressure`.
    short_since: Instant,
    /// Linux: `tcp_orphan_count`.
    pub orphans: u32,
}

impl Memory {
    /// A socket that held `before` bytes holds `after`. Linux: `__sk_mem_raise_allocated`.
    pub(super) fn change(&mut self, env: &mut Env<'_>, before: usize, after: usize) {
        self.bytes = (self.bytes + after as u64).saturating_sub(before as u64);
        let [low, pressure, high] = env.sysctl.tcp_mem.map(u64::from);
        let pages = self.bytes.div_ceil(PAGE);
        let was = self.shortage;
        self.shortage = if pages > high {
            Shortage::Exhausted
        } else if pages > pressure || (was != Shortage::None && pages > low) {
            Shortage::Pressure
        } else {
            Shortage::None
        };
        match (was == Shortage::None, self.shortage == Shortage::None) {
            (true, false) => {
                self.short_since = env.now;
                env.counters.increment(Counter::TcpExtTCPMemoryPressures);
            }
            (false, true) => {
                let lasted = env.now.since(self.short_since).as_millis();
                env.counters.add(Counter::TcpExtTCPMemoryPressuresChrono, lasted as u64);
            }
            _ => {}
        }
    }

    /// A socket that held `held` bytes is gone.
    pub(super) fn release(&mut self, held: usize) {
        self.bytes = self.bytes.saturating_sub(held as u64);
    }

    /// How many of `wanted` bytes a socket may take whose queue holds `queued`: when nothing more is taken, it still gets
    /// as far as `least`, so that everybody moves. Linux: `tcp_wmem_schedule`.
    pub(super) fn grant(&self, wanted: u32, queued: usize, least: u32) -> u32 {
        match self.shortage {
            Shortage::Exhausted => {
                wanted.min(least.saturating_sub(u32::try_from(queued).unwrap_or(u32::MAX)))
            }
            Shortage::None | Shortage::Pressure => wanted,
        }
    }

    /// How short memory is.
    pub(super) fn shortage(&self) -> Shortage {
        self.shortage
    }

    /// Bytes that all sockets hold.
    #[cfg(any(test, feature = "testing"))]
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether buffers may still grow. Linux: `tcp_should_expand_sndbuf`.
    pub(super) fn may_grow(&self, sysctl: &Sysctl) -> bool {
        self.shortage == Shortage::None && self.bytes.div_ceil(PAGE) < sysctl.tcp_mem[0].into()
    }

    /// Whether a connection with `queued` bytes to be sent may not live on without an owner: there are too many, or it
    /// holds much and memory is used up. Linux: `tcp_check_oom`.
    pub(super) fn refuses_orphan(&self, queued: usize, sysctl: &Sysctl) -> bool {
        let holds_much = queued > SMALL_SEND_QUEUE;
        self.orphans > sysctl.tcp_max_orphans || (holds_much && self.shortage == Shortage::Exhausted)
    }
}
