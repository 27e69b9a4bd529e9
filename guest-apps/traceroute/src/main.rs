//! `traceroute`: shows the way that packets take, with the options and the output of Linux' traceroute.
//!
//! It sends UDP datagrams by a raw socket (`--grant raw`), or with `-I` echo requests by a ping socket (`--grant
//! ping`), whose time to live ends after one hop, after two, and so on, and hears who tells so.

// What the program alone uses is unused where there is no socket to use it on.
#![cfg_attr(not(target_os = "wasi"), allow(dead_code))]

mod hop;
mod options;
mod probe;
#[cfg(target_os = "wasi")]
mod run;

#[cfg(target_os = "wasi")]
// Generated: the canonical ABI is raw pointers.
#[allow(unsafe_code, clippy::undocumented_unsafe_blocks, unreachable_pub, missing_docs)]
mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package tool:traceroute;
            world traceroute {
                import wasi:clocks/monotonic-clock@0.2.12;
                import wnet:stack/raw-sockets@0.1.0;
            }
        ",
        generate_all,
    });
}

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

#[cfg(target_os = "wasi")]
fn trace(options: &Options) -> ExitCode {
    match run::run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("traceroute: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "wasi"))]
fn trace(_options: &Options) -> ExitCode {
    eprintln!("traceroute is a WebAssembly component: build it with --target wasm32-wasip2");
    ExitCode::FAILURE
}
