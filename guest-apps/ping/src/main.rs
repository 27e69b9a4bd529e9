//! `ping`: sends ICMP echo requests and tells what comes back, with the options and the output of iputils' ping.
//!
//! It imports `wnet:stack/raw-sockets` for a ping socket (`--grant ping`), and `wnet:stack/interrupt`, so that Ctrl-C
//! shows the statistics. Nothing else of it knows the stack.

mod echo;
mod errors;
mod options;
mod record;
mod run;
mod socket;
mod statistics;

use options::{Order, parse};
use std::process::ExitCode;
use tool_common::leave;

/// Exit code for wrong usage, and when nothing could be sent.
const FAILED: u8 = 2;

/// Exit code for a value that an option does not take.
const WRONG_VALUE: u8 = 1;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match parse(&arguments) {
        Ok(Order::Version) => {
            println!("ping from wnet {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Ok(Order::Ping(options)) => leave(ping(&options)),
        Err(error) => {
            eprintln!("ping: {error}");
            leave(refuse(&error))
        }
    }
}

/// The exit code of a wrong command line, as iputils has it; with all options, if one is not known.
fn refuse(error: &str) -> u8 {
    if error.starts_with("invalid argument") || error.starts_with("usage error") {
        return WRONG_VALUE;
    }
    if error.contains("option") {
        eprint!("{}", options::USAGE);
    }
    FAILED
}

fn ping(options: &options::Options) -> u8 {
    run::run(options).unwrap_or_else(|error| {
        eprintln!("ping: {error}");
        FAILED
    })
}
