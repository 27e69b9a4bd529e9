//! Changes of state, as they are noted. Linux: the tracepoint `sock:inet_sock_set_state`.

use super::TcpState;
use core::fmt;
use core::net::SocketAddr;

/// A socket's state changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateChange {
    /// Our end.
    pub local: SocketAddr,
    /// The peer's; of a listener, the unspecified address and port 0.
    pub remote: SocketAddr,
    /// The state before.
    pub from: TcpState,
    /// The state now.
    pub to: TcpState,
}

impl fmt::Display for StateChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StateChange { local, remote, from, to } = self;
        write!(f, "tcp {local} {remote} {} -> {}", from.name(), to.name())
    }
}

/// The states a connection went through since it was looked at last, the first being the one it was in. It goes
/// through few within one call.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trail {
    states: [TcpState; 6],
    len: u8,
}

impl Trail {
    /// It came from `from` to `to`.
    pub(super) fn push(&mut self, from: TcpState, to: TcpState) {
        if self.len == 0 {
            self.put(from);
        }
        self.put(to);
    }

    fn put(&mut self, state: TcpState) {
        if let Some(place) = self.states.get_mut(usize::from(self.len)) {
            *place = state;
            self.len += 1;
        }
    }

    /// Each change of state.
    pub(super) fn changes(&self) -> impl Iterator<Item = (TcpState, TcpState)> + '_ {
        let states = self.states.get(..usize::from(self.len)).unwrap_or_default();
        states.iter().copied().zip(states.iter().copied().skip(1)).filter(|(from, to)| from != to)
    }
}
