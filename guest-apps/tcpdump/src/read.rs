//! Frames of a file in place of a device's: libpcap's classic format, in either order of bytes, with microseconds or
//! nanoseconds. libpcap: `pcap_open_offline`.

use crate::pcap::{ETHERNET, MAGIC};
use crate::seen::{Seen, Way};
use std::io::{self, ErrorKind, Read};
use std::time::Duration;

/// As [`MAGIC`], of a file whose times have nanoseconds.
const MAGIC_NANOS: u32 = 0xa1b2_3c4d;
/// What a file of the newer format begins with.
const MAGIC_NEW: u32 = 0x0a0d_0d0a;
/// Bytes of a file's head, and of a frame's.
const HEAD_LEN: usize = 24;
const FRAME_LEN: usize = 16;
/// Most bytes of a frame in a file.
const LARGEST: u32 = 262_144;

/// A file that is read.
pub(crate) struct Frames<R> {
    input: R,
    big_endian: bool,
    nanos: bool,
    /// Bytes that frames have at most.
    pub(crate) snap_length: u32,
}

impl<R: Read> Frames<R> {
    /// Reads the head of a file. The error is a line.
    pub(crate) fn open(mut input: R) -> Result<Self, String> {
        let mut head = [0; HEAD_LEN];
        input.read_exact(&mut head).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => "truncated dump file".to_owned(),
            _ => error.to_string(),
        })?;
        let magic = [false, true].map(|big_endian| field(&head, 0, big_endian));
        let (big_endian, nanos) = match magic {
            [MAGIC, _] => (false, false),
            [_, MAGIC] => (true, false),
            [MAGIC_NANOS, _] => (false, true),
            [_, MAGIC_NANOS] => (true, true),
            [MAGIC_NEW, _] => return Err("pcapng files are not read: convert them to pcap".into()),
            _ => return Err("unknown file format".into()),
        };
        let link = field(&head, 20, big_endian);
        match link {
            ETHERNET => Ok(Frames { input, big_endian, nanos, snap_length: field(&head, 16, big_endian) }),
            link => Err(format!("link type {link} is not known: Ethernet is expected")),
        }
    }

    /// The next frame; none: that was the last. The error is a line.
    pub(crate) fn next(&mut self) -> Result<Option<Seen>, String> {
        let mut head = [0; FRAME_LEN];
        match self.take(&mut head)? {
            0 => return Ok(None),
            FRAME_LEN => {}
            got => return Err(cut(FRAME_LEN, "header", got)),
        }
        let [seconds, part, kept, length] = [0, 4, 8, 12].map(|at| field(&head, at, self.big_endian));
        if kept > LARGEST {
            return Err(format!("invalid packet capture length {kept}, bigger than maximum of {LARGEST}"));
        }
        let mut bytes = vec![0; kept as usize];
        let got = self.take(&mut bytes)?;
        if got < bytes.len() {
            return Err(cut(bytes.len(), "captured", got));
        }
        let part = if self.nanos { part } else { part.saturating_mul(1000) };
        let at = Duration::from_secs(seconds.into()) + Duration::from_nanos(part.into());
        Ok(Some(Seen { at, device: String::new(), way: Way::In, bytes, length: length as usize }))
    }

    /// Fills the buffer as far as the file goes.
    fn take(&mut self, buffer: &mut [u8]) -> Result<usize, String> {
        let mut got = 0;
        while let Some(rest) = buffer.get_mut(got..).filter(|rest| !rest.is_empty()) {
            match self.input.read(rest) {
                Ok(0) => break,
                Ok(more) => got += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(got)
    }
}

fn cut(wanted: usize, what: &str, got: usize) -> String {
    format!("truncated dump file; tried to read {wanted} {what} bytes, only got {got}")
}

fn field(bytes: &[u8], at: usize, big_endian: bool) -> u32 {
    let bytes = bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default();
    if big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pcap;

    fn file() -> Vec<u8> {
        let mut file = Vec::new();
        pcap::write_head(&mut file, 65535).unwrap();
        let (at, device) = (Duration::from_micros(5_000_007), String::new());
        pcap::write_frame(&mut file, &Seen { at, device, way: Way::In, bytes: vec![1, 2, 3], length: 9 })
            .unwrap();
        file
    }

    fn error(file: &[u8]) -> String {
        Frames::open(file).and_then(|mut frames| frames.next()).unwrap_err()
    }

    #[test]
    fn what_was_written_is_read() {
        let file = file();
        let mut swapped = file.clone();
        // Fields of 32 bits, but for the two of 16 and the bytes of the frame.
        for at in (0..40).step_by(4).filter(|at| *at != 4) {
            swapped[at..at + 4].reverse();
        }
        for file in [file, swapped] {
            let mut frames = Frames::open(&file[..]).unwrap();
            assert_eq!(frames.snap_length, 65535);
            let seen = frames.next().unwrap().unwrap();
            assert_eq!((seen.at, seen.length), (Duration::from_micros(5_000_007), 9));
            assert_eq!(seen.bytes, [1, 2, 3]);
            assert!(frames.next().unwrap().is_none());
        }
    }

    #[test]
    fn what_is_no_such_file_is_said() {
        let file = file();
        assert_eq!(error(&file[..20]), "truncated dump file");
        assert_eq!(error(&[b'x'; 24]), "unknown file format");
        assert!(error(&[&MAGIC_NEW.to_le_bytes()[..], &[0; 20]].concat()).starts_with("pcapng"));
        assert_eq!(error(&file[..30]), "truncated dump file; tried to read 16 header bytes, only got 6");
        assert_eq!(error(&file[..42]), "truncated dump file; tried to read 3 captured bytes, only got 2");
        let mut large = file.clone();
        large[32..36].fill(0xff);
        assert!(error(&large).starts_with("invalid packet capture length 4294967295"));
        let mut link = file;
        link[20] = 113;
        assert!(error(&link).contains("link type 113"));
    }
}
