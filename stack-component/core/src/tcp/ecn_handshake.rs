//! What the segments of a handshake say of marks, and what a SYN-ACK promises for the connection to come (RFC 3168
//! section 6.1.1, RFC 9768 section 3.1). What becomes of it is in [`ecn`](super::ecn).

use super::segment::Segment;
use super::{Env, FourTuple};
use crate::wire::ecn::Codepoint;
use crate::wire::tcp::{AccurateEcn, Flags, Options};

/// ECE and CWR: what a SYN asks with. Linux: `TCPHDR_SYN_ECN`.
pub(super) const ASKING: Flags = Flags::ECE.with(Flags::CWR);
/// The three flags as a number, in a SYN that asks for RFC 3168.
pub(super) const CLASSIC_SYN: u32 = 0b011;

/// What two ends agreed upon. Linux: `TCP_ECN_MODE_*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mode {
    /// Nothing. Linux: `TCP_ECN_DISABLED`.
    #[default]
    Off,
    /// RFC 3168, asked for or agreed. Linux: `TCP_ECN_MODE_RFC3168`.
    Classic,
    /// RFC 9768, asked for. Linux: `TCP_ECN_MODE_PENDING`.
    Pending,
    /// RFC 9768. Linux: `TCP_ECN_MODE_ACCECN`.
    Accurate,
}

/// What does not work, as bits. Linux: `TCP_ACCECN_*_FAIL_*`.
pub(super) mod fail {
    /// Our counter in the header does not arrive.
    pub(in super::super) const ACE_SEND: u8 = 1;
    /// The peer's does not.
    pub(in super::super) const ACE_RECEIVE: u8 = 2;
    /// Our option does not arrive.
    pub(in super::super) const OPTION_SEND: u8 = 4;
    /// The peer's does not.
    pub(in super::super) const OPTION_RECEIVE: u8 = 8;
}

/// Three bits as flags: AE, CWR, ECE.
pub(super) fn flags_of_count(count: u32) -> Flags {
    let bit = |nth: u32, flag: Flags| if count >> nth & 1 == 1 { flag } else { Flags::NONE };
    bit(0, Flags::ECE) | bit(1, Flags::CWR) | bit(2, Flags::AE)
}

/// The three bits AE, CWR, ECE as a number. Linux: `tcp_accecn_ace`.
pub(super) fn count_of_flags(flags: Flags) -> u32 {
    u32::from(flags.contains(Flags::ECE))
        | u32::from(flags.contains(Flags::CWR)) << 1
        | u32::from(flags.contains(Flags::AE)) << 2
}

/// How a SYN-ACK, or the acknowledgement of one, tells with what the SYN, or the SYN-ACK, arrived (RFC 9768 table
/// 2). Linux: `tcp_accecn_reflector_flags`.
pub(super) fn reflection(codepoint: Codepoint) -> Flags {
    flags_of_count(match codepoint {
        Codepoint::NotEct => 0b010,
        Codepoint::Ect1 => 0b011,
        Codepoint::Ect0 => 0b100,
        Codepoint::Ce => 0b110,
    })
}

/// The option of a SYN-ACK: nothing is counted yet. Linux: `synack_ecn_bytes`.
pub(super) const FIRST_OPTION: AccurateEcn = AccurateEcn { order_1: true, count: 3, fields: [1, 0, 1] };

/// What a SYN-ACK says of marks, and the connection will know. Linux: `ecn_ok`, `accecn_ok`, `syn_ect_rcv` of the
/// request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Promise {
    pub mode: Mode,
    /// The SYN-ACK itself may be marked: the congestion control wants it so.
    pub markable: bool,
    /// What the SYN arrived with.
    pub received: Codepoint,
    /// The SYN came more than once.
    pub again: bool,
    pub failed: u8,
}

impl Promise {
    /// The answer to `syn`; `needed`: the listener's congestion control lives on marks. Linux:
    /// `tcp_ecn_create_request`.
    pub(super) fn of_syn(env: &Env<'_>, syn: &Segment, needed: bool) -> Self {
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
        let wanted = env.sysctl.tcp_ecn > 0 || route_wants_ecn(env, &syn.tuple);
        let agreed = needed || (wanted && !broken);
        Promise { mode: if agreed { Mode::Classic } else { Mode::Off }, ..none }
    }

    /// What a SYN cookie remembers, `agreed`, and the acknowledgement that brings it back. RFC 9768 section 5.1:
    /// that of accurate ECN has 2 or more in its three flags. Linux: `cookie_accecn_ok`.
    pub(super) fn of_cookie(agreed: bool, ack: &Segment, needed: bool) -> Self {
        let mode = match agreed {
            true if count_of_flags(ack.flags) > 1 => Mode::Accurate,
            true => Mode::Classic,
            false => Mode::Off,
        };
        Promise { mode, markable: needed, ..Promise::default() }
    }

    /// Whether anything was agreed upon: what a SYN cookie remembers. Linux: `cookie_ecn_ok`.
    pub(super) fn is_agreed(&self) -> bool {
        self.mode != Mode::Off
    }

    /// The SYN came once more, perhaps with other marks. Linux: `tcp_check_req`.
    pub(super) fn ask_again(&mut self, syn: &Segment) {
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
    pub(super) fn flags(&self, retransmits: u32) -> Flags {
        match self.mode {
            Mode::Accurate if retransmits < 2 => reflection(self.received),
            Mode::Classic => Flags::ECE,
            _ => Flags::NONE,
        }
    }

    /// The bits of the SYN-ACK's type of service.
    pub(super) fn codepoint(&self) -> Codepoint {
        if self.markable { Codepoint::Ect0 } else { Codepoint::NotEct }
    }

    /// The option goes with the first SYN-ACK only: somebody on the way may not let it pass. Linux:
    /// `tcp_synack_options`.
    pub(super) fn add_option(&self, env: &Env<'_>, retransmits: u32, options: &mut Options) {
        let first = retransmits == 0 && !self.again;
        if self.mode == Mode::Accurate && first && env.sysctl.tcp_ecn_option > 0 {
            options.fit_accurate_ecn(FIRST_OPTION, 0);
        }
    }
}

pub(super) fn route_wants_ecn(env: &Env<'_>, tuple: &FourTuple) -> bool {
    env.paths.path(tuple.local.port(), tuple.remote.into()).is_some_and(|path| path.metrics.ecn)
}
