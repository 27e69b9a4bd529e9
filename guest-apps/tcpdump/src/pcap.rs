//! Files of frames: the classic format of libpcap, with microseconds, in little-endian.

use crate::seen::Seen;
use std::io::{self, Write};

/// What says which format it is, and that times have microseconds.
pub(crate) const MAGIC: u32 = 0xa1b2_c3d4;
/// Major and minor version.
const VERSION: [u16; 2] = [2, 4];
/// What stands before each packet. libpcap: `LINKTYPE_ETHERNET`.
pub(crate) const ETHERNET: u32 = 1;

/// Writes the head of a file whose frames have at most `snap_length` bytes.
pub(crate) fn write_head(out: &mut impl Write, snap_length: u32) -> io::Result<()> {
    out.write_all(&MAGIC.to_le_bytes())?;
    VERSION.iter().try_for_each(|part| out.write_all(&part.to_le_bytes()))?;
    // Two fields that are 0 always: the time zone and the exactness of times.
    [0, 0, snap_length, ETHERNET].iter().try_for_each(|field| out.write_all(&field.to_le_bytes()))
}

/// Writes one frame.
pub(crate) fn write_frame(out: &mut impl Write, seen: &Seen) -> io::Result<()> {
    let fields = [
        // The format's seconds end in 2106.
        seen.at.as_secs() as u32,
        seen.at.subsec_micros(),
        u32::try_from(seen.bytes.len()).unwrap_or(u32::MAX),
        u32::try_from(seen.length).unwrap_or(u32::MAX),
    ];
    fields.iter().try_for_each(|field| out.write_all(&field.to_le_bytes()))?;
    out.write_all(&seen.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seen::Way;
    use std::time::Duration;

    #[test]
    fn a_file_is_a_head_and_frames() {
        let mut file = Vec::new();
        write_head(&mut file, 65535).unwrap();
        let (at, device) = (Duration::from_micros(5_000_007), "eth0".to_owned());
        write_frame(&mut file, &Seen { at, device, way: Way::In, bytes: vec![1, 2, 3], length: 9 }).unwrap();
        assert_eq!(file[..8], [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0]);
        assert_eq!(file[16..24], [0xff, 0xff, 0, 0, 1, 0, 0, 0]);
        assert_eq!(file[24..], [5, 0, 0, 0, 7, 0, 0, 0, 3, 0, 0, 0, 9, 0, 0, 0, 1, 2, 3]);
    }
}
