//! TCP by itself: one side against scripted segments, and two sides against each other, in virtual time.

mod close;
mod handshake;
mod harness;
mod loss;
mod recovery;
mod robustness;
mod trace;
mod transfer;
