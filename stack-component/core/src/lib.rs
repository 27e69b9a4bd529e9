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
pub mod bpf;
pub mod counters;
pub mod drop_reason;
pub mod ignore_reason;
pub mod journal;
pub mod keyed_hash;
pub mod log;
pub mod random;
pub mod sysctl;
pub mod time;
pub mod timer;
pub mod wire;

// 2: the packet
pub mod packet;

// 3: the layers
pub mod autoconf;
pub mod device;
pub mod dhcp;
pub mod driver;
pub mod ethernet;
pub mod fragment;
pub mod icmp;
pub mod ip;
pub mod link_local;
pub mod multicast;
pub mod names;
pub mod neighbour;
pub mod netfilter;
pub mod packet_socket;
pub mod qdisc;
pub mod raw;
pub mod route;
pub mod socket;
pub mod tcp;
pub mod udp;

// 4: the packet's way
mod datapath;

// 5: the public face
pub mod stack;

pub use stack::Stack;

#[cfg(any(test, feature = "testing"))]
pub mod testing;
