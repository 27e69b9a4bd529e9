//! When a change was told.

use crate::options::Timestamp;
use std::time::Duration;
use tool_common::calendar;

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// What stands before a change; `since`: 1970. iproute2: `print_timestamp`.
pub(crate) fn timestamp(form: Timestamp, since: Duration) -> String {
    let (year, month, day) = calendar::date(since);
    let (of_day, micros) = (calendar::of_day(since), since.subsec_micros());
    match form {
        Timestamp::Short => {
            format!("[{year}-{month:02}-{day:02}T{of_day}.{micros:06}] ")
        }
        Timestamp::Long => {
            let weekday = DAYS[(since.as_secs() / calendar::DAY % 7) as usize];
            let month = MONTHS[month as usize - 1];
            format!("Timestamp: {weekday} {month} {day:2} {of_day} {year} {micros} usec\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_iproute2_does() {
        let time = Duration::new(1_795_391_702, 306_509_000);
        let long = "Timestamp: Sun Nov 22 23:55:02 2026 306509 usec\n";
        assert_eq!(timestamp(Timestamp::Long, time), long);
        assert_eq!(timestamp(Timestamp::Short, time), "[2026-11-22T23:55:02.306509] ");
    }
}
