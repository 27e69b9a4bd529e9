//! UDP (RFC 768, RFC 1122 section 4.1): sockets found by hash, datagrams queued for them. Linux:
//! `net/ipv4/udp.c`.
//!
//! Place in the walk: local delivery -> [`Udp::input`] -> the socket's queue; a socket's owner ->
//! [`Udp::datagram`] -> local output. An address and port belongs to one socket, or to
//! several that all share it; what is sent to a group or to everybody goes to each of them, the rest to one.

mod counted;
mod input;
mod listing;
mod options;
mod output;
mod places;
mod socket;
mod table;

pub(crate) use counted::Counted;
pub use input::{Arrival, Rejected};
pub use listing::Listed;
pub use options::{UdpOption, UdpOptions};
pub use output::MAX_PAYLOAD;
pub use socket::{Socket, UdpReadiness};
pub use table::{Udp, UdpHandle};

#[cfg(test)]
mod tests;
