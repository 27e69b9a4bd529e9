//! What was denied, and what is said of it.

use super::MAX_TOLD;
use super::rule::Transport;
use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// What no rule allows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Denial {
    /// To send there.
    Outbound(Transport, SocketAddr),
    /// To ask there for an echo.
    Echo(IpAddr),
    /// To hear there.
    Inbound(Transport, SocketAddr),
    /// To look that up.
    Resolve(String),
}

/// Why a look-up does not come about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoLookUp {
    /// No rule allows it.
    Denied(Denial),
    /// It is a text that no rule could name. Nothing is said of it: a guest could write whatever it likes to a terminal.
    NotAName,
}

impl Denial {
    /// The flag that would allow it.
    pub fn flag(&self) -> String {
        match self {
            Denial::Outbound(transport, remote) => format!("--allow-outbound={transport}://{remote}"),
            // The least rule that names the host: UDP's own echo (RFC 862).
            Denial::Echo(remote) => format!("--allow-outbound=udp://{}", SocketAddr::new(*remote, 7)),
            Denial::Inbound(transport, local) if local.ip().is_unspecified() => {
                format!("--allow-inbound={transport}://*:{}", local.port())
            }
            Denial::Inbound(transport, local) => format!("--allow-inbound={transport}://{local}"),
            Denial::Resolve(name) => format!("--allow-resolve={name}"),
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Denial::Outbound(transport, remote) => write!(f, "{transport} to {remote}")?,
            Denial::Echo(remote) => write!(f, "ping to {remote}")?,
            Denial::Inbound(transport, local) => write!(f, "{transport} at {local}")?,
            Denial::Resolve(name) => write!(f, "looking up {name}")?,
        }
        write!(f, ": {} would allow it", self.flag())
    }
}

/// Denials with how often each was.
#[derive(Debug, Default)]
pub(super) struct Denials {
    counts: HashMap<Denial, u64>,
}

impl Denials {
    /// Counts one; answers whether it is the first of its kind.
    pub(super) fn note(&mut self, denial: &Denial) -> bool {
        if let Some(count) = self.counts.get_mut(denial) {
            *count = count.saturating_add(1);
            return false;
        }
        let room = self.counts.len() < MAX_TOLD;
        if room {
            self.counts.insert(denial.clone(), 1);
        }
        room
    }

    /// Whether this one was counted.
    pub(super) fn has(&self, denial: &Denial) -> bool {
        self.counts.contains_key(denial)
    }

    /// All, the most frequent first.
    pub(super) fn all(&self) -> Vec<(Denial, u64)> {
        let mut all: Vec<_> = self.counts.iter().map(|(denial, count)| (denial.clone(), *count)).collect();
        all.sort_by_key(|(denial, count)| (std::cmp::Reverse(*count), denial.flag()));
        all
    }
}
