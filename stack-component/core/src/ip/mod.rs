//! The Internet protocols: two plain modules with the same function names.

pub mod v4;
pub mod v6;
