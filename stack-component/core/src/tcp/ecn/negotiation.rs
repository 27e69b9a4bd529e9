//! Whether both ends understand marks, and which way of telling them: asked in the SYN, answered in the SYN-ACK
//! (RFC 3168 section 6.1.1, RFC 9768 section 3.1).

use super::super::Env;
use super::super::connection::{Connection, Seen};
use super::super::ecn_handshake::{
    ASKING, CLASSIC_SYN, Mode, Promise, count_of_flags, fail, reflection, route_wants_ecn,
};
use super::super::segment::Segment;
use crate::wire::ecn::Codepoint;
use crate::wire::tcp::Flags;

/// The flags of a SYN-ACK that mean nothing yet.
const RESERVED: u32 = 0b101;

impl Connection {
    /// What our SYN says of marks, or the SYN-ACK of a simultaneous open. `again`: it was sent before. Linux:
    /// `tcp_ecn_send_syn`, `tcp_ecn_send_synack`, `tcp_ecn_clear_syn`.
    pub(in super::super) fn ecn_of_syn(
        &mut self,
        env: &Env<'_>,
        ack: bool,
        again: bool,
    ) -> (Flags, Codepoint) {
        let needed = self.control.needs_ecn();
        let codepoint = if needed { Codepoint::Ect0 } else { Codepoint::NotEct };
        self.ecn.accurate.sent = codepoint;
        if !again && !ack {
            let asks = matches!(env.sysctl.tcp_ecn, 1 | 3 | 4) || needed || route_wants_ecn(env, &self.tuple);
            self.ecn.mode = match asks {
                true if env.sysctl.tcp_ecn == 3 => Mode::Pending,
                true => Mode::Classic,
                false => Mode::Off,
            };
        }
        let flags = match self.ecn.mode {
            Mode::Off => Flags::NONE,
            Mode::Classic if ack => Flags::ECE,
            _ if ack => reflection(self.ecn.accurate.received),
            // RFC 3168 section 6.1.1.1, RFC 9768 section 3.1.4.1: perhaps somebody on the way does not let such
            // SYNs pass. Accurate ECN is tried twice.
            Mode::Classic if again && env.sysctl.tcp_ecn_fallback => Flags::NONE,
            _ if self.retransmits > 1 && env.sysctl.tcp_ecn_fallback => Flags::NONE,
            Mode::Classic => ASKING,
            Mode::Pending | Mode::Accurate => ASKING | Flags::AE,
        };
        (flags, codepoint)
    }

    /// The peer's SYN, with or without the answer to ours.
    pub(in super::super) fn take_ecn_of_syn(&mut self, env: &Env<'_>, segment: &Segment) {
        let said = count_of_flags(segment.flags);
        if !segment.flags.ack() {
            return self.take_simultaneous_syn(segment, said);
        }
        match (self.ecn.mode, said) {
            (Mode::Off, _) => {}
            (Mode::Classic, _) => {
                let agreed = segment.flags.contains(Flags::ECE) && !segment.flags.contains(Flags::CWR);
                self.ecn.mode = if agreed { Mode::Classic } else { Mode::Off };
            }
            // RFC 9768 table 2: no ECN, or a peer that only mirrors the bits.
            (_, 0b000 | 0b111) => self.ecn.mode = Mode::Off,
            (_, 0b001) => self.ecn.mode = Mode::Classic,
            // RFC 9768 section 3.1.3: an answer nobody gives yet agrees, as if our SYN had arrived unchanged.
            (_, RESERVED) => {
                self.begin_accurate(env, segment, count_of_flags(reflection(self.ecn.accurate.sent)))
            }
            _ => self.begin_accurate(env, segment, said),
        }
    }

    /// Both sides open at once. Linux: `tcp_ecn_rcv_syn`.
    fn take_simultaneous_syn(&mut self, segment: &Segment, said: u32) {
        if self.ecn.mode == Mode::Pending {
            let accurate = said != 0 && said != CLASSIC_SYN;
            self.ecn.mode = if accurate { Mode::Accurate } else { Mode::Classic };
            self.ecn.accurate.received = segment.codepoint;
        }
        if self.ecn.mode == Mode::Classic && !segment.flags.contains(ASKING) {
            self.ecn.mode = Mode::Off;
        }
    }

    /// The SYN-ACK agrees to accurate ECN, and says with what our SYN arrived. Linux: `tcp_ecn_rcv_synack`.
    fn begin_accurate(&mut self, env: &Env<'_>, segment: &Segment, said: u32) {
        self.ecn.mode = Mode::Accurate;
        self.reflect_syn_ack(env, segment);
        self.ecn.accurate.demand = 2;
        let valid = self.is_feedback_valid(env, said);
        if segment.codepoint.is_ce() && valid {
            self.ecn.accurate.received_ce = 1;
        }
    }

    /// The next acknowledgement tells with what the SYN-ACK arrived (RFC 9768 table 3); another SYN-ACK is answered
    /// so, too. Linux: `tcp_send_ack_reflect_ect`.
    pub(in super::super) fn reflect_syn_ack(&mut self, env: &Env<'_>, segment: &Segment) {
        if self.ecn.mode == Mode::Accurate {
            self.ecn.accurate.received = segment.codepoint;
            self.ecn.accurate.reflects = true;
            if self.ecn.accurate.seen < Seen::Counters {
                self.ecn.accurate.see(segment.options.accurate_ecn);
            }
            self.reserve_option_room(env);
        }
    }

    /// RFC 9768 section 3.2.2.3: what the peer says our SYN arrived with can have become of what we sent. Linux:
    /// `tcp_accecn_validate_syn_feedback`, `tcp_ect_transition_valid`.
    fn is_feedback_valid(&mut self, env: &Env<'_>, said: u32) -> bool {
        if !env.sysctl.tcp_ecn_fallback {
            return true;
        }
        let (sent, arrived) = (self.ecn.accurate.sent, arrived_as(said));
        let valid = arrived == sent
            || !(sent == Codepoint::NotEct || arrived == Codepoint::NotEct || sent == Codepoint::Ce);
        if !valid {
            self.ecn.accurate.failed |= fail::ACE_RECEIVE;
        }
        valid
    }

    /// The acknowledgement that ends a handshake tells with what our SYN-ACK arrived (RFC 9768 table 4). Linux:
    /// `tcp_accecn_third_ack`.
    pub(super) fn third_ack(&mut self, env: &Env<'_>, segment: &Segment) {
        match count_of_flags(segment.flags) {
            0b000 => self.ecn.accurate.failed |= fail::ACE_RECEIVE,
            0b001 | 0b101 | 0b111 => {}
            // Only an acknowledgement without data is the one that reflects.
            _ if segment.len() > 0 => {}
            said => {
                let valid = self.is_feedback_valid(env, said);
                if valid && arrived_as(said).is_ce() && self.rate.delivered_ce == 0 {
                    self.rate.delivered_ce = 1;
                }
            }
        }
    }

    /// What the request promised holds for its connection. Linux: `tcp_ecn_openreq_child`.
    pub(in super::super) fn keep_promise(&mut self, promise: Promise) {
        self.ecn.mode = promise.mode;
        if promise.mode == Mode::Accurate {
            self.ecn.accurate.sent = promise.codepoint();
            self.ecn.accurate.received = promise.received;
            self.ecn.accurate.failed = promise.failed;
            self.ecn.accurate.begin(promise.received);
        }
    }
}

/// With what a segment arrived, as told by the answer to it. Linux: `tcp_accecn_extract_syn_ect`.
fn arrived_as(said: u32) -> Codepoint {
    match said {
        0b010 => Codepoint::NotEct,
        0b000 | 0b100 => Codepoint::Ect0,
        0b110 => Codepoint::Ce,
        _ => Codepoint::Ect1,
    }
}
