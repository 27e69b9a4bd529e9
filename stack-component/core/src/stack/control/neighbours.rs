//! The neighbours of a stack. Linux: `RTM_NEWNEIGH`, `RTM_DELNEIGH`, `RTM_GETNEIGH`.

use super::super::Stack;
use crate::neighbour::{Key, Listed, Said, TellError, Verb};
use crate::time::Instant;
use core::fmt;

/// Why a neighbour was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeighbourError {
    /// There is no such device. Linux: `ENODEV`.
    NoSuchDevice,
    /// No neighbour has such an address, or the loopback device has no neighbours. Linux: `EINVAL`.
    BadAddress,
    /// The table refuses it.
    Refused(TellError),
}

impl fmt::Display for NeighbourError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NeighbourError::NoSuchDevice => "there is no such device",
            NeighbourError::BadAddress => "no neighbour can have this address on this device",
            NeighbourError::Refused(TellError::Exists) => "there is such a neighbour already",
            NeighbourError::Refused(TellError::NoSuchNeighbour) => "there is no such neighbour",
            NeighbourError::Refused(TellError::NoStation) => {
                "a neighbour in this state needs a station address"
            }
            NeighbourError::Refused(TellError::TableFull) => "there are as many neighbours as there may be",
        })
    }
}

impl core::error::Error for NeighbourError {}

impl Stack {
    /// All neighbours.
    pub fn neighbour_listing(&self, now: Instant) -> impl Iterator<Item = Listed> {
        self.neighbours.listing(now)
    }

    /// Tells the stack of a neighbour; without a station it is the one that is known. Linux: `neigh_add`.
    pub fn set_neighbour(
        &mut self,
        verb: Verb,
        key: Key,
        said: Said,
        now: Instant,
    ) -> Result<(), NeighbourError> {
        let interface = self.interfaces.get(key.device).ok_or(NeighbourError::NoSuchDevice)?;
        if interface.is_loopback() || key.address.is_multicast() || key.address.is_unspecified() {
            return Err(NeighbourError::BadAddress);
        }
        self.neighbours.tell(now, verb, key, said).map_err(NeighbourError::Refused)?;
        self.run_output(now);
        Ok(())
    }

    /// Forgets a neighbour. Linux: `neigh_delete`.
    pub fn remove_neighbour(&mut self, key: Key, now: Instant) -> Result<(), NeighbourError> {
        self.interfaces.get(key.device).ok_or(NeighbourError::NoSuchDevice)?;
        let known = self.neighbours.forget(key);
        self.run_output(now);
        known.then_some(()).ok_or(NeighbourError::Refused(TellError::NoSuchNeighbour))
    }
}
