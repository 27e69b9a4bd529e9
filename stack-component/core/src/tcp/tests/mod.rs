//! TCP by itself: one side against scripted segments, and two sides against each other, in virtual time.

mod accurate_ecn;
mod attack;
mod close;
mod congestion;
mod ecn;
mod fast_open;
mod flood;
mod handshake;
mod harness;
mod loss;
mod mtu_probe;
mod passive;
mod receiving;
mod recovery;
mod robustness;
mod sending;
mod trace;
mod transfer;
