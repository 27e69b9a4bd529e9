//! The receive unit: from the wire through the filter into the ring (SDM 3.2).

use super::address_filter::AddressFilter;
use super::offload::{frame_check_sequence, ipv4_header};
use super::ring::Ring;
use super::statistics::{Cast, Statistics};
use super::{Dma, DmaError};
use e1000_regs::descriptors::{
    DESCRIPTOR_LEN, RECEIVE_WRITE_BACK_OFFSET, ReceiveDescriptor, receive_errors, receive_status,
};
use e1000_regs::receive::{FCS_LEN, MAX_LONG_PACKET, MAX_PACKET, rctl, rxcsum};
use e1000_regs::{Statistic, interrupt};
use std::borrow::Cow;

/// Shortest frame that has an Ethernet header.
const ETHERNET_HEADER_LEN: usize = 14;
/// Shortest frame on the wire, without FCS; what comes shorter, from a TAP for instance, is padded.
pub(super) const MIN_FRAME_LEN: usize = 60;
/// Bytes of a VLAN tag.
const TAG_LEN: usize = 4;

/// A frame that arrives on the wire.
#[derive(Clone, Copy, Debug)]
pub struct WireFrame<'a> {
    /// From the destination address on, without preamble and frame check sequence.
    pub bytes: &'a [u8],
    /// What the wire knows of its checksums.
    pub checksum: ChecksumVerdict,
}

impl<'a> WireFrame<'a> {
    /// A frame of which nothing is known but its bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        WireFrame { bytes, checksum: ChecksumVerdict::Unknown }
    }
}

/// What is known of the TCP or UDP checksum of a frame from the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChecksumVerdict {
    /// Nothing: the descriptor tells the driver to ignore the checksum indications.
    #[default]
    Unknown,
    /// The wire vouches for it; it is reported as checked, if RXCSUM wants that.
    Verified,
}

/// What became of a frame from the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiveOutcome {
    /// It lies in the driver's buffers.
    Delivered,
    /// It is for somebody else.
    Filtered,
    /// Not enough descriptors were free; lost, and counted in MPC and RNBC.
    NoBuffers,
    /// The link is down, RCTL.EN is clear, or the device may not access memory.
    Disabled,
    /// Longer than RCTL.LPE allows; counted in ROC.
    Oversize,
    /// Shorter than an Ethernet header; counted in RUC.
    Undersize,
    /// A descriptor or its buffer is not in a DMA region. The descriptors were used up, if they could be
    /// written.
    BusError,
}

/// How VLAN tags are recognised and whether they are stripped: VET and CTRL.VME.
#[derive(Clone, Copy, Debug)]
pub(super) struct VlanMode {
    pub(super) ethertype: u16,
    pub(super) strip: bool,
}

impl VlanMode {
    /// The tag of a tagged frame.
    pub(super) fn tag(self, frame: &[u8]) -> Option<u16> {
        let [ethertype_high, ethertype_low, tag_high, tag_low] = *frame.get(12..)?.first_chunk()?;
        (u16::from_be_bytes([ethertype_high, ethertype_low]) == self.ethertype)
            .then(|| u16::from_be_bytes([tag_high, tag_low]))
    }
}

/// The receive unit's registers.
#[derive(Debug, Default)]
pub(super) struct ReceiveUnit {
    pub(super) ring: Ring,
    pub(super) rctl: u32,
    pub(super) rxcsum: u32,
}

/// A buffer that a frame will fill, and its place after the head of the ring.
struct Buffer {
    ahead: u32,
    address: u64,
}

/// Why a frame found no way into the ring.
enum Obstacle {
    NoBuffers,
    Bus,
}

impl From<DmaError> for Obstacle {
    fn from(_: DmaError) -> Self {
        Obstacle::Bus
    }
}

impl ReceiveUnit {
    /// Whether the ring can take a frame of the longest length that RCTL permits.
    pub(super) fn has_room(&self) -> bool {
        let needed = self.longest_packet().div_ceil(rctl::buffer_size(self.rctl));
        self.ring.available() as usize >= needed
    }

    /// Filters a frame and puts it into the ring. Answers what became of it and the interrupt causes.
    pub(super) fn receive(
        &mut self,
        dma: &mut dyn Dma,
        frame: WireFrame<'_>,
        vlan: VlanMode,
        filter: &AddressFilter,
        statistics: &mut Statistics,
    ) -> (ReceiveOutcome, u32) {
        let bytes = pad(frame.bytes);
        statistics.seen(bytes.len());
        if frame.bytes.len() < ETHERNET_HEADER_LEN {
            statistics.count(Statistic::Ruc);
            return (ReceiveOutcome::Undersize, 0);
        }
        let tag = vlan.tag(&bytes);
        if !filter.accepts(self.rctl, &bytes, tag) {
            return (ReceiveOutcome::Filtered, 0);
        }
        if bytes.len() + FCS_LEN > self.longest_packet() {
            statistics.count(Statistic::Roc);
            return (ReceiveOutcome::Oversize, 0);
        }
        let last = self.describe(&bytes, tag.filter(|_| vlan.strip), frame.checksum);
        match self.deliver(dma, &self.as_stored(&bytes, last.status), last) {
            Ok(()) => {
                statistics.received(bytes.len(), Cast::of(&bytes));
                (ReceiveOutcome::Delivered, interrupt::RXT0 | self.threshold_cause())
            }
            Err(Obstacle::NoBuffers) => {
                statistics.count(Statistic::Rnbc);
                statistics.count(Statistic::Mpc);
                (ReceiveOutcome::NoBuffers, interrupt::RXO | self.threshold_cause())
            }
            Err(Obstacle::Bus) => {
                statistics.count(Statistic::Rxerrc);
                (ReceiveOutcome::BusError, interrupt::RXT0 | self.threshold_cause())
            }
        }
    }

    /// Longest packet, FCS included. Storing bad packets (SBP) lets long ones in too.
    fn longest_packet(&self) -> usize {
        if self.rctl & (rctl::LPE | rctl::SBP) != 0 { MAX_LONG_PACKET } else { MAX_PACKET }
    }

    /// RXDMT0 while the free descriptors are at or below RCTL.RDMTS' share of the ring.
    fn threshold_cause(&self) -> u32 {
        let share = ((self.rctl & rctl::RDMTS_MASK) >> rctl::RDMTS_SHIFT) + 1;
        if self.ring.available() <= self.ring.descriptors() >> share { interrupt::RXDMT0 } else { 0 }
    }

    /// Status and tag for the frame's last descriptor.
    fn describe(
        &self,
        frame: &[u8],
        stripped_tag: Option<u16>,
        verdict: ChecksumVerdict,
    ) -> ReceiveDescriptor {
        let mut descriptor = ReceiveDescriptor {
            status: receive_status::DD | receive_status::EOP,
            special: stripped_tag.unwrap_or(0),
            ..ReceiveDescriptor::default()
        };
        if stripped_tag.is_some() {
            descriptor.status |= receive_status::VP;
        }
        match verdict {
            ChecksumVerdict::Unknown => descriptor.status |= receive_status::IXSM,
            ChecksumVerdict::Verified => self.report_checksums(frame, &mut descriptor),
        }
        descriptor
    }

    /// Reports what RXCSUM asks for, of untagged IPv4 frames.
    fn report_checksums(&self, frame: &[u8], descriptor: &mut ReceiveDescriptor) {
        let is_ipv4 = frame.get(12..14) == Some(&[0x08, 0x00]);
        let Some(header) = ipv4_header(frame, ETHERNET_HEADER_LEN).filter(|_| is_ipv4) else {
            descriptor.status |= receive_status::IXSM;
            return;
        };
        if self.rxcsum & rxcsum::IPOFL != 0 {
            descriptor.status |= receive_status::IPCS;
            if !header.checksum_good {
                descriptor.errors |= receive_errors::IPE;
            }
        }
        if self.rxcsum & rxcsum::TUOFL != 0 && header.whole_transport {
            descriptor.status |= receive_status::TCPCS;
        }
    }

    /// The bytes as they go into memory: without a stripped tag, with the FCS unless it is stripped.
    fn as_stored<'a>(&self, frame: &'a [u8], status: u8) -> Cow<'a, [u8]> {
        let strip_tag = status & receive_status::VP != 0;
        let strip_fcs = self.rctl & rctl::SECRC != 0;
        if !strip_tag && strip_fcs {
            return Cow::Borrowed(frame);
        }
        let mut stored = Vec::with_capacity(frame.len() + FCS_LEN);
        stored.extend_from_slice(frame);
        if strip_tag {
            stored.drain(12..12 + TAG_LEN);
        }
        if !strip_fcs {
            stored.extend_from_slice(&frame_check_sequence(frame));
        }
        Cow::Owned(stored)
    }

    /// Writes the frame into the buffers at the head of the ring, and hands the descriptors over: the data
    /// first, the descriptors after it, in order.
    fn deliver(&mut self, dma: &mut dyn Dma, bytes: &[u8], last: ReceiveDescriptor) -> Result<(), Obstacle> {
        self.skip_null_buffers(dma)?;
        let size = rctl::buffer_size(self.rctl);
        let needed = bytes.len().div_ceil(size) as u32;
        if self.ring.available() < needed {
            return Err(Obstacle::NoBuffers);
        }
        let buffers = self.collect(dma, needed)?;
        let written =
            buffers.iter().zip(bytes.chunks(size)).try_for_each(|(buffer, piece)| match buffer.address {
                0 => Err(DmaError),
                address => dma.write(address, piece),
            });
        let last = match written {
            Ok(()) => last,
            // The driver gets its descriptors back, and is told that what they hold is worthless.
            Err(DmaError) => ReceiveDescriptor { errors: receive_errors::RXE, ..last },
        };
        for (buffer, piece) in buffers.iter().zip(bytes.chunks(size)) {
            let is_last = buffer.ahead + 1 == needed;
            let status = if is_last {
                last
            } else {
                ReceiveDescriptor { status: receive_status::DD, ..Default::default() }
            };
            let length = if written.is_ok() { piece.len() as u16 } else { 0 };
            self.write_back(dma, buffer.ahead, ReceiveDescriptor { length, ..status })?;
        }
        self.ring.advance(needed);
        written.map_err(Obstacle::from)
    }

    /// Hands back the descriptors at the head that name no buffer: done, without data. At most one turn of
    /// the ring, and each only once, so a ring full of them costs one pass and is then empty.
    fn skip_null_buffers(&mut self, dma: &mut dyn Dma) -> Result<(), DmaError> {
        for _ in 0..self.ring.available() {
            if self.fetch(dma, 0)?.address != 0 {
                break;
            }
            let done = ReceiveDescriptor { status: receive_status::DD, ..ReceiveDescriptor::default() };
            self.write_back(dma, 0, done)?;
            self.ring.advance(1);
        }
        Ok(())
    }

    /// Reads the `needed` descriptors at the head, each once.
    fn collect(&self, dma: &mut dyn Dma, needed: u32) -> Result<Vec<Buffer>, DmaError> {
        (0..needed).map(|ahead| Ok(Buffer { ahead, address: self.fetch(dma, ahead)?.address })).collect()
    }

    fn fetch(&self, dma: &mut dyn Dma, ahead: u32) -> Result<ReceiveDescriptor, DmaError> {
        let mut bytes = [0; DESCRIPTOR_LEN];
        dma.read(self.ring.address(ahead)?, &mut bytes)?;
        Ok(ReceiveDescriptor::from_bytes(bytes))
    }

    fn write_back(
        &self,
        dma: &mut dyn Dma,
        ahead: u32,
        descriptor: ReceiveDescriptor,
    ) -> Result<(), DmaError> {
        let address = self.ring.address(ahead)?.checked_add(RECEIVE_WRITE_BACK_OFFSET).ok_or(DmaError)?;
        dma.write(address, &descriptor.write_back())
    }
}

/// Zeros up to the shortest frame on the wire.
fn pad(frame: &[u8]) -> Cow<'_, [u8]> {
    if frame.len() >= MIN_FRAME_LEN {
        return Cow::Borrowed(frame);
    }
    let mut padded = frame.to_vec();
    padded.resize(MIN_FRAME_LEN, 0);
    Cow::Owned(padded)
}
