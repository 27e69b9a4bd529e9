//! One look-up: the names to try for one host, until one of them has addresses; or the host of an address.

use super::Key;
use crate::time::Instant;
use crate::wire::dns::{Kind, Name};
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

/// Why a name has no addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    /// Nobody has the name, or it has no addresses. Linux: `EAI_NONAME`, `EAI_NODATA`.
    Unresolvable,
    /// Nobody could be asked, or nobody could say; later perhaps. Linux: `EAI_AGAIN`.
    Temporary,
    /// The servers do not understand the question. Linux: `EAI_FAIL`.
    Permanent,
    /// Not yet; the look-up's readiness tells when.
    WouldBlock,
    /// The look-up was given up, or never was.
    Stale,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NameError::Unresolvable => "name or service not known",
            NameError::Temporary => "temporary failure in name resolution",
            NameError::Permanent => "non-recoverable failure in name resolution",
            NameError::WouldBlock => "would block",
            NameError::Stale => "no such look-up",
        })
    }
}

impl core::error::Error for NameError {}

/// How a question ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// With addresses.
    Found(Vec<IpAddr>),
    /// With the name of a host.
    Named(Name),
    /// The name is not there, or has no addresses of this kind.
    Nothing,
    /// Nobody said.
    Failed(Failure),
}

/// Why nobody said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// They were silent, or could not be reached.
    Silence,
    /// They could not say.
    Temporary,
    /// They do not understand.
    Permanent,
}

/// A look-up, which its owner knows by its handle.
#[derive(Debug, Default)]
pub struct Lookup {
    /// The names that are left to try.
    names: VecDeque<Name>,
    /// What is being asked for the present one.
    pub(super) waiting: Vec<Key>,
    /// What was found for the present one.
    found: Vec<IpAddr>,
    /// The host of an address is looked for.
    reverse: bool,
    /// Its name, once it is known.
    host: Option<Name>,
    /// What went wrong with any of them.
    failure: Option<Failure>,
    /// One version's addresses are there: until then the other's may come.
    pub(super) patience: Option<Instant>,
    /// How it ended.
    result: Option<Result<VecDeque<IpAddr>, NameError>>,
}

impl Lookup {
    /// A look-up of the first of `names` that is there.
    pub(super) fn of_names(names: VecDeque<Name>) -> Self {
        Lookup { names, ..Lookup::default() }
    }

    /// A look-up of the host whose address `name` writes.
    pub(super) fn of_address(name: Option<Name>) -> Self {
        Lookup { names: name.into_iter().collect(), reverse: true, ..Lookup::default() }
    }

    /// One of an address whose host is known.
    pub(super) fn of_host(host: Name) -> Self {
        Lookup { host: Some(host), reverse: true, ..Lookup::ended(Ok(Vec::new())) }
    }

    /// One that has ended already.
    pub(super) fn ended(result: Result<Vec<IpAddr>, NameError>) -> Self {
        Lookup { result: Some(result.map(VecDeque::from)), ..Lookup::default() }
    }

    /// Goes on to the next name; answers what is to be asked, nothing if no name is left, with which it has ended.
    pub(super) fn next_name(&mut self) -> Vec<Key> {
        // Whom nobody tells of one name nobody would tell of the next. Linux: res_nsearch, which ends with TRY_AGAIN.
        let goes_on = self.failure != Some(Failure::Silence);
        let Some(name) = self.names.pop_front().filter(|_| goes_on) else {
            let error = match self.failure {
                None => NameError::Unresolvable,
                Some(Failure::Silence | Failure::Temporary) => NameError::Temporary,
                Some(Failure::Permanent) => NameError::Permanent,
            };
            self.result = Some(Err(error));
            return Vec::new();
        };
        let kinds: &[Kind] = if self.reverse { &[Kind::Pointer] } else { &[Kind::Aaaa, Kind::A] };
        self.waiting = kinds.iter().map(|&kind| Key { name: name.clone(), kind }).collect();
        self.waiting.clone()
    }

    /// Hears how one of its questions ended. Answers whether it waits for no other.
    pub(super) fn hear(&mut self, key: &Key, outcome: &Outcome, patience: Instant) -> bool {
        let waiting = self.waiting.len();
        self.waiting.retain(|waited_for| waited_for != key);
        if self.waiting.len() == waiting {
            return false;
        }
        match outcome {
            Outcome::Found(addresses) => {
                self.found.extend(addresses);
                self.patience = Some(patience);
            }
            Outcome::Named(host) => self.host = Some(host.clone()),
            Outcome::Nothing => {}
            Outcome::Failed(failure) => self.failure = self.failure.or(Some(*failure)),
        }
        self.waiting.is_empty()
    }

    /// Ends with what was found, if anything was. Answers whether it has ended.
    pub(super) fn conclude(&mut self) -> bool {
        if !self.found.is_empty() || self.host.is_some() {
            self.waiting.clear();
            self.patience = None;
            self.result = Some(Ok(core::mem::take(&mut self.found).into()));
        }
        self.result.is_some()
    }

    /// Whether it has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.result.is_some()
    }

    /// All its addresses, to be put in another order.
    pub(super) fn addresses_mut(&mut self) -> Option<&mut [IpAddr]> {
        Some(self.result.as_mut()?.as_mut().ok()?.make_contiguous())
    }

    /// The host of the address that was looked for.
    pub(super) fn host(&self) -> Result<&Name, NameError> {
        match &self.result {
            None => Err(NameError::WouldBlock),
            Some(Ok(_)) => self.host.as_ref().ok_or(NameError::Unresolvable),
            Some(Err(error)) => Err(*error),
        }
    }

    /// The next address, none behind the last.
    pub(super) fn next_address(&mut self) -> Result<Option<IpAddr>, NameError> {
        match &mut self.result {
            None => Err(NameError::WouldBlock),
            Some(Ok(addresses)) => Ok(addresses.pop_front()),
            Some(Err(error)) => Err(*error),
        }
    }
}
