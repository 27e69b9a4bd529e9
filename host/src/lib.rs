//! The host: it plays the hardware under a stack component and the kernel above it.

#![warn(clippy::print_stderr, reason = "it panics where nobody reads: `tell` does not")]

pub mod cli;
pub mod e1000;
pub mod exec;
mod failure;
pub mod files;
pub mod gate;
pub mod gateway;
pub mod guest;
pub mod instance;
pub mod kernel;
pub mod log;
pub mod packetdrill;
pub mod policy;
pub mod run;
mod signals;
mod tell;
pub mod tools;
pub mod wire;

pub use kernel::lab;
pub use tell::tell;
