//! The driver of the Intel 82540EM gigabit controller (PCI 8086:100e).
//! Linux: `drivers/net/ethernet/intel/e1000`.
//!
//! Between the hardware ([`Bus`]: registers, DMA memory) and the stack
//! ([`NetDevice`]: frames). In the packet's walk it is the first and the last step: the device writes frames
//! into the receive ring, [`NetDevice::poll`] harvests them; [`NetDevice::transmit`] queues frames,
//! [`NetDevice::flush`] hands them to the device in one go.
//!
//! A call to the bus crosses out of the sandbox, so calls are what costs. A burst of frames takes a fixed
//! number of them, whatever its length: receive five (causes, descriptors, payloads, refill, tail), transmit
//! two (payloads with descriptors, tail).
//!
//! The device is not trusted. Every length and flag in a descriptor is checked before it is used, every
//! wait is bounded, and a ring full of nonsense costs dropped frames and a counter, nothing else.
//!
//! Memory: each ring has a buffer of 2048 bytes for each of its descriptors, 512 KiB with the usual 256. Frames longer than
//! that take several of them, so an MTU changes nothing about it.
//!
//! Not here yet: VLAN filters, filters for single groups (the card passes all multicast frames on), segmentation, receive
//! coalescing.

mod assembly;
mod bus;
mod initialise;
mod interrupt;
mod link;
mod receive;
mod transmit;

#[cfg(test)]
mod tests;

pub use bus::{Bus, BusError, Region, RegionId, Span, Store};
pub use initialise::{Options, ProbeError};

use crate::device::{DeviceCounters, Features, NetDevice};
use crate::packet::Packet;
use crate::time::{Duration, Instant};
use crate::wire::ethernet::MacAddress;
use alloc::vec::Vec;
use e1000_regs::{Register, Statistic, interrupt as cause};
use interrupt::Interrupts;
use receive::ReceiveRing;
use transmit::TransmitRing;

/// How long the transmit ring may stand still before the device is reset. Linux: `watchdog_timeo`.
const TRANSMIT_TIMEOUT: Duration = Duration::from_secs(5);

/// The MTU of a device that was not told another one, in bytes. Linux: `ETH_DATA_LEN`.
const DEFAULT_MTU: u32 = 1500;

/// One controller and its rings. Linux: `struct e1000_adapter`.
#[derive(Debug)]
pub struct E1000<B> {
    bus: B,
    mac: MacAddress,
    link_up: bool,
    interrupts: Interrupts,
    receive: ReceiveRing,
    transmit: TransmitRing,
    /// Since when the transmit ring has been full.
    full_since: Option<Instant>,
    counters: DeviceCounters,
}

impl<B: Bus> E1000<B> {
    /// Largest IP packet that the driver moves, in bytes: a frame of 16128 bytes with its header and CRC.
    /// Linux: `MAX_JUMBO_FRAME_SIZE`.
    pub const MAX_MTU: u32 = 16_110;

    /// Finds out what is on the bus, brings it up and starts it. Linux: `e1000_probe`, `e1000_open`.
    pub fn probe(mut bus: B, options: Options) -> Result<Self, ProbeError> {
        initialise::identify(&mut bus)?;
        let receive = ReceiveRing::allocate(&mut bus, options.receive_ring)?;
        let transmit = TransmitRing::allocate(&mut bus, options.transmit_ring)?;
        let mut driver = E1000 {
            bus,
            mac: MacAddress::default(),
            link_up: false,
            interrupts: Interrupts::default(),
            receive,
            transmit,
            full_since: None,
            counters: DeviceCounters::default(),
        };
        driver.reset()?;
        Ok(driver)
    }

    /// Resets the device and starts it anew. Frames in its rings are lost; those that were queued to be sent
    /// count as errors. If it fails, the device stays off and its link down. Linux: `e1000_reinit_locked`.
    pub fn reset(&mut self) -> Result<(), ProbeError> {
        self.link_up = false;
        self.full_since = None;
        let lost = self.transmit.clear();
        self.counters.transmit_errors = self.counters.transmit_errors.saturating_add(lost);
        initialise::reset(&mut self.bus)?;
        self.mac = initialise::read_address(&mut self.bus)?;
        link::identify_phy(&mut self.bus)?;
        initialise::set_address(&mut self.bus, self.mac);
        self.receive.start(&mut self.bus)?;
        self.transmit.start(&mut self.bus);
        link::start(&mut self.bus);
        self.link_up = link::is_up(&mut self.bus);
        self.interrupts = Interrupts::start(&mut self.bus);
        Ok(())
    }

    /// The bus, for whoever waits for its interrupt.
    pub fn bus(&self) -> &B {
        &self.bus
    }

    /// The bus, to be changed; its device's registers belong to the driver.
    pub fn bus_mut(&mut self) -> &mut B {
        &mut self.bus
    }

    /// Frees what the device has sent. When the ring has stood full for too long with the link up, the
    /// device hangs: it is reset. Linux: `e1000_tx_timeout`.
    fn unblock_transmit(&mut self, now: Instant) {
        self.transmit.reclaim(&mut self.bus);
        if self.transmit.has_room() {
            self.full_since = None;
            self.interrupts.stop_watching_transmit(&mut self.bus);
            return;
        }
        let since = *self.full_since.get_or_insert(now);
        if self.link_up && now.since(since) >= TRANSMIT_TIMEOUT {
            // A device that does not come back from its reset has no link; there is nobody to tell.
            let _ = self.reset();
        }
    }

    /// Takes the device's own count of frames for which the ring had no room.
    fn count_missed(&mut self) {
        let missed = self.bus.register_read(Register::Statistic(Statistic::Mpc).offset());
        self.counters.receive_missed = self.counters.receive_missed.saturating_add(missed.into());
    }
}

impl<B: Bus + Send> NetDevice for E1000<B> {
    fn mac(&self) -> MacAddress {
        self.mac
    }

    /// Linux: `e1000_change_mtu`.
    fn set_mtu(&mut self, mtu: u32) -> bool {
        let taken = mtu <= Self::MAX_MTU && self.transmit.set_mtu(mtu as usize);
        if taken {
            self.receive.set_long(&mut self.bus, mtu > DEFAULT_MTU);
        }
        taken
    }

    fn features(&self) -> Features {
        Features { transmit_checksum: true }
    }

    fn set_promiscuous(&mut self, promiscuous: bool) {
        self.receive.set_promiscuous(&mut self.bus, promiscuous);
    }

    fn link_up(&self) -> bool {
        self.link_up
    }

    /// Linux: `e1000_clean`.
    fn poll(&mut self, now: Instant, budget: usize, frames: &mut Vec<Packet>) -> bool {
        let causes = self.interrupts.take_causes(&mut self.bus);
        if causes & cause::LSC != 0 {
            self.link_up = link::is_up(&mut self.bus);
        }
        if causes & cause::RXO != 0 {
            self.count_missed();
        }
        if !self.transmit.has_room() {
            self.unblock_transmit(now);
        }
        if !self.interrupts.says_received(causes) {
            return false;
        }
        let more = self.receive.harvest(&mut self.bus, budget, frames, &mut self.counters);
        self.interrupts.after_poll(&mut self.bus, more);
        more
    }

    /// Linux: `e1000_xmit_frame`.
    fn transmit(&mut self, frame: Packet) -> Result<(), Packet> {
        if !self.transmit.has_room() {
            return Err(frame);
        }
        if !self.link_up || self.transmit.stage(frame).is_err() {
            self.counters.transmit_errors = self.counters.transmit_errors.saturating_add(1);
            return Ok(());
        }
        if !self.transmit.has_room() {
            self.flush();
        }
        Ok(())
    }

    fn flush(&mut self) {
        let lost = self.transmit.flush(&mut self.bus);
        self.counters.transmit_errors = self.counters.transmit_errors.saturating_add(lost);
        if !self.transmit.has_room() {
            self.interrupts.watch_transmit(&mut self.bus);
        }
    }

    fn can_transmit(&self) -> bool {
        self.transmit.has_room()
    }

    fn counters(&self) -> DeviceCounters {
        self.counters
    }
}
