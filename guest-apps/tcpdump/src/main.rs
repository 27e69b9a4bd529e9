//! `tcpdump`: shows the frames that pass a stack's devices, or writes them to a file, with the options, the filters and
//! the lines of tcpdump.
//!
//! It imports `wnet:stack/packet-sockets` (`--grant packet`), and `wnet:stack/interrupt`, so that Ctrl-C shows the counts.
//! What is in a frame it reads with the formats of `stack-core`. `filter` makes a program of classic BPF of an expression,
//! which the stack runs; `line` writes a frame as a line, `pcap` as a record of a file.

// What the program alone uses is unused where there is no socket to use it on.
#![cfg_attr(not(target_os = "wasi"), allow(dead_code))]

mod filter;
mod hex;
mod line;
mod options;
mod pcap;
#[cfg(target_os = "wasi")]
mod run;
mod seen;

#[cfg(target_os = "wasi")]
// Generated: the canonical ABI is raw pointers.
#[allow(unsafe_code, clippy::undocumented_unsafe_blocks, unreachable_pub, missing_docs)]
mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package tool:tcpdump;
            world tcpdump {
                import wnet:stack/packet-sockets@0.1.0;
                import wnet:stack/interrupt@0.1.0;
            }
        ",
        generate_all,
    });
}

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
        Ok(Order::Dump(options)) => match dump(&options) {
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

#[cfg(target_os = "wasi")]
fn dump(options: &options::Options) -> Result<(), String> {
    run::run(options)
}

#[cfg(not(target_os = "wasi"))]
fn dump(_options: &options::Options) -> Result<(), String> {
    Err("it is a WebAssembly component: build it with --target wasm32-wasip2".into())
}
