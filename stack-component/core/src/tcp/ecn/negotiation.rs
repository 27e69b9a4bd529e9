//! Whether both ends understand marks: asked in the SYN, answered in the SYN-ACK (RFC 3168 section 6.1.1).

use super::super::Env;
use super::super::connection::Connection;
use super::super::segment::Segment;
use super::Mode;
use crate::wire::ecn::Codepoint;
use crate::wire::tcp::Flags;

/// ECE and CWR: what a SYN asks with. Linux: `TCPHDR_SYN_ECN`.
const ASKING: Flags = Flags::ECE.with(Flags::CWR);

/// What a SYN-ACK says of marks, and the connection will know. Linux: `ecn_ok` of `struct inet_request_sock`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Promise {
    mode: Mode,
    /// The SYN-ACK itself may be marked: the congestion control wants it so.
    markable: bool,
}

impl Promise {
    /// The answer to `syn`; `needed`: the listener's congestion control lives on marks. Linux:
    /// `tcp_ecn_create_request`.
    pub(in super::super) fn of_syn(env: &Env<'_>, syn: &Segment, needed: bool) -> Self {
        if !syn.flags.contains(ASKING) {
            return Promise { mode: Mode::Off, markable: needed };
        }
        // RFC 3168 section 6.1.1: a SYN must not be markable; one that is comes from a broken path.
        let broken = syn.codepoint != Codepoint::NotEct && !syn.flags.contains(Flags::AE);
        let wanted = env.sysctl.tcp_ecn > 0 || route_wants_ecn(env, syn.tuple.remote.ip());
        let agreed = needed || (wanted && !broken);
        Promise { mode: if agreed { Mode::Classic } else { Mode::Off }, markable: needed }
    }

    /// What a SYN cookie remembered.
    #[allow(dead_code, reason = "for SYN cookies")]
    pub(in super::super) fn of_cookie(classic: bool, needed: bool) -> Self {
        Promise { mode: if classic { Mode::Classic } else { Mode::Off }, markable: needed }
    }

    /// Whether RFC 3168 was agreed upon: what a SYN cookie remembers. Linux: `cookie_ecn_ok`.
    #[allow(dead_code, reason = "for SYN cookies")]
    pub(in super::super) fn is_classic(&self) -> bool {
        self.mode == Mode::Classic
    }

    /// What the SYN-ACK says beside SYN and ACK. Linux: `tcp_ecn_make_synack`.
    pub(in super::super) fn flags(&self) -> Flags {
        match self.mode {
            Mode::Off => Flags::NONE,
            Mode::Classic => Flags::ECE,
        }
    }

    /// The bits of the SYN-ACK's type of service.
    pub(in super::super) fn codepoint(&self) -> Codepoint {
        if self.markable { Codepoint::Ect0 } else { Codepoint::NotEct }
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
        if ack {
            let flags = if self.ecn.mode == Mode::Classic { Flags::ECE } else { Flags::NONE };
            return (flags, codepoint);
        }
        if !again {
            let asks = matches!(env.sysctl.tcp_ecn, 1 | 3 | 4)
                || needed
                || route_wants_ecn(env, self.tuple.remote.ip());
            self.ecn.mode = if asks { Mode::Classic } else { Mode::Off };
        } else if env.sysctl.tcp_ecn_fallback {
            // RFC 3168 section 6.1.1.1: perhaps somebody on the way does not let such SYNs pass.
            return (Flags::NONE, codepoint);
        }
        (if self.ecn.mode == Mode::Off { Flags::NONE } else { ASKING }, codepoint)
    }

    /// The peer's SYN, with or without the answer to ours. Linux: `tcp_ecn_rcv_synack`, `tcp_ecn_rcv_syn`.
    pub(in super::super) fn take_ecn_of_syn(&mut self, segment: &Segment) {
        let said = (segment.flags.contains(Flags::ECE), segment.flags.contains(Flags::CWR));
        let agreed = said == (true, !segment.flags.ack());
        if self.ecn.mode == Mode::Classic && !agreed {
            self.ecn.mode = Mode::Off;
        }
    }

    /// What the request promised holds for its connection. Linux: `tcp_ecn_openreq_child`.
    pub(in super::super) fn keep_promise(&mut self, promise: Promise) {
        self.ecn.mode = promise.mode;
    }
}
