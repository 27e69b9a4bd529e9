//! A wire that writes all its frames to a capture file, with the time and the direction of each, in the
//! pcapng format that Wireshark and tcpdump read.
//!
//! The datapath only appends to a buffer in memory; a thread of its own carries that to the file as soon as
//! there is something, so that a slow disk never slows the network and the file is up to date whenever the
//! wire is idle. When the disk cannot keep up, frames are left out of the capture and counted.

mod format;
#[cfg(test)]
mod tests;

use format::Direction;

use super::Wire;
use cap_std::fs::File;
use std::io::{self, Write};
use std::mem;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

/// Most bytes that wait to be written, before frames are left out.
const MAX_PENDING: usize = 16 << 20;

/// A capture file being written.
#[derive(Debug)]
pub struct Capture {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct Shared {
    pending: Mutex<Pending>,
    /// There is something to write, or the end.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Pending {
    bytes: Vec<u8>,
    /// Frames left out because `bytes` was full.
    left_out: u64,
    /// No more frames are wanted: the capture has ended or could not be written.
    closed: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for bytes to write and takes them, leaving `empty`; none at the end.
    fn take(&self, empty: Vec<u8>) -> Option<Vec<u8>> {
        let mut pending = self.lock();
        while pending.bytes.is_empty() && !pending.closed {
            pending = self.changed.wait(pending).unwrap_or_else(PoisonError::into_inner);
        }
        if pending.bytes.is_empty() { None } else { Some(mem::replace(&mut pending.bytes, empty)) }
    }
}

impl Capture {
    /// Begins a capture of the interfaces called `interfaces` in `file`, which must be empty.
    ///
    /// # Errors
    /// When the file's head cannot be written or no thread can be started.
    pub fn start(mut file: File, interfaces: &[String]) -> io::Result<Capture> {
        let mut header = Vec::new();
        format::put_file_header(&mut header, interfaces);
        file.write_all(&header)?;
        let shared = Arc::new(Shared::default());
        let writer = std::thread::Builder::new().name("wnet-pcap".into()).spawn({
            let shared = Arc::clone(&shared);
            move || write_frames(&shared, file)
        })?;
        Ok(Capture { shared, writer: Mutex::new(Some(writer)) })
    }

    /// Ends the capture: everything that was captured is in the file when this returns. Frames that pass
    /// later are not captured.
    pub fn finish(&self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_one();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            // The thread does not panic; if it did, that was reported already.
            let _ = writer.join();
        }
    }

    /// Records what `transfer` moves over the wire, a frame of `direction` that it answers. The capture is
    /// locked meanwhile, so that an answer to the frame cannot be recorded before the frame itself.
    fn record<'a, T>(
        &self,
        interface: usize,
        direction: Direction,
        transfer: impl FnOnce() -> io::Result<(T, Option<&'a [u8]>)>,
    ) -> io::Result<T> {
        let mut pending = self.shared.lock();
        let time = since_epoch();
        let (answer, frame) = transfer()?;
        let Some(frame) = frame else { return Ok(answer) };
        if pending.closed {
            return Ok(answer);
        }
        if pending.bytes.len() >= MAX_PENDING {
            pending.left_out += 1;
            return Ok(answer);
        }
        let idle = pending.bytes.is_empty();
        format::put_frame(&mut pending.bytes, interface, direction, time, frame);
        drop(pending);
        if idle {
            self.shared.changed.notify_one();
        }
        Ok(answer)
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.finish();
    }
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// The writing thread. A failure ends the capture and is told once; the network goes on.
fn write_frames(shared: &Shared, mut file: File) {
    let mut bytes = Vec::new();
    while let Some(taken) = shared.take(mem::take(&mut bytes)) {
        if let Err(error) = file.write_all(&taken) {
            let mut pending = shared.lock();
            pending.closed = true;
            pending.bytes = Vec::new();
            tracing::error!("the capture file ends here, it cannot be written: {error}");
            return;
        }
        bytes = taken;
        bytes.clear();
    }
    let left_out = shared.lock().left_out;
    if left_out > 0 {
        tracing::warn!("{left_out} frames are not in the capture file: the disk was too slow");
    }
}

/// A wire whose frames are captured.
#[derive(Debug)]
pub struct PcapWire<W> {
    wire: W,
    capture: Arc<Capture>,
    interface: usize,
}

impl<W: Wire> PcapWire<W> {
    /// Captures what passes `wire`, the capture's interface of this number.
    pub fn new(wire: W, capture: Arc<Capture>, interface: usize) -> Self {
        PcapWire { wire, capture, interface }
    }
}

impl<W: Wire> Wire for PcapWire<W> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wire.as_fd()
    }

    fn receive(&self, frame: &mut Vec<u8>) -> io::Result<bool> {
        self.capture.record(self.interface, Direction::Inbound, move || {
            let received = self.wire.receive(frame)?;
            Ok((received, received.then_some(&frame[..])))
        })
    }

    fn transmit(&self, frame: &[u8]) -> io::Result<()> {
        self.capture.record(self.interface, Direction::Outbound, || {
            self.wire.transmit(frame).map(|()| ((), Some(frame)))
        })
    }

    fn link_up(&self) -> bool {
        self.wire.link_up()
    }
}
