//! The host: it plays the hardware under a stack component and the kernel above it.

pub mod wire;
