//! The resources that a stack holds of the host's.

#![allow(unreachable_pub, reason = "the bindings re-export the types of resources")]

/// What the stack may ask the readiness of.
pub enum Pollable {
    /// The interrupt line of a controller, by its index.
    Interrupt(usize),
    /// A point in time, in nanoseconds of the monotonic clock.
    Timer(u64),
    /// Something that never makes anybody wait.
    Always,
}

/// The resource `function`. Its representation is the controller's index, so that nothing has to be looked
/// up for a register access.
pub enum Function {}

/// The resource `dma-region`.
pub struct DmaRegion {
    pub(super) nic: usize,
    pub(super) address: u64,
    pub(super) len: u32,
}
