//! TCP (and UDP) segmentation: one large frame with a context becomes many (SDM 3.5).
//!
//! The driver gives prototype headers of HDRLEN bytes, followed by the payload; each segment gets the
//! headers, MSS bytes of payload, and lengths, identification, sequence number and flags of its own. Nothing
//! in the context is believed: every offset is checked against the headers before the first segment is made.

use super::offload::{Insertion, fold};
use super::{Frame, TransmitDrop};
use e1000_regs::descriptors::{ContextDescriptor, context_command};

/// Longest frame before segmentation: 64 KiB and the longest headers a context can name.
pub(super) const MAX_SEGMENTED_LEN: usize = 65536 + 255;
/// Most segments of one frame. Real traffic makes at most a few hundred; a driver that asks for a one byte
/// MSS would turn one descriptor into megabytes.
const MAX_SEGMENTS: usize = 4096;

const ETHERTYPE_IPV4: [u8; 2] = [0x08, 0x00];
const ETHERTYPE_IPV6: [u8; 2] = [0x86, 0xDD];
const TCP_FIN_PSH: u8 = 0x09;

/// The headers' layout, found good.
struct Layout {
    header: usize,
    ip: usize,
    is_v4: bool,
    transport: usize,
    is_tcp: bool,
    /// Where the transport's checksum is stored.
    checksum: usize,
    mss: usize,
}

impl Layout {
    /// Checks a context against the frame it is to be applied to.
    ///
    /// IPv4 and IPv6 are told apart by the frame, not by TUCMD.IP, which drivers set by accident.
    fn of(context: &ContextDescriptor, frame: &[u8]) -> Option<Layout> {
        let header = usize::from(context.header_length);
        let ip = usize::from(context.ip_checksum_start);
        let transport = usize::from(context.checksum_start);
        let checksum = usize::from(context.checksum_offset);
        let mss = usize::from(context.maximum_segment_size);
        let headers = frame.get(..header)?;
        let ethertype = headers.get(ip.checked_sub(2)?..ip)?;
        let is_v4 = match (headers.get(ip)? >> 4, ethertype) {
            (4, ethertype) if ethertype == ETHERTYPE_IPV4 => true,
            (6, ethertype) if ethertype == ETHERTYPE_IPV6 => false,
            _ => return None,
        };
        let is_tcp = context.command & context_command::TCP != 0;
        let least_ip = if is_v4 { 20 } else { 40 };
        let least_transport = if is_tcp { 20 } else { 8 };
        let fits = transport >= ip + least_ip
            && header >= transport + least_transport
            && checksum >= transport
            && checksum + 2 <= header
            && mss >= 1
            && (frame.len() - header).div_ceil(mss) <= MAX_SEGMENTS;
        fits.then_some(Layout { header, ip, is_v4, transport, is_tcp, checksum, mss })
    }
}

/// Which checksums POPTS asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checksums {
    /// IXSM: of the IPv4 header.
    pub(super) ip: bool,
    /// TXSM: of TCP or UDP.
    pub(super) transport: bool,
}

/// Cuts `frame` into segments and hands each to `emit`.
pub(super) fn segment(
    context: &ContextDescriptor,
    checksums: Checksums,
    frame: &[u8],
    mut emit: impl FnMut(Frame),
) -> Result<(), TransmitDrop> {
    let layout = Layout::of(context, frame).ok_or(TransmitDrop::Segmentation)?;
    let (headers, payload) = frame.split_at_checked(layout.header).ok_or(TransmitDrop::Segmentation)?;
    let mut segments = Vec::new();
    let count = payload.len().div_ceil(layout.mss).max(1);
    for index in 0..count {
        let from = index * layout.mss;
        let piece = payload.get(from..payload.len().min(from + layout.mss)).unwrap_or_default();
        let mut segment = Vec::with_capacity(headers.len() + piece.len());
        segment.extend_from_slice(headers);
        segment.extend_from_slice(piece);
        patch(&layout, &mut segment, index, index + 1 == count).ok_or(TransmitDrop::Segmentation)?;
        insert(context, checksums, &layout, &mut segment)?;
        segments.push(segment);
    }
    // All or nothing: a frame whose last segment fails leaves no trace on the wire.
    segments.into_iter().for_each(&mut emit);
    Ok(())
}

/// Gives a segment its own header fields (SDM 3.5.9).
fn patch(layout: &Layout, segment: &mut [u8], index: usize, is_last: bool) -> Option<()> {
    let transport_len = segment.len() - layout.transport;
    if layout.is_v4 {
        put(segment, layout.ip + 2, (segment.len() - layout.ip) as u16)?;
        let identification = get(segment, layout.ip + 4)?.wrapping_add(index as u16);
        put(segment, layout.ip + 4, identification)?;
    } else {
        put(segment, layout.ip + 4, (segment.len() - layout.ip - 40) as u16)?;
    }
    if layout.is_tcp {
        let at = layout.transport + 4;
        let sequence = u32::from_be_bytes(*segment.get(at..)?.first_chunk()?);
        let sequence = sequence.wrapping_add((index * layout.mss) as u32);
        segment.get_mut(at..at + 4)?.copy_from_slice(&sequence.to_be_bytes());
        if !is_last {
            *segment.get_mut(layout.transport + 13)? &= !TCP_FIN_PSH;
        }
    } else {
        put(segment, layout.transport + 4, transport_len as u16)?;
    }
    // The driver left the length out of the pseudo-header's sum, for it differs by segment.
    let seed = u64::from(get(segment, layout.checksum)?) + transport_len as u64;
    put(segment, layout.checksum, fold(seed))
}

fn insert(
    context: &ContextDescriptor,
    checksums: Checksums,
    layout: &Layout,
    segment: &mut [u8],
) -> Result<(), TransmitDrop> {
    if checksums.ip && layout.is_v4 {
        ip_insertion(context).apply(segment).map_err(|_| TransmitDrop::ChecksumRange)?;
    }
    if checksums.transport {
        transport_insertion(context).apply(segment).map_err(|_| TransmitDrop::ChecksumRange)?;
    }
    Ok(())
}

/// The IP header checksum that a context describes.
pub(super) fn ip_insertion(context: &ContextDescriptor) -> Insertion {
    Insertion {
        start: context.ip_checksum_start,
        end: context.ip_checksum_end,
        offset: context.ip_checksum_offset,
        avoid_zero: false,
    }
}

/// The TCP or UDP checksum that a context describes.
pub(super) fn transport_insertion(context: &ContextDescriptor) -> Insertion {
    Insertion {
        start: context.checksum_start,
        end: context.checksum_end,
        offset: context.checksum_offset,
        avoid_zero: context.command & context_command::TCP == 0,
    }
}

fn get(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn put(bytes: &mut [u8], at: usize, value: u16) -> Option<()> {
    bytes.get_mut(at..at + 2)?.copy_from_slice(&value.to_be_bytes());
    Some(())
}
