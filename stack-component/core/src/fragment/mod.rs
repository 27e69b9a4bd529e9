//! Fragments put together again (RFC 791 section 3.2, RFC 815, RFC 8200 section 4.5), of both versions of IP.
//! Linux: `net/ipv4/inet_fragment.c`, `ip_fragment.c`, `net/ipv6/reassembly.c`.
//!
//! Place in the walk: IP input -> route -> [`Reassembly::input`] -> local delivery of the whole packet. A router puts
//! nothing together.
//!
//! A fragment that overlaps another condemns its datagram (RFC 5722, for IPv4 too); one whose bytes are all there
//! already is ignored. Memory is bounded by `ipfrag_high_thresh` (`ip6frag_high_thresh`), 4 MiB each, and one packet:
//! above it the oldest datagrams are given up until `ipfrag_low_thresh` is reached. One source has no more than
//! `ipfrag_max_dist` other fragments go by between two of one IPv4 datagram, because its 16-bit identification comes
//! round again soon (RFC 4963).

mod datagram;
mod table;
mod tiny;
pub mod v4;
pub mod v6;

pub use table::{Family, Fragment, Key, Limits, Reassembly, Whole};
pub use tiny::is_tiny;

#[cfg(test)]
mod tests;
