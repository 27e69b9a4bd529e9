//! The receive ring: descriptors and buffers in one DMA region.
//!
//! The device owns the descriptors from `next` on, all but one: it fills their buffers in order and marks
//! each done (DD). [`ReceiveRing::harvest`] takes the done ones, copies their payloads out, and gives the
//! same buffers back. A frame that is longer than a buffer takes several descriptors, of which the last one says so (EOP).

use super::assembly::Assembly;
use super::{Bus, BusError, Region, Span, Store};
use crate::device::DeviceCounters;
use crate::packet::Packet;
use alloc::vec::Vec;
use e1000_regs::descriptors::{DESCRIPTOR_LEN, ReceiveDescriptor, receive_status};
use e1000_regs::receive::{rctl, rxcsum};
use e1000_regs::registers::offset;

/// Bytes of one buffer; a frame of an MTU of 1500 fits into one, a longer one takes several.
pub(super) const BUFFER_LEN: u32 = 2048;
/// Longest frame that the device hands over with RCTL.LPE, in bytes without its CRC.
const MAX_LONG_FRAME: usize = e1000_regs::receive::MAX_LONG_PACKET - e1000_regs::receive::FCS_LEN;

/// The receive ring. Linux: `struct e1000_rx_ring`.
#[derive(Debug)]
pub(super) struct ReceiveRing {
    region: Region,
    /// Number of descriptors: a multiple of 8, at most 4096.
    count: u16,
    /// The next descriptor that the device will have filled.
    next: u16,
    /// Whether frames may be longer than those of an MTU of 1500.
    long: bool,
    /// Frames for everybody are taken.
    promiscuous: bool,
    assembly: Assembly,
}

impl ReceiveRing {
    /// Gets memory for `count` descriptors and buffers. Linux: `e1000_setup_rx_resources`.
    pub(super) fn allocate(bus: &mut impl Bus, count: u16) -> Result<Self, BusError> {
        let count = ring_len(count);
        let region = bus.dma_alloc(buffer_offset(count, count))?;
        let assembly = Assembly::default();
        Ok(ReceiveRing { region, count, next: 0, long: false, promiscuous: false, assembly })
    }

    /// Gives all buffers to a device that was just reset and lets it receive.
    /// Linux: `e1000_configure_rx`, `e1000_alloc_rx_buffers`.
    pub(super) fn start(&mut self, bus: &mut impl Bus) -> Result<(), BusError> {
        self.next = 0;
        self.assembly = Assembly::default();
        self.refill(bus, self.count)?;
        bus.register_write(offset::RDTR, 0);
        bus.register_write(offset::RADV, 0);
        bus.register_write(offset::RDBAL, self.region.bus_address as u32);
        bus.register_write(offset::RDBAH, (self.region.bus_address >> 32) as u32);
        bus.register_write(offset::RDLEN, u32::from(self.count) * DESCRIPTOR_LEN as u32);
        bus.register_write(offset::RDH, 0);
        bus.register_write(offset::RDT, u32::from(self.count) - 1);
        bus.register_write(offset::RXCSUM, rxcsum::IPOFL | rxcsum::TUOFL);
        self.control(bus);
        Ok(())
    }

    /// Takes frames that are longer than 1522 bytes with their CRC, or does not. Linux: `e1000_change_mtu`, which resets
    /// the device; this bit can be changed while it works.
    pub(super) fn set_long(&mut self, bus: &mut impl Bus, long: bool) {
        if self.long != long {
            self.long = long;
            self.control_again(bus);
        }
    }

    /// Takes frames for everybody from now on, or those for ourselves alone. Linux: `e1000_set_rx_mode`.
    pub(super) fn set_promiscuous(&mut self, bus: &mut impl Bus, promiscuous: bool) {
        self.promiscuous = promiscuous;
        self.control_again(bus);
    }

    /// Writes RCTL anew if the receiver is on. A device that did not come back from its reset stays off.
    fn control_again(&self, bus: &mut impl Bus) {
        if bus.register_read(offset::RCTL) & rctl::EN != 0 {
            self.control(bus);
        }
    }

    /// Writes RCTL. Linux: `e1000_setup_rctl`.
    fn control(&self, bus: &mut impl Bus) {
        let long = if self.long { rctl::LPE } else { 0 };
        let everybody = if self.promiscuous { rctl::UPE } else { 0 };
        // Buffers of 2048 bytes are BSIZE 0. The CRC is stripped, so no length is ever reduced by it.
        // All groups are received, and those that nobody joined are dropped above.
        bus.register_write(offset::RCTL, rctl::EN | rctl::BAM | rctl::MPE | rctl::SECRC | long | everybody);
    }

    /// Takes at most `budget` done descriptors, appends their frames, and gives the buffers back. Answers
    /// whether there may be more. Linux: `e1000_clean_rx_irq`.
    pub(super) fn harvest(
        &mut self,
        bus: &mut impl Bus,
        budget: usize,
        frames: &mut Vec<Packet>,
        counters: &mut DeviceCounters,
    ) -> bool {
        match self.try_harvest(bus, budget, frames, counters) {
            Ok(more) => more,
            Err(BusError::OutOfBounds | BusError::OutOfMemory) => {
                count_error(counters);
                false
            }
        }
    }

    fn try_harvest(
        &mut self,
        bus: &mut impl Bus,
        budget: usize,
        frames: &mut Vec<Packet>,
        counters: &mut DeviceCounters,
    ) -> Result<bool, BusError> {
        let limit = u16::try_from(budget).unwrap_or(u16::MAX).clamp(1, self.count - 1);
        let done = self.read_done(bus, limit)?;
        if done.is_empty() {
            return Ok(false);
        }
        let longest = if self.long { MAX_LONG_FRAME } else { BUFFER_LEN as usize };
        let plan = self.assembly.plan(&done, longest, BUFFER_LEN);
        let spans: Vec<Span> = plan
            .pieces
            .iter()
            .map(|piece| Span { offset: buffer_offset(self.count, self.ahead(piece.ahead)), len: piece.len })
            .collect();
        let payloads = if spans.is_empty() { Vec::new() } else { bus.dma_read(self.region.id, &spans)? };
        counters.receive_errors = counters.receive_errors.saturating_add(plan.bad);
        self.assembly.carry_out(plan, payloads, frames);
        let count = done.len() as u16;
        self.refill(bus, count)?;
        self.next = self.ahead(count);
        // The device's are all but the one before `next`: with head and tail equal the ring were empty.
        bus.register_write(offset::RDT, self.ahead(self.count - 1).into());
        Ok(count == limit)
    }

    /// Reads the next `limit` descriptors and keeps those that are done.
    fn read_done(&self, bus: &mut impl Bus, limit: u16) -> Result<Vec<ReceiveDescriptor>, BusError> {
        let memory = bus.dma_read(self.region.id, &self.descriptor_spans(limit))?;
        let descriptors = memory.iter().flat_map(|bytes| bytes.as_chunks().0);
        Ok(descriptors
            .map(|bytes| ReceiveDescriptor::from_bytes(*bytes))
            .take(limit.into())
            .take_while(|descriptor| descriptor.status & receive_status::DD != 0)
            .collect())
    }

    /// Writes `count` empty descriptors from `next` on. The addresses are written anew each time: the
    /// device could have changed them.
    fn refill(&self, bus: &mut impl Bus, count: u16) -> Result<(), BusError> {
        let bytes: Vec<u8> = (0..count)
            .flat_map(|ahead| {
                let offset = buffer_offset(self.count, self.ahead(ahead));
                let address = self.region.bus_address.wrapping_add(offset.into());
                ReceiveDescriptor { address, ..ReceiveDescriptor::default() }.to_bytes()
            })
            .collect();
        let mut rest = &bytes[..];
        let mut stores = Vec::with_capacity(2);
        for span in self.descriptor_spans(count) {
            let (piece, behind) = rest.split_at(rest.len().min(span.len as usize));
            stores.push(Store { offset: span.offset, bytes: piece });
            rest = behind;
        }
        bus.dma_write(self.region.id, &stores)
    }

    /// Where `count` descriptors from `next` on lie: one piece, or two where the ring wraps.
    fn descriptor_spans(&self, count: u16) -> Vec<Span> {
        ring_spans(self.count, self.next, count)
    }

    /// The index `ahead` places after `next`.
    fn ahead(&self, ahead: u16) -> u16 {
        ring_ahead(self.count, self.next, ahead)
    }
}

fn count_error(counters: &mut DeviceCounters) {
    counters.receive_errors = counters.receive_errors.saturating_add(1);
}

/// A ring length that the device takes: a multiple of 8, within 8..=4096.
pub(super) fn ring_len(wanted: u16) -> u16 {
    wanted.clamp(8, 4096).next_multiple_of(8)
}

/// Where in its region a ring of `count` descriptors has buffer `index`; with `index` equal to `count`, the
/// region's length.
pub(super) fn buffer_offset(count: u16, index: u16) -> u32 {
    let ring = (u32::from(count) * DESCRIPTOR_LEN as u32).next_multiple_of(BUFFER_LEN);
    ring + u32::from(index) * BUFFER_LEN
}

/// Where the descriptors `from..from + len` of a ring lie: one piece, or two where it wraps.
pub(super) fn ring_spans(count: u16, from: u16, len: u16) -> Vec<Span> {
    let first = len.min(count - from);
    [(from, first), (0, len - first)]
        .into_iter()
        .filter(|(_, len)| *len > 0)
        .map(|(from, len)| Span {
            offset: u32::from(from) * DESCRIPTOR_LEN as u32,
            len: u32::from(len) * DESCRIPTOR_LEN as u32,
        })
        .collect()
}

/// The index `ahead` places after `from` in a ring of `count`.
pub(super) fn ring_ahead(count: u16, from: u16, ahead: u16) -> u16 {
    (from + ahead) % count
}
