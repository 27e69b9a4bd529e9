//! Explicit congestion notification: routers mark packets instead of dropping them, the receiver tells the sender,
//! the sender slows down. Linux: `include/net/tcp_ecn.h`.
//!
//! ```text
//!   sender                       router                       receiver
//!     | data, IP says ECT(0)        | queue builds up: CE         |
//!     |---------------------------->|---------------------------->|
//!     |                ACK with ECE, until it sees CWR (RFC 3168) |
//!     |<----------------------------------------------------------|
//!     | less data, the first of it with CWR                       |
//!     |---------------------------------------------------------->|
//! ```
//!
//! `negotiation` is the handshake, `classic` what follows it by RFC 3168, `accurate` and `accurate_feedback` by RFC
//! 9768: what we tell, and what we are told.

mod accurate;
mod accurate_feedback;
mod classic;
mod negotiation;

pub(super) use accurate_feedback::Delivery;

use super::congestion::MarkEcho;
use super::connection::{Connection, Timer};
use super::ecn_handshake::Mode;
use super::sequence::Sequence;
use crate::wire::ecn::Codepoint;
use crate::wire::tcp::Flags;

impl Connection {
    /// Whether marks are in use. Linux: `tcp_ecn_mode_any`.
    pub(super) fn uses_ecn(&self) -> bool {
        self.ecn.mode != Mode::Off
    }

    /// What the headers of a segment that is no SYN say of congestion: flags beside its own, and the bits of the
    /// type of service. `fresh`: it carries data that never left before. Linux: `tcp_ecn_send`.
    pub(super) fn ecn_of_segment(&mut self, fresh: bool) -> (Flags, Codepoint) {
        let (flags, codepoint) = match self.ecn.mode {
            Mode::Off | Mode::Pending => (Flags::NONE, Codepoint::NotEct),
            Mode::Classic => self.classic_marks(fresh),
            Mode::Accurate => self.accurate_marks(),
        };
        self.ecn.sent = codepoint;
        (flags, codepoint)
    }

    /// Data arrived. `received` is RCV.NXT before it. Linux: `tcp_data_ecn_check`.
    pub(super) fn ecn_of_data(&mut self, codepoint: Codepoint, received: Sequence) {
        if self.ecn.mode == Mode::Off {
            return;
        }
        let told = match codepoint {
            // Who uses ECT sends retransmissions without it: something may be missing.
            Codepoint::NotEct if self.ecn.seen => return self.hurry_acks(),
            Codepoint::NotEct => return,
            // Every mark is counted, so that nothing depends on when acknowledgements leave.
            _ if self.ecn.mode == Mode::Accurate => return,
            _ if self.control.needs_ecn() => self.control.data_arrived(codepoint.is_ce(), received.0),
            _ => None,
        };
        match told {
            Some(echo) => self.obey_echo(echo, received),
            None if codepoint.is_ce() => self.classic_ce(),
            None => {}
        }
        self.ecn.seen = true;
    }

    /// The congestion control itself says what is echoed. Linux: `dctcp_ece_ack_update`.
    fn obey_echo(&mut self, told: MarkEcho, received: Sequence) {
        self.ecn.echoes = told.echo;
        if told.changed_at.is_some() {
            if self.timers.get(Timer::DelayedAck).is_some() {
                self.ecn.overdue = Some((received, !told.echo));
            }
            self.acknowledge_now();
        }
    }

    /// The sender may be down to very few segments, so that it must not wait. Linux: `tcp_enter_quickack_mode`.
    fn hurry_acks(&mut self) {
        self.ack.quick = self.ack.quick.max(2);
        self.ack.pingpong = 0;
    }
}
