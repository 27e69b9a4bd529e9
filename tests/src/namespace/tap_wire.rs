//! The TAP of a namespace as the wire of a stack in this process.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fd::OwnedFd;
use rustix::io::Errno;
use wnet::wire::{MAX_FRAME, Wire};

/// The wire's end of a namespace's TAP, as [`super::Namespace::tap`] answers it.
#[derive(Debug)]
pub struct TapWire(pub OwnedFd);

impl Wire for TapWire {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    fn receive(&self, frame: &mut Vec<u8>) -> io::Result<bool> {
        frame.resize(MAX_FRAME, 0);
        let length = match rustix::io::read(&self.0, &mut *frame) {
            Ok(length) => length,
            Err(Errno::AGAIN | Errno::INTR) => 0,
            Err(errno) => return Err(errno.into()),
        };
        frame.truncate(length);
        Ok(length > 0)
    }

    fn transmit(&self, frame: &[u8]) -> io::Result<()> {
        rustix::io::write(&self.0, frame)?;
        Ok(())
    }
}
