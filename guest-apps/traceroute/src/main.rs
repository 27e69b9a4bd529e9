//! `traceroute`: shows the way that packets take, with the options and the output of Linux' traceroute.
//!
//! It sends UDP datagrams by a raw socket (`--grant raw`), or with `-I` echo requests by a ping socket (`--grant
//! ping`), whose time to live ends after one hop, after two, and so on, and hears who tells so.

mod hop;
mod options;
mod probe;
mod run;

use options::{Options, parse};
use std::process::ExitCode;
use tool_common::leave;

/// Exit code for wrong usage.
const WRONG_USAGE: u8 = 2;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match parse(&arguments) {
        Ok(options) => trace(&options),
        Err(error) => {
            eprint!("{error}\n{}", options::USAGE);
            leave(WRONG_USAGE)
        }
    }
}

fn trace(options: &Options) -> ExitCode {
    match run::run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("traceroute: {error}");
            ExitCode::FAILURE
        }
    }
}
