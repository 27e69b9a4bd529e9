//! ICMP for IPv4 (RFC 792, RFC 1122 section 3.2.2, RFC 1812 section 4.3). Linux: `net/ipv4/icmp.c`.

mod errors;
mod input;
mod redirect_limit;

pub use errors::{About, Problem, error_about};
pub use input::{Verdict, input};
pub use redirect_limit::RedirectLimit;
