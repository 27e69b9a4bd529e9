//! Runs of two stacks over a simulated link: `cargo xtask soak` and `cargo xtask goodput` call it.

use std::process::ExitCode;
use std::time::Instant;

use stack_core::testing::{Breadth, Outcome, Plan, run, tables};

const HELP: &str = "Usage: simulate soak [--seeds N] [--first SEED] [--short]\n       simulate goodput";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.split_first() {
        Some((&"soak", rest)) => match Soak::parse(rest) {
            Some(order) => order.run(),
            None => usage(),
        },
        Some((&"goodput", [])) => {
            print!("{}", tables::document(|row| eprint!("{row}")));
            ExitCode::SUCCESS
        }
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    eprintln!("{HELP}");
    ExitCode::from(2)
}

/// What seeds to run.
struct Soak {
    first: u64,
    seeds: u64,
    breadth: Breadth,
}

impl Soak {
    fn parse(mut words: &[&str]) -> Option<Soak> {
        let mut soak = Soak { first: 0, seeds: 1000, breadth: Breadth::Wide };
        loop {
            words = match words {
                [] => return Some(soak),
                ["--short", rest @ ..] => {
                    soak.breadth = Breadth::Short;
                    rest
                }
                ["--seeds", number, rest @ ..] => {
                    soak.seeds = number.parse().ok()?;
                    rest
                }
                ["--first", number, rest @ ..] => {
                    soak.first = number.parse().ok()?;
                    rest
                }
                _ => return None,
            };
        }
    }

    fn run(&self) -> ExitCode {
        let begun = Instant::now();
        let (mut failures, mut total) = (0u64, Outcome::default());
        let mut longest = (0, 0);
        for seed in self.first..self.first + self.seeds {
            match std::panic::catch_unwind(|| run(&Plan::new(seed, self.breadth))) {
                Ok(Ok(outcome)) => {
                    total.bytes += outcome.bytes;
                    total.time += outcome.time;
                    total.timeouts += outcome.timeouts;
                    total.retransmitted += outcome.retransmitted;
                    total.lost += outcome.lost;
                    longest = longest.max((outcome.stall.as_millis(), seed));
                }
                Ok(Err(what)) => {
                    failures += 1;
                    println!("FAILED {what}");
                }
                Err(_) => {
                    failures += 1;
                    println!("FAILED seed {seed}: a panic, see above");
                }
            }
        }
        println!(
            "{} seeds, {failures} failed; {} MB in {:.0} virtual hours, {} timeouts, {} segments sent again for {} lost; \
             the longest standstill {} ms (seed {}); {:.1} s",
            self.seeds,
            total.bytes / 1_000_000,
            total.time.as_secs_f64() / 3600.0,
            total.timeouts,
            total.retransmitted,
            total.lost,
            longest.0,
            longest.1,
            begun.elapsed().as_secs_f64(),
        );
        if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
