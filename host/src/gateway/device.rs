//! The gateway's network card: its end of the user wire.

use crate::wire::Wire;
use crate::wire::user::UserWire;
use stack_core::device::{Features, NetDevice};
use stack_core::packet::Packet;
use stack_core::time::Instant;
use stack_core::wire::ethernet::MacAddress;
use std::sync::Arc;

/// A card with no ring of its own: the cable's queues are its rings.
#[derive(Debug)]
pub(super) struct WireDevice {
    pub(super) wire: Arc<UserWire>,
    pub(super) mac: MacAddress,
}

impl NetDevice for WireDevice {
    fn mac(&self) -> MacAddress {
        self.mac
    }

    /// None: the checksums are verified and computed in software, so that captures show what a real wire
    /// would and a fault of the guest's card is noticed.
    fn features(&self) -> Features {
        Features::default()
    }

    fn link_up(&self) -> bool {
        true
    }

    fn poll(&mut self, _now: Instant, budget: usize, frames: &mut Vec<Packet>) -> bool {
        for _ in 0..budget {
            let mut frame = Vec::new();
            match self.wire.receive(&mut frame) {
                Ok(true) => frames.push(Packet::from_frame(frame)),
                Ok(false) | Err(_) => return false,
            }
        }
        true
    }

    fn transmit(&mut self, frame: Packet) -> Result<(), Packet> {
        self.wire.transmit(frame.data()).map_err(|_| frame)
    }

    fn flush(&mut self) {}

    fn can_transmit(&self) -> bool {
        self.wire.has_room()
    }
}
