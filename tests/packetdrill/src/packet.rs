//! Packets: TCP options, decoding and encoding of raw IP packets, and how they look in a script's notation.

pub mod checksum;
pub mod decode;
pub mod encode;
pub mod icmp;
pub mod option;
pub mod show;

#[cfg(test)]
mod tests;

pub use decode::{Decoded, Transport};
