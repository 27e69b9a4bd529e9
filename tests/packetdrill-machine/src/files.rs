//! Files and pipes, as far as sendfile(2) and splice(2) of scripts want them.

use packetdrill::Errno;
use std::collections::VecDeque;
use std::path::Path;
use wnet::files;

/// Bytes that a pipe holds. Linux: 16 pages.
const PIPE_CAPACITY: usize = 65_536;

/// A file that was opened to be read: what it held at that moment.
pub(crate) struct Contents {
    bytes: Vec<u8>,
    position: usize,
}

impl Contents {
    /// open(2), for reading.
    pub(crate) fn open(path: &str, flags: i32) -> Result<Self, Errno> {
        /// `O_ACCMODE`: its value for reading is 0.
        const ACCESS: i32 = 3;
        if flags & ACCESS != 0 {
            return Err(Errno::EACCES);
        }
        let bytes =
            files::read(Path::new(path)).map_err(|error| error.raw_os_error().map_or(Errno::EIO, Errno))?;
        Ok(Contents { bytes, position: 0 })
    }

    /// At most `len` bytes from `offset`, or from where reading had come to.
    pub(crate) fn at(&self, offset: Option<i64>, len: usize) -> &[u8] {
        let start = offset.map_or(self.position, |offset| usize::try_from(offset).unwrap_or(usize::MAX));
        let rest = self.bytes.get(start..).unwrap_or_default();
        &rest[..len.min(rest.len())]
    }

    /// Reading has come further.
    pub(crate) fn advance(&mut self, len: usize) {
        self.position = self.position.saturating_add(len);
    }
}

/// The bytes in a pipe.
#[derive(Default)]
pub(crate) struct Pipe(VecDeque<u8>);

impl Pipe {
    /// How many bytes fit.
    pub(crate) fn room(&self) -> usize {
        PIPE_CAPACITY.saturating_sub(self.0.len())
    }

    pub(crate) fn put(&mut self, bytes: &[u8]) {
        self.0.extend(bytes);
    }

    /// The next bytes, which stay.
    pub(crate) fn peek(&self, len: usize) -> Vec<u8> {
        self.0.iter().take(len).copied().collect()
    }

    pub(crate) fn drop_front(&mut self, len: usize) {
        self.0.drain(..len.min(self.0.len()));
    }
}
