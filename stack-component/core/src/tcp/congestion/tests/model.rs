//! A small closed loop: senders with endless data, a bottleneck with a queue, a way back that loses nothing.
//!
//! Loss recovery is as simple as can be: the peer reports every segment by itself, three later ones tell of a loss,
//! lost segments go again at once, the window falls to its threshold in one step.

use super::*;
use crate::tcp::rate::{Delivered, TxSnapshot};
use crate::tcp::sequence::Sequence;
use alloc::collections::{BTreeSet, VecDeque};
use alloc::vec::Vec;

/// How many later segments tell of a loss.
const REORDERING: u64 = 3;
/// How long nothing arrives before everything is believed lost.
const TIMEOUT: Duration = Duration::from_millis(500);

/// The bottleneck.
#[derive(Clone, Debug)]
pub(in super::super) struct Link {
    /// Segments a second.
    pub rate: u64,
    /// What it takes there and back without queue.
    pub round_trip: Duration,
    /// Segments that may wait.
    pub queue: u64,
    /// Segments waiting from which on the next ones are marked.
    pub mark_above: Option<u64>,
    /// One in so many segments is lost by chance, 0: none.
    pub lose_one_in: u64,
    /// When the last accepted segment is through.
    pub free_at: Instant,
    /// Segments that came, for `lose_one_in`.
    pub offered: u64,
    pub drops: u64,
    pub most_waiting: u64,
}

impl Link {
    pub(in super::super) fn new(rate: u64, round_trip: u64, queue: u64) -> Self {
        Link {
            rate,
            round_trip: Duration::from_millis(round_trip),
            queue,
            mark_above: None,
            lose_one_in: 0,
            free_at: Instant::ZERO,
            offered: 0,
            drops: 0,
            most_waiting: 0,
        }
    }

    /// Segments that wait or are on the wire.
    pub(in super::super) fn waiting(&self, now: Instant) -> u64 {
        let busy = self.free_at.since(now).as_nanos() as u64;
        busy.div_ceil(self.service())
    }

    fn service(&self) -> u64 {
        1_000_000_000 / self.rate
    }

    /// When the peer's answer to a segment arrives and whether it was marked; none: it is lost.
    fn carry(&mut self, now: Instant) -> Option<(Instant, bool)> {
        let waiting = self.waiting(now);
        self.offered += 1;
        // Not every hundredth: that would be in step with other things.
        let chance = self.offered.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let unlucky = self.lose_one_in > 0 && chance.is_multiple_of(self.lose_one_in);
        if waiting > self.queue || unlucky {
            self.drops += 1;
            return None;
        }
        self.most_waiting = self.most_waiting.max(waiting);
        self.free_at = self.free_at.max(now) + Duration::from_nanos(self.service());
        Some((self.free_at + self.round_trip, self.mark_above.is_some_and(|limit| waiting > limit)))
    }
}

#[derive(Clone, Copy, Debug)]
struct Segment {
    /// Which transmission of all it is.
    order: u64,
    data: u32,
    sent_at: Instant,
    snapshot: TxSnapshot,
    retransmitted: bool,
    in_flight: u32,
}

/// A sender.
#[derive(Debug)]
pub(in super::super) struct Flow {
    pub control: Box<dyn CongestionControl>,
    pub window: Window,
    pub rate: DeliveryRate,
    pub counters: Counters,
    pub path: Path,
    pub state: CaState,
    /// Timeouts so far.
    pub timeouts: u32,
    sent: VecDeque<Segment>,
    answers: VecDeque<(Instant, u64, bool)>,
    to_resend: VecDeque<u32>,
    next_data: u32,
    next_order: u64,
    missing: BTreeSet<u32>,
    recovery_end: u32,
    next_departure: Instant,
    last_answer: Instant,
    starts_at: Instant,
}

impl Flow {
    pub(in super::super) fn new(control: Box<dyn CongestionControl>, starts_at: u64, ecn: bool) -> Self {
        let starts_at = Instant::from_millis(starts_at);
        let path =
            Path { now: starts_at, srtt: None, min_rtt: None, ecn, una: 0, next: 0, delivered: 0, ..path() };
        let mut flow = Flow {
            control,
            window: Window::default(),
            rate: DeliveryRate::default(),
            counters: Counters::default(),
            path,
            state: CaState::Open,
            timeouts: 0,
            sent: VecDeque::new(),
            answers: VecDeque::new(),
            to_resend: VecDeque::new(),
            next_data: 0,
            next_order: 0,
            missing: BTreeSet::new(),
            recovery_end: 0,
            next_departure: starts_at,
            last_answer: starts_at,
            starts_at,
        };
        flow.refresh(starts_at);
        flow.control.start(&mut flow.window, &flow.path);
        flow
    }

    fn una(&self) -> u32 {
        self.missing.first().copied().unwrap_or(self.next_data)
    }

    fn refresh(&mut self, now: Instant) {
        let una = self.una();
        let path = &mut self.path;
        path.now = now;
        path.una = una;
        path.next = self.next_data;
        path.in_flight = self.sent.len() as u32;
        path.state = self.state;
        path.delivered = self.rate.delivered;
        path.delivered_ce = self.rate.delivered_ce;
        path.delivered_at = self.rate.delivered_at();
        path.lost = self.rate.lost;
        path.app_limited = self.rate.is_app_limited();
        path.paced = self.control.takes_over();
        path.next_departure = self.next_departure;
    }

    fn paced(&self) -> bool {
        self.control.takes_over()
    }

    fn may_send(&self) -> bool {
        (self.sent.len() as u32) < self.window.size
    }

    /// When it does something next.
    fn next_event(&self) -> Instant {
        let answer = self.answers.front().map(|answer| answer.0);
        let departure = (self.paced() && self.may_send()).then_some(self.next_departure);
        let timeout = (!self.sent.is_empty()).then_some(self.last_answer + TIMEOUT);
        let first = (self.next_order == 0).then_some(self.starts_at);
        [answer, departure, timeout, first].into_iter().flatten().min().unwrap_or(self.starts_at)
    }

    fn act(&mut self, now: Instant, link: &mut Link) {
        if now < self.starts_at {
            return;
        }
        while let Some(&(at, order, marked)) = self.answers.front()
            && at <= now
        {
            self.answers.pop_front();
            self.answered(now, order, marked);
        }
        if !self.sent.is_empty() && now >= self.last_answer + TIMEOUT {
            self.time_out(now);
        }
        while self.may_send() && (!self.paced() || self.next_departure <= now) {
            self.send(now, link);
        }
    }

    fn send(&mut self, now: Instant, link: &mut Link) {
        let (data, retransmitted) = match self.to_resend.pop_front() {
            Some(data) => (data, true),
            None => {
                let data = self.next_data;
                self.next_data += 1;
                self.missing.insert(data);
                (data, false)
            }
        };
        if self.sent.is_empty() {
            self.refresh(now);
            self.control.event(&mut self.window, &self.path, CaEvent::TxStart);
            self.last_answer = now;
        }
        let snapshot = self.rate.on_sent(now, self.sent.len() as u32);
        let order = self.next_order;
        self.next_order += 1;
        let in_flight = self.sent.len() as u32 + 1;
        self.sent.push_back(Segment { order, data, sent_at: now, snapshot, retransmitted, in_flight });
        self.path.last_sent = now;
        if let Some((at, marked)) = link.carry(now) {
            self.answers.push_back((at, order, marked));
        }
        if self.paced() {
            let gap = u64::from(self.path.mss) * 1_000_000_000 / self.window.pacing_rate.max(1);
            self.next_departure = self.next_departure.max(now) + Duration::from_nanos(gap);
        }
    }

    /// The peer reports the transmission `order`.
    fn answered(&mut self, now: Instant, order: u64, marked: bool) {
        self.last_answer = now;
        let Some(index) = self.sent.iter().position(|segment| segment.order == order) else { return };
        let mut sample = RateSample { prior_in_flight: self.sent.len() as u32, ..RateSample::default() };
        let Some(segment) = self.sent.remove(index) else { return };
        self.missing.remove(&segment.data);
        self.rate.delivered += 1;
        self.rate.delivered_ce += u32::from(marked);
        let Segment { snapshot, sent_at, data, retransmitted, .. } = segment;
        self.rate
            .on_delivered(&Delivered { snapshot, sent_at, end: Sequence(data), retransmitted }, &mut sample);
        let rtt = now.since(sent_at);
        sample.rtt = (!retransmitted).then_some(rtt);
        if !retransmitted {
            self.path.min_rtt = Some(self.path.min_rtt.map_or(rtt, |least| least.min(rtt)));
            self.path.srtt = Some(self.path.srtt.map_or(rtt, |smoothed| smoothed * 7 / 8 + rtt / 8));
        }
        self.refresh(now);
        let flags = AckFlags { ece: marked, ..AckFlags::default() };
        self.control.ack_arrived(&mut self.window, &self.path, flags);
        let measured = AckSample { packets: 1, rtt: sample.rtt, in_flight: segment.in_flight };
        self.control.measured(&mut self.window, &self.path, &measured, &mut self.counters);
        let lost = self.find_lost(order);
        self.change_state(now, lost > 0, marked);
        self.rate.sample(&mut sample, now, self.path.min_rtt, (1, lost), false);
        self.refresh(now);
        if self.control.takes_over() {
            self.control.control(&mut self.window, &mut self.rate, &self.path, &sample);
        } else if matches!(self.state, CaState::Open | CaState::Loss) {
            self.control.acknowledged(&mut self.window, &self.path, 1);
        }
    }

    fn find_lost(&mut self, order: u64) -> u32 {
        let mut lost = 0;
        while let Some(first) = self.sent.front()
            && first.order + REORDERING <= order
        {
            self.to_resend.push_back(first.data);
            self.sent.pop_front();
            lost += 1;
        }
        self.rate.lost += lost;
        lost
    }

    fn change_state(&mut self, now: Instant, lost: bool, marked: bool) {
        self.refresh(now);
        let over = self.path.una >= self.recovery_end;
        if self.state != CaState::Open && over {
            if self.state < CaState::Loss && !self.paced() {
                self.window.size = self.window.threshold;
            }
            self.enter(CaState::Open);
        }
        if lost && self.state < CaState::Recovery {
            self.reduce(CaState::Recovery);
        } else if marked && self.path.ecn && self.state == CaState::Open {
            self.reduce(CaState::Cwr);
        }
    }

    fn enter(&mut self, state: CaState) {
        self.control.state_changes(&mut self.window, &self.path, state);
        self.state = state;
        self.path.state = state;
    }

    fn reduce(&mut self, state: CaState) {
        if self.state == CaState::Open {
            self.window.prior = self.window.size;
            self.window.threshold = self.control.threshold_after_loss(&self.window, &self.path);
            self.window.credit = 0;
        }
        self.recovery_end = self.next_data;
        self.enter(state);
        if !self.paced() {
            self.window.size = self.window.threshold;
        }
    }

    fn time_out(&mut self, now: Instant) {
        self.refresh(now);
        self.timeouts += 1;
        self.last_answer = now;
        if self.state < CaState::Loss {
            self.window.prior = self.window.size;
            self.window.threshold = self.control.threshold_after_loss(&self.window, &self.path);
            self.control.event(&mut self.window, &self.path, CaEvent::Loss);
        }
        self.rate.lost += self.sent.len() as u32;
        let data: Vec<u32> = self.sent.drain(..).map(|segment| segment.data).collect();
        self.to_resend.extend(data);
        self.window.size = 1;
        self.window.credit = 0;
        self.recovery_end = self.next_data;
        self.enter(CaState::Loss);
    }
}

/// Lets the flows send until `until` milliseconds; `look` is called after each event.
pub(in super::super) fn run(
    flows: &mut [Flow],
    link: &mut Link,
    until: u64,
    mut look: impl FnMut(Instant, &[Flow], &Link),
) {
    let until = Instant::from_millis(until);
    loop {
        let now = flows.iter().map(Flow::next_event).min().unwrap_or(until);
        if now >= until {
            return;
        }
        for flow in flows.iter_mut() {
            flow.act(now, link);
        }
        look(now, flows, link);
    }
}
