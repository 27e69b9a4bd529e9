//! Times of day, in UTC: a guest knows no other.

use crate::options::Timestamp;
use std::time::Duration;

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// What stands before a change; `since`: 1970. iproute2: `print_timestamp`.
pub(crate) fn timestamp(form: Timestamp, since: Duration) -> String {
    let (days, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let micros = since.subsec_micros();
    match form {
        Timestamp::Short => {
            format!("[{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}] ")
        }
        Timestamp::Long => {
            let weekday = DAYS[(days % 7) as usize];
            let month = MONTHS[month as usize - 1];
            format!(
                "Timestamp: {weekday} {month} {day:2} {hour:02}:{minute:02}:{second:02} {year} {micros} usec\n"
            )
        }
    }
}

/// Year, month and day of a day since 1970, in the Gregorian calendar. Years begin in March here, so that a leap day is
/// the last of its year.
fn date(days: u64) -> (u64, u64, u64) {
    // From the first of March of the year 0.
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_dates() {
        for (days, expected) in [
            (0, (1970, 1, 1)),
            (58, (1970, 2, 28)),
            (59, (1970, 3, 1)),
            (11_016, (2000, 2, 29)),
            (20_779, (2026, 11, 22)),
            (47_541, (2100, 3, 1)),
        ] {
            assert_eq!(date(days), expected);
        }
    }

    #[test]
    fn times_are_written_as_iproute2_does() {
        let time = Duration::new(1_795_391_702, 306_509_000);
        let long = "Timestamp: Sun Nov 22 23:55:02 2026 306509 usec\n";
        assert_eq!(timestamp(Timestamp::Long, time), long);
        assert_eq!(timestamp(Timestamp::Short, time), "[2026-11-22T23:55:02.306509] ");
    }
}
