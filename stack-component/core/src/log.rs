//! Lines for whoever looks after the stack: what no counter says well enough. Linux: `printk` under `net_ratelimit`.
//!
//! Memory: [`MAX_LINES`] lines that nobody took yet; what comes then is counted and not kept.

use crate::time::{Duration, Instant};
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;

/// Most lines that wait.
const MAX_LINES: usize = 64;

/// So many lines in so long. Linux: `net.core.message_burst`, `net.core.message_cost`.
const BURST: u32 = 10;
const INTERVAL: Duration = Duration::from_secs(5);

/// The lines that wait.
#[derive(Debug, Default)]
pub struct Log {
    lines: VecDeque<String>,
    /// When the current interval began, and how many lines there were in it.
    began: Instant,
    count: u32,
    suppressed: u32,
}

impl Log {
    /// Says something, unless very much was said lately; who makes us talk fills no disk.
    pub fn say(&mut self, now: Instant, line: impl FnOnce() -> String) {
        if now.since(self.began) >= INTERVAL {
            let suppressed = core::mem::take(&mut self.suppressed);
            (self.began, self.count) = (now, 0);
            if suppressed > 0 {
                self.push(format!("{suppressed} lines were suppressed"));
            }
        }
        if self.count >= BURST {
            self.suppressed = self.suppressed.saturating_add(1);
            return;
        }
        self.count += 1;
        self.push(line());
    }

    fn push(&mut self, line: String) {
        if self.lines.len() < MAX_LINES {
            self.lines.push_back(line);
        }
    }

    /// The lines since the last time, oldest first.
    pub fn take(&mut self) -> VecDeque<String> {
        core::mem::take(&mut self.lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn who_makes_us_talk_is_suppressed() {
        let mut log = Log::default();
        for millis in 0..1000 {
            log.say(Instant::from_millis(10_000 + millis), || format!("{millis}"));
        }
        assert_eq!(log.take().len(), 10);
        log.say(Instant::from_millis(15_001), || String::from("again"));
        assert_eq!(Vec::from(log.take()), ["990 lines were suppressed", "again"]);
        for second in 0..1000 {
            log.say(Instant::from_millis(20_000 + 1000 * second), || String::from("nobody listens"));
        }
        assert_eq!(log.take().len(), MAX_LINES);
    }
}
