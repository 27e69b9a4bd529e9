//! The states of a TCP socket as wasi:sockets has them (TcpSocketOperationalSemantics).
//!
//! The gate knows the state of every socket: to let one operation run at a time, to answer without entering
//! the stack what follows from the state alone, and to make listeners again after the stack died.

use crate::gate::bindings::wasi::sockets::network::ErrorCode;

/// Where a socket is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TcpState {
    /// As it was created.
    Unbound,
    /// Between start-bind and finish-bind.
    Binding,
    /// Has a local address.
    Bound,
    /// Between start-listen and finish-listen.
    StartingToListen,
    /// Accepts connections.
    Listening,
    /// Between start-connect and finish-connect.
    Connecting,
    /// Has streams.
    Connected,
    /// Over: an operation failed for good, or the stack was lost.
    Closed,
}

/// An operation with a start and a finish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// start-bind, finish-bind.
    Bind,
    /// start-connect, finish-connect.
    Connect,
    /// start-listen, finish-listen.
    Listen,
}

impl Operation {
    fn running(self) -> TcpState {
        match self {
            Operation::Bind => TcpState::Binding,
            Operation::Connect => TcpState::Connecting,
            Operation::Listen => TcpState::StartingToListen,
        }
    }
}

impl TcpState {
    /// Whether `operation` may start.
    pub(crate) fn may_start(self, operation: Operation) -> Result<(), ErrorCode> {
        match (self, operation) {
            (TcpState::Unbound, Operation::Bind | Operation::Connect) => Ok(()),
            (TcpState::Bound, Operation::Connect | Operation::Listen) => Ok(()),
            _ if self.is_in_progress() => Err(ErrorCode::ConcurrencyConflict),
            _ => Err(ErrorCode::InvalidState),
        }
    }

    /// Whether `operation` may finish.
    pub(crate) fn may_finish(self, operation: Operation) -> Result<(), ErrorCode> {
        if self == operation.running() { Ok(()) } else { Err(ErrorCode::NotInProgress) }
    }

    /// The state after `operation` was started.
    pub(crate) fn started(operation: Operation) -> Self {
        operation.running()
    }

    /// The state after `operation`, which was permitted, did not start.
    pub(crate) fn not_started(self, operation: Operation, code: ErrorCode) -> Self {
        match (operation, code) {
            // An argument that could never work says nothing of the socket; and who died, or has no such call, has done
            // nothing to it.
            (_, ErrorCode::InvalidArgument | ErrorCode::Unknown | ErrorCode::NotSupported) => self,
            (Operation::Bind, _) => self,
            (Operation::Connect | Operation::Listen, _) => TcpState::Closed,
        }
    }

    /// The state after `operation` was finished with success.
    pub(crate) fn finished(operation: Operation) -> Self {
        match operation {
            Operation::Bind => TcpState::Bound,
            Operation::Connect => TcpState::Connected,
            Operation::Listen => TcpState::Listening,
        }
    }

    /// The state after `operation`, which was running, failed for good.
    pub(crate) fn failed(operation: Operation) -> Self {
        match operation {
            Operation::Bind => TcpState::Unbound,
            Operation::Connect | Operation::Listen => TcpState::Closed,
        }
    }

    fn is_in_progress(self) -> bool {
        matches!(self, TcpState::Binding | TcpState::Connecting | TcpState::StartingToListen)
    }

    /// Whether the socket's pollable may be unready at all.
    pub(crate) fn can_wait(self) -> bool {
        self.is_in_progress() || self == TcpState::Listening
    }

    /// Whether the socket would be a connection, or become one: then it dies with the stack.
    pub(crate) fn is_connection(self) -> bool {
        matches!(self, TcpState::Connecting | TcpState::Connected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [TcpState; 8] = [
        TcpState::Unbound,
        TcpState::Binding,
        TcpState::Bound,
        TcpState::StartingToListen,
        TcpState::Listening,
        TcpState::Connecting,
        TcpState::Connected,
        TcpState::Closed,
    ];

    fn table(ask: impl Fn(TcpState, Operation) -> Result<(), ErrorCode>) -> String {
        let mut lines = String::new();
        for state in STATES {
            let answers = [Operation::Bind, Operation::Connect, Operation::Listen]
                .map(|operation| ask(state, operation).map_or_else(|code| code.name(), |()| "yes"));
            lines += &format!("{state:?}: {}\n", answers.join(", "));
        }
        lines
    }

    #[test]
    fn who_may_start_what() {
        assert_eq!(
            table(TcpState::may_start),
            "Unbound: yes, yes, invalid-state\n\
             Binding: concurrency-conflict, concurrency-conflict, concurrency-conflict\n\
             Bound: invalid-state, yes, yes\n\
             StartingToListen: concurrency-conflict, concurrency-conflict, concurrency-conflict\n\
             Listening: invalid-state, invalid-state, invalid-state\n\
             Connecting: concurrency-conflict, concurrency-conflict, concurrency-conflict\n\
             Connected: invalid-state, invalid-state, invalid-state\n\
             Closed: invalid-state, invalid-state, invalid-state\n"
        );
    }

    #[test]
    fn who_may_finish_what() {
        assert_eq!(
            table(TcpState::may_finish),
            "Unbound: not-in-progress, not-in-progress, not-in-progress\n\
             Binding: yes, not-in-progress, not-in-progress\n\
             Bound: not-in-progress, not-in-progress, not-in-progress\n\
             StartingToListen: not-in-progress, not-in-progress, yes\n\
             Listening: not-in-progress, not-in-progress, not-in-progress\n\
             Connecting: not-in-progress, yes, not-in-progress\n\
             Connected: not-in-progress, not-in-progress, not-in-progress\n\
             Closed: not-in-progress, not-in-progress, not-in-progress\n"
        );
    }

    #[test]
    fn who_cannot_connect_or_listen_is_closed() {
        use ErrorCode::{AddressInUse, InvalidArgument, RemoteUnreachable, Unknown};
        for (operation, code, next) in [
            (Operation::Bind, AddressInUse, TcpState::Bound),
            (Operation::Connect, RemoteUnreachable, TcpState::Closed),
            (Operation::Connect, InvalidArgument, TcpState::Bound),
            (Operation::Listen, AddressInUse, TcpState::Closed),
            (Operation::Listen, Unknown, TcpState::Bound),
        ] {
            assert_eq!(TcpState::Bound.not_started(operation, code), next, "{operation:?}: {code:?}");
        }
    }

    #[test]
    fn pollables_wait_for_operations_and_for_connections() {
        let waiting: Vec<_> = STATES.into_iter().filter(|state| state.can_wait()).collect();
        assert_eq!(
            waiting,
            [TcpState::Binding, TcpState::StartingToListen, TcpState::Listening, TcpState::Connecting]
        );
    }
}
