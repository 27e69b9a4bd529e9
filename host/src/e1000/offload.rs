//! Checksums that the device inserts or checks for the driver, and the frame check sequence.

/// The checksum would start, end or be stored outside of the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OutOfRange;

/// One checksum to insert. Offsets are in bytes from the start of the frame, as drivers give them: nothing
/// is known to be inside of the frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Insertion {
    /// First byte that is summed.
    pub(super) start: u8,
    /// Last byte that is summed, inclusive; 0 means the frame's last.
    pub(super) end: u16,
    /// Where the result goes.
    pub(super) offset: u8,
    /// A result of zero is stored as 0xFFFF: in UDP zero would say "no checksum" (RFC 768).
    pub(super) avoid_zero: bool,
}

impl Insertion {
    /// Sums the bytes, whatever the field at `offset` holds included (drivers put the pseudo-header's sum
    /// there), and stores the complement.
    pub(super) fn apply(self, frame: &mut [u8]) -> Result<(), OutOfRange> {
        let start = usize::from(self.start);
        let end = if self.end == 0 { frame.len() } else { usize::from(self.end) + 1 };
        let offset = usize::from(self.offset);
        let covered = frame.get(start..end).filter(|covered| !covered.is_empty()).ok_or(OutOfRange)?;
        let checksum = !fold(sum(covered));
        let field = frame.get_mut(offset..offset + 2).ok_or(OutOfRange)?;
        let checksum = if checksum == 0 && self.avoid_zero { 0xFFFF } else { checksum };
        field.copy_from_slice(&checksum.to_be_bytes());
        Ok(())
    }
}

/// The one's complement sum of big-endian words, not yet folded; an odd last byte counts as a high half
/// (RFC 1071).
///
/// Words are added eight bytes at a time in the order of little-endian memory, and the sum's bytes swapped
/// once: RFC 1071 section 2.B says that comes to the same.
pub(super) fn sum(bytes: &[u8]) -> u64 {
    let (blocks, rest) = bytes.as_chunks::<8>();
    let blocks = blocks.iter().fold(0u64, |sum, block| {
        let block = u64::from_le_bytes(*block);
        sum + (block & 0xFFFF_FFFF) + (block >> 32)
    });
    let (words, odd) = rest.as_chunks::<2>();
    let words: u64 = words.iter().map(|word| u64::from(u16::from_le_bytes(*word))).sum();
    let odd = odd.first().map_or(0, |last| u64::from(*last));
    fold(blocks + words + odd).swap_bytes().into()
}

/// Adds the carries until 16 bits remain.
pub(super) fn fold(mut sum: u64) -> u16 {
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    sum as u16
}

/// What the receive unit reports about a frame's IPv4 header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ipv4Header {
    /// Its checksum is right.
    pub(super) checksum_good: bool,
    /// The packet is a whole TCP or UDP datagram, not a fragment.
    pub(super) whole_transport: bool,
}

/// Looks at the IPv4 header that follows the Ethernet header at `offset`; `None` if there is none, or it is
/// cut off.
pub(super) fn ipv4_header(frame: &[u8], offset: usize) -> Option<Ipv4Header> {
    const TCP: u8 = 6;
    const UDP: u8 = 17;
    let packet = frame.get(offset..)?;
    let version_and_length = *packet.first()?;
    if version_and_length >> 4 != 4 {
        return None;
    }
    let header = packet.get(..usize::from(version_and_length & 0xF) * 4)?;
    let (flags_and_offset, protocol) = (header.get(6..8)?, *header.get(9)?);
    // All of MF and the fragment offset are zero in a packet that is no fragment.
    let fragment = (flags_and_offset[0] & 0x3F) | flags_and_offset[1] != 0;
    let complete = header.len() >= 20;
    Some(Ipv4Header {
        checksum_good: complete && fold(sum(header)) == 0xFFFF,
        whole_transport: complete && !fragment && matches!(protocol, TCP | UDP),
    })
}

/// The frame check sequence of a frame, in the order of its bytes on the wire: CRC-32 of IEEE 802.3.
pub(super) fn frame_check_sequence(frame: &[u8]) -> [u8; 4] {
    let crc = frame.iter().fold(u32::MAX, |crc, byte| {
        let index = (crc ^ u32::from(*byte)) & 0xFF;
        (crc >> 8) ^ CRC_TABLE[index as usize]
    });
    (!crc).to_le_bytes()
}

const CRC_TABLE: [u32; 256] = crc_table();

const fn crc_table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = index as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 != 0 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_fold_like_rfc_1071_says() {
        assert_eq!(fold(sum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7])), 0xddf2);
        assert_eq!(fold(sum(&[0x12])), 0x1200);
        assert_eq!(fold(sum(&[])), 0);
        assert_eq!(fold(sum(&[0xFF; 65536])), 0xFFFF);
    }

    #[test]
    fn the_check_sequence_is_ieee_crc_32() {
        assert_eq!(frame_check_sequence(b"123456789"), 0xCBF4_3926u32.to_le_bytes());
        assert_eq!(frame_check_sequence(b""), [0; 4]);
    }

    #[test]
    fn checksums_stay_inside_of_the_frame() {
        let insertion = Insertion { start: 14, end: 0, offset: 24, avoid_zero: false };
        for (change, len) in [
            (insertion, 14),
            (insertion, 25),
            (Insertion { start: 250, ..insertion }, 54),
            (Insertion { offset: 255, ..insertion }, 54),
            (Insertion { offset: 53, ..insertion }, 54),
            (Insertion { end: 54, ..insertion }, 54),
            (Insertion { end: 0xFFFF, ..insertion }, 54),
            (Insertion { end: 12, ..insertion }, 54),
        ] {
            let mut frame = vec![0xAA; len];
            assert_eq!(change.apply(&mut frame), Err(OutOfRange), "{change:?} in {len} bytes");
            assert!(frame.iter().all(|byte| *byte == 0xAA), "{change:?} left traces");
        }
        assert_eq!(insertion.apply(&mut [0; 26]), Ok(()));
        assert_eq!(Insertion { end: 53, ..insertion }.apply(&mut [0; 54]), Ok(()));
    }

    #[test]
    fn zero_is_avoided_only_where_asked() {
        for (avoid_zero, stored) in [(false, [0, 0]), (true, [0xFF, 0xFF])] {
            let mut frame = [0, 0, 0xFF, 0xFF];
            Insertion { start: 0, end: 0, offset: 0, avoid_zero }.apply(&mut frame).unwrap();
            assert_eq!(frame[..2], stored);
        }
    }
}
