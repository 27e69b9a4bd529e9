//! The host: it plays the hardware under a stack component and the kernel above it.

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
pub mod tools;
pub mod wire;

pub use kernel::lab;
