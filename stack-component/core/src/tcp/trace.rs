//! State changes, for those who want to see them. Linux: the tracepoint `sock:inet_sock_set_state`.

use super::table::Tcp;
use super::trail::{StateChange, Trail};
use super::{FourTuple, TcpState};
use crate::wire::address::unspecified_like;
use alloc::vec::Vec;
use core::net::SocketAddr;

/// Most changes that wait to be taken; beyond it they are forgotten.
const MAX_CHANGES: usize = 4096;

impl Tcp {
    /// Whether state changes are kept for [`Tcp::take_state_changes`]. Off at first.
    pub fn trace_states(&mut self, on: bool) {
        self.trace = on.then(|| self.trace.take().unwrap_or_default());
    }

    /// Whether state changes are kept.
    pub fn traces_states(&self) -> bool {
        self.trace.is_some()
    }

    /// The state changes since the last time, oldest first.
    pub fn take_state_changes(&mut self) -> Vec<StateChange> {
        self.trace.as_mut().map(core::mem::take).unwrap_or_default()
    }

    /// Keeps what a connection went through, if anybody wants to know.
    pub(super) fn trace_trail(&mut self, tuple: &FourTuple, trail: &Trail) {
        for (from, to) in trail.changes() {
            self.trace_change(tuple, from, to);
        }
    }

    /// Keeps one change, if anybody wants to know.
    pub(super) fn trace_change(&mut self, tuple: &FourTuple, from: TcpState, to: TcpState) {
        let (local, remote) = (tuple.local.into(), tuple.remote.into());
        if let Some(changes) = self.trace.as_mut().filter(|changes| changes.len() < MAX_CHANGES) {
            changes.push(StateChange { local, remote, from, to });
        }
    }

    /// As [`Tcp::trace_change`] for a socket without a peer.
    pub(super) fn trace_listener(&mut self, local: SocketAddr, from: TcpState, to: TcpState) {
        let remote = SocketAddr::new(unspecified_like(local.ip()), 0);
        self.trace_change(&FourTuple::new(local, remote), from, to);
    }
}
