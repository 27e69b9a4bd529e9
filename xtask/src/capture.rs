//! Reading captures as `wnet run --pcap` writes them: pcapng, little-endian, one Ethernet interface
//! (draft-ietf-opsawg-pcapng, section 4).

use std::time::Duration;

use anyhow::{Context, Result, ensure};

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;

const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;
const IF_TSRESOL: u16 = 9;
const EPB_FLAGS: u16 = 2;

/// Block type and the length before and after the body.
const BLOCK_OVERHEAD: usize = 12;

/// One captured frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    /// When it passed; only differences mean something here.
    pub(crate) time: Duration,
    /// Whether it went to the guest.
    pub(crate) inbound: bool,
    pub(crate) bytes: Vec<u8>,
}

/// The frames of the capture `file`, up to where it is complete: a writer may be at the last one.
///
/// # Errors
/// If it is no such file.
pub(crate) fn read(file: &[u8]) -> Result<Vec<Frame>> {
    ensure!(
        file.len() < 12 || number(file, 8) == Some(BYTE_ORDER_MAGIC),
        "this is no little-endian pcapng file"
    );
    let mut frames = Vec::new();
    let mut nanoseconds_per_tick = 1_000;
    let mut rest = file;
    while let Some((kind, body, after)) = next_block(rest) {
        match kind {
            SECTION_HEADER => ensure!(number(body, 0) == Some(BYTE_ORDER_MAGIC), "a section is big-endian"),
            INTERFACE_DESCRIPTION => nanoseconds_per_tick = resolution(body)?,
            ENHANCED_PACKET => {
                frames.push(frame(body, nanoseconds_per_tick).context("a frame is damaged")?);
            }
            _ => {}
        }
        rest = after;
    }
    Ok(frames)
}

/// Type and body of the first block, and what follows it.
fn next_block(bytes: &[u8]) -> Option<(u32, &[u8], &[u8])> {
    let (kind, length) = (number(bytes, 0)?, number(bytes, 4)? as usize);
    let body = bytes.get(8..length.checked_sub(BLOCK_OVERHEAD - 8)?)?;
    Some((kind, body, bytes.get(length..)?))
}

/// Nanoseconds per tick of an interface's timestamps.
fn resolution(interface: &[u8]) -> Result<u64> {
    let Some([digits]) = option(interface.get(8..).unwrap_or_default(), IF_TSRESOL) else { return Ok(1_000) };
    let power = 9_u32.checked_sub(u32::from(*digits)).context("timestamps are finer than nanoseconds")?;
    Ok(10_u64.pow(power))
}

fn frame(body: &[u8], nanoseconds_per_tick: u64) -> Option<Frame> {
    let ticks = u64::from(number(body, 4)?) << 32 | u64::from(number(body, 8)?);
    let length = number(body, 12)? as usize;
    let bytes = body.get(20..)?.get(..length)?.to_vec();
    let options = body.get(20 + length.next_multiple_of(4)..)?;
    let flags = option(options, EPB_FLAGS).and_then(|value| number(value, 0)).unwrap_or(0);
    let time = Duration::from_nanos(ticks.checked_mul(nanoseconds_per_tick)?);
    Some(Frame { time, inbound: flags & 3 == 1, bytes })
}

/// The value of the first option `wanted` in a list of options.
fn option(mut list: &[u8], wanted: u16) -> Option<&[u8]> {
    loop {
        let header = number(list, 0)?;
        let (code, length) = (header as u16, (header >> 16) as usize);
        if code == 0 {
            return None;
        }
        let value = list.get(4..4 + length)?;
        if code == wanted {
            return Some(value);
        }
        list = list.get(4 + length.next_multiple_of(4)..)?;
    }
}

/// The little-endian number at `offset`.
fn number(bytes: &[u8], offset: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(offset..offset + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(kind: u32, body: &[u8]) -> Vec<u8> {
        let length = (body.len() + BLOCK_OVERHEAD) as u32;
        [&kind.to_le_bytes()[..], &length.to_le_bytes(), body, &length.to_le_bytes()].concat()
    }

    fn numbers(values: &[u32]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    /// A capture of one frame `bytes`, five nanoseconds after the epoch, to the guest.
    fn capture(bytes: &[u8]) -> Vec<u8> {
        let section = block(SECTION_HEADER, &numbers(&[BYTE_ORDER_MAGIC, 1, u32::MAX, u32::MAX]));
        // Link type, no limit; timestamps: option 9, one byte long, nine digits; end of options.
        let interface = block(INTERFACE_DESCRIPTION, &numbers(&[1, 0, 1 << 16 | 9, 9, 0]));
        let mut body = numbers(&[0, 0, 5, bytes.len() as u32, bytes.len() as u32]);
        body.extend(bytes);
        body.resize(body.len().next_multiple_of(4), 0);
        body.extend(numbers(&[4 << 16 | 2, 1, 0]));
        [section, interface, block(ENHANCED_PACKET, &body)].concat()
    }

    #[test]
    fn frames_are_read() {
        let expected = Frame { time: Duration::from_nanos(5), inbound: true, bytes: b"frame".to_vec() };
        assert_eq!(read(&capture(b"frame")).unwrap(), [expected]);
    }

    #[test]
    fn a_capture_that_is_being_written_is_read_so_far() {
        let whole = capture(b"frame");
        for length in 0..whole.len() {
            assert_eq!(read(&whole[..length]).unwrap(), []);
        }
    }

    #[test]
    fn other_files_are_refused() {
        assert!(read(b"neither pcapng nor anything").is_err());
    }

    #[test]
    fn damaged_lengths_do_no_harm() {
        let whole = capture(b"frame");
        for position in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[position] ^= 0xff;
            let _ = read(&damaged);
        }
    }
}
