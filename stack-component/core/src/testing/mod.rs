//! Two stacks on a simulated link in virtual time: ten minutes of retransmission in a millisecond, and the
//! same way every time for the same seed.

mod link;
mod network;
#[cfg(test)]
mod tests;

pub use link::{Impairment, LinkEnd};
pub use network::{ADDRESSES, Network};
