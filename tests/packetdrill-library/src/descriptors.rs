//! Descriptors as the tool sees them.
//!
//! The tool closes what is left at the end with the C library's own close, and ends if that fails. So each
//! descriptor that it is given is a real one, of `/dev/null`, which stands for one of the machine's.

use packetdrill::Errno;
use packetdrill::machine::Fd;
use std::collections::HashMap;
use std::fs::File;
use std::os::fd::{FromRawFd, IntoRawFd, OwnedFd, RawFd};

/// The machine's descriptors by the tool's.
#[derive(Default)]
pub(crate) struct Descriptors(HashMap<RawFd, Fd>);

impl Descriptors {
    /// A real descriptor that stands for `live`.
    pub(crate) fn stand_in(&mut self, live: Fd) -> Result<RawFd, Errno> {
        let null = File::open("/dev/null").map_err(|_| Errno::EMFILE)?;
        let real = null.into_raw_fd();
        self.0.insert(real, live);
        Ok(real)
    }

    /// The machine's descriptor; none if `real` is not one of ours.
    pub(crate) fn live(&self, real: RawFd) -> Option<Fd> {
        self.0.get(&real).copied()
    }

    /// Frees a descriptor.
    #[allow(unsafe_code)]
    pub(crate) fn close(&mut self, real: RawFd) {
        if self.0.remove(&real).is_some() {
            // SAFETY: `stand_in` opened it and gave it up, and it was in the table: nobody here closed it since. The
            // tool closes descriptors itself only when it uses the table no more.
            drop(unsafe { OwnedFd::from_raw_fd(real) });
        }
    }
}
