//! Neighbours as an administrator sees and sets them. Linux: `neigh_add`, `neigh_delete`, `neigh_dump_info`.

use super::entry::{Entry, Key, Listed};
use super::state::State;
use super::table::Neighbours;
use crate::time::Instant;
use crate::wire::ethernet::MacAddress;

/// How a neighbour that is told meets what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// There must be none.
    Add,
    /// There must be one.
    Change,
    /// There may be one.
    Replace,
}

/// What an administrator says of a neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// Its station; none: the one that is known. Linux: `NDA_LLADDR`.
    pub station: Option<MacAddress>,
    /// How much is known. Linux: `ndm_state`.
    pub state: State,
    /// It is a router. Linux: `NTF_ROUTER`.
    pub router: bool,
    /// Somebody else learnt of it, who forgets it, too. Linux: `NTF_EXT_LEARNED`.
    pub extern_learn: bool,
    /// Who says so, by the number of who makes routes; 0: who said so before. Linux: `NDA_PROTOCOL`.
    pub protocol: u8,
}

impl Said {
    /// A station that is no router.
    pub const fn new(station: Option<MacAddress>, state: State) -> Self {
        Said { station, state, router: false, extern_learn: false, protocol: 0 }
    }
}

/// Why a neighbour was not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TellError {
    /// There is one. Linux: `EEXIST`.
    Exists,
    /// There is none. Linux: `ENOENT`.
    NoSuchNeighbour,
    /// The state is one whose station is known, and it is not. Linux: `EINVAL`.
    NoStation,
    /// There is no room for one more. Linux: `ENOBUFS`.
    TableFull,
}

impl Neighbours {
    /// All neighbours, in no order that means anything.
    pub fn listing(&self, now: Instant) -> impl Iterator<Item = Listed> {
        self.entries.iter().map(move |(_, entry)| entry.listed(now))
    }

    /// Sets a neighbour. [`Neighbours::poll_action`] is to be called
    /// after it.
    pub fn tell(
        &mut self,
        now: Instant,
        verb: Verb,
        key: Key,
        Said { station, state, router, extern_learn, protocol }: Said,
    ) -> Result<(), TellError> {
        let known = self.by_key.get(&key).copied();
        match (verb, known) {
            (Verb::Add, Some(_)) => return Err(TellError::Exists),
            (Verb::Change, None) => return Err(TellError::NoSuchNeighbour),
            _ => {}
        }
        let stands =
            known.and_then(|handle| self.entries.get(handle)).filter(|entry| entry.state().is_valid());
        let station = station.or(stands.map(|entry| entry.mac));
        if state.is_valid() && state != State::NoArp && station.is_none() {
            return Err(TellError::NoStation);
        }
        let handle = self.find_or_create(now, key).ok_or(TellError::TableFull)?;
        if let (Some(entry), Some(station)) = (self.entries.get_mut(handle), station) {
            entry.mac = station;
        }
        if let Some(entry) = self.entries.get_mut(handle) {
            entry.router = if state.is_valid() { router } else { entry.router };
            entry.extern_learn = extern_learn;
            entry.protocol = if protocol == 0 { entry.protocol } else { protocol };
        }
        self.advance(handle, |nud, timing| nud.on_told(now, state, timing));
        self.send_waiting(now, handle);
        Ok(())
    }

    /// Forgets a neighbour; answers whether there was one. [`Neighbours::poll_action`] is to be called after it.
    pub fn forget(&mut self, key: Key) -> bool {
        let Some(&handle) = self.by_key.get(&key) else { return false };
        let Some(now) = self.entries.get(handle).map(|entry| entry.nud.updated()) else { return false };
        // What waits is given up, and who listens hears that it failed before it is gone.
        self.advance(handle, |nud, timing| nud.on_told(now, State::Failed, timing));
        self.remove(handle);
        true
    }
}

impl Entry {
    /// Whether only an administrator changes it.
    pub(super) fn is_fixed(&self) -> bool {
        self.state().is_fixed()
    }

    /// Whether it does not go for being idle. Linux: `exempt_from_gc`.
    pub(super) fn stays(&self) -> bool {
        self.is_fixed() || self.extern_learn
    }
}
