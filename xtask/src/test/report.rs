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
pub(super) struct Report(Vec<(String, Outcome)>);

impl Report {
    pub(super) fn add(&mut self, part: &str, outcome: Outcome) {
        self.0.push((part.to_owned(), outcome));
    }

    pub(super) fn has_failed(&self) -> bool {
        self.0.iter().any(|(_, outcome)| matches!(outcome, Outcome::Failed(_)))
    }

    /// One line for each part.
    pub(super) fn lines(&self) -> Vec<String> {
        let width = self.0.iter().map(|(part, _)| part.len()).max().unwrap_or(0);
        let line = |(part, outcome): &(String, Outcome)| {
            let (word, remark) = match outcome {
                Outcome::Passed(remark) => ("ok", remark),
                Outcome::Skipped(remark) => ("skipped", remark),
                Outcome::Failed(remark) => ("FAILED", remark),
            };
            format!("{part:width$}  {word:<7}  {remark}").trim_end().to_owned()
        };
        self.0.iter().map(line).collect()
    }
}

/// The tests that programs say they ran.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    passed: usize,
    failed: usize,
    skipped: Vec<String>,
}

impl Counts {
    /// Reads a line of a test program: `test result: ok. 3 passed; 0 failed; ...`, or `test NAME ... ignored, WHY` of
    /// the standard harness, `test NAME ... ignored (WHY)` of the conformance tests'.
    pub(super) fn note(&mut self, line: &str) {
        if let Some((_, result)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) {
            for part in result.split("; ") {
                match part
                    .split_once(' ')
                    .and_then(|(count, what)| Some((count.parse::<usize>().ok()?, what)))
                {
                    Some((count, "passed")) => self.passed += count,
                    Some((count, "failed")) => self.failed += count,
                    _ => {}
                }
            }
        } else if let Some((name, why)) =
            line.strip_prefix("test ").and_then(|rest| rest.split_once(" ... ignored"))
        {
            let name = name.trim();
            let why = why.trim_start_matches([',', ' ']);
            let why = why.strip_prefix('(').and_then(|why| why.strip_suffix(')')).unwrap_or(why);
            self.skipped.push(if why.is_empty() { name.to_owned() } else { format!("{name}: {why}") });
        }
    }

    /// What they came to, if the program succeeded or not.
    pub(super) fn outcome(&self, success: bool) -> Outcome {
        let mut remark = format!("{} passed", self.passed);
        if self.failed > 0 {
            remark.push_str(&format!(", {} failed", self.failed));
        }
        if !self.skipped.is_empty() {
            remark.push_str(&format!(", {} skipped ({})", self.skipped.len(), self.skipped.join("; ")));
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
            "test result: ok. 3 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.10s",
            "test result: FAILED. 4 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s",
        ] {
            counts.note(line);
        }
        let remark = "7 passed, 1 failed, 3 skipped (b: tshark is not installed (package tshark); \
                      module::d: needs tshark (Debian package tshark); c)";
        assert_eq!(counts.outcome(false), Outcome::Failed(remark.into()));
        assert_eq!(Counts::default().outcome(true), Outcome::Passed("0 passed".into()));
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
