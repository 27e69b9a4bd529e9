//! The pcapng blocks that a capture of Ethernet interfaces needs
//! (draft-ietf-opsawg-pcapng, sections 4.1 to 4.3). Everything is little-endian.

use std::time::Duration;

/// Which way a frame passed, seen from the guest's network card. The values are those of the lowest two
/// bits of `epb_flags`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// To the guest.
    Inbound = 1,
    /// From the guest.
    Outbound = 2,
}

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;

const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;
const LINKTYPE_ETHERNET: u16 = 1;

const OPTION_END: u16 = 0;
const SHB_USERAPPL: u16 = 4;
const IF_NAME: u16 = 2;
const IF_TSRESOL: u16 = 9;
const EPB_FLAGS: u16 = 2;

/// What a file begins with: a section header and the descriptions of its interfaces, with timestamps in nanoseconds.
pub(super) fn put_file_header(out: &mut Vec<u8>, interfaces: &[String]) {
    put_block(out, SECTION_HEADER, |body| {
        body.extend(BYTE_ORDER_MAGIC.to_le_bytes());
        body.extend(1_u16.to_le_bytes()); // major version
        body.extend(0_u16.to_le_bytes()); // minor version
        body.extend(u64::MAX.to_le_bytes()); // length of the section: unknown
        put_option(body, SHB_USERAPPL, concat!("wnet ", env!("CARGO_PKG_VERSION")).as_bytes());
        put_option(body, OPTION_END, &[]);
    });
    for interface in interfaces {
        put_block(out, INTERFACE_DESCRIPTION, |body| {
            body.extend(LINKTYPE_ETHERNET.to_le_bytes());
            body.extend(0_u16.to_le_bytes()); // reserved
            body.extend(0_u32.to_le_bytes()); // frames are not cut
            put_option(body, IF_NAME, interface.as_bytes());
            put_option(body, IF_TSRESOL, &[9]);
            put_option(body, OPTION_END, &[]);
        });
    }
}

/// One frame of the interface of this number; `time` is what has passed since the Unix epoch.
pub(super) fn put_frame(
    out: &mut Vec<u8>,
    interface: usize,
    direction: Direction,
    time: Duration,
    frame: &[u8],
) {
    // Enough until the year 2554.
    let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let length = u32::try_from(frame.len()).unwrap_or(u32::MAX);
    put_block(out, ENHANCED_PACKET, |body| {
        body.extend(u32::try_from(interface).unwrap_or(u32::MAX).to_le_bytes());
        body.extend(((nanos >> 32) as u32).to_le_bytes());
        body.extend((nanos as u32).to_le_bytes());
        body.extend(length.to_le_bytes()); // captured
        body.extend(length.to_le_bytes()); // on the wire
        body.extend_from_slice(frame);
        pad(body, frame.len());
        put_option(body, EPB_FLAGS, &(direction as u32).to_le_bytes());
        put_option(body, OPTION_END, &[]);
    });
}

/// A block: its type, its length, what `fill` puts in, and the length again.
fn put_block(out: &mut Vec<u8>, kind: u32, fill: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend(kind.to_le_bytes());
    out.extend([0; 4]);
    fill(out);
    let length = u32::try_from(out.len() - start + 4).unwrap_or(u32::MAX).to_le_bytes();
    out[start + 4..start + 8].copy_from_slice(&length);
    out.extend(length);
}

fn put_option(out: &mut Vec<u8>, code: u16, value: &[u8]) {
    out.extend(code.to_le_bytes());
    out.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_le_bytes());
    out.extend_from_slice(value);
    pad(out, value.len());
}

/// Zeros behind `length` bytes up to a multiple of four.
fn pad(out: &mut Vec<u8>, length: usize) {
    out.extend(std::iter::repeat_n(0, length.next_multiple_of(4) - length));
}
