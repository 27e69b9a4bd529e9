//! The time in front of a line. tcpdump: `ts_print`.

use std::time::Duration;
use tool_common::calendar;

/// What is shown of a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Times {
    /// The time of day, in UTC.
    #[default]
    OfDay,
    /// Nothing. `-t`
    None,
    /// Seconds since 1970. `-tt`
    Epoch,
    /// How long after the line before. `-ttt`
    SinceLast,
    /// Date and time of day, in UTC. `-tttt`
    Date,
    /// How long after the first line. `-ttttt`
    SinceFirst,
}

impl Times {
    /// What so many `t` ask for.
    pub(crate) fn asked(letters: usize) -> Self {
        match letters {
            0 => Times::OfDay,
            1 => Times::None,
            2 => Times::Epoch,
            3 => Times::SinceLast,
            4 => Times::Date,
            _ => Times::SinceFirst,
        }
    }
}

/// The times that others are counted from.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    first: Option<Duration>,
    last: Option<Duration>,
}

impl Clock {
    /// What stands in front of the line of a frame that was seen `at` this time, since 1970.
    pub(crate) fn time(&mut self, times: Times, at: Duration) -> String {
        let first = *self.first.get_or_insert(at);
        let last = self.last.replace(at).unwrap_or(at);
        match times {
            Times::None => String::new(),
            Times::OfDay => format!("{} ", of_day(at)),
            Times::Epoch => format!("{}.{:06} ", at.as_secs(), at.subsec_micros()),
            Times::SinceLast => passed(last, at),
            Times::SinceFirst => passed(first, at),
            Times::Date => {
                let (year, month, day) = calendar::date(at);
                format!("{year:04}-{month:02}-{day:02} {} ", of_day(at))
            }
        }
    }
}

/// The time between two times, with the sign in a place of its own.
fn passed(from: Duration, to: Duration) -> String {
    let sign = if to < from { '-' } else { ' ' };
    format!("{sign}{} ", of_day(to.abs_diff(from)))
}

fn of_day(at: Duration) -> String {
    format!("{}.{:06}", calendar::of_day(at), at.subsec_micros())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_tcpdump() {
        let (first, second) = (Duration::from_micros(1_795_417_377_443_568), Duration::from_micros(9));
        for (letters, one, two) in [
            (0, "07:02:57.443568 ", "07:02:57.443577 "),
            (1, "", ""),
            (2, "1795417377.443568 ", "1795417377.443577 "),
            (3, " 00:00:00.000000 ", " 00:00:00.000009 "),
            (4, "2026-11-23 07:02:57.443568 ", "2026-11-23 07:02:57.443577 "),
            (5, " 00:00:00.000000 ", " 00:00:00.000009 "),
        ] {
            let (times, mut clock) = (Times::asked(letters), Clock::default());
            assert_eq!(clock.time(times, first), one);
            assert_eq!(clock.time(times, first + second), two);
        }
        let mut clock = Clock::default();
        clock.time(Times::SinceLast, first);
        assert_eq!(clock.time(Times::SinceLast, first - second), "-00:00:00.000009 ");
    }
}
