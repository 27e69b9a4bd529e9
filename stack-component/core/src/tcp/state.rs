//! The states of a connection (RFC 9293 section 3.3.2).

/// What state a TCP socket is in, by Linux's names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TcpState {
    /// Not connected.
    #[default]
    Close,
    /// Waits for connections.
    Listen,
    /// Has sent a SYN.
    SynSent,
    /// Has answered a SYN; waits for the acknowledgement of its own.
    SynRecv,
    /// Data flows both ways.
    Established,
    /// Has sent a FIN; waits for its acknowledgement.
    FinWait1,
    /// Its FIN is acknowledged; the peer may still send.
    FinWait2,
    /// The peer has sent its FIN; we may still send.
    CloseWait,
    /// Both have sent a FIN, ours is not acknowledged.
    Closing,
    /// The peer's FIN came first; ours is sent and not acknowledged.
    LastAck,
    /// Both are done; old segments are waited out.
    TimeWait,
}

impl TcpState {
    /// Linux's name, as `ss` shows it.
    pub const fn name(self) -> &'static str {
        match self {
            TcpState::Close => "UNCONN",
            TcpState::Listen => "LISTEN",
            TcpState::SynSent => "SYN-SENT",
            TcpState::SynRecv => "SYN-RECV",
            TcpState::Established => "ESTAB",
            TcpState::FinWait1 => "FIN-WAIT-1",
            TcpState::FinWait2 => "FIN-WAIT-2",
            TcpState::CloseWait => "CLOSE-WAIT",
            TcpState::Closing => "CLOSING",
            TcpState::LastAck => "LAST-ACK",
            TcpState::TimeWait => "TIME-WAIT",
        }
    }

    /// Whether both sides know each other's sequence numbers.
    pub const fn is_synchronised(self) -> bool {
        !matches!(self, TcpState::Close | TcpState::Listen | TcpState::SynSent | TcpState::SynRecv)
    }

    /// Whether the application may still hand in data.
    pub const fn may_send(self) -> bool {
        matches!(self, TcpState::Established | TcpState::CloseWait)
    }

    /// Whether the peer may still send data.
    pub const fn may_receive(self) -> bool {
        matches!(self, TcpState::Established | TcpState::FinWait1 | TcpState::FinWait2)
    }
}
