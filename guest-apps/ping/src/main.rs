//! `ping`: sends ICMP echo requests and tells what comes back, with the options and the output of iputils' ping.
//!
//! It imports `wnet:stack/raw-sockets` for a ping socket (`--grant ping`), and `wnet:stack/interrupt`, so that Ctrl-C
//! shows the statistics. Nothing else of it knows the stack.

// What the program alone uses is unused where there is no socket to use it on.
#![cfg_attr(not(target_os = "wasi"), allow(dead_code))]

mod echo;
mod errors;
mod options;
#[cfg(target_os = "wasi")]
mod run;
mod statistics;

#[cfg(target_os = "wasi")]
// Generated: the canonical ABI is raw pointers.
#[allow(unsafe_code, clippy::undocumented_unsafe_blocks, unreachable_pub, missing_docs)]
mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package tool:ping;
            world ping {
                import wasi:clocks/monotonic-clock@0.2.12;
                import wnet:stack/raw-sockets@0.1.0;
                import wnet:stack/interrupt@0.1.0;
            }
        ",
        generate_all,
    });
}

use options::{Order, parse};
use std::process::ExitCode;
use tool_common::leave;

/// Exit code for wrong usage, and when nothing could be sent.
const FAILED: u8 = 2;

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
            if !error.starts_with("invalid argument") {
                eprint!("{}", options::USAGE);
            }
            leave(FAILED)
        }
    }
}

#[cfg(target_os = "wasi")]
fn ping(options: &options::Options) -> u8 {
    run::run(options).unwrap_or_else(|error| {
        eprintln!("ping: {error}");
        FAILED
    })
}

#[cfg(not(target_os = "wasi"))]
fn ping(_options: &options::Options) -> u8 {
    eprintln!("ping is a WebAssembly component: build it with --target wasm32-wasip2");
    FAILED
}
