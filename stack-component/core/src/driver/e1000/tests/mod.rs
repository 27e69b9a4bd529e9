//! The driver against a bus that does what a test tells it to, misbehaving included. The driver against the
//! real device model is a test of its own, outside of this crate.

mod fake_bus;
mod initialise;
mod receive;
mod transmit;

use super::*;
use fake_bus::{Call, FakeBus, MAC};
use std::vec;

/// A driver with rings of 8 and 8, and the bus to talk to it from the other side.
fn small() -> (E1000<FakeBus>, FakeBus) {
    with_rings(8, 8)
}

fn with_rings(receive_ring: u16, transmit_ring: u16) -> (E1000<FakeBus>, FakeBus) {
    let bus = FakeBus::new();
    let options = Options { receive_ring, transmit_ring };
    let driver = E1000::probe(bus.clone(), options).expect("a good device");
    bus.forget_calls();
    (driver, bus)
}

/// What a poll with this budget brings, and whether it says that there is more.
fn poll(driver: &mut E1000<FakeBus>, budget: usize) -> (Vec<Vec<u8>>, bool) {
    let mut frames = Vec::new();
    let more = driver.poll(Instant::ZERO, budget, &mut frames);
    (frames.into_iter().map(Packet::into_data).collect(), more)
}

/// A frame of `len` bytes whose bytes differ by `seed`.
fn frame(seed: u8, len: usize) -> Vec<u8> {
    (0..len).map(|index| (index as u8).wrapping_mul(31).wrapping_add(seed)).collect()
}
