//! The time in front of a line. tcpdump: `ts_print`.

use std::time::Duration;

/// Seconds of a day.
const DAY: u64 = 86_400;

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
                let (year, month, day) = date(at.as_secs() / DAY);
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
    let seconds = at.as_secs() % DAY;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}.{:06}", at.subsec_micros())
}

/// Year, month and day of a day since 1970, in the Gregorian calendar, whose leap years repeat after 400 years.
fn date(days: u64) -> (u64, u64, u64) {
    /// Days of 400, 100 and 4 years that begin in March, so that a leap day is the last day of a year.
    const SPANS: (u64, u64, u64) = (146_097, 36_524, 1_461);
    // From March of the year 0 on.
    let days = days + 719_468;
    let (era, day) = (days / SPANS.0, days % SPANS.0);
    let year = (day - day / (SPANS.2 - 1) + day / SPANS.1 - day / (SPANS.0 - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // Five months have 153 days, from March on.
    let month = (5 * day + 2) / 153;
    let of_month = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next, month, of_month)
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

    #[test]
    fn days_have_dates() {
        for (days, expected) in [
            (0, (1970, 1, 1)),
            (789, (1972, 2, 29)),
            (11_016, (2000, 2, 29)),
            (11_017, (2000, 3, 1)),
            (20_780, (2026, 11, 23)),
            (47_540, (2100, 2, 28)),
            (47_541, (2100, 3, 1)),
        ] {
            assert_eq!(date(days), expected, "{days}");
        }
    }
}
