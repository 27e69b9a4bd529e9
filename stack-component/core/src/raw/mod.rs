//! Sockets below the transport protocols: raw IP and ping. Linux: `net/ipv4/raw.c`, `net/ipv4/ping.c` and their
//! IPv6 kin.
//!
//! Place in the walk: local delivery -> [`Raw::deliver`], a copy for every raw socket that matches, before the
//! protocol itself gets the packet; ICMP's input -> [`Raw::echo_reply`] -> the one ping socket whose identifier it
//! carries; ICMP's errors -> [`Raw::report`]. Out: a socket's owner -> [`Raw::outgoing`] -> local output.
//!
//! Memory: at most 4096 sockets; each holds packets up to its receive buffer and one more, and at
//! most 64 errors of at most 128 bytes. What is beyond that is dropped and
//! counted by socket.

mod options;
mod outgoing;
mod report;
mod socket;
mod table;

pub use options::{IcmpFilter, Options, RawOption};
pub use outgoing::{Message, Prepared};
pub use report::{Origin, Quote, Report};
pub use socket::{Arrival, Family, Incoming, Kind, RawReadiness, Socket};
pub use table::{Raw, RawHandle};

#[cfg(test)]
mod tests;
