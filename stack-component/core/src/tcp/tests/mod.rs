//! TCP by itself: one side against scripted segments, and two sides against each other, in virtual time.

mod close;
mod ecn;
mod handshake;
mod harness;
mod loss;
mod mtu_probe;
mod receiving;
mod recovery;
mod robustness;
mod trace;
mod transfer;
