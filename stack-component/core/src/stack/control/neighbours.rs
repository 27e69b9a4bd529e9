//! The neighbours of a stack. Linux: `RTM_NEWNEIGH`, `RTM_DELNEIGH`, `RTM_GETNEIGH`.

use super::super::Stack;
use crate::datapath;
use crate::neighbour::{Key, Listed, Proxy, ProxyKey, Said, TellError, Verb};
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

    /// All addresses that are answered for. Linux: `ip neigh show proxy`.
    pub fn proxies(&self) -> impl Iterator<Item = (ProxyKey, Proxy)> {
        self.neighbours.proxies.iter()
    }

    /// Answers for an address of another from now on. Linux: `neigh_add` with `NTF_PROXY`.
    pub fn set_proxy(&mut self, key: ProxyKey, proxy: Proxy, now: Instant) -> Result<(), NeighbourError> {
        match key.device {
            Some(device) if self.interfaces.get(device).is_none() => {
                return Err(NeighbourError::NoSuchDevice);
            }
            // The group that it is asked for by is one of a link. Linux: `pndisc_constructor`.
            None if key.address.is_ipv6() => return Err(NeighbourError::Refused(TellError::TableFull)),
            _ => {}
        }
        let set = self.with_context(now, |cx, _, _| datapath::add_proxy(cx, key, proxy));
        self.run_output(now);
        set.map_err(NeighbourError::Refused)
    }

    /// Answers for it no more. Linux: `neigh_delete` with `NTF_PROXY`.
    pub fn remove_proxy(&mut self, key: ProxyKey, now: Instant) -> Result<(), NeighbourError> {
        let known = self.with_context(now, |cx, _, _| datapath::remove_proxy(cx, key));
        self.run_output(now);
        known.then_some(()).ok_or(NeighbourError::Refused(TellError::NoSuchNeighbour))
    }

    /// Forgets a neighbour. Linux: `neigh_delete`.
    pub fn remove_neighbour(&mut self, key: Key, now: Instant) -> Result<(), NeighbourError> {
        self.interfaces.get(key.device).ok_or(NeighbourError::NoSuchDevice)?;
        let known = self.neighbours.forget(key);
        self.run_output(now);
        known.then_some(()).ok_or(NeighbourError::Refused(TellError::NoSuchNeighbour))
    }
}
