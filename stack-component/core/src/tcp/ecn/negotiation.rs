//! Whether both ends understand marks, and which way of telling them: asked in the SYN, answered in the SYN-ACK
//! (RFC 3168 section 6.1.1, RFC 9768 section 3.1).

use super::super::Env;
use super::super::connection::Connection;
use super::super::segment::Segment;
use super::Mode;
use super::accurate::{FIRST_OPTION, count_of_flags, fail, reflection};
use crate::wire::ecn::Codepoint;
use crate::wire::tcp::{Flags, Options};

/// ECE and CWR: what a SYN asks with. Linux: `TCPHDR_SYN_ECN`.
const ASKING: Flags = Flags::ECE.with(Flags::CWR);
/// The three flags as a number, in a SYN that asks for RFC 3168.
const CLASSIC_SYN: u32 = 0b011;
/// The flags of a SYN-ACK that mean nothing yet.
const RESERVED: u32 = 0b101;

/// What a SYN-ACK says of marks, and the connection will know. Linux: `ecn_ok`, `accecn_ok`, `syn_ect_rcv` of the
/// request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Promise {
    mode: Mode,
    /// The SYN-ACK itself may be marked: the congestion control wants it so.
    markable: bool,
    /// What the SYN arrived with.
    received: Codepoint,
    /// The SYN came more than once.
    again: bool,
    failed: u8,
}

impl Promise {
    /// The answer to `syn`; `needed`: the listener's congestion control lives on marks. Linux:
    /// `tcp_ecn_create_request`.
    pub(in super::super) fn of_syn(env: &Env<'_>, syn: &Segment, needed: bool) -> Self {
        let none = Promise { markable: needed, received: syn.codepoint, ..Promise::default() };
        let asked = count_of_flags(syn.flags);
        // RFC 9768 section 3.1.2: what is not known yet is taken for accurate ECN.
        if asked != 0 && asked != CLASSIC_SYN && env.sysctl.tcp_ecn >= 3 {
            return Promise { mode: Mode::Accurate, ..none };
        }
        if !syn.flags.contains(ASKING) {
            return none;
        }
        // RFC 3168 section 6.1.1: a SYN must not be markable; one that is comes from a broken path.
        let broken = syn.codepoint != Codepoint::NotEct && !syn.flags.contains(Flags::AE);
        let wanted = env.sysctl.tcp_ecn > 0 || route_wants_ecn(env, syn.tuple.remote.ip());
        let agreed = needed || (wanted && !broken);
        Promise { mode: if agreed { Mode::Classic } else { Mode::Off }, ..none }
    }

    /// What a SYN cookie remembers, `agreed`, and the acknowledgement that brings it back. RFC 9768 section 5.1:
    /// that of accurate ECN has 2 or more in its three flags. Linux: `cookie_accecn_ok`.
    pub(in super::super) fn of_cookie(agreed: bool, ack: &Segment, needed: bool) -> Self {
        let mode = match agreed {
            true if count_of_flags(ack.flags) > 1 => Mode::Accurate,
            true => Mode::Classic,
            false => Mode::Off,
        };
        Promise { mode, markable: needed, ..Promise::default() }
    }

    /// Whether anything was agreed upon: what a SYN cookie remembers. Linux: `cookie_ecn_ok`.
    pub(in super::super) fn is_agreed(&self) -> bool {
        self.mode != Mode::Off
    }

    /// The SYN came once more, perhaps with other marks. Linux: `tcp_check_req`.
    pub(in super::super) fn ask_again(&mut self, syn: &Segment) {
        self.again = true;
        if self.mode == Mode::Accurate {
            self.received = syn.codepoint;
            if count_of_flags(syn.flags) == 0 {
                self.failed |= fail::ACE_SEND;
            }
        }
    }

    /// What the SYN-ACK says beside SYN and ACK, when it was sent again `retransmits` times. RFC 9768 section
    /// 3.1.4.2: once more, then without. Linux: `tcp_ecn_make_synack`.
    pub(in super::super) fn flags(&self, retransmits: u32) -> Flags {
        match self.mode {
            Mode::Accurate if retransmits < 2 => reflection(self.received),
            Mode::Classic => Flags::ECE,
            _ => Flags::NONE,
        }
    }

    /// The bits of the SYN-ACK's type of service.
    pub(in super::super) fn codepoint(&self) -> Codepoint {
        if self.markable { Codepoint::Ect0 } else { Codepoint::NotEct }
    }

    /// The option goes with the first SYN-ACK only: somebody on the way may not let it pass. Linux:
    /// `tcp_synack_options`.
    pub(in super::super) fn add_option(&self, env: &Env<'_>, retransmits: u32, options: &mut Options) {
        let first = retransmits == 0 && !self.again;
        if self.mode == Mode::Accurate && first && env.sysctl.tcp_ecn_option > 0 {
            options.fit_accurate_ecn(FIRST_OPTION, 0);
        }
    }
}

fn route_wants_ecn(env: &Env<'_>, peer: &core::net::Ipv4Addr) -> bool {
    env.paths.path(*peer).is_some_and(|path| path.metrics.ecn)
}

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
            let asks = matches!(env.sysctl.tcp_ecn, 1 | 3 | 4)
                || needed
                || route_wants_ecn(env, self.tuple.remote.ip());
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
            if self.ecn.accurate.seen < super::accurate::Seen::Counters {
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
