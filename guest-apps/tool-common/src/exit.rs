//! How a tool ends.

use crate::bindings::wnet::stack::control_types::{Errno, Failure};
use std::io::Write;
use std::process::ExitCode;

/// Why a tool does not do what it was told: what it says on stderr, and the code that it ends with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// The code.
    pub code: u8,
    /// The lines, without the last end of line; nothing: nothing is said.
    pub text: String,
    /// What was to be shown before it happened.
    pub shown: String,
}

impl Exit {
    /// Ends with this code and text.
    pub fn new(code: u8, text: impl Into<String>) -> Self {
        Exit { code, text: text.into(), shown: String::new() }
    }

    /// The command line is wrong. iproute2: `exit(-1)`.
    pub fn usage(text: impl Into<String>) -> Self {
        Exit::new(255, text)
    }

    /// What the stack says against it. iproute2: `rtnl_talk`, with Linux's words where there are some.
    pub fn refused(failure: &Failure) -> Self {
        match failure.text.as_str() {
            "" => Exit::new(2, format!("RTNETLINK answers: {}", strerror(failure.errno))),
            text => Exit::new(2, format!("Error: {text}.")),
        }
    }
}

/// The words of the C library.
fn strerror(errno: Errno) -> &'static str {
    match errno {
        Errno::NotPermitted => "Operation not permitted",
        Errno::NoEntry => "No such file or directory",
        Errno::NotFound => "No such process",
        Errno::NoDevice => "No such device",
        Errno::Exists => "File exists",
        Errno::Invalid => "Invalid argument",
        Errno::OutOfRange => "Numerical result out of range",
        Errno::NotSupported => "Operation not supported",
        Errno::Busy => "Device or resource busy",
        Errno::NetworkDown => "Network is down",
        Errno::NetworkUnreachable => "Network is unreachable",
        Errno::HostUnreachable => "No route to host",
        Errno::AccessDenied => "Permission denied",
        Errno::AddressNotAvailable => "Cannot assign requested address",
        Errno::NoBufferSpace => "No buffer space available",
    }
}

/// Writes something to standard output. A reader that went away is nobody to complain to.
pub fn show(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes what is to be shown, says what went wrong, and ends.
pub fn finish(outcome: Result<String, Exit>) -> ExitCode {
    let (shown, code, text) = match outcome {
        Ok(shown) => (shown, 0, String::new()),
        Err(exit) => (exit.shown, exit.code, exit.text),
    };
    show(&shown);
    if !text.is_empty() {
        eprintln!("{text}");
    }
    leave(code)
}

/// Ends with a code. The standard library knows only 0 and 1 here.
#[cfg(target_os = "wasi")]
pub fn leave(code: u8) -> ExitCode {
    if code > 1 {
        crate::bindings::wasi::cli::exit::exit_with_code(code);
    }
    ExitCode::from(code)
}

/// Ends with a code.
#[cfg(not(target_os = "wasi"))]
pub fn leave(code: u8) -> ExitCode {
    ExitCode::from(code)
}
