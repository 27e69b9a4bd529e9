//! Dates and times of day, in UTC: a guest knows no other. Times count from 1970 on.

use std::time::Duration;

/// Seconds of a day.
pub const DAY: u64 = 86_400;

/// The time of day, as `23:55:02`.
pub fn of_day(at: Duration) -> String {
    let seconds = at.as_secs() % DAY;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Year, month from 1 on and day, in the Gregorian calendar, whose leap years repeat after 400 years.
pub fn date(at: Duration) -> (u64, u64, u64) {
    /// Days of 400, 100 and 4 years that begin in March, so that a leap day is the last day of a year.
    const SPANS: (u64, u64, u64) = (146_097, 36_524, 1_461);
    // From March of the year 0 on.
    let days = at.as_secs() / DAY + 719_468;
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
    fn days_have_dates() {
        for (days, expected) in [
            (0, (1970, 1, 1)),
            (58, (1970, 2, 28)),
            (789, (1972, 2, 29)),
            (11_016, (2000, 2, 29)),
            (11_017, (2000, 3, 1)),
            (20_780, (2026, 11, 23)),
            (47_540, (2100, 2, 28)),
            (47_541, (2100, 3, 1)),
        ] {
            let last_second = Duration::from_secs(days * DAY + DAY - 1);
            assert_eq!((date(last_second), of_day(last_second)), (expected, "23:59:59".into()), "{days}");
        }
    }
}
