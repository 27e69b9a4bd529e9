//! The Internet Protocol. IPv4 and IPv6 are plain modules with the same function names.

pub mod v4;
