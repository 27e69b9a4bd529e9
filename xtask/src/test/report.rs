//! What the tests came to.

/// How one part of the tests ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// With a remark, or without.
    Passed(String),
    /// With the reason, and what would make it run.
    Skipped(String),
    /// With what to look at.
    Failed(String),
}

impl Outcome {
    /// Passed, or failed with the advice `otherwise`.
    pub(super) fn of(passed: bool, otherwise: &str) -> Self {
        if passed { Self::Passed(String::new()) } else { Self::Failed(otherwise.to_owned()) }
    }
}

/// The parts in the order in which they ended.
#[derive(Debug, Default)]
pub(super) struct Report(Vec<Part>);

#[derive(Debug)]
struct Part {
    name: String,
    outcome: Outcome,
    details: Vec<String>,
}

impl Report {
    pub(super) fn add(&mut self, name: &str, outcome: Outcome) {
        self.0.push(Part { name: name.to_owned(), outcome, details: Vec::new() });
    }

    /// Adds what test programs said, which ended with `success` or not.
    pub(super) fn add_tests(&mut self, name: &str, counts: Counts, success: bool) {
        let outcome = counts.outcome(success);
        self.0.push(Part { name: name.to_owned(), outcome, details: counts.details });
    }

    pub(super) fn has_failed(&self) -> bool {
        self.0.iter().any(|part| matches!(part.outcome, Outcome::Failed(_)))
    }

    /// One line for each part, and one for each of its tests that did not pass.
    pub(super) fn lines(&self) -> Vec<String> {
        let width = self.0.iter().map(|part| part.name.len()).max().unwrap_or(0);
        let mut lines = Vec::new();
        for part in &self.0 {
            let (word, remark) = match &part.outcome {
                Outcome::Passed(remark) => ("ok", remark),
                Outcome::Skipped(remark) => ("skipped", remark),
                Outcome::Failed(remark) => ("FAILED", remark),
            };
            lines.push(format!("{:width$}  {word:<7}  {remark}", part.name).trim_end().to_owned());
            lines.extend(part.details.iter().map(|detail| format!("{:width$}  {detail}", "")));
        }
        lines
    }
}

/// The tests that programs say they ran.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    passed: usize,
    failed: usize,
    skipped: usize,
    details: Vec<String>,
}

impl Counts {
    /// Reads a line of a test program: `test result: ok. 3 passed; 0 failed; 1 ignored; ...`, or
    /// `test NAME ... WHAT`. A skipped test's reason follows, as `ignored, WHY` of the standard harness and as
    /// `ignored (WHY)` of the conformance tests'.
    pub(super) fn note(&mut self, line: &str) {
        let Some(rest) = line.strip_prefix("test ") else { return };
        if let Some((_, result)) = rest.strip_prefix("result: ").and_then(|rest| rest.split_once(". ")) {
            for part in result.split("; ") {
                match part
                    .split_once(' ')
                    .and_then(|(count, what)| Some((count.parse::<usize>().ok()?, what)))
                {
                    Some((count, "passed")) => self.passed += count,
                    Some((count, "failed")) => self.failed += count,
                    Some((count, "ignored")) => self.skipped += count,
                    _ => {}
                }
            }
        } else if let Some((name, what)) = rest.split_once(" ... ") {
            let name = name.trim();
            if what.starts_with("FAILED") {
                self.details.push(format!("failed: {name}"));
            } else if let Some(why) = what.strip_prefix("ignored") {
                let why = why.trim_start_matches([',', ' ']);
                let why = why.strip_prefix('(').and_then(|why| why.strip_suffix(')')).unwrap_or(why);
                let separator = if why.is_empty() { "" } else { ": " };
                self.details.push(format!("skipped: {name}{separator}{why}"));
            }
        }
    }

    fn outcome(&self, success: bool) -> Outcome {
        let mut remark = format!("{} passed", self.passed);
        for (count, what) in [(self.failed, "failed"), (self.skipped, "skipped")] {
            if count > 0 {
                remark.push_str(&format!(", {count} {what}"));
            }
        }
        if success { Outcome::Passed(remark) } else { Outcome::Failed(remark) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_add_up_and_skips_are_named() {
        let mut counts = Counts::default();
        for line in [
            "running 5 tests",
            "test a ... ok",
            "test b ... ignored, tshark is not installed (package tshark)",
            "test module::d    ... ignored (needs tshark (Debian package tshark))",
            "test c ... ignored",
            "test e ... FAILED",
            "test result: ok. 3 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.10s",
            "test result: FAILED. 4 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s",
        ] {
            counts.note(line);
        }
        let mut report = Report::default();
        report.add_tests("all", counts, false);
        report.add_tests("none", Counts::default(), true);
        let expected = [
            "all   FAILED   7 passed, 1 failed, 3 skipped",
            "      skipped: b: tshark is not installed (package tshark)",
            "      skipped: module::d: needs tshark (Debian package tshark)",
            "      skipped: c",
            "      failed: e",
            "none  ok       0 passed",
        ];
        assert_eq!(report.lines(), expected);
    }

    #[test]
    fn a_report_says_each_part_and_fails_with_one() {
        let mut report = Report::default();
        report.add("long part", Outcome::of(true, "never"));
        report.add("b", Outcome::Skipped("why".into()));
        assert!(!report.has_failed());
        report.add("c", Outcome::of(false, "look"));
        assert!(report.has_failed());
        assert_eq!(report.lines(), ["long part  ok", "b          skipped  why", "c          FAILED   look"]);
    }
}
