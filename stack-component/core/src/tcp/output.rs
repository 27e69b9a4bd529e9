//! What leaves: the next segment of a connection. Linux: `net/ipv4/tcp_output.c`.

use super::congestion::CaEvent;
use super::connection::{Connection, Fin, Resend, Timer, Wait};
use super::options::{PathMtu, TcpOptions};
use super::sack_out::SackOut;
use super::segment::Outgoing;
use super::sent_queue::{Push, Sent};
use super::sequence::Sequence;
use super::{Env, Output, TcpState};
use crate::counters::Counter;
use crate::packet::Packet;
use crate::time::Instant;
use crate::wire::tcp::{Flags, Options, Timestamps};

impl Connection {
    /// The next segment to send, if the rules let one go now: what was lost before what is new, data before
    /// bare acknowledgements. Linux: `tcp_write_xmit`, `tcp_xmit_retransmit_queue`, `tcp_send_ack`.
    pub(super) fn next_output(&mut self, env: &mut Env<'_>, options: &TcpOptions) -> Option<Output> {
        if self.state == TcpState::Close {
            return None;
        }
        if let Some(overdue) = self.overdue_ack(env, options) {
            return Some(overdue);
        }
        if let Some(answer) = self.fast_open_answer(env, options) {
            return Some(answer);
        }
        match self.next_sent(env, options) {
            Some(sent) => Some(self.segment(&sent, env, options)),
            None => self.next_bare(env, options),
        }
    }

    /// The next segment that takes sequence numbers: once more, or new.
    fn next_sent(&mut self, env: &mut Env<'_>, options: &TcpOptions) -> Option<Sent> {
        if self.recovery.resend == Resend::Probe {
            self.recovery.resend = Resend::Nothing;
            return self.next_probe(env, options);
        }
        if let Some(sent) = self.next_retransmission(env) {
            return Some(sent);
        }
        if let Some(sent) = self.next_new(env, options, false) {
            return Some(sent);
        }
        if self.recovery.resend == Resend::NewFirst {
            self.after_new_first();
            return self.next_retransmission(env);
        }
        None
    }

    /// A tail loss probe: new data, or the last segment once more. Linux: `tcp_send_loss_probe`.
    fn next_probe(&mut self, env: &mut Env<'_>, options: &TcpOptions) -> Option<Sent> {
        let new = self.next_new(env, options, true);
        let retransmitted = new.is_none();
        let sent = new.or_else(|| self.retransmit_last(env))?;
        self.note_probe_sent(env, retransmitted);
        Some(sent)
    }

    /// Nothing more leaves for now: what does that say of the window, and what is to be waited for? Linux: the end
    /// of `tcp_write_xmit`.
    pub(super) fn output_rests(&mut self, env: &mut Env<'_>) {
        self.end_burst();
        let burst = core::mem::take(&mut self.send.usage.burst);
        let full = self.in_flight() >= self.window.size;
        if burst > 0 || (full && self.unsent() > 0) {
            self.validate_window(env);
        }
        if burst > 0 && self.state.is_synchronised() {
            self.schedule_tail_probe(env, false);
        }
        self.note_wait(env);
        self.update_persist(env.now);
    }

    /// The owner hands in data: had it run out before? Linux: the beginning of `tcp_sendmsg_locked`.
    pub(super) fn before_write(&mut self, env: &Env<'_>) {
        self.reserve_option_room(env);
        let sent = &self.send.sent;
        let ran_out = self.unsent() < self.send_mss() && sent.lost <= sent.retransmitted;
        self.rate.check_app_limited(ran_out, self.in_flight(), self.window.size);
        self.start_wait(env.now, Wait::Busy);
    }

    /// What holds back what is left? Linux: the `tcp_chrono_*` of `tcp_write_xmit` and `tcp_cwnd_validate`.
    fn note_wait(&mut self, env: &Env<'_>) {
        let room = (self.send.una + self.send.window).saturating_since(self.send.next);
        let unsent = self.unsent();
        let by_peer = unsent > 0 && room < unsent.min(self.send_mss()) && self.in_flight() < self.window.size;
        if by_peer {
            self.start_wait(env.now, Wait::PeerWindow);
        } else {
            self.stop_wait(env.now, Wait::PeerWindow);
        }
    }

    /// The next segment that was never sent, if it may go now; it is put among the sent ones.
    /// `forced`: whatever the congestion window says.
    fn next_new(&mut self, env: &mut Env<'_>, options: &TcpOptions, forced: bool) -> Option<Sent> {
        let (len, syn, fin) = if self.send.next == self.send.initial {
            if self.fast_open.client.deferred {
                return None;
            }
            (0, true, false)
        } else {
            let (len, fin) = self.new_data(env, options, forced)?;
            (len, false, fin)
        };
        let sent = self.note_new(env, options, (len, syn, fin), forced);
        let data = if syn { self.take_syn_data() } else { 0 };
        if data > 0 {
            // It is a segment of its own from here on: only the SYN is sent again (RFC 7413 section 4.2.1).
            self.note_new(env, options, (data, false, false), forced);
        }
        Some(Sent { end: sent.end + data, ..sent })
    }

    /// Puts a new segment among the sent ones.
    fn note_new(
        &mut self,
        env: &mut Env<'_>,
        options: &TcpOptions,
        (len, syn, fin): (u32, bool, bool),
        forced: bool,
    ) -> Sent {
        let start = self.send.next;
        let end = start + len + u32::from(syn) + u32::from(fin);
        if len > 0 {
            self.note_data_sent(env, len, end);
        }
        if fin {
            self.send.fin = Fin::Sent;
        }
        let ends_record = len > 0 && self.send.buffers.record_end(start) == Some(start + len);
        // The data of a SYN says PSH when it goes again.
        let opening = self.state == TcpState::SynSent;
        let push = match len {
            0 => Push::Never,
            _ if opening => Push::Always,
            _ => {
                let push = self.says_push(env, options, (start, start + len), forced);
                // What a window too small gets says PSH. Linux: `tcp_write_wakeup`.
                if core::mem::take(&mut self.send.force_partial) { Push::Always } else { push }
            }
        };
        let joined = len > 0 && !opening && self.send.buffers.burst_goes_beyond(end);
        let sent = Sent {
            start,
            end,
            syn,
            fin,
            push,
            joined,
            ends_record,
            at: env.now,
            sacked: false,
            lost: false,
            retransmitted: false,
            ever_retransmitted: false,
            tx: self.rate.on_sent(env.now, self.send.sent.len()),
            run: 0,
        };
        self.send.next = end;
        let first = self.send.sent.is_empty();
        self.send.sent.push(sent.clone());
        if !forced {
            self.send.usage.burst += 1;
        }
        if self.in_reduction() {
            self.recovery.reduction_sent += 1;
        }
        env.counters.increment(Counter::TcpOutSegs);
        if first || self.timers.get(Timer::TailProbe).is_some() {
            self.rearm_retransmission(env);
        }
        sent
    }

    fn note_data_sent(&mut self, env: &mut Env<'_>, len: u32, end: Sequence) {
        let now = env.now;
        // What a SYN carries is no small write. Linux: `tcp_minshall_update`, in `tcp_write_xmit` alone.
        if len < self.send_mss() && self.state != TcpState::SynSent {
            self.send.small_end = end;
        }
        if self.in_flight() == 0 {
            self.tell_control(env, CaEvent::TxStart);
        }
        env.counters.increment(Counter::TcpExtTCPOrigDataSent);
        self.note_answer(now);
        self.send.last_data = now;
    }

    /// How much new data may go now, and whether the FIN goes with it: congestion window, the peer's window,
    /// Nagle (RFC 1122 section 4.2.3.4) and silly-window avoidance (RFC 9293 section 3.8.6.2.1).
    fn new_data(&mut self, env: &Env<'_>, options: &TcpOptions, forced: bool) -> Option<(u32, bool)> {
        let fin_queued = self.send.fin == Fin::Queued;
        let unsent = self.unsent();
        let opening = matches!(self.state, TcpState::SynSent | TcpState::SynRecv) && !self.is_fast_open();
        if opening || (unsent == 0 && !fin_queued) {
            return None;
        }
        self.restart_after_idle(env);
        // The window is not taken too strictly with the last segment of all. Linux: `tcp_cwnd_test`.
        let farewell = fin_queued && unsent <= self.send_mss();
        let full = self.in_flight() >= self.window.size && !farewell;
        if !forced && (full || self.is_paced(env)) {
            return None;
        }
        if !forced && let Some(len) = self.mtu_probe_due(env, options) {
            self.note_mtu_probe(self.send.next, self.send.next + len);
            return Some((len, false));
        }
        let mss = self.send_mss();
        let room = (self.send.una + self.send.window).saturating_since(self.send.next);
        // No segment reaches beyond the end of a record. Linux: packets of `sk_write_queue` are not mixed.
        let record =
            self.send.buffers.record_end(self.send.next).map_or(unsent, |end| end.since(self.send.next));
        let len = record.min(mss).min(room);
        let last = len == unsent;
        let fin = fin_queued && last && room > len;
        if len == 0 {
            return fin.then_some((0, true));
        }
        let forced = self.send.force_partial || forced;
        let held = if len == mss || forced || (last && (self.send.push_once || fin_queued)) {
            false
        } else if last {
            self.is_held(options)
        } else {
            // What stands between two ends of records waits for no company: none can come.
            len < record && len < self.send.max_window / 2
        };
        (!held).then_some((len, fin))
    }

    /// Whether a last segment that is not full waits: for company (Nagle, RFC 1122 section 4.2.3.4, as Minshall mends it),
    /// or because its writer said that more follows. Linux: `tcp_nagle_check`.
    pub(super) fn is_held(&self, options: &TcpOptions) -> bool {
        options.cork || self.send.more || (!options.no_delay && self.send.small_end.after(self.send.una))
    }

    /// A segment without data: a probe or an acknowledgement.
    fn next_bare(&mut self, env: &mut Env<'_>, options: &TcpOptions) -> Option<Output> {
        let probe = core::mem::take(&mut self.probe);
        if !probe && !self.ack.now {
            return None;
        }
        env.counters.increment(Counter::TcpOutSegs);
        // A number before the window makes the peer answer (RFC 9293 section 3.8.4).
        let sequence = if probe { self.send.una - 1 } else { self.send.next };
        Some(self.bare(sequence, env, options))
    }

    /// An acknowledgement and nothing else. Linux: `__tcp_send_ack`.
    pub(super) fn bare(&mut self, sequence: Sequence, env: &mut Env<'_>, options: &TcpOptions) -> Output {
        let (echo, codepoint) = self.ecn_of_segment(false);
        let mut output = self.outgoing(sequence, Flags::ACK | echo, Packet::with_capacity(0), env, options);
        output.tos = codepoint.in_tos(output.tos);
        output
    }

    /// The segment `sent` with its data.
    fn segment(&mut self, sent: &Sent, env: &mut Env<'_>, options: &TcpOptions) -> Output {
        let data = self.send.queue.packet(sent.data_start(), sent.data_len());
        let mut flags = Flags::NONE;
        if self.state != TcpState::SynSent {
            flags |= Flags::ACK;
        }
        if sent.syn {
            flags |= Flags::SYN;
        }
        if sent.fin {
            flags |= Flags::FIN;
        }
        let again = sent.was_retransmitted();
        let push = sent.push == Push::Always || (sent.push == Push::Once && !again);
        if !data.is_empty() && !sent.syn && push {
            flags |= Flags::PSH;
        }
        let (marks, codepoint) = if sent.syn {
            self.ecn_of_syn(env, flags.ack(), again)
        } else {
            self.ecn_of_segment(!again && !data.is_empty())
        };
        let mut output = self.outgoing(sent.start, flags | marks, data, env, options);
        output.tos = codepoint.in_tos(output.tos);
        output
    }

    /// Any segment of this connection. Whatever carries ACK is the acknowledgement that was due. Linux:
    /// `__tcp_transmit_skb`.
    pub(super) fn outgoing(
        &mut self,
        sequence: Sequence,
        flags: Flags,
        data: Packet,
        env: &mut Env<'_>,
        options: &TcpOptions,
    ) -> Output {
        let window = self.advertise(flags.syn(), options, env);
        if flags.ack() {
            self.note_ack_sent(env);
        }
        let mut segment_options = self.segment_options(flags, env);
        self.add_accurate_option(env, flags, !data.is_empty(), &mut segment_options);
        let outgoing = Outgoing {
            sequence,
            acknowledgement: self.receive.next,
            flags,
            window,
            options: Options { fast_open: self.take_syn_cookie(flags), ..segment_options },
        };
        self.count_output(env, data.len() as u32);
        self.receive.sack.forget_duplicate();
        let mut output = outgoing.into_signed(&self.tuple, data, options.hop_limit, self.key.as_deref());
        address_as_chosen(&mut output, options);
        output.packet.meta.confirms_neighbour = core::mem::take(&mut self.progressed);
        output
    }

    fn count_output(&mut self, env: &Env<'_>, len: u32) {
        self.totals.segments_out = self.totals.segments_out.wrapping_add(1);
        if len > 0 {
            self.note_departure(env, len);
            self.totals.data_segments_out = self.totals.data_segments_out.wrapping_add(1);
            self.totals.bytes_sent += u64::from(len);
        }
    }

    fn segment_options(&self, flags: Flags, env: &Env<'_>) -> Options {
        let mut options = Options::default();
        if flags.syn() {
            options.mss = Some(self.path.advertised_mss);
            // An answer names a scale only if the question did (RFC 7323 section 2.2); the two sides' state
            // says so, as `send.scale` and `receive.scale` are then both in force.
            let offered = self.state == TcpState::SynSent && env.sysctl.tcp_window_scaling;
            if offered || self.receive.scale > 0 {
                options.window_scale = Some(self.receive.scale);
            }
        }
        if flags.syn() {
            options.sack_permitted = match self.state {
                TcpState::SynSent => env.sysctl.tcp_sack,
                _ => self.sack_permitted,
            };
        }
        options.timestamps = self.timestamps.map(|state| Timestamps {
            value: self.timestamp(env.now),
            echo: if flags.ack() { state.recent } else { 0 },
        });
        if !flags.syn() {
            let room = SackOut::room(options.timestamps.is_some());
            options.sack = self.receive.sack.option(room);
        }
        options
    }

    /// Our clock as this connection's peer sees it: milliseconds.
    pub(super) fn timestamp(&self, now: Instant) -> u32 {
        (now.as_millis() as u32).wrapping_add(self.timestamp_offset)
    }

    /// The reset that ends this connection. Linux: `tcp_send_active_reset`.
    pub(super) fn reset(&mut self, env: &mut Env<'_>, options: &TcpOptions) -> Output {
        env.counters.increment(Counter::TcpOutRsts);
        let (echo, codepoint) = self.ecn_of_segment(false);
        let window = self.advertise(false, options, env);
        let outgoing = Outgoing {
            sequence: self.send.next,
            acknowledgement: self.receive.next,
            flags: Flags::RST | Flags::ACK | echo,
            window,
            options: self.segment_options(Flags::RST | Flags::ACK, env),
        };
        let mut output = outgoing.into_signed(
            &self.tuple,
            Packet::with_capacity(0),
            options.hop_limit,
            self.key.as_deref(),
        );
        address_as_chosen(&mut output, options);
        output.tos = codepoint.in_tos(output.tos);
        output
    }
}

/// What the owner chose for the packets of a socket. Linux: `ip_queue_xmit`, `ip_dont_fragment`.
fn address_as_chosen(output: &mut Output, options: &TcpOptions) {
    output.tos = options.tos;
    output.mark = options.mark;
    output.packet.meta.priority = options.priority;
    output.dont_fragment = options.path_mtu != PathMtu::Dont;
}
