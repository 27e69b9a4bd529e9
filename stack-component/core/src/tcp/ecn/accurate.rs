//! Accurate ECN (RFC 9768): the receiver counts marks, and tells the count in three bits of every header and, where
//! there is room, bytes in an option. Linux: the `tcp_accecn_*`.

use super::super::connection::Connection;
use super::super::segment::Segment;
use super::super::sequence::Sequence;
use super::super::{Env, TcpInfo};
use super::Mode;
use crate::time::Instant;
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

/// What does not work, as bits. Linux: `TCP_ACCECN_*_FAIL_*`.
pub(super) mod fail {
    /// Our counter in the header does not arrive.
    pub(in crate::tcp::ecn) const ACE_SEND: u8 = 1;
    /// The peer's does not.
    pub(in crate::tcp::ecn) const ACE_RECEIVE: u8 = 2;
    /// Our option does not arrive.
    pub(in crate::tcp::ecn) const OPTION_SEND: u8 = 4;
    /// The peer's does not.
    pub(in crate::tcp::ecn) const OPTION_RECEIVE: u8 = 8;
}

/// What was seen of the peer's option. Linux: `TCP_ACCECN_OPT_*_SEEN`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Seen {
    /// Nothing.
    #[default]
    Nothing = 0,
    /// One without fields.
    Empty = 1,
    /// One with counters.
    Counters = 2,
    /// One that somebody zeroed.
    Zeroed = 3,
}

/// What accurate ECN counts. The counters of bytes stand in the order ECT(1), ECT(0), CE. Linux: the `*ecn*` of
/// `struct tcp_sock`.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Accurate {
    /// What our SYN or SYN-ACK was sent with. Linux: `syn_ect_snt`.
    pub sent: Codepoint,
    /// What the peer's arrived with. Linux: `syn_ect_rcv`.
    pub received: Codepoint,
    /// What the last segment arrived with. Linux: `prev_ecnfield`.
    last: Codepoint,
    /// That changed since the last acknowledgement: the next data is acknowledged at once. Linux: `ICSK_ACK_NOW`
    /// alone.
    pub edge: bool,
    /// Linux: `accecn_fail_mode`.
    pub failed: u8,
    /// Linux: `saw_accecn_opt`.
    pub seen: Seen,
    /// So many options are due. Linux: `accecn_opt_demand`.
    pub demand: u8,
    /// The least fields an option needs to tell what changed. Linux: `accecn_minlen`.
    least: u8,
    /// When the last option was sent; none before the first. Linux: `accecn_opt_tstamp`.
    option_sent: Option<Instant>,
    /// The last option went with a report of a duplicate that began here. Linux: `accecn_opt_sent_w_dsack`.
    with_duplicate: Option<Sequence>,
    /// Segments that arrived with CE. Linux: `received_ce`.
    pub received_ce: u32,
    /// Bytes of data received. Linux: `received_ecn_bytes`.
    pub received_bytes: [u32; 3],
    /// Bytes of ours that the peer received. Linux: `delivered_ecn_bytes`.
    pub delivered_bytes: [u32; 3],
    /// Which counter data that is acknowledged without the option counts for, from 1; 0: none. Linux:
    /// `est_ecnfield`.
    pub estimate: u8,
    /// Segments that an acknowledgement acknowledges on average, in 64ths. Linux: `pkts_acked_ewma`.
    pub acked_average: u32,
    /// The timestamp of the segment that is being worked off is new. Linux: `FLAG_TS_PROGRESS`.
    pub timestamp_advanced: bool,
    /// The next acknowledgement tells with what the SYN-ACK arrived. Linux: `tcp_accecn_reflector_flags`.
    pub reflects: bool,
    /// The next segment ends the handshake. Linux: `tcp_accecn_third_ack`.
    pub handshake: bool,
    /// Bytes that data leaves free for the option.
    room: u32,
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
