//! What is said about scripts: a line for each, and all that helps to understand a failure.

use std::fmt::Write;
use std::time::Duration;

use crate::run::{Failure, Row};

/// How a script ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It passed, or it failed and was meant to.
    Ok,
    /// It failed, or it was meant to and did not. The text says all about it.
    Failed(String),
    /// It needs what is not there; the reason.
    Skipped(String),
}

/// Counts verdicts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Total {
    pub passed: usize,
    pub failed: usize,
    pub skipped: usize,
}

impl Total {
    /// Counts one more.
    pub fn add(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Ok => self.passed += 1,
            Verdict::Failed(_) => self.failed += 1,
            Verdict::Skipped(_) => self.skipped += 1,
        }
    }

    /// The last line of a report.
    pub fn line(&self, time: Duration) -> String {
        let Total { passed, failed, skipped } = self;
        let all = passed + failed + skipped;
        format!(
            "{all} scripts: {passed} passed, {failed} failed, {skipped} skipped, in {:.1} s",
            time.as_secs_f64()
        )
    }
}

/// The line of a script, and what is known about its failure below it.
pub fn lines(path: &str, verdict: &Verdict, time: Duration) -> String {
    let millis = time.as_millis();
    match verdict {
        Verdict::Ok => format!("ok   {millis:>5} ms  {path}"),
        Verdict::Skipped(reason) => format!("skip {millis:>5} ms  {path}  ({reason})"),
        Verdict::Failed(details) => {
            let mut text = format!("FAIL {millis:>5} ms  {path}");
            for line in details.lines() {
                let _ = write!(text, "\n    {line}");
            }
            text
        }
    }
}

/// A failure in full: its place, the script's line, both packets side by side, the packets before.
pub fn details(path: &str, script: &str, failure: &Failure, output: &[String]) -> String {
    let mut text = match failure.line {
        0 => format!("{path}: {}\n", failure.message),
        line => format!("{path}:{line}: {}\n", failure.message),
    };
    if let Some(source) = failure.line.checked_sub(1).and_then(|line| script.lines().nth(line)) {
        let _ = writeln!(text, "    {}", source.trim());
    }
    side_by_side(&failure.rows, &mut text);
    if !failure.history.is_empty() {
        text.push_str("the packets before, in the script's numbers:\n");
        for packet in &failure.history {
            let _ = writeln!(text, "    {packet}");
        }
    }
    for line in output {
        let _ = writeln!(text, "output: {line}");
    }
    text
}

/// A table of the fields; those that differ have a star.
fn side_by_side(rows: &[Row], text: &mut String) {
    if rows.is_empty() {
        return;
    }
    let width = |column: fn(&Row) -> &str, title: &str| {
        rows.iter().map(|row| column(row).chars().count()).max().unwrap_or(0).max(title.len())
    };
    let names = width(|row| row.name, "");
    let expected = width(|row| &row.expected, "expected");
    let _ = writeln!(text, "  {:names$}  {:expected$}  live", "", "expected");
    for row in rows {
        let mark = if row.differs { '*' } else { ' ' };
        let line = format!("{mark} {:names$}  {:expected$}  {}", row.name, row.expected, row.live);
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_shows_both_packets() {
        let row = |name, expected: &str, live: &str| Row {
            name,
            expected: expected.to_owned(),
            live: live.to_owned(),
            differs: expected != live,
        };
        let failure = Failure {
            line: 2,
            message: "the packet differs in: ack".to_owned(),
            rows: vec![row("flags", ".", "."), row("ack", "1001", "1")],
            history: vec!["0.100000 < P. 1:1001(1000) ack 1".to_owned()],
            ..Failure::default()
        };
        let text = details("a.pkt", "first\n  +0 > . 1:1(0) ack 1001\n", &failure, &["cwnd 10".to_owned()]);
        let expected = "a.pkt:2: the packet differs in: ack
    +0 > . 1:1(0) ack 1001
         expected  live
  flags  .         .
* ack    1001      1
the packets before, in the script's numbers:
    0.100000 < P. 1:1001(1000) ack 1
output: cwnd 10
";
        assert_eq!(text, expected);
        let line = lines("a.pkt", &Verdict::Failed("why".to_owned()), Duration::from_millis(7));
        assert_eq!(line, "FAIL     7 ms  a.pkt\n    why");
    }

    #[test]
    fn the_total_counts_all() {
        let mut total = Total::default();
        for verdict in
            [Verdict::Ok, Verdict::Failed(String::new()), Verdict::Skipped(String::new()), Verdict::Ok]
        {
            total.add(&verdict);
        }
        let line = total.line(Duration::from_millis(1250));
        assert_eq!(line, "4 scripts: 2 passed, 1 failed, 1 skipped, in 1.2 s");
    }
}
