//! Times of scripts, and how far off the machine may be. All in nanoseconds after the script's start.

use super::config::Config;
use crate::language::ast::Time;

/// When an event is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    At(u64),
    Between(u64, u64),
    Any,
}

impl Due {
    /// `base` is what relative times count from.
    pub(super) fn of(time: Time, base: u64) -> Due {
        match time {
            Time::Absolute(at) => Due::At(at),
            Time::Relative(after) => Due::At(base + after),
            Time::AbsoluteRange(from, to) => Due::Between(from, to),
            Time::RelativeRange(from, to) => Due::Between(base + from, base + to),
            Time::Any => Due::Any,
        }
    }

    /// The moment before which nothing happens; `now` for an event without time.
    pub(super) fn start(self, now: u64) -> u64 {
        match self {
            Due::At(at) | Due::Between(at, _) => at,
            Due::Any => now,
        }
    }

    /// The last moment, without tolerance.
    pub(super) fn end(self) -> Option<u64> {
        match self {
            Due::At(at) | Due::Between(_, at) => Some(at),
            Due::Any => None,
        }
    }
}

/// The tolerance of an event that is `delta` after the one before. Upstream: verify_time.
pub(super) fn tolerance(config: &Config, delta: u64) -> u64 {
    config.tolerance.max((delta as f64 * config.tolerance_percent / 100.0) as u64)
}

/// Checks that `what` happened when it was due; `last` is when the event before it was due.
pub(super) fn check(config: &Config, due: Due, last: u64, actual: u64, what: &str) -> Result<(), String> {
    let (from, to, range) = match due {
        Due::Any => return Ok(()),
        Due::At(at) => (at, at, String::new()),
        Due::Between(from, to) => (from, to, format!("~{}", seconds(to))),
    };
    let tolerance = tolerance(config, from.saturating_sub(last));
    if actual + tolerance >= from && actual <= to + tolerance {
        return Ok(());
    }
    let (direction, off) = if actual < from { ("early", from - actual) } else { ("late", actual - to) };
    Err(format!(
        "timing: {what} expected at {}{range} s but happened at {} s, {} s too {direction} (tolerance {} s)",
        seconds(from),
        seconds(actual),
        seconds(off),
        seconds(tolerance),
    ))
}

/// Nanoseconds as seconds with six decimals.
pub(super) fn seconds(nanos: u64) -> String {
    format!("{}.{:06}", nanos / 1_000_000_000, nanos % 1_000_000_000 / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn tolerance_is_four_milliseconds_or_an_eighth() {
        let config = Config::default();
        let ok = |due, last, actual| check(&config, due, last, actual, "it").is_ok();
        assert!(ok(Due::At(100 * MS), 90 * MS, 104 * MS));
        assert!(!ok(Due::At(100 * MS), 90 * MS, 105 * MS));
        assert!(ok(Due::At(1000 * MS), 0, 1125 * MS));
        assert!(!ok(Due::At(1000 * MS), 0, 874 * MS));
        assert!(ok(Due::Between(100 * MS, 200 * MS), 100 * MS, 204 * MS));
        assert!(ok(Due::Any, 0, 5000 * MS));
    }
}
