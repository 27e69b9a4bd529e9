//! The transmit ring: descriptors and buffers in one DMA region.
//!
//! [`TransmitRing::stage`] describes a frame and keeps it; [`TransmitRing::flush`] copies all staged frames
//! and their descriptors into the region with one call and moves the tail. Only the last descriptor of a
//! flush asks for its status (RS): the device works in order, so that one being done says all are.

use super::receive::{BUFFER_LEN, buffer_offset, ring_ahead, ring_len, ring_spans};
use super::{Bus, BusError, Region, Span, Store};
use crate::packet::{Checksum, Packet};
use crate::wire::checksum::Sum;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use e1000_regs::descriptors::{
    ContextDescriptor, DESCRIPTOR_LEN, DataDescriptor, TRANSMIT_STATUS_OFFSET, context_command,
    packet_options, transmit_command, transmit_status,
};
use e1000_regs::registers::offset;
use e1000_regs::transmit::{tctl, tipg};

/// Shortest frame: an Ethernet header. The device pads.
const MIN_FRAME_LEN: usize = 14;
/// Bytes of an Ethernet header with a VLAN tag.
const HEADERS_LEN: usize = 18;
/// Reports that are looked at beside the newest.
const OLDEST_REPORTS: usize = 8;
/// Offset of the checksum in a TCP header, by which the device is told what it sums.
const TCP_CHECKSUM_OFFSET: u16 = 16;

/// The frame cannot be sent as it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unsendable;

/// The transmit ring. Linux: `struct e1000_tx_ring`.
#[derive(Debug)]
pub(super) struct TransmitRing {
    region: Region,
    /// Number of descriptors: a multiple of 8, at most 4096.
    count: u16,
    /// The next descriptor to use; those before it are staged or the device's.
    next: u16,
    /// The oldest descriptor that is not free.
    oldest: u16,
    /// Frames not yet in the region, with the descriptor in whose buffer they begin.
    staged: Vec<(u16, Packet)>,
    /// The descriptors not yet in the region; the last one is `next - 1`.
    descriptors: Vec<[u8; DESCRIPTOR_LEN]>,
    /// Descriptors that will report, oldest first: the last one of each flush.
    reporting: VecDeque<u16>,
    /// The checksum context that the device has.
    context: Option<ContextDescriptor>,
    /// Bytes of the longest frame: an MTU with its headers.
    longest: usize,
}

impl TransmitRing {
    /// Gets memory for `count` descriptors and buffers. Linux: `e1000_setup_tx_resources`.
    pub(super) fn allocate(bus: &mut impl Bus, count: u16) -> Result<Self, BusError> {
        let count = ring_len(count);
        let region = bus.dma_alloc(buffer_offset(count, count))?;
        Ok(TransmitRing {
            region,
            count,
            next: 0,
            oldest: 0,
            staged: Vec::new(),
            descriptors: Vec::new(),
            reporting: VecDeque::new(),
            context: None,
            longest: super::DEFAULT_MTU as usize + HEADERS_LEN,
        })
    }

    /// Takes frames of packets of up to `mtu` bytes; whether the ring is long enough for that.
    pub(super) fn set_mtu(&mut self, mtu: usize) -> bool {
        let longest = mtu.saturating_add(HEADERS_LEN);
        let enough = worst_case(longest) < usize::from(self.count);
        if enough {
            self.longest = longest;
        }
        enough
    }

    /// Forgets everything, as a reset of the device does. Answers how many staged frames are lost.
    pub(super) fn clear(&mut self) -> u64 {
        let lost = self.staged.len() as u64;
        (self.next, self.oldest) = (0, 0);
        self.staged.clear();
        self.descriptors.clear();
        self.reporting.clear();
        self.context = None;
        lost
    }

    /// Tells a device that was just reset where the ring is and lets it transmit.
    /// Linux: `e1000_configure_tx`.
    pub(super) fn start(&mut self, bus: &mut impl Bus) {
        bus.register_write(offset::TDBAL, self.region.bus_address as u32);
        bus.register_write(offset::TDBAH, (self.region.bus_address >> 32) as u32);
        bus.register_write(offset::TDLEN, u32::from(self.count) * DESCRIPTOR_LEN as u32);
        bus.register_write(offset::TDH, 0);
        bus.register_write(offset::TDT, 0);
        bus.register_write(offset::TIPG, tipg::COPPER);
        bus.register_write(offset::TIDV, 0);
        bus.register_write(offset::TADV, 0);
        bus.register_write(offset::TCTL, tctl::EN | tctl::PSP | tctl::CT_DEFAULT | tctl::COLD_FULL_DUPLEX);
    }

    /// Whether there is room for one more frame, whatever it needs.
    pub(super) fn has_room(&self) -> bool {
        usize::from(self.free()) >= worst_case(self.longest)
    }

    /// Describes a frame and keeps it for the next flush. There must be room.
    /// Linux: `e1000_tx_csum`, `e1000_tx_map`, `e1000_tx_queue`.
    pub(super) fn stage(&mut self, mut frame: Packet) -> Result<(), Unsendable> {
        if !(MIN_FRAME_LEN..=self.longest).contains(&frame.len()) || !self.has_room() {
            return Err(Unsendable);
        }
        let mut options = 0;
        if let Checksum::Partial { length, offset } = frame.meta.checksum {
            match checksum_context(frame.len(), length, offset) {
                Some(context) => {
                    self.load(context);
                    options = packet_options::TXSM;
                }
                None => sum_in_software(&mut frame, length, offset)?,
            }
        }
        let first = self.next;
        self.describe(frame.len(), options);
        self.staged.push((first, frame));
        Ok(())
    }

    /// Pushes the descriptors of a frame's data, one for each buffer that it fills.
    fn describe(&mut self, len: usize, options: u8) {
        let mut rest = len;
        while rest > 0 {
            let piece = rest.min(BUFFER_LEN as usize);
            rest -= piece;
            let end = if rest == 0 { transmit_command::EOP } else { 0 };
            let place = buffer_offset(self.count, self.next);
            let descriptor = DataDescriptor {
                address: self.region.bus_address.wrapping_add(place.into()),
                length: piece as u32,
                command: end | transmit_command::IFCS,
                options,
                ..DataDescriptor::default()
            };
            self.push(descriptor.to_bytes());
        }
    }

    /// Hands all staged frames to the device. Answers how many were lost because the bus refused them.
    pub(super) fn flush(&mut self, bus: &mut impl Bus) -> u64 {
        let Some(last) = self.descriptors.last_mut() else { return 0 };
        // The command byte of a data descriptor, which the last one always is.
        last[11] |= transmit_command::RS;
        let first = ring_ahead(self.count, self.next, self.count - self.descriptors.len() as u16);
        if self.write(bus, first).is_err() {
            self.next = first;
            self.descriptors.clear();
            self.context = None;
            return self.staged.drain(..).len() as u64;
        }
        self.staged.clear();
        self.descriptors.clear();
        self.reporting.push_back(ring_ahead(self.count, self.next, self.count - 1));
        bus.register_write(offset::TDT, self.next.into());
        if self.free() < self.count / 2 {
            self.reclaim(bus);
        }
        0
    }

    /// Frees what the device says it has sent. Linux: `e1000_clean_tx_irq`.
    ///
    /// The newest report is looked at together with the oldest few: a device that keeps up is done with all,
    /// and the answer stays short.
    pub(super) fn reclaim(&mut self, bus: &mut impl Bus) {
        let Some(newest) = self.reporting.back() else { return };
        let spans: Vec<Span> = core::iter::once(newest)
            .chain(self.reporting.iter().take(OLDEST_REPORTS))
            .map(|index| Span {
                offset: u32::from(*index) * DESCRIPTOR_LEN as u32 + TRANSMIT_STATUS_OFFSET as u32,
                len: 1,
            })
            .collect();
        // A bus that refuses frees nothing: the ring fills up, and the time-out resets the device.
        let Ok(statuses) = bus.dma_read(self.region.id, &spans) else { return };
        let is_done =
            |status: &Vec<u8>| status.first().is_some_and(|status| status & transmit_status::DD != 0);
        let freed = match statuses.split_first() {
            Some((newest, _)) if is_done(newest) => self.reporting.len(),
            Some((_, oldest)) => oldest.iter().take_while(|status| is_done(status)).count(),
            None => 0,
        };
        if let Some(last) = self.reporting.drain(..freed.min(self.reporting.len())).next_back() {
            self.oldest = ring_ahead(self.count, last, 1);
        }
    }

    /// Payloads first, then the descriptors that point at them, in one call.
    fn write(&self, bus: &mut impl Bus, first: u16) -> Result<(), BusError> {
        let descriptors = self.descriptors.as_flattened();
        let mut stores: Vec<Store<'_>> = self
            .staged
            .iter()
            .flat_map(|(first, frame)| {
                frame.data().chunks(BUFFER_LEN as usize).zip(0..).map(|(bytes, ahead)| {
                    let index = ring_ahead(self.count, *first, ahead);
                    Store { offset: buffer_offset(self.count, index), bytes }
                })
            })
            .collect();
        let mut rest = descriptors;
        for span in ring_spans(self.count, first, self.descriptors.len() as u16) {
            let (piece, behind) = rest.split_at(rest.len().min(span.len as usize));
            stores.push(Store { offset: span.offset, bytes: piece });
            rest = behind;
        }
        bus.dma_write(self.region.id, &stores)
    }

    /// Gives the device a checksum context, unless it has the very same already.
    fn load(&mut self, context: ContextDescriptor) {
        if self.context != Some(context) {
            self.context = Some(context);
            self.push(context.to_bytes());
        }
    }

    fn push(&mut self, descriptor: [u8; DESCRIPTOR_LEN]) {
        self.descriptors.push(descriptor);
        self.next = ring_ahead(self.count, self.next, 1);
    }

    /// One descriptor is never used: with head and tail equal the ring is empty.
    fn free(&self) -> u16 {
        let used = (self.next + self.count - self.oldest) % self.count;
        self.count - 1 - used
    }
}

/// Descriptors that a frame of `longest` bytes may take: a context, and one for each buffer that it fills.
fn worst_case(longest: usize) -> usize {
    1 + longest.div_ceil(BUFFER_LEN as usize)
}

/// The context for a checksum over the last `length` bytes of a frame, stored at `offset` in them; `None` if
/// the device's eight bit offsets, or the frame, have no room for that.
fn checksum_context(frame_len: usize, length: u32, offset: u16) -> Option<ContextDescriptor> {
    let length = usize::try_from(length).ok()?;
    let start = frame_len.checked_sub(length)?;
    let store = start.checked_add(offset.into())?;
    if usize::from(offset) + 2 > length {
        return None;
    }
    let is_tcp = offset == TCP_CHECKSUM_OFFSET;
    Some(ContextDescriptor {
        checksum_start: u8::try_from(start).ok()?,
        checksum_offset: u8::try_from(store).ok()?,
        checksum_end: 0,
        command: if is_tcp { context_command::TCP } else { 0 },
        ..ContextDescriptor::default()
    })
}

/// Fills in a checksum that lies beyond the device's reach. Linux: `skb_checksum_help`.
fn sum_in_software(frame: &mut Packet, length: u32, offset: u16) -> Result<(), Unsendable> {
    let length = usize::try_from(length).map_err(|_| Unsendable)?;
    let start = frame.len().checked_sub(length).ok_or(Unsendable)?;
    let summed = frame.data_mut().get_mut(start..).ok_or(Unsendable)?;
    let checksum = match Sum::of(summed).checksum() {
        0 => 0xFFFF,
        checksum => checksum,
    };
    let field = summed.get_mut(offset.into()..usize::from(offset) + 2).ok_or(Unsendable)?;
    field.copy_from_slice(&checksum.to_be_bytes());
    Ok(())
}
