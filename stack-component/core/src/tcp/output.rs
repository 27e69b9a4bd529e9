//! What leaves: the next segment of a connection. Linux: `net/ipv4/tcp_output.c`.

use super::connection::{Connection, Fin, Phase, mss_of_mtu};
use super::options::TcpOptions;
use super::sack_out::SackOut;
use super::segment::Outgoing;
use super::send_queue::{Fate, Sent};
use super::sequence::Sequence;
use super::timers::Timer;
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
        let sent = match self.next_retransmission(env.now) {
            Some(sent) => {
                env.counters.increment(Counter::TcpRetransSegs);
                if sent.syn {
                    env.counters.increment(Counter::TcpExtTCPSynRetrans);
                }
                Some(sent)
            }
            None => {
                let new = self.next_new(env, options);
                if new.is_some() {
                    env.counters.increment(Counter::TcpOutSegs);
                }
                new
            }
        };
        match sent {
            Some(sent) => Some(self.segment(&sent, env, options)),
            None => self.next_bare(env, options),
        }
    }

    /// The first segment believed lost, if it may be sent again now; it is marked as sent.
    fn next_retransmission(&mut self, now: Instant) -> Option<Sent> {
        if self.recovery.lost == 0 || (!self.recovery.force && self.in_flight() >= self.window.size) {
            return None;
        }
        let index = self.send.sent.iter().position(|sent| sent.fate == Fate::Lost)?;
        self.split_if_too_large(index);
        let window_end = self.send.una + self.send.window;
        let sent = self.send.sent.get_mut(index)?;
        // A peer that shrank its window gets no more than the first segment (RFC 9293 section 3.8.6).
        if !sent.syn && sent.start != self.send.una && !sent.start.before(window_end) {
            return None;
        }
        sent.fate = Fate::Retransmitted;
        sent.ever_retransmitted = true;
        sent.at = now;
        let sent = *sent;
        self.recovery.lost -= 1;
        self.recovery.force = false;
        self.arm_retransmission(now);
        Some(sent)
    }

    /// The path may have become narrower since the segment was sent. Linux: `tcp_fragment`.
    fn split_if_too_large(&mut self, index: usize) {
        let mss = self.send_mss();
        if let Some(whole) = self.send.sent.get_mut(index)
            && whole.data_len() > mss
        {
            let mut tail = *whole;
            tail.start = whole.data_start() + mss;
            tail.syn = false;
            whole.end = tail.start;
            whole.fin = false;
            self.send.sent.insert(index + 1, tail);
            self.recovery.lost += 1;
        }
    }

    /// The next segment that was never sent, if it may go now; it is put among the sent ones.
    fn next_new(&mut self, env: &mut Env<'_>, options: &TcpOptions) -> Option<Sent> {
        let sent = if self.send.next == self.send.initial {
            self.new_sent(0, true, false, env.now)
        } else {
            let (len, fin) = self.new_data(env, options)?;
            self.new_sent(len, false, fin, env.now)
        };
        if sent.data_len() > 0 {
            self.note_data_sent(sent, env.now);
        }
        if sent.fin {
            self.send.fin = Fin::Sent;
        }
        self.send.next = sent.end;
        self.send.sent.push_back(sent);
        self.arm_retransmission(env.now);
        Some(sent)
    }

    fn new_sent(&self, len: u32, syn: bool, fin: bool, now: Instant) -> Sent {
        let start = self.send.next;
        let end = start + len + u32::from(syn) + u32::from(fin);
        Sent { start, end, syn, fin, at: now, ever_retransmitted: false, fate: Fate::Outstanding }
    }

    fn note_data_sent(&mut self, sent: Sent, now: Instant) {
        if sent.data_len() < self.send_mss() {
            self.send.small_end = sent.end;
        }
        self.note_answer(now);
        self.send.last_data = now;
    }

    /// How much new data may go now, and whether the FIN goes with it: congestion window, the peer's window,
    /// Nagle (RFC 1122 section 4.2.3.4) and silly-window avoidance (RFC 9293 section 3.8.6.2.1).
    fn new_data(&mut self, env: &Env<'_>, options: &TcpOptions) -> Option<(u32, bool)> {
        let fin_queued = self.send.fin == Fin::Queued;
        let unsent = self.unsent();
        let opening = matches!(self.state, TcpState::SynSent | TcpState::SynRecv);
        if opening || (unsent == 0 && !fin_queued) {
            return None;
        }
        if env.sysctl.tcp_slow_start_after_idle {
            self.restart_after_idle(env.now);
        }
        if self.in_flight() >= self.window.size {
            self.send.window_limited = true;
            return None;
        }
        let mss = self.send_mss();
        let room = (self.send.una + self.send.window).saturating_since(self.send.next);
        let len = unsent.min(mss).min(room);
        let last = len == unsent;
        let fin = fin_queued && last && room > len;
        if len == 0 {
            return fin.then_some((0, true));
        }
        let forced = core::mem::take(&mut self.send.force_partial);
        let held = if len == mss || forced {
            false
        } else if last {
            !options.no_delay && !fin_queued && self.send.small_end.after(self.send.una)
        } else {
            len < self.send.max_window / 2
        };
        (!held).then_some((len, fin))
    }

    /// The window says nothing of a path that carried nothing for a while (RFC 5681 section 4.1). Linux:
    /// `tcp_cwnd_restart`.
    fn restart_after_idle(&mut self, now: Instant) {
        let idle = self.send.sent.is_empty() && now.since(self.send.last_data) > self.rtt.timeout();
        if idle && self.recovery.phase == Phase::Open {
            self.window.size = self.window.size.min(super::congestion::INITIAL_WINDOW);
        }
    }

    fn arm_retransmission(&mut self, now: Instant) {
        if self.timers.get(Timer::Retransmit).is_none() {
            self.timers.set(Timer::Retransmit, now + self.rtt.timeout());
        }
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
        Some(self.outgoing(sequence, Flags::ACK, Packet::with_capacity(0), env, options))
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
        if !data.is_empty() && sent.data_start() + sent.data_len() == self.send.queue.end() {
            flags |= Flags::PSH;
        }
        self.outgoing(sent.start, flags, data, env, options)
    }

    /// Any segment of this connection. Whatever carries ACK is the acknowledgement that was due. Linux:
    /// `__tcp_transmit_skb`.
    fn outgoing(
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
        let outgoing = Outgoing {
            sequence,
            acknowledgement: self.receive.next,
            flags,
            window,
            options: self.segment_options(flags, env),
        };
        self.receive.sack.forget_duplicate();
        let mut output = outgoing.into_output(&self.tuple, data, options.hop_limit);
        output.packet.meta.confirms_neighbour = core::mem::take(&mut self.progressed);
        output
    }

    fn segment_options(&self, flags: Flags, env: &Env<'_>) -> Options {
        let mut options = Options::default();
        if flags.syn() {
            options.mss = Some(mss_of_mtu(self.mtu) as u16);
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
    pub(super) fn reset(&self, env: &mut Env<'_>, options: &TcpOptions) -> Output {
        env.counters.increment(Counter::TcpOutRsts);
        let outgoing = Outgoing {
            sequence: self.send.next,
            acknowledgement: self.receive.next,
            flags: Flags::RST | Flags::ACK,
            window: 0,
            options: Options::default(),
        };
        outgoing.into_output(&self.tuple, Packet::with_capacity(0), options.hop_limit)
    }
}
