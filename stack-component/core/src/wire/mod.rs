//! Wire formats.
pub mod ethernet;
