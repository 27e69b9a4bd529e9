//! ICMPv6 (RFC 4443). Linux: `net/ipv6/icmp.c`.

mod errors;
mod input;

pub use errors::{About, Problem, error_about};
pub use input::{Verdict, input};
