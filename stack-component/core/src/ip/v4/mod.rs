//! IPv4 (RFC 791, RFC 1122, RFC 1812). Linux: `net/ipv4/ip_input.c`, `ip_forward.c`, `ip_output.c`.
//!
//! Place in the walk: Ethernet input -> [`input`] -> route -> local delivery or [`forward`]; a protocol's
//! output -> route -> [`output`] -> [`fragment`] -> neighbour. What is for us and arrives in pieces is put together by
//! [`crate::fragment`].

mod forward;
mod fragment;
mod identification;
mod input;
mod options;
mod output;

pub use forward::{TooFar, forward};
pub use fragment::fragment;
pub use identification::Identification;
pub use input::{Received, check_addresses, input};
pub use options::{BadOption, OwnOptions, Recorder, check as check_options, echo as echo_options};
pub use output::{Request, output};
