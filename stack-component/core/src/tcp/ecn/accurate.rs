//! Accurate ECN (RFC 9768): the receiver counts marks, and tells the count in three bits of every header and, where
//! there is room, bytes in an option. Linux: the `tcp_accecn_*`.

use super::super::connection::{Accurate, Connection, Seen};
use super::super::ecn_handshake::{FIRST_OPTION, Mode, fail, flags_of_count, reflection};
use super::super::segment::Segment;
use super::super::sequence::Sequence;
use super::super::{Env, TcpInfo};
use crate::wire::ecn::Codepoint;
use crate::wire::tcp::{AccurateEcn, Flags, Options};

/// Where the counter in the header begins. Linux: `TCP_ACCECN_CEP_INIT_OFFSET`.
pub(super) const FIRST_COUNT: u32 = 5;
/// Where the counters of bytes begin, for ECT(1), ECT(0) and CE: not at 0, so that it is seen if somebody on the way
/// zeroes them. Linux: `TCP_ACCECN_E1B_INIT_OFFSET` and so on.
pub(super) const FIRST_BYTES: [u32; 3] = [1, 1, 0];
/// Which counter the fields of the option are, by order. Linux: `tcp_accecn_optfield_to_ecnfield`.
pub(super) const FIELDS: [[usize; 3]; 2] = [[1, 2, 0], [0, 2, 1]];
/// Bytes that data leaves free for the option.
const OPTION_ROOM: u32 = 12;

impl Accurate {
    /// The connection begins with a SYN that arrived with `received`.
    pub(super) fn begin(&mut self, received: Codepoint) {
        self.last = received;
        self.demand = 1;
        self.handshake = true;
    }

    pub(super) fn has_failed(&self, how: u8) -> bool {
        self.failed & how != 0
    }

    /// Bytes that data leaves free for the option.
    pub(in super::super) fn option_room(&self) -> u32 {
        self.room
    }

    /// What the next option tells: our counters, the one that changes most first.
    fn option(&self) -> AccurateEcn {
        let value = |counter: usize| {
            let counted = self.received_bytes.get(counter).copied().unwrap_or(0);
            counted.wrapping_add(FIRST_BYTES.get(counter).copied().unwrap_or(0)) & 0xff_ffff
        };
        AccurateEcn { order_1: true, count: 3, fields: FIELDS[1].map(value) }
    }

    /// RFC 9768 section 3.2.3.2.5: an option is sent at least so often in a round trip. Linux:
    /// `tcp_accecn_option_beacon_check`.
    fn beacon_due(&self, env: &Env<'_>, round_trip: crate::time::Duration) -> bool {
        let times = env.sysctl.tcp_ecn_option_beacon;
        let silent = self.option_sent.map(|at| env.now.since(at).saturating_mul(times));
        times > 0 && silent.is_none_or(|silent| silent >= round_trip)
    }
}

impl Connection {
    /// Linux: `tcp_ecn_send` in AccECN mode, `tcp_accecn_set_ace`.
    pub(super) fn accurate_marks(&mut self) -> (Flags, Codepoint) {
        let accurate = &mut self.ecn.accurate;
        let flags = if core::mem::take(&mut accurate.reflects) {
            reflection(accurate.received)
        } else {
            flags_of_count(accurate.received_ce.wrapping_add(FIRST_COUNT))
        };
        let broken = accurate.has_failed(fail::ACE_SEND | fail::ACE_RECEIVE);
        (flags, if broken { Codepoint::NotEct } else { Codepoint::Ect0 })
    }

    /// A segment arrived that may count, with data or without. Linux: `tcp_ecn_received_counters`.
    pub(in super::super) fn count_codepoint(&mut self, env: &Env<'_>, segment: &Segment) {
        if self.ecn.mode != Mode::Accurate {
            return;
        }
        self.ecn.accurate.timestamp_advanced = self.brings_new_timestamp(segment);
        if core::mem::replace(&mut self.ecn.accurate.handshake, false) {
            self.third_ack(env, segment);
            self.ecn.accurate.see(segment.options.accurate_ecn);
            self.ecn.accurate.timestamp_advanced = false;
            self.reserve_option_room(env);
        }
        let (codepoint, len) = (segment.codepoint, segment.payload.len() as u32);
        let accurate = &mut self.ecn.accurate;
        if codepoint != Codepoint::NotEct {
            self.ecn.seen = true;
            accurate.received_ce = accurate.received_ce.wrapping_add(codepoint.is_ce().into());
            if len > 0 {
                accurate.count_bytes(codepoint, len);
            }
        }
        let edge = accurate.last != codepoint;
        if edge || codepoint.is_ce() {
            accurate.last = codepoint;
            // Two, so that the second tells without doubt what changed.
            accurate.demand = 2;
        }
        accurate.edge |= edge;
        // A bare acknowledgement is answered by none.
        if segment.len() > 0 && accurate.edge {
            self.acknowledge_now();
        }
    }

    /// Whether the segment's timestamp is about to replace the last one, and later. Linux: `tcp_replace_ts_recent`,
    /// `FLAG_TS_PROGRESS`.
    fn brings_new_timestamp(&self, segment: &Segment) -> bool {
        match (self.timestamps, segment.options.timestamps) {
            (Some(last), Some(new)) => {
                let later = (new.value.wrapping_sub(last.recent) as i32) > 0;
                later && !segment.sequence.after(self.receive.acked)
            }
            _ => false,
        }
    }

    /// The option goes with a segment that is no SYN, and with the SYN-ACK of a simultaneous open when that was sent
    /// at most once before. Linux: the ends of `tcp_established_options` and `tcp_syn_options`, `tcp_options_write`.
    pub(in super::super) fn add_accurate_option(
        &mut self,
        env: &Env<'_>,
        flags: Flags,
        with_data: bool,
        options: &mut Options,
    ) {
        let (when, reserved) = (env.sysctl.tcp_ecn_option, self.ecn.accurate.room);
        self.reserve_option_room(env);
        if flags.syn() {
            let agreed = flags.ack() && self.ecn.mode == Mode::Accurate;
            if agreed && self.retransmits < 2 && when > 0 {
                options.fit_accurate_ecn(FIRST_OPTION, 0);
            }
            return;
        }
        let accurate = &self.ecn.accurate;
        if accurate.room == 0 {
            return;
        }
        let round_trip = self.rtt.smoothed().unwrap_or_default();
        let due = when >= 2 || accurate.demand > 0 || accurate.beacon_due(env, round_trip);
        let before = options.emitted_len();
        let mut tried = *options;
        let fits = due && tried.fit_accurate_ecn(accurate.option(), accurate.least);
        let longer = tried.emitted_len().saturating_sub(before) as u32;
        let allowed = !with_data || longer <= reserved;
        if fits && allowed {
            *options = tried;
            self.note_option_sent(env, options);
        }
    }

    /// Data leaves room for the option from the time on when it may be sent, before it is cut into segments. Linux:
    /// `tcp_current_mss`.
    pub(in super::super) fn reserve_option_room(&mut self, env: &Env<'_>) {
        let when = env.sysctl.tcp_ecn_option;
        let accurate = &mut self.ecn.accurate;
        let works = when >= 3 || !accurate.has_failed(fail::OPTION_SEND);
        let known = self.ecn.mode == Mode::Accurate && accurate.seen != Seen::Nothing;
        accurate.room = if known && works && when > 0 { OPTION_ROOM } else { 0 };
    }

    fn note_option_sent(&mut self, env: &Env<'_>, options: &Options) {
        let received = self.receive.next;
        let accurate = &mut self.ecn.accurate;
        accurate.least = 0;
        accurate.option_sent = Some(env.now);
        accurate.demand = accurate.demand.saturating_sub(1);
        let first = options.sack.as_slice().first().map(|block| Sequence(block.0));
        accurate.with_duplicate = first.filter(|first| first.before(received));
    }

    /// The same data came once more although we told that it had come twice: the option seems to be what keeps our
    /// acknowledgements from arriving. Linux: `tcp_rcv_spurious_retrans`.
    pub(in super::super) fn suspect_option(&mut self, first: Sequence) {
        if self.ecn.mode == Mode::Accurate && self.ecn.accurate.with_duplicate == Some(first) {
            self.ecn.accurate.failed |= fail::OPTION_SEND;
        }
    }
}

impl Connection {
    /// What accurate ECN has counted. Linux: the end of `tcp_get_info`.
    pub(in super::super) fn tell_accurate_ecn(&self, info: &mut TcpInfo) {
        let accurate = &self.ecn.accurate;
        info.received_ce = accurate.received_ce;
        [info.received_e1_bytes, info.received_e0_bytes, info.received_ce_bytes] = accurate.received_bytes;
        [info.delivered_e1_bytes, info.delivered_e0_bytes, info.delivered_ce_bytes] =
            accurate.delivered_bytes;
        info.accecn_fail_mode = accurate.failed.into();
        info.accecn_opt_seen = accurate.seen as u16;
    }
}

impl Accurate {
    fn count_bytes(&mut self, codepoint: Codepoint, len: u32) {
        let counter = usize::from(codepoint as u8).wrapping_sub(1);
        let Some(bytes) = self.received_bytes.get_mut(counter) else { return };
        let before = *bytes;
        *bytes = before.wrapping_add(len);
        // The first field that is sent is ECT(1), the second CE, the third ECT(0).
        let least = FIELDS[1].iter().position(|&field| field == counter).map_or(0, |nth| nth as u8 + 1);
        self.least = self.least.max(least);
        // RFC 9768 section 3.2.3.3: at least once for each 2^22 bytes.
        if (before ^ *bytes) >> 22 != 0 {
            self.demand = self.demand.max(1);
        }
    }
}
