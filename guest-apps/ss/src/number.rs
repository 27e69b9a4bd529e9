//! Numbers as C's printf writes them.

/// `%g`: six digits that count, no zeros behind the point.
pub(crate) fn general(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return "0".into();
    }
    let exponent = value.abs().log10().floor() as i32;
    if !(-4..6).contains(&exponent) {
        let text = format!("{value:.5e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", trimmed(digits), exponent.abs());
    }
    let text = format!("{value:.*}", (5 - exponent).max(0) as usize);
    trimmed(&text).into()
}

fn trimmed(digits: &str) -> &str {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits }
}

/// Milliseconds of a timer. iproute2: `print_ms_timer`.
pub(crate) fn timer(millis: u32) -> String {
    let (mut millis, seconds) = (millis % 1000, millis / 1000);
    let (minutes, mut seconds) = (seconds / 60, seconds % 60);
    let mut out = String::new();
    if minutes > 0 {
        millis = 0;
        out += &format!("{minutes}min");
        if minutes > 9 {
            seconds = 0;
        }
    }
    if seconds > 0 {
        if seconds > 9 {
            millis = 0;
        }
        out += &format!("{seconds}{}", if millis > 0 { "." } else { "sec" });
    }
    if millis > 0 {
        out += &format!("{millis:03}ms");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_printf() {
        for (value, expected) in [
            (0.0, "0"),
            (204.0, "204"),
            (0.034, "0.034"),
            (2.88672, "2.88672"),
            (1.0 / 3.0, "0.333333"),
            (1_234_567.0, "1.23457e+06"),
            (100_000.0, "100000"),
        ] {
            assert_eq!(general(value), expected);
        }
    }

    #[test]
    fn timers_are_those_of_ss() {
        for (millis, expected) in [
            (7_199_000, "119min"),
            (59_500, "59sec"),
            (1_200, "1.200ms"),
            (200, "200ms"),
            (61_000, "1min1sec"),
            (5_000, "5sec"),
            (0, ""),
        ] {
            assert_eq!(timer(millis), expected, "{millis}");
        }
    }
}
