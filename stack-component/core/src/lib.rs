//! A TCP/IP stack shaped like Linux's.
//!
//! The crate has no I/O, no clock, no threads and no global state: frames, time and randomness are handed
//! in, and it runs natively (tests, fuzzers, simulation, the host's user-mode gateway) as well as in
//! WebAssembly.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(any(test, feature = "testing"))]
extern crate std;

// 1: formats, time, numbers
pub mod arena;
pub mod counters;
pub mod drop_reason;
pub mod random;
pub mod sysctl;
pub mod time;
pub mod wire;

// 2: the packet
pub mod packet;

// 3: the layers
pub mod device;
