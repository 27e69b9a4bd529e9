//! The states of sockets, and sets of them. iproute2: `state-filter`.

use tool_common::control::socket_options::TcpState;

/// The states with their names, as they are shown and as they are asked for.
const STATES: [(TcpState, &str, &str); 11] = [
    (TcpState::Established, "ESTAB", "established"),
    (TcpState::SynSent, "SYN-SENT", "syn-sent"),
    (TcpState::SynRecv, "SYN-RECV", "syn-recv"),
    (TcpState::FinWait1, "FIN-WAIT-1", "fin-wait-1"),
    (TcpState::FinWait2, "FIN-WAIT-2", "fin-wait-2"),
    (TcpState::TimeWait, "TIME-WAIT", "time-wait"),
    (TcpState::Close, "UNCONN", "closed"),
    (TcpState::CloseWait, "CLOSE-WAIT", "close-wait"),
    (TcpState::LastAck, "LAST-ACK", "last-ack"),
    (TcpState::Listen, "LISTEN", "listening"),
    (TcpState::Closing, "CLOSING", "closing"),
];

/// The name that is shown.
pub(crate) fn state_name(state: TcpState) -> &'static str {
    STATES.iter().find(|(known, ..)| *known == state).map_or("UNKNOWN", |(_, name, _)| name)
}

/// A set of states, a bit for each place in [`STATES`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct States(u16);

impl States {
    pub(crate) const ALL: States = States((1 << STATES.len()) - 1);
    /// `-l`: those who wait, UDP's too. iproute2: `SS_LISTEN`, `SS_CLOSE`.
    pub(crate) const LISTENING: States = States(1 << 9 | 1 << 6);
    /// Without an option. iproute2: `SS_CONN`.
    pub(crate) const CONNECTED: States = States(Self::ALL.0 & !(1 << 9 | 1 << 6 | 1 << 5 | 1 << 2));

    fn one(state: TcpState) -> Self {
        let place = STATES.iter().position(|(known, ..)| *known == state);
        States(place.map_or(0, |place| 1 << place))
    }

    /// The names of sets, as the usage has them.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        let sets = ["all", "connected", "synchronized", "bucket", "big"];
        sets.into_iter().chain(STATES.iter().map(|(.., name)| *name))
    }

    /// The set of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let not =
            |states: &[TcpState]| states.iter().fold(Self::ALL, |all, state| all.without(Self::one(*state)));
        match name {
            "all" => Some(Self::ALL),
            "connected" => Some(not(&[TcpState::Close, TcpState::Listen])),
            "synchronized" => Some(not(&[TcpState::Close, TcpState::Listen, TcpState::SynSent])),
            "bucket" => Some(Self::one(TcpState::SynRecv).with(Self::one(TcpState::TimeWait))),
            "big" => Some(not(&[TcpState::SynRecv, TcpState::TimeWait])),
            "unconnected" | "close" => Some(Self::one(TcpState::Close)),
            "listen" => Some(Self::one(TcpState::Listen)),
            name => STATES.iter().find(|(.., known)| *known == name).map(|(state, ..)| Self::one(*state)),
        }
    }

    pub(crate) fn has(self, state: TcpState) -> bool {
        self.0 & Self::one(state).0 != 0
    }

    pub(crate) fn with(self, other: Self) -> Self {
        States(self.0 | other.0)
    }

    pub(crate) fn without(self, other: Self) -> Self {
        States(self.0 & !other.0)
    }

    pub(crate) fn is_one(self) -> bool {
        self.0.count_ones() == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_states() {
        assert!(States::CONNECTED.has(TcpState::Established) && !States::CONNECTED.has(TcpState::TimeWait));
        assert!(States::LISTENING.has(TcpState::Listen) && States::LISTENING.has(TcpState::Close));
        for (name, state, expected) in [
            ("connected", TcpState::Listen, false),
            ("synchronized", TcpState::SynSent, false),
            ("bucket", TcpState::TimeWait, true),
            ("big", TcpState::TimeWait, false),
            ("closed", TcpState::Close, true),
        ] {
            assert_eq!(States::named(name).unwrap().has(state), expected, "{name}");
        }
    }
}
