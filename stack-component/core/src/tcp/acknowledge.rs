//! What an acknowledgement tells: what arrived, how long it took, what was lost, how much may be sent
//! (RFC 5681, 6298). Linux: `tcp_ack`, `tcp_clean_rtx_queue`.

use super::Env;
use super::congestion::{self, AckSample};
use super::connection::{Connection, Wait};
use super::ecn::Delivery;
use super::measure::{Acked, Before};
use super::recovery::{AckFlags, Tagged, delivery_of};
use super::segment::Segment;
use super::segment_size::mss_of_mtu;
use super::sent_queue::Sent;
use super::sequence::Sequence;
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::time::Instant;

/// Bytes that a packet takes beside its data, headers and what the end of the buffer holds, and its record. Linux:
/// `MAX_TCP_HEADER`, `struct skb_shared_info`, `struct sk_buff`.
const PACKET_HEADERS: u32 = 320 + 320;
const PACKET_RECORD: u32 = 256;

impl Connection {
    /// Takes in the acknowledgement of `segment`. An error asks for a challenge (RFC 5961 section 5.2). Linux:
    /// `tcp_ack`.
    pub(super) fn acknowledge(&mut self, env: &mut Env<'_>, segment: &Segment) -> Result<(), DropReason> {
        let (number, prior_una) = (segment.acknowledgement, self.send.una);
        let believable = self.send.max_window.min(u32::try_from(self.totals.bytes_acked).unwrap_or(u32::MAX));
        if number.after(self.send.next) || number.before(prior_una - believable) {
            return Err(DropReason::TcpAcknowledgement);
        }
        let mut flags = AckFlags {
            advanced: number.after(prior_una),
            congestion_echo: self.is_congestion_echo(segment),
            ..AckFlags::default()
        };
        let mut tagged = Tagged::new(self.send.next);
        if number.before(prior_una) {
            self.acknowledge_old(env, segment, &mut tagged, &mut flags);
            return Ok(());
        }
        let before = Before::of(self);
        let predicted = self.is_predicted(segment);
        if flags.advanced {
            self.retransmits = 0;
        }
        self.echo = segment.options.timestamps.map(|timestamps| timestamps.echo);
        self.take_window(env, segment, &mut flags);
        self.take_sack(env, segment, prior_una, &mut tagged, &mut flags);
        self.soft_error = None;
        self.probes = 0;
        self.last_ack_received = env.now;
        self.events.output = true;
        if before.packets == 0 {
            self.take_accurate_echo(env, segment, before.delivered, &tagged, &mut flags);
            self.tell_of_ack(env.now, segment, &flags, predicted);
            self.acknowledge_nothing(env, segment, &mut flags);
            return Ok(());
        }
        self.take_acked(env, number, &before, &mut tagged, &mut flags);
        self.take_accurate_echo(env, segment, before.delivered, &tagged, &mut flags);
        self.tell_of_ack(env.now, segment, &flags, predicted);
        self.adapt_reordering_window(env, &tagged.sample);
        self.judge_probe(env, number, &flags);
        if self.is_dubious(&flags) {
            let says_nothing = !flags.advanced && !flags.is_no_duplicate() && !flags.duplicate_told;
            self.alert(env, prior_una, u32::from(says_nothing), &mut flags);
        }
        if flags.set_timer {
            self.set_timer_after_ack(env);
        }
        self.progressed |= flags.progresses();
        self.control_window(env, &before, &mut tagged, &flags);
        Ok(())
    }

    /// An acknowledgement that was overtaken may still carry news in its SACK blocks. Linux: `old_ack` in
    /// `tcp_ack`.
    fn acknowledge_old(
        &mut self,
        env: &mut Env<'_>,
        segment: &Segment,
        tagged: &mut Tagged,
        flags: &mut AckFlags,
    ) {
        if segment.options.sack.is_empty() || !self.sack_permitted {
            return;
        }
        let (delivered, una) = (self.rate.delivered, self.send.una);
        self.take_sack(env, segment, una, tagged, flags);
        self.alert(env, una, 0, flags);
        self.count_delivered(env, delivered, flags);
    }

    /// Nothing was on its way. Linux: `no_queue` in `tcp_ack`.
    fn acknowledge_nothing(&mut self, env: &mut Env<'_>, segment: &Segment, flags: &mut AckFlags) {
        if flags.duplicate_told {
            let delivered = self.rate.delivered;
            self.alert(env, self.send.una, 0, flags);
            self.count_delivered(env, delivered, flags);
        }
        self.judge_probe(env, segment.acknowledgement, flags);
    }

    /// The peer's window, and what else the header says. Linux: `tcp_ack_update_window`.
    fn take_window(&mut self, env: &mut Env<'_>, segment: &Segment, flags: &mut AckFlags) {
        flags.data = segment.len() > 0;
        if !flags.data {
            env.counters.increment(Counter::TcpExtTCPPureAcks);
        }
        flags.window_update = self.update_send_window(segment);
        if flags.advanced {
            let acked = segment.acknowledgement.since(self.send.una);
            self.totals.bytes_acked += u64::from(acked);
            self.send.una = segment.acknowledgement;
        }
    }

    /// Tells the congestion control of an acknowledgement, but for what never gets so far: data that acknowledge nothing
    /// new on the fast path (`predicted`), and the end of the handshake, at which it begins. Linux: `tcp_in_ack_event`.
    fn tell_of_ack(&mut self, now: Instant, segment: &Segment, flags: &AckFlags, predicted: bool) {
        let tells_nothing = predicted && flags.data && !flags.advanced;
        if core::mem::take(&mut self.confirming) || tells_nothing {
            return;
        }
        let told = congestion::AckFlags {
            slow: !flags.advanced || flags.data || !segment.options.sack.is_empty(),
            window_update: flags.window_update,
            ece: flags.congestion_echo,
        };
        let path = self.path(now);
        self.control.ack_arrived(&mut self.window, &path, told);
    }

    /// Linux: `tcp_ack_update_window`. Answers whether the segment is newer than what was known.
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
        self.send.window = window;
        self.send.max_window = self.send.max_window.max(window);
        true
    }

    fn take_sack(
        &mut self,
        env: &mut Env<'_>,
        segment: &Segment,
        prior_una: Sequence,
        tagged: &mut Tagged,
        flags: &mut AckFlags,
    ) {
        if !segment.options.sack.is_empty() && self.sack_permitted {
            self.tag_sacked(env, segment, prior_una, tagged, flags);
            self.rate.count(tagged.delivered, flags.is_classic_echo());
        }
    }

    /// Takes off what is acknowledged, and measures. Linux: `tcp_clean_rtx_queue`.
    fn take_acked(
        &mut self,
        env: &mut Env<'_>,
        number: Sequence,
        before: &Before,
        tagged: &mut Tagged,
        flags: &mut AckFlags,
    ) {
        let mut acked = Acked::default();
        self.send.queue.release(number);
        while let Some(first) = self.send.sent.front()
            && !first.end.after(number)
        {
            let Some(sent) = self.send.sent.pop_front() else { break };
            self.forget_sent(env, &sent, tagged, &mut acked, flags);
        }
        if self.send.sent.is_empty() {
            self.stop_wait(env.now, Wait::Busy);
        }
        flags.reneging = self.send.sent.front().is_some_and(|first| first.sacked);
        let measured = self.measure(env, &acked, before, tagged, flags);
        if flags.acked() {
            flags.set_timer = true;
            self.events.wake = true;
            self.mtu_probe_acknowledged(env);
            if !self.sack_permitted {
                self.forget_duplicates_of(env, acked.segments, flags);
                flags.original_arrived &= !flags.retransmitted_acked;
            } else if let Some(overtaken) = acked.overtaken.filter(|o| o.before(before.highest_sacked)) {
                self.note_overtaken(env, overtaken);
            }
        } else if let (Some(first), Some(sent_at)) = (self.send.sent.front(), tagged.first_sent) {
            // The first segment has been on its way for less time than one that arrived took: it is no reason to
            // give up yet.
            flags.set_timer |= measured && sent_at < first.at;
        }
        let sample = AckSample {
            packets: acked.segments,
            rtt: tagged.sample.rtt,
            in_flight: self
                .rate
                .delivered
                .wrapping_sub(tagged.sample.prior_delivered.unwrap_or(self.rate.delivered)),
        };
        let path = self.path(env.now);
        self.control.measured(&mut self.window, &path, &sample, env.counters);
    }

    fn forget_sent(
        &mut self,
        env: &Env<'_>,
        sent: &Sent,
        tagged: &mut Tagged,
        acked: &mut Acked,
        flags: &mut AckFlags,
    ) {
        acked.segments += 1;
        if sent.was_retransmitted() {
            flags.retransmitted_acked = true;
        } else if !sent.sacked {
            acked.first_sent.get_or_insert(sent.at);
            acked.last_sent = Some(sent.at);
            acked.overtaken.get_or_insert(sent.start);
            flags.original_arrived |= !sent.end.after(self.recovery.until);
        }
        if !sent.sacked {
            tagged.bytes += sent.data_len();
            if self.sack_permitted {
                self.rate.count(1, flags.is_classic_echo());
                self.rack_advance(sent, env.now);
            }
            self.rate.on_delivered(&delivery_of(sent), &mut tagged.sample);
        }
        if sent.syn {
            flags.syn_acked = true;
            self.recovery.undo.first_retransmission = None;
        } else {
            flags.data_acked = true;
        }
    }

    /// What accurate ECN tells with this acknowledgement.
    fn take_accurate_echo(
        &mut self,
        env: &mut Env<'_>,
        segment: &Segment,
        delivered: u32,
        tagged: &Tagged,
        flags: &mut AckFlags,
    ) {
        let segments = self.rate.delivered.wrapping_sub(delivered);
        self.take_accurate(env, segment, Delivery { segments, bytes: tagged.bytes }, flags);
    }

    /// Linux: `tcp_set_xmit_timer`.
    fn set_timer_after_ack(&mut self, env: &Env<'_>) {
        if !self.schedule_tail_probe(env, true) {
            self.rearm_retransmission(env);
        }
    }

    /// Window and pacing rate follow what arrived and what was lost. Linux: `tcp_cong_control`.
    fn control_window(&mut self, env: &mut Env<'_>, before: &Before, tagged: &mut Tagged, flags: &AckFlags) {
        let delivered = self.count_delivered(env, before.delivered, flags);
        let lost = self.rate.lost.wrapping_sub(before.lost);
        tagged.sample.is_ack_delayed = flags.maybe_delayed;
        tagged.sample.prior_in_flight = before.in_flight;
        let (least, reneged) = (self.rtt.least(), before.reneged);
        self.rate.sample(&mut tagged.sample, env.now, least, (delivered, lost), reneged);
        let path = self.path(env.now);
        if self.control.takes_over() {
            return self.control.control(&mut self.window, &mut self.rate, &path, &tagged.sample);
        }
        if self.in_reduction() {
            self.reduce(delivered, lost, flags.advanced);
        } else if self.may_grow(env, flags) {
            self.control.acknowledged(&mut self.window, &path, delivered);
            self.send.usage.stamp = env.now;
        }
        self.update_pacing_rate(env);
    }

    /// Linux: `tcp_may_raise_cwnd`.
    fn may_grow(&self, env: &Env<'_>, flags: &AckFlags) -> bool {
        if self.recovery.reordering > env.sysctl.tcp_reordering {
            flags.progresses()
        } else {
            flags.data_acked
        }
    }

    /// Linux: `tcp_newly_delivered`.
    fn count_delivered(&self, env: &mut Env<'_>, before: u32, flags: &AckFlags) -> u32 {
        let delivered = self.rate.delivered.wrapping_sub(before);
        env.counters.add(Counter::TcpExtTCPDelivered, delivered.into());
        if flags.is_classic_echo() {
            env.counters.add(Counter::TcpExtTCPDeliveredCE, delivered.into());
        }
        delivered
    }

    /// How large the send buffer should be for the window: what is on its way, as often as the congestion control wants,
    /// in packets with all that belongs to them. Linux: `tcp_sndbuf_expand`.
    pub(super) fn wanted_send_buffer(&self) -> u32 {
        let segments = self.window.size.max(self.initial_window).max(self.recovery.reordering + 1);
        let largest =
            self.send_mss().max(self.send.peer_mss.min(mss_of_mtu(self.mtu, self.tuple.remote.ip())));
        let packet = (largest + PACKET_HEADERS).next_power_of_two() + PACKET_RECORD;
        packet.saturating_mul(segments).saturating_mul(self.control.send_buffer_windows())
    }
}
