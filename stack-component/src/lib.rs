//! The glue that makes stack-core a WebAssembly component of world `wnet:stack/stack-complete`.
//!
//! - `state` decides: sockets and their states, streams, pollables and who waits for them. It calls no import
//!   and is tested natively.
//! - `sockets`, `io`, `clock`, `reactor`, `control` and `abort` translate the exports, one file for an
//!   interface, methods in the order of the WIT.
//! - `nic_bus`, `clock`, `random` and `entry` are the only users of imports: hardware, time, random numbers,
//!   and the host's ear. So the component can reach nothing else (`wasm-tools component wit` shows it).
//! - `allocator` and `panic` are what `std` would have brought along.
//!
//! Every export runs inside [`entry::enter`]: it reads the clock once, and when the core is done it tells the
//! host who became ready and whether to step earlier.

#![cfg_attr(target_family = "wasm", no_std)]

extern crate alloc;

#[cfg(any(test, target_family = "wasm"))]
mod state;

#[cfg(target_family = "wasm")]
mod abort;
#[cfg(target_family = "wasm")]
mod allocator;
#[cfg(target_family = "wasm")]
mod bindings;
#[cfg(target_family = "wasm")]
mod clock;
#[cfg(target_family = "wasm")]
mod configure;
#[cfg(target_family = "wasm")]
mod control;
#[cfg(target_family = "wasm")]
mod entry;
#[cfg(target_family = "wasm")]
mod io;
#[cfg(target_family = "wasm")]
mod nic_bus;
#[cfg(target_family = "wasm")]
mod panic;
#[cfg(target_family = "wasm")]
mod random;
#[cfg(target_family = "wasm")]
mod reactor;
#[cfg(target_family = "wasm")]
mod sockets;

/// What the exported interfaces are implemented for.
#[cfg(target_family = "wasm")]
struct Component;
