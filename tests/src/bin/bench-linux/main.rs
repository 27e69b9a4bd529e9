//! `cargo xtask bench linux`: goodput of wnet and Linux, and of Linux and Linux, over the same impaired wire,
//! side by side.

mod report;

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::{Parser, ValueEnum};
use conformance::impaired::bench::{Direction, Transfer};
use conformance::impaired::{Impairment, Subject};
use report::{Pair, Series};

/// Goodput of wnet and Linux over a wire that delays and loses, side by side with Linux and Linux
///
/// Each pair of transfers has a seed, from which it follows which packets of each direction are lost. The receiver
/// counts from the first byte on. Both ends use the same congestion control and their own defaults otherwise. The
/// network is in namespaces that go when this ends; it takes root, or the right to make user namespaces.
#[derive(Debug, Parser)]
#[command(name = "bench linux")]
struct Arguments {
    /// Congestion controls
    #[arg(long, value_delimiter = ',', default_values = ["cubic", "bbr"])]
    congestion: Vec<String>,

    /// Ways: `out`, wnet (or the other Linux) sends; `in`, it receives
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["out", "in"])]
    direction: Vec<Way>,

    /// How many seeds: 1 and so on
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,

    /// For how long a receiver counts, in seconds
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,

    /// Loss of IPv4 packets, each way, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 1.0)]
    loss: f64,

    /// Round trip of the wire in milliseconds, half of it each way
    #[arg(long, value_name = "MS", default_value_t = 20.0)]
    rtt: f64,

    /// Rate of the wire in Mbit/s; 0 is as fast as it goes
    #[arg(long, value_name = "MBIT", default_value_t = 100.0)]
    rate: f64,

    /// Frames that wait where the rate is the limit, at most
    #[arg(long, value_name = "FRAMES", default_value_t = 200)]
    queue: usize,

    /// Further argument of `wnet run`; may be repeated
    #[arg(long, value_name = "ARGUMENT", allow_hyphen_values = true)]
    wnet: Vec<OsString>,

    /// Prints the results as JSON
    #[arg(long)]
    json: bool,

    /// Ends with exit code 1 if a ratio is less than this
    #[arg(long, value_name = "RATIO")]
    least: Option<f64>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Way {
    Out,
    In,
}

impl Arguments {
    fn impairment(&self, seed: u64) -> Impairment {
        Impairment {
            delay: (self.rtt * 1e6 / 2.0) as u64,
            loss: (self.loss * 1e4) as u32,
            rate: (self.rate * 1e6) as u64,
            queue: self.queue,
            seed,
        }
    }

    /// What was measured under, in a line.
    fn conditions(&self) -> String {
        let rate = match self.rate {
            0.0 => "no limit of rate".to_owned(),
            rate => format!("{rate} Mbit/s with a queue of {} frames", self.queue),
        };
        let Arguments { loss, rtt, seconds, .. } = self;
        format!("{loss} % loss each way, {rtt} ms, {rate}, {seconds} s each")
    }

    /// Measures with one congestion control in one direction, by turns.
    fn series(&self, congestion: &str, direction: Direction) -> Result<Series> {
        let mut pairs = Vec::new();
        for seed in 1..=self.seeds {
            let transfer = Transfer {
                direction,
                congestion: congestion.into(),
                impairment: self.impairment(seed),
                time: Duration::from_secs(self.seconds),
                wnet_arguments: self.wnet.clone(),
            };
            let [wnet, linux] = if seed % 2 == 1 {
                [Subject::Wnet, Subject::Linux].map(|subject| transfer.measure(subject))
            } else {
                let [linux, wnet] = [Subject::Linux, Subject::Wnet].map(|subject| transfer.measure(subject));
                [wnet, linux]
            };
            let pair = Pair { seed, wnet: wnet?, linux: linux? };
            eprintln!("{}", report::line(congestion, direction, &pair));
            pairs.push(pair);
        }
        Ok(Series { congestion: congestion.into(), direction, pairs })
    }
}

fn run(arguments: &Arguments) -> Result<bool> {
    let mut all = Vec::new();
    for congestion in &arguments.congestion {
        for way in &arguments.direction {
            let direction = match way {
                Way::Out => Direction::Out,
                Way::In => Direction::In,
            };
            all.push(arguments.series(congestion, direction)?);
        }
    }
    let conditions = arguments.conditions();
    print!(
        "{}",
        if arguments.json { report::json(&conditions, &all) } else { report::table(&conditions, &all) }
    );
    Ok(all.iter().all(|series| arguments.least.is_none_or(|least| series.ratio() >= least)))
}

fn main() -> ExitCode {
    conformance::namespace::serve_if_asked();
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
