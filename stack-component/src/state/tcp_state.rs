//! The states of a `tcp-socket` and what may be called in each of them.
//!
//! Source: wasi:sockets 0.2, `TcpSocketOperationalSemantics.md`. These are the states of the socket resource,
//! not those of the connection (RFC 9293), which the core keeps.

use stack_core::socket::SocketError;

/// What state a `tcp-socket` is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TcpState {
    /// New.
    Unbound,
    /// `start-bind` has succeeded; `finish-bind` will.
    BindInProgress,
    /// It has a local address.
    Bound,
    /// `start-listen` has succeeded; `finish-listen` will.
    ListenInProgress,
    /// It takes connections.
    Listening,
    /// `start-connect` has succeeded; the peer decides what `finish-connect` answers.
    ConnectInProgress,
    /// It has a peer, or had one: a connection's end shows at its streams and leaves its addresses and options
    /// readable, as Linux does.
    Connected,
    /// An operation has failed or the host has aborted it; nothing but dropping is left.
    Closed,
}

/// The methods whose permission or result depends on the state, those with the same rule under one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// `start-bind`
    StartBind,
    /// `finish-bind`
    FinishBind,
    /// `start-connect`
    StartConnect,
    /// `finish-connect`
    FinishConnect,
    /// `start-listen`
    StartListen,
    /// `finish-listen`
    FinishListen,
    /// `accept`
    Accept,
    /// `local-address`
    LocalAddress,
    /// `remote-address`
    RemoteAddress,
    /// `set-listen-backlog-size`
    SetBacklog,
    /// The getters and the other setters.
    Option,
    /// `shutdown`
    Shutdown,
}

impl TcpState {
    /// Whether `call` may be made now; the error is what it answers otherwise, and the state stays.
    pub(crate) fn permit(self, call: Call) -> Result<(), SocketError> {
        use TcpState::*;
        let permitted = match call {
            Call::StartBind => self == Unbound,
            Call::FinishBind => self == BindInProgress,
            Call::StartConnect => matches!(self, Unbound | Bound),
            Call::FinishConnect => self == ConnectInProgress,
            Call::StartListen => self == Bound,
            Call::FinishListen => self == ListenInProgress,
            Call::Accept => self == Listening,
            Call::LocalAddress => !matches!(self, Unbound | BindInProgress | Closed),
            Call::RemoteAddress | Call::Shutdown => self == Connected,
            Call::SetBacklog => !matches!(self, ConnectInProgress | Connected | Closed),
            Call::Option => self != Closed,
        };
        if permitted { Ok(()) } else { Err(self.refusal(call)) }
    }

    /// What a call that is not permitted answers.
    fn refusal(self, call: Call) -> SocketError {
        use TcpState::*;
        let in_progress = matches!(self, BindInProgress | ListenInProgress | ConnectInProgress);
        match call {
            Call::FinishBind | Call::FinishConnect | Call::FinishListen => SocketError::NotInProgress,
            Call::StartBind | Call::StartConnect | Call::StartListen if in_progress => {
                SocketError::ConcurrencyConflict
            }
            _ => SocketError::InvalidState,
        }
    }

    /// The state after a permitted `call` that ended like `outcome`.
    pub(crate) fn after(self, call: Call, outcome: Result<(), SocketError>) -> TcpState {
        use TcpState::*;
        match (call, outcome) {
            (Call::StartBind, Ok(())) => BindInProgress,
            (Call::FinishBind, Ok(())) => Bound,
            (Call::StartConnect, Ok(())) => ConnectInProgress,
            (Call::FinishConnect, Ok(())) => Connected,
            (Call::StartListen, Ok(())) => ListenInProgress,
            (Call::FinishListen, Ok(())) => Listening,
            // An argument that could never work says nothing of the socket: it may try another, as under
            // wasmtime.
            (Call::StartConnect, Err(SocketError::InvalidArgument)) => self,
            (Call::FinishConnect, Err(SocketError::WouldBlock)) => self,
            (Call::StartConnect | Call::FinishConnect | Call::StartListen, Err(_)) => Closed,
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Call, TcpState};
    use stack_core::socket::SocketError;

    const STATES: [TcpState; 8] = [
        TcpState::Unbound,
        TcpState::BindInProgress,
        TcpState::Bound,
        TcpState::ListenInProgress,
        TcpState::Listening,
        TcpState::ConnectInProgress,
        TcpState::Connected,
        TcpState::Closed,
    ];

    /// One letter for each state, in the order of `STATES`: `+` permitted, `!` invalid-state,
    /// `c` concurrency-conflict, `n` not-in-progress.
    const TABLE: [(Call, &str); 12] = [
        //                     U b B l L c C X
        (Call::StartBind, "     + c ! c ! c ! !"),
        (Call::FinishBind, "    n + n n n n n n"),
        (Call::StartConnect, "  + c + c ! c ! !"),
        (Call::FinishConnect, " n n n n n + n n"),
        (Call::StartListen, "   ! c + c ! c ! !"),
        (Call::FinishListen, "  n n n + n n n n"),
        (Call::Accept, "        ! ! ! ! + ! ! !"),
        (Call::LocalAddress, "  ! ! + + + + + !"),
        (Call::RemoteAddress, " ! ! ! ! ! ! + !"),
        (Call::SetBacklog, "    + + + + + ! ! !"),
        (Call::Option, "        + + + + + + + !"),
        (Call::Shutdown, "      ! ! ! ! ! ! + !"),
    ];

    #[test]
    fn every_call_in_every_state() {
        for (call, row) in TABLE {
            let letters: Vec<&str> = row.split_whitespace().collect();
            assert_eq!(letters.len(), STATES.len());
            for (state, letter) in STATES.into_iter().zip(letters) {
                let expected = match letter {
                    "+" => Ok(()),
                    "!" => Err(SocketError::InvalidState),
                    "c" => Err(SocketError::ConcurrencyConflict),
                    "n" => Err(SocketError::NotInProgress),
                    other => unreachable!("{other}"),
                };
                assert_eq!(state.permit(call), expected, "{call:?} in {state:?}");
            }
        }
    }

    #[test]
    fn the_transitions_of_the_diagram() {
        use TcpState::*;
        let refused = Err(SocketError::ConnectionRefused);
        for (state, call, outcome, next) in [
            (Unbound, Call::StartBind, Ok(()), BindInProgress),
            (Unbound, Call::StartBind, Err(SocketError::AddressInUse), Unbound),
            (BindInProgress, Call::FinishBind, Ok(()), Bound),
            (Unbound, Call::StartConnect, Ok(()), ConnectInProgress),
            (Bound, Call::StartConnect, Ok(()), ConnectInProgress),
            (Unbound, Call::StartConnect, Err(SocketError::NetworkUnreachable), Closed),
            (Bound, Call::StartConnect, Err(SocketError::InvalidArgument), Bound),
            (ConnectInProgress, Call::FinishConnect, Err(SocketError::WouldBlock), ConnectInProgress),
            (ConnectInProgress, Call::FinishConnect, refused, Closed),
            (ConnectInProgress, Call::FinishConnect, Ok(()), Connected),
            (Bound, Call::StartListen, Ok(()), ListenInProgress),
            (Bound, Call::StartListen, Err(SocketError::AddressInUse), Closed),
            (ListenInProgress, Call::FinishListen, Ok(()), Listening),
            (Listening, Call::Accept, Ok(()), Listening),
            (Listening, Call::Accept, Err(SocketError::WouldBlock), Listening),
            (Connected, Call::Shutdown, Ok(()), Connected),
            (Connected, Call::Option, Err(SocketError::InvalidArgument), Connected),
        ] {
            assert_eq!(state.after(call, outcome), next, "{call:?} -> {outcome:?} in {state:?}");
        }
    }
}
