//! What was measured, as a table and as JSON.

use std::fmt::Write;

use conformance::impaired::bench::{Direction, Measured};

/// Both transfers of one seed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) seed: u64,
    /// Wnet and Linux.
    pub(crate) wnet: Measured,
    /// Linux and Linux.
    pub(crate) linux: Measured,
}

/// All transfers with one congestion control in one direction.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) congestion: String,
    pub(crate) direction: Direction,
    pub(crate) pairs: Vec<Pair>,
}

impl Series {
    /// The medians of wnet and of Linux in Mbit/s.
    fn medians(&self) -> [f64; 2] {
        [
            median(self.pairs.iter().map(|pair| megabits(&pair.wnet))),
            median(self.pairs.iter().map(|pair| megabits(&pair.linux))),
        ]
    }

    /// The ratio of the medians.
    pub(crate) fn ratio(&self) -> f64 {
        let [wnet, linux] = self.medians();
        wnet / linux
    }
}

fn megabits(measured: &Measured) -> f64 {
    measured.received.rate() / 1e6
}

/// The middle one, or the mean of the two in the middle.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len() % 2 == 1 { values[half] } else { (values[half - 1] + values[half]) / 2.0 }
}

fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::Out => "wnet to Linux",
        Direction::In => "Linux to wnet",
    }
}

/// One line about a pair, with what the wire did to the packets of the sender of bytes.
pub(crate) fn line(congestion: &str, direction: Direction, pair: &Pair) -> String {
    let side = |measured: &Measured| {
        let there = measured.wire[0];
        format!(
            "{:.2} Mbit/s (lost {}+{} of {})",
            megabits(measured),
            there.lost,
            there.overflowed,
            there.carried
        )
    };
    let Pair { seed, wnet, linux } = pair;
    format!("{congestion}, {}, seed {seed}: wnet {}, Linux {}", way(direction), side(wnet), side(linux))
}

/// A table in Markdown.
pub(crate) fn table(conditions: &str, all: &[Series]) -> String {
    let mut text = format!("Goodput in Mbit/s; {conditions}.\n\n");
    text +=
        "| congestion control | bytes go | seed | wnet | Linux | wnet / Linux |\n|---|---|---|---|---|---|\n";
    for Series { congestion, direction, pairs } in all {
        for pair in pairs {
            let [wnet, linux] = [&pair.wnet, &pair.linux].map(megabits);
            row(&mut text, congestion, *direction, &pair.seed.to_string(), [wnet, linux]);
        }
    }
    text += "\n| congestion control | bytes go | median of | wnet | Linux | wnet / Linux |\n|---|---|---|---|---|---|\n";
    for series in all {
        let count = series.pairs.len().to_string();
        row(&mut text, &series.congestion, series.direction, &count, series.medians());
    }
    text
}

fn row(text: &mut String, congestion: &str, direction: Direction, number: &str, [wnet, linux]: [f64; 2]) {
    let (way, ratio) = (way(direction), wnet / linux);
    // Writing to a string does not fail.
    let _ = writeln!(text, "| {congestion} | {way} | {number} | {wnet:.2} | {linux:.2} | {ratio:.2} |");
}

/// The same as JSON. No name in it has a character that JSON would have escaped.
pub(crate) fn json(conditions: &str, all: &[Series]) -> String {
    let transfer = |measured: &Measured| {
        let wire = measured.wire.map(|counts| {
            let [carried, lost, overflowed] = [counts.carried, counts.lost, counts.overflowed];
            format!(r#"{{"carried":{carried},"lost":{lost},"overflowed":{overflowed}}}"#)
        });
        let (bytes, nanos) = (measured.received.bytes, measured.received.time.as_nanos());
        format!(r#"{{"bytes":{bytes},"nanoseconds":{nanos},"there":{},"back":{}}}"#, wire[0], wire[1])
    };
    let pair = |pair: &Pair| {
        let [wnet, linux] = [&pair.wnet, &pair.linux].map(transfer);
        format!(r#"{{"seed":{},"wnet":{wnet},"linux":{linux}}}"#, pair.seed)
    };
    let series = |series: &Series| {
        let pairs = series.pairs.iter().map(pair).collect::<Vec<_>>().join(",");
        let (congestion, way, [wnet, linux]) = (&series.congestion, way(series.direction), series.medians());
        format!(
            r#"{{"congestion":"{congestion}","way":"{way}","wnet_mbit":{wnet:.3},"linux_mbit":{linux:.3},"ratio":{:.3},"pairs":[{pairs}]}}"#,
            series.ratio()
        )
    };
    let all = all.iter().map(series).collect::<Vec<_>>().join(",\n");
    format!("{{\"conditions\":\"{conditions}\",\"series\":[\n{all}\n]}}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use conformance::impaired::Counts;
    use std::time::Duration;
    use test_guests::bulk::Received;

    fn measured(bytes: u64) -> Measured {
        let received = Received { bytes, time: Duration::from_secs(8) };
        Measured { received, wire: [Counts { carried: 9, lost: 1, ..Counts::default() }; 2] }
    }

    fn series() -> Series {
        let pair = |seed, wnet| Pair { seed, wnet: measured(wnet), linux: measured(20_000_000) };
        let pairs = vec![pair(1, 19_000_000), pair(2, 1_000_000), pair(3, 18_000_000)];
        Series { congestion: "cubic".into(), direction: Direction::In, pairs }
    }

    #[test]
    fn medians_are_of_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), 2.5);
        assert!((series().ratio() - 0.9).abs() < 1e-9);
    }

    #[test]
    fn the_table_has_each_seed_and_the_median() {
        let text = table("1 % loss", &[series()]);
        assert!(text.starts_with("Goodput in Mbit/s; 1 % loss.\n"), "{text}");
        assert!(text.contains("| cubic | Linux to wnet | 2 | 1.00 | 20.00 | 0.05 |\n"), "{text}");
        assert!(text.ends_with("| cubic | Linux to wnet | 3 | 18.00 | 20.00 | 0.90 |\n"), "{text}");
    }

    #[test]
    fn json_has_the_same() {
        let text = json("1 % loss", &[series()]);
        assert!(
            text.contains(r#""wnet_mbit":18.000,"linux_mbit":20.000,"ratio":0.900,"pairs":[{"seed":1,"#),
            "{text}"
        );
        assert!(text.contains(r#""bytes":19000000,"nanoseconds":8000000000,"#), "{text}");
        assert_eq!(text.matches('{').count(), text.matches('}').count());
    }
}
