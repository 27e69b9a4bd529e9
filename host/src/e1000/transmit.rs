//! The transmit unit: from the ring to frames for the wire (SDM 3.3, 3.4).
//!
//! A write to TDT makes the unit fetch descriptors, gather the buffers of a frame, and at its end (EOP)
//! insert checksums or segment it. Contexts persist over frames and doorbells, the plain one and the one for
//! segmentation apart, because drivers rely on both; a frame uses the context that was valid at its first
//! data descriptor, whatever comes in between.

use super::offload::Insertion;
use super::receive::MIN_FRAME_LEN;
use super::ring::Ring;
use super::segmentation::{self, Checksums, MAX_SEGMENTED_LEN, ip_insertion, transport_insertion};
use super::statistics::Statistics;
use super::{Dma, DmaError, DropCounters, Frame, TransmitDrop};
use e1000_regs::descriptors::{
    ContextDescriptor, DESCRIPTOR_LEN, DataDescriptor, LegacyDescriptor, TRANSMIT_STATUS_OFFSET,
    TransmitDescriptor, packet_options, transmit_command, transmit_status,
};
use e1000_regs::receive::FCS_LEN;
use e1000_regs::transmit::{MAX_PACKET, tctl};
use e1000_regs::{Statistic, interrupt};
use std::collections::VecDeque;

/// Descriptors fetched with one access to memory.
const FETCH: usize = 32;
/// Bytes of frames that may wait for the wire before transmission pauses. One frame more may come on top,
/// with all its segments.
const QUEUE_LIMIT: usize = 1 << 20;
/// Shortest frame that has an Ethernet header.
const ETHERNET_HEADER_LEN: usize = 14;

/// The transmit unit's registers and the frame under assembly.
#[derive(Debug, Default)]
pub(super) struct TransmitUnit {
    pub(super) ring: Ring,
    pub(super) tctl: u32,
    /// The contexts last loaded: plain, and for segmentation.
    contexts: [Option<ContextDescriptor>; 2],
    assembly: Option<Assembly>,
    queue: VecDeque<Frame>,
    queued: usize,
    /// The ring could not be read; the next doorbell tries again.
    stuck: bool,
}

/// How a data-carrying descriptor was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Legacy,
    Data,
}

/// What legacy and data descriptors have in common.
#[derive(Clone, Copy, Debug)]
struct Piece {
    format: Format,
    address: u64,
    length: usize,
    command: u8,
    /// POPTS; zero for legacy descriptors.
    options: u8,
    /// CSS and CSO of legacy descriptors.
    checksum_start: u8,
    checksum_offset: u8,
    special: u16,
}

impl From<LegacyDescriptor> for Piece {
    fn from(legacy: LegacyDescriptor) -> Self {
        Piece {
            format: Format::Legacy,
            address: legacy.address,
            length: legacy.length.into(),
            command: legacy.command,
            options: 0,
            checksum_start: legacy.checksum_start,
            checksum_offset: legacy.checksum_offset,
            special: legacy.special,
        }
    }
}

impl From<DataDescriptor> for Piece {
    fn from(data: DataDescriptor) -> Self {
        Piece {
            format: Format::Data,
            address: data.address,
            length: data.length as usize,
            command: data.command,
            options: data.options,
            checksum_start: 0,
            checksum_offset: 0,
            special: data.special,
        }
    }
}

impl Piece {
    fn is_segmentation(&self) -> bool {
        self.format == Format::Data && self.command & transmit_command::TSE != 0
    }
}

/// A frame whose end has not come yet.
#[derive(Debug)]
struct Assembly {
    first: Piece,
    context: Option<ContextDescriptor>,
    /// The bytes gathered, or why the frame is lost; the rest of it is then skipped up to its end.
    bytes: Result<Vec<u8>, TransmitDrop>,
}

impl TransmitUnit {
    pub(super) fn enabled(&self) -> bool {
        self.tctl & tctl::EN != 0
    }

    /// Whether there is work that could be done now.
    pub(super) fn can_proceed(&self) -> bool {
        !self.stuck && self.ring.available() > 0 && self.has_room()
    }

    fn has_room(&self) -> bool {
        self.queued < QUEUE_LIMIT
    }

    /// The driver wrote TDT or moved the ring: what was unreadable may be readable now.
    pub(super) fn retry(&mut self) {
        self.stuck = false;
    }

    pub(super) fn take_transmitted(&mut self) -> impl Iterator<Item = Frame> + '_ {
        self.queued = 0;
        self.queue.drain(..)
    }

    /// Works through the ring, at most once around. `vlan` is the type of tags to insert, if any are.
    /// Answers the interrupt causes.
    pub(super) fn run(
        &mut self,
        dma: &mut dyn Dma,
        vlan: Option<u16>,
        statistics: &mut Statistics,
        drops: &mut DropCounters,
    ) -> u32 {
        let mut output = Output { vlan, statistics, drops };
        let mut causes = 0;
        let mut budget = self.ring.descriptors();
        while budget > 0 && self.can_proceed() {
            match self.run_batch(dma, budget, &mut output) {
                Ok((done, batch_causes)) => {
                    budget = budget.saturating_sub(done);
                    causes |= batch_causes;
                }
                Err(DmaError) => self.stuck = true,
            }
        }
        if budget < self.ring.descriptors() && self.ring.available() == 0 {
            causes |= interrupt::TXQE;
        }
        causes
    }

    /// Fetches and handles descriptors that lie in one piece. Answers how many, and the causes.
    fn run_batch(
        &mut self,
        dma: &mut dyn Dma,
        budget: u32,
        output: &mut Output<'_>,
    ) -> Result<(u32, u32), DmaError> {
        let count = self.ring.contiguous().min(budget).min(FETCH as u32) as usize;
        let base = self.ring.address(0)?;
        base.checked_add((count * DESCRIPTOR_LEN) as u64).ok_or(DmaError)?;
        let mut memory = [0; FETCH * DESCRIPTOR_LEN];
        let memory = &mut memory[..count * DESCRIPTOR_LEN];
        dma.read(base, memory)?;
        let (mut done, mut causes) = (0, 0);
        for (bytes, address) in memory.as_chunks().0.iter().zip((base..).step_by(DESCRIPTOR_LEN)) {
            if !self.has_room() {
                break;
            }
            // Past it before anything else: whatever goes wrong, no descriptor is handled twice.
            self.ring.advance(1);
            done += 1;
            let descriptor = TransmitDescriptor::from_bytes(*bytes);
            self.handle(dma, descriptor, output);
            if descriptor.command() & (transmit_command::RS | transmit_command::RPS) != 0 {
                causes |= interrupt::TXDW;
                let status = bytes[TRANSMIT_STATUS_OFFSET as usize] | transmit_status::DD;
                dma.write(address + TRANSMIT_STATUS_OFFSET, &[status])?;
            }
        }
        Ok((done, causes))
    }

    fn handle(&mut self, dma: &mut dyn Dma, descriptor: TransmitDescriptor, output: &mut Output<'_>) {
        match descriptor {
            TransmitDescriptor::Context(context) => {
                self.contexts[usize::from(context.is_segmentation())] = Some(context);
            }
            TransmitDescriptor::Legacy(legacy) => self.gather(dma, legacy.into(), output),
            TransmitDescriptor::Data(data) => self.gather(dma, data.into(), output),
            TransmitDescriptor::Reserved { command } => {
                let data = DataDescriptor { command, ..DataDescriptor::default() };
                self.begin(data.into()).bytes = Err(TransmitDrop::ReservedDescriptor);
                self.end(data.into(), output);
            }
        }
    }

    /// The frame under assembly; a new one if `piece` is its first.
    fn begin(&mut self, piece: Piece) -> &mut Assembly {
        let context = self.contexts[usize::from(piece.is_segmentation())];
        self.assembly.get_or_insert_with(|| Assembly { first: piece, context, bytes: Ok(Vec::new()) })
    }

    /// Adds one buffer to the frame.
    fn gather(&mut self, dma: &mut dyn Dma, piece: Piece, output: &mut Output<'_>) {
        let assembly = self.begin(piece);
        if let Ok(bytes) = &mut assembly.bytes
            && let Err(reason) = append(dma, bytes, &assembly.first, &piece)
        {
            assembly.bytes = Err(reason);
        }
        self.end(piece, output);
    }

    /// With EOP, finishes the frame.
    fn end(&mut self, last: Piece, output: &mut Output<'_>) {
        if last.command & transmit_command::EOP == 0 {
            return;
        }
        let Some(Assembly { first, context, bytes }) = self.assembly.take() else { return };
        let is_segmentation = first.is_segmentation();
        let finished = bytes.and_then(|bytes| self.finish(first, last, context, bytes, output));
        if let Err(reason) = finished {
            output.drops.count(reason);
        }
        if is_segmentation {
            output.statistics.count(if finished.is_ok() { Statistic::Tsctc } else { Statistic::Tsctfc });
        }
    }

    /// Checksums, segmentation, tag: everything between the driver's bytes and the wire's.
    fn finish(
        &mut self,
        first: Piece,
        last: Piece,
        context: Option<ContextDescriptor>,
        mut bytes: Vec<u8>,
        output: &mut Output<'_>,
    ) -> Result<(), TransmitDrop> {
        // IFCS, VLE and the tag count in the last descriptor, with TSE in the first (SDM 3.3.7.1).
        let framing = if first.is_segmentation() { first } else { last };
        if framing.command & transmit_command::IFCS == 0 {
            bytes.truncate(bytes.len().saturating_sub(FCS_LEN));
        }
        if bytes.len() < ETHERNET_HEADER_LEN {
            return Err(TransmitDrop::TooShort);
        }
        let tag = output.vlan.filter(|_| framing.command & transmit_command::VLE != 0);
        let tag = tag.map(|ethertype| (ethertype, framing.special));
        let checksums = Checksums {
            ip: first.options & packet_options::IXSM != 0,
            transport: first.options & packet_options::TXSM != 0,
        };
        if first.is_segmentation() {
            let context = context.ok_or(TransmitDrop::NoContext)?;
            return segmentation::segment(&context, checksums, &bytes, |segment| {
                self.emit(segment, tag, output);
            });
        }
        match first.format {
            Format::Legacy => insert_legacy(first, last, &mut bytes)?,
            Format::Data => insert_by_context(context, checksums, &mut bytes)?,
        }
        self.emit(bytes, tag, output);
        Ok(())
    }

    /// Tags and pads a frame and queues it for the wire.
    fn emit(&mut self, mut frame: Frame, tag: Option<(u16, u16)>, output: &mut Output<'_>) {
        if let Some((ethertype, tag)) = tag {
            let ([a, b], [c, d]) = (ethertype.to_be_bytes(), tag.to_be_bytes());
            frame.splice(12..12, [a, b, c, d]);
        }
        if frame.len() < MIN_FRAME_LEN {
            frame.resize(MIN_FRAME_LEN, 0);
        }
        output.statistics.sent(&frame);
        self.queued = self.queued.saturating_add(frame.len());
        self.queue.push_back(frame);
    }
}

/// Where frames are counted, and how they are tagged, during one run.
struct Output<'a> {
    vlan: Option<u16>,
    statistics: &'a mut Statistics,
    drops: &'a mut DropCounters,
}

/// Reads a descriptor's buffer behind what the frame has already.
fn append(dma: &mut dyn Dma, bytes: &mut Vec<u8>, first: &Piece, piece: &Piece) -> Result<(), TransmitDrop> {
    if piece.format != first.format || piece.is_segmentation() != first.is_segmentation() {
        return Err(TransmitDrop::MixedDescriptors);
    }
    // A null address transfers no data (SDM 3.3.3).
    if piece.address == 0 || piece.length == 0 {
        return Ok(());
    }
    let limit = if first.is_segmentation() { MAX_SEGMENTED_LEN } else { MAX_PACKET };
    let start = bytes.len();
    let end = start.checked_add(piece.length).filter(|end| *end <= limit).ok_or(TransmitDrop::TooLong)?;
    bytes.resize(end, 0);
    dma.read(piece.address, &mut bytes[start..]).map_err(|DmaError| TransmitDrop::BusError)
}

/// Legacy descriptors: CSS of the first one, CSO and IC of the last (SDM 3.3.3).
fn insert_legacy(first: Piece, last: Piece, frame: &mut [u8]) -> Result<(), TransmitDrop> {
    if last.command & transmit_command::IC == 0 {
        return Ok(());
    }
    let insertion =
        Insertion { start: first.checksum_start, end: 0, offset: last.checksum_offset, avoid_zero: false };
    insertion.apply(frame).map_err(|_| TransmitDrop::ChecksumRange)
}

/// Data descriptors: what POPTS asks for, as the plain context says.
fn insert_by_context(
    context: Option<ContextDescriptor>,
    checksums: Checksums,
    frame: &mut [u8],
) -> Result<(), TransmitDrop> {
    if !checksums.ip && !checksums.transport {
        return Ok(());
    }
    let context = context.ok_or(TransmitDrop::NoContext)?;
    // The transport's checksum first: should the IP range cover it (IPCSE 0), it is final by then.
    let wanted = [
        checksums.transport.then(|| transport_insertion(&context)),
        checksums.ip.then(|| ip_insertion(&context)),
    ];
    for insertion in wanted.into_iter().flatten() {
        insertion.apply(frame).map_err(|_| TransmitDrop::ChecksumRange)?;
    }
    Ok(())
}
