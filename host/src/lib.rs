//! The host: it plays the hardware under a stack component and the kernel above it.

pub mod e1000;
pub mod wire;
