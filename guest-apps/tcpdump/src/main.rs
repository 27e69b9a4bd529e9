//! `tcpdump`: shows the frames that pass a stack's devices, or writes them to a file, with the options, the filters and
//! the lines of tcpdump.
//!
//! It imports `wnet:stack/packet-sockets` (`--grant packet`), and `wnet:stack/interrupt`, so that Ctrl-C shows the counts.
//! What is in a frame it reads with the formats of `stack-core`. `filter` makes a program of classic BPF of an expression,
//! which the stack runs; `line` writes a frame as a line, `pcap` as a record of a file, and `read` reads such a file.

mod clock;
mod conversations;
mod filter;
mod hex;
mod line;
mod options;
mod pcap;
mod quoted;
mod read;
mod run;
mod seen;
mod verbose;

use options::{Order, parse};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match parse(&arguments) {
        Ok(Order::Version) => {
            println!("tcpdump from wnet {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Ok(Order::Help) => {
            print!("{}", options::USAGE);
            ExitCode::SUCCESS
        }
        Ok(Order::Dump(options)) => match run::run(&options) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => failed(&error),
        },
        Err(error) => failed(&error),
    }
}

fn failed(error: &str) -> ExitCode {
    eprintln!("tcpdump: {error}");
    ExitCode::FAILURE
}
