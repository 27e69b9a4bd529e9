//! What the peer's counters tell of what we sent (RFC 9768 section 3.2.2.5). Linux: `tcp_accecn_process`.

use super::super::Env;
use super::super::congestion::CaState;
use super::super::connection::{Accurate, Connection, Seen};
use super::super::ecn_handshake::{Mode, count_of_flags, fail};
use super::super::recovery::AckFlags;
use super::super::segment::Segment;
use super::accurate::{FIELDS, FIRST_BYTES, FIRST_COUNT};
use crate::counters::Counter;
use crate::wire::tcp::AccurateEcn;

/// What the counter in the header counts to. Linux: `TCP_ACCECN_CEP_ACE_MASK`.
const COUNT_MASK: u32 = 7;
/// So many bytes may leave before the peer's option comes first; later its counters might have wrapped.
const LATEST_OPTION: u64 = (1 << 23) - 1;
/// So many segments for each acknowledgement say that somebody on the way thins acknowledgements out. Linux:
/// `ACK_COMP_THRESH`, with the average's 6 bits behind the point.
const THINNED_OUT: u32 = 4 << 6;

/// What an acknowledgement delivered.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Delivery {
    pub segments: u32,
    pub bytes: u32,
}

impl Connection {
    /// Counts what the peer received with marks; new ones are an echo. Linux: `tcp_accecn_process`.
    pub(in super::super) fn take_accurate(
        &mut self,
        env: &mut Env<'_>,
        segment: &Segment,
        delivery: Delivery,
        flags: &mut AckFlags,
    ) {
        if self.ecn.mode != Mode::Accurate {
            return;
        }
        let marked = self.newly_marked(segment, delivery, flags);
        if marked > 0 {
            self.rate.delivered_ce = self.rate.delivered_ce.wrapping_add(marked);
            env.counters.add(Counter::TcpExtTCPDeliveredCE, marked.into());
            flags.congestion_echo = true;
            flags.marks_counted = true;
        }
    }

    /// Linux: `__tcp_accecn_process`.
    fn newly_marked(&mut self, segment: &Segment, delivery: Delivery, flags: &AckFlags) -> u32 {
        // Acknowledgements that overtook each other tell old counts.
        if !flags.progresses() && !self.ecn.accurate.timestamp_advanced {
            return 0;
        }
        let ce_bytes = self.ecn.accurate.delivered_bytes[2];
        let sent = self.totals.bytes_sent;
        let valid = self.ecn.accurate.take_option(segment.options.accurate_ecn, sent, delivery.bytes);
        self.ecn.accurate.average(delivery.segments);
        if flags.syn_acked || self.ecn.accurate.has_failed(fail::ACE_RECEIVE) {
            return 0;
        }
        let told = count_of_flags(segment.flags).wrapping_sub(FIRST_COUNT);
        let least = told.wrapping_sub(self.rate.delivered_ce) & COUNT_MASK;
        if delivery.segments <= COUNT_MASK {
            return least;
        }
        // The counter may have wrapped. As many as can be.
        let most = delivery.segments - (delivery.segments.wrapping_sub(least) & COUNT_MASK);
        if valid {
            let bytes = self.ecn.accurate.delivered_bytes[2].wrapping_sub(ce_bytes);
            return self.resolve_wrap(least, most, bytes, delivery);
        }
        if self.ecn.accurate.acked_average > THINNED_OUT { least } else { most }
    }

    /// How often the counter wrapped, from the marked bytes. RFC 9768 appendix A.2.2.
    fn resolve_wrap(&self, least: u32, most: u32, marked: u32, delivery: Delivery) -> u32 {
        if marked == 0 {
            return least;
        }
        let reliable = self.sack_permitted || matches!(self.recovery.phase, CaState::Open | CaState::Cwr);
        if delivery.segments >= (COUNT_MASK + 1) * 2 && reliable {
            if delivery.bytes <= marked {
                return most;
            }
            let share = u64::from(marked) * u64::from(delivery.segments);
            let estimate = share.div_ceil(u64::from(delivery.bytes)) as u32;
            return most.min(least + (estimate & !COUNT_MASK));
        }
        let mss = self.send_mss();
        if marked > least.saturating_mul(mss) {
            most
        } else if marked < most.saturating_mul(mss) / 2 {
            least
        } else {
            most
        }
    }
}

impl Accurate {
    /// Takes in the peer's counters of bytes. Answers whether their growth can be trusted. Linux:
    /// `tcp_accecn_process_option`.
    fn take_option(&mut self, option: Option<AccurateEcn>, sent: u64, delivered: u32) -> bool {
        if self.has_failed(fail::OPTION_RECEIVE) {
            return false;
        }
        let Some(option) = option else {
            return self.do_without_option(sent, delivered);
        };
        if self.seen < Seen::Counters {
            self.see(Some(option));
        }
        let (estimate, mut valid) = (self.estimate, self.estimate != 0);
        let (mut ambiguous, mut changed) = (false, false);
        let order = FIELDS[usize::from(option.order_1)];
        for (&counter, &field) in order.iter().zip(&option.fields).take(option.count.into()) {
            let growth = self.advance(counter, field);
            if growth < 0 {
                (valid, ambiguous) = (false, true);
            }
            let name = counter as u8 + 1;
            if growth != 0 && name != estimate {
                if changed {
                    (valid, ambiguous) = (false, true);
                } else {
                    self.estimate = name;
                    changed = true;
                }
            }
        }
        if ambiguous {
            self.estimate = 0;
        }
        valid
    }

    fn do_without_option(&mut self, sent: u64, delivered: u32) -> bool {
        if self.seen == Seen::Nothing {
            if sent >= LATEST_OPTION {
                self.failed |= fail::OPTION_RECEIVE;
                self.seen = Seen::Zeroed;
            }
            return false;
        }
        let counter = usize::from(self.estimate).checked_sub(1);
        match counter.and_then(|counter| self.delivered_bytes.get_mut(counter)) {
            Some(bytes) => {
                *bytes = bytes.wrapping_add(delivered);
                true
            }
            None => false,
        }
    }

    /// The counter `counter` is `field` at the peer. Answers by how much it grew, or shrank. Linux:
    /// `tcp_update_ecn_bytes`.
    fn advance(&mut self, counter: usize, field: u32) -> i32 {
        let first = FIRST_BYTES.get(counter).copied().unwrap_or(0);
        let Some(bytes) = self.delivered_bytes.get_mut(counter) else { return 0 };
        let growth = field.wrapping_sub(first).wrapping_sub(*bytes) & 0xff_ffff;
        let growth = (growth << 8) as i32 >> 8;
        *bytes = bytes.wrapping_add_signed(growth);
        growth
    }

    /// RFC 9768 section 3.2.3.2.4: has somebody on the way zeroed the counters? Linux:
    /// `tcp_accecn_option_init`.
    pub(super) fn see(&mut self, option: Option<AccurateEcn>) {
        let Some(option) = option else { return };
        let zeroed = match option.count {
            0 => return self.seen = Seen::Empty,
            3 => option.fields[0] == 0 || option.fields[2] == 0,
            _ => option.fields[0] == 0,
        };
        self.seen = if zeroed { Seen::Zeroed } else { Seen::Counters };
        if zeroed {
            self.failed |= fail::OPTION_RECEIVE;
        }
    }

    /// Linux: `pkts_acked_ewma`.
    fn average(&mut self, segments: u32) {
        if segments == 0 {
            return;
        }
        let new = segments << 6;
        self.acked_average = match self.acked_average {
            0 => new,
            average => ((average << 6) - average + new) >> 6,
        }
        .min(0xffff);
    }
}
