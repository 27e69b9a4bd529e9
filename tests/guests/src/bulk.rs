//! Bytes as fast as they go, and how many of them arrive.

use std::fmt;
use std::io::{ErrorKind, Read, Result, Write};
use std::str::FromStr;
use std::time::{Duration, Instant};

/// Bytes that are read or written at once.
const CHUNK: usize = 64 * 1024;

/// What arrived in some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// How many bytes.
    pub bytes: u64,
    /// In what time.
    pub time: Duration,
}

impl Received {
    /// Bits a second.
    pub fn rate(&self) -> f64 {
        self.bytes as f64 * 8.0 / self.time.as_secs_f64()
    }
}

impl fmt::Display for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "received {} bytes in {} ns", self.bytes, self.time.as_nanos())
    }
}

impl FromStr for Received {
    type Err = ();

    fn from_str(line: &str) -> std::result::Result<Self, ()> {
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["received", bytes, "bytes", "in", nanos, "ns"] => Ok(Received {
                bytes: bytes.parse().map_err(drop)?,
                time: Duration::from_nanos(nanos.parse().map_err(drop)?),
            }),
            _ => Err(()),
        }
    }
}

/// Reads for `limit` from the first byte on, which starts the clock, or to the end.
///
/// # Errors
/// What reading answers.
pub fn receive(mut stream: impl Read, limit: Duration) -> Result<Received> {
    let mut chunk = vec![0; CHUNK];
    stream.read_exact(&mut chunk[..1])?;
    let begun = Instant::now();
    let mut received = Received { bytes: 0, time: Duration::ZERO };
    while received.time < limit {
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => received.bytes += length as u64,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        received.time = begun.elapsed();
    }
    Ok(received)
}

/// Writes for `limit`, or until the receiver has enough.
///
/// # Errors
/// What writing answers, but that the receiver has ended the connection.
pub fn send(mut stream: impl Write, limit: Duration) -> Result<()> {
    let chunk = vec![0x55; CHUNK];
    let begun = Instant::now();
    while begun.elapsed() < limit {
        match stream.write_all(&chunk) {
            Ok(()) => {}
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
