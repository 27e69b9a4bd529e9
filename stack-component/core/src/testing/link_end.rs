//! The device at one end of a link.

use super::link::Link;
use crate::device::{Features, NetDevice};
use crate::packet::Packet;
use crate::time::Instant;
use crate::wire::ethernet::MacAddress;
use alloc::vec::Vec;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The device at one end of a link.
#[derive(Debug)]
pub struct LinkEnd {
    pub(super) link: Arc<Mutex<Link>>,
    pub(super) end: usize,
}

/// The Ethernet address of the device at `end`.
pub(super) fn mac_of(end: usize) -> MacAddress {
    MacAddress([2, 0, 0, 0, 0, end as u8 + 1])
}

impl LinkEnd {
    fn link(&self) -> MutexGuard<'_, Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl NetDevice for LinkEnd {
    fn mac(&self) -> MacAddress {
        mac_of(self.end)
    }

    fn features(&self) -> Features {
        Features::default()
    }

    fn link_up(&self) -> bool {
        true
    }

    fn poll(&mut self, _now: Instant, budget: usize, frames: &mut Vec<Packet>) -> bool {
        self.link().take(self.end, budget, |frame| frames.push(Packet::from_frame(frame)))
    }

    fn transmit(&mut self, frame: Packet) -> Result<(), Packet> {
        self.link().send(self.end, frame.into_data());
        Ok(())
    }

    fn flush(&mut self) {}

    fn can_transmit(&self) -> bool {
        true
    }
}
