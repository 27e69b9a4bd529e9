//! Explicit congestion notification in IP headers (RFC 3168 section 5).

/// The two lowest bits of the type of service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Codepoint {
    /// The sender does not understand marks: routers drop instead. Linux: `INET_ECN_NOT_ECT`.
    #[default]
    NotEct = 0,
    /// The packet may be marked; of senders that answer to marks at once (RFC 9331). Linux: `INET_ECN_ECT_1`.
    Ect1 = 1,
    /// The packet may be marked. Linux: `INET_ECN_ECT_0`.
    Ect0 = 2,
    /// A router marked it: a queue is building up. Linux: `INET_ECN_CE`.
    Ce = 3,
}

impl Codepoint {
    /// Which bits of a type of service these are. Linux: `INET_ECN_MASK`.
    pub const MASK: u8 = 3;

    /// The one in a type of service.
    pub const fn of_tos(tos: u8) -> Codepoint {
        match tos & Codepoint::MASK {
            0 => Codepoint::NotEct,
            1 => Codepoint::Ect1,
            2 => Codepoint::Ect0,
            _ => Codepoint::Ce,
        }
    }

    /// `tos` with this in its lowest bits.
    pub const fn in_tos(self, tos: u8) -> u8 {
        tos & !Codepoint::MASK | self as u8
    }

    /// Whether it is a mark of congestion.
    pub const fn is_ce(self) -> bool {
        matches!(self, Codepoint::Ce)
    }
}
