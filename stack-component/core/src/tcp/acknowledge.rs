//! What an acknowledgement tells: what arrived, how long it took, what was lost, how much may be sent
//! (RFC 5681, 6298, 6582). Linux: `tcp_ack`, `tcp_clean_rtx_queue`, `tcp_fastretrans_alert`.

use super::Env;
use super::congestion::Path;
use super::connection::{Connection, Phase};
use super::segment::Segment;
use super::send_queue::{Fate, Sent};
use super::sequence::Sequence;
use super::timers::Timer;
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::time::{Duration, Instant};

/// How many duplicate acknowledgements mean a loss (RFC 5681 section 3.2). Linux: `tcp_reordering`.
const DUPLICATE_THRESHOLD: u32 = 3;

/// What an acknowledgement took off the list of sent segments.
#[derive(Debug, Default)]
struct Acked {
    /// Whole segments.
    segments: u32,
    /// When the first of them was sent that was sent only once.
    sent_at: Option<Instant>,
    /// Whether one of them was sent more than once.
    retransmitted: bool,
}

impl Connection {
    /// Takes in the acknowledgement of `segment`. An error asks for a challenge (RFC 5961 section 5.2).
    pub(super) fn acknowledge(&mut self, env: &mut Env<'_>, segment: &Segment) -> Result<(), DropReason> {
        let number = segment.acknowledgement;
        if number.after(self.send.next) || number.before(self.send.una - self.send.max_window) {
            return Err(DropReason::TcpAcknowledgement);
        }
        if number.before(self.send.una) {
            return Ok(());
        }
        self.probes = 0;
        let window_changed = self.update_send_window(segment);
        if number == self.send.una {
            if !window_changed && segment.len() == 0 && !self.send.sent.is_empty() {
                self.duplicate(env);
            }
            self.events.output = true;
            return Ok(());
        }
        let acked = self.take_acked(number);
        self.measure(env, &acked, segment);
        self.retransmits = 0;
        self.progressed = true;
        self.progress(&acked, env.now);
        if self.send.sent.is_empty() {
            self.timers.stop(Timer::Retransmit);
        } else {
            self.timers.set(Timer::Retransmit, env.now + self.rtt.timeout());
        }
        self.events.output = true;
        self.wake();
        Ok(())
    }

    /// Linux: `tcp_ack_update_window`. Answers whether the window changed.
    fn update_send_window(&mut self, segment: &Segment) -> bool {
        let scale = if segment.flags.syn() { 0 } else { self.send.scale };
        let window = u32::from(segment.window) << scale;
        let newer = segment.acknowledgement.after(self.send.una)
            || segment.sequence.after(self.send.window_sequence)
            || (segment.sequence == self.send.window_sequence && (window > self.send.window || window == 0));
        if !newer {
            return false;
        }
        self.send.window_sequence = segment.sequence;
        let changed = window != self.send.window;
        self.send.window = window;
        self.send.max_window = self.send.max_window.max(window);
        if changed && window > 0 {
            self.timers.stop(Timer::Persist);
            if self.send.sent.is_empty() {
                self.rtt.end_back_off();
            }
        }
        changed
    }

    /// Moves `una` and takes off what is acknowledged. Linux: `tcp_clean_rtx_queue`.
    fn take_acked(&mut self, number: Sequence) -> Acked {
        self.send.una = number;
        self.send.queue.release(number);
        let mut acked = Acked::default();
        while let Some(first) = self.send.sent.front_mut() {
            if !first.start.before(number) {
                break;
            }
            if first.end.after(number) {
                // Part of a segment: the rest stays.
                first.start = number;
                first.syn = false;
                break;
            }
            let Some(sent) = self.send.sent.pop_front() else { break };
            self.forget_sent(&sent, &mut acked);
        }
        acked
    }

    fn forget_sent(&mut self, sent: &Sent, acked: &mut Acked) {
        acked.segments += 1;
        acked.retransmitted |= sent.ever_retransmitted;
        if !sent.ever_retransmitted && acked.sent_at.is_none() {
            acked.sent_at = Some(sent.at);
        }
        if sent.fate == Fate::Lost {
            self.recovery.lost = self.recovery.lost.saturating_sub(1);
        }
    }

    /// Linux: `tcp_ack_update_rtt`.
    fn measure(&mut self, env: &Env<'_>, acked: &Acked, segment: &Segment) {
        let by_clock = acked.sent_at.filter(|_| !acked.retransmitted).map(|at| env.now.since(at));
        let by_timestamp = || {
            let echo = segment.options.timestamps.filter(|_| self.timestamps.is_some())?.echo;
            let age = self.timestamp(env.now).wrapping_sub(echo);
            // An echo of the future or of long ago is no measurement.
            (echo != 0 && age < 1 << 20).then(|| Duration::from_millis(age.max(1).into()))
        };
        match by_clock.or_else(by_timestamp) {
            Some(sample) => self.rtt.measure(sample),
            None if !self.state.is_synchronised() => self.rtt.fall_back(),
            None => {}
        }
    }

    /// New data was acknowledged.
    fn progress(&mut self, acked: &Acked, now: Instant) {
        let limited = core::mem::take(&mut self.send.window_limited);
        match self.recovery.phase {
            Phase::Open => {
                self.recovery.duplicates = 0;
                self.grow(acked.segments, limited, now);
            }
            // RFC 6582 section 3.2 step 3: everything sent before the loss has arrived, or part of it.
            Phase::Recovery if !self.send.una.before(self.recovery.until) => self.end_recovery(),
            Phase::Recovery => {
                let gone = acked.segments.saturating_sub(1);
                self.recovery.duplicates = self.recovery.duplicates.saturating_sub(gone);
                self.mark_first_lost();
            }
            Phase::Loss => {
                self.recovery.duplicates = 0;
                self.grow(acked.segments, true, now);
                if !self.send.una.before(self.recovery.until) {
                    self.recovery.phase = Phase::Open;
                }
            }
        }
        self.recovery.duplicates = self.recovery.duplicates.min(self.send.sent.len() as u32);
    }

    /// The window grows only while it is what holds sending back (RFC 7661). Linux: `tcp_is_cwnd_limited`.
    fn grow(&mut self, acked: u32, limited: bool, now: Instant) {
        let path = Path { window_limited: limited, ..self.path(now) };
        self.control.acknowledged(&mut self.window, &path, acked);
    }

    /// One more acknowledgement of the same number: a segment left the network out of order. Linux:
    /// `tcp_add_reno_sack`, `tcp_enter_recovery`.
    fn duplicate(&mut self, env: &mut Env<'_>) {
        if self.recovery.phase == Phase::Loss {
            return;
        }
        let most = (self.send.sent.len() as u32).saturating_sub(self.recovery.lost);
        self.recovery.duplicates = (self.recovery.duplicates + 1).min(most);
        // RFC 6582 section 3.2 step 1: acknowledgements of segments sent again needlessly begin no recovery.
        let fresh = self.send.una.after(self.recovery.until);
        if self.recovery.phase == Phase::Open && self.recovery.duplicates >= DUPLICATE_THRESHOLD && fresh {
            env.counters.increment(Counter::TcpExtTCPFastRetrans);
            env.counters.increment(Counter::TcpExtTCPRenoRecovery);
            self.recovery.phase = Phase::Recovery;
            self.recovery.until = self.send.next;
            self.window.threshold = self.control.threshold_after_loss(&self.window, &self.path(env.now));
            self.window.size = self.window.threshold;
            self.window.credit = 0;
            self.mark_first_lost();
        }
    }

    /// The first segment is lost and is sent again without waiting for room.
    fn mark_first_lost(&mut self) {
        if let Some(first) = self.send.sent.front_mut()
            && first.fate != Fate::Lost
        {
            first.fate = Fate::Lost;
            self.recovery.lost += 1;
            self.recovery.force = true;
        }
    }

    /// How large the send buffer should be for the window: twice what is on its way, and as much again for what
    /// its packets take beside their data. Linux: `tcp_sndbuf_expand`.
    pub(super) fn wanted_send_buffer(&self) -> u32 {
        let segments = self.window.size.max(super::congestion::INITIAL_WINDOW);
        self.send_mss().saturating_mul(segments).saturating_mul(4)
    }

    /// Linux: `tcp_end_cwnd_reduction`; the window is bounded by what is on its way so that no burst follows
    /// (RFC 6582 section 3.2 step 3 option 1).
    fn end_recovery(&mut self) {
        self.recovery.phase = Phase::Open;
        self.recovery.duplicates = 0;
        let flight = self.send.sent.len() as u32;
        self.window.size = self.window.threshold.min(flight.max(1) + 1).max(2);
    }
}
