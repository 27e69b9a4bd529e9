//! The reachability of one neighbour, as a value without table, timers or packets (RFC 4861 section 7.3).

use crate::sysctl::NeighbourConf;
use crate::time::{Duration, Instant};

/// How much is known of a neighbour. Linux: `NUD_INCOMPLETE` and its kin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Its station is being asked for.
    Incomplete,
    /// It showed lately that it lives.
    Reachable,
    /// Its station is known but it has not shown lately that it lives.
    Stale,
    /// As stale, but packets go there: if nothing shows within a few seconds it will be asked.
    Delay,
    /// It is being asked whether it lives.
    Probe,
    /// It did not answer.
    Failed,
    /// It is never asked for, and counts as living. Linux: `NUD_NOARP`.
    NoArp,
    /// Its station was told by hand and stays. Linux: `NUD_PERMANENT`.
    Permanent,
}

impl State {
    /// Whether the station is known, so that packets can go there. Linux: `NUD_VALID`.
    pub const fn is_valid(self) -> bool {
        matches!(self, State::Reachable | State::Stale | State::Delay | State::Probe) || self.is_fixed()
    }

    /// Whether nothing but an administrator changes it.
    pub const fn is_fixed(self) -> bool {
        matches!(self, State::NoArp | State::Permanent)
    }
}

/// The times, counts and queues of the neighbours of one device, from the settings. Linux: `struct neigh_parms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Between two solicitations.
    pub retransmit: Duration,
    /// How long a neighbour counts as reachable: random around the setting.
    pub reachable: Duration,
    /// How long a stale neighbour in use has to show that it lives.
    pub delay: Duration,
    /// Solicitations to the known station before it counts as gone.
    pub unicast_probes: u32,
    /// Solicitations to everybody before it counts as not there.
    pub multicast_probes: u32,
    /// Solicitations to everybody after those to the known station, before it counts as gone.
    pub multicast_reprobes: u32,
    /// A station that just changed is believed no other for so long, so that of several answers to one question the
    /// first counts (ARP). Linux: `locktime`.
    pub lock: Duration,
    /// How long one that is not used is kept.
    pub stale: Duration,
    /// Most packets that wait for its station.
    pub waiting_packets: usize,
    /// Most bytes of memory in them.
    pub waiting_bytes: usize,
}

impl Timing {
    /// The settings, with `spread` from 0 to 2^32 - 1 choosing the reachable time from half to one and a half
    /// of the base. Linux: `neigh_rand_reach_time`.
    pub fn new(conf: &NeighbourConf, spread: u32) -> Self {
        let base = u64::from(conf.base_reachable_time_ms);
        let reachable = base / 2 + ((base * u64::from(spread)) >> 32);
        Timing {
            retransmit: Duration::from_millis(conf.retrans_time_ms.into()),
            reachable: Duration::from_millis(reachable),
            delay: Duration::from_secs(conf.delay_first_probe_time.into()),
            unicast_probes: conf.ucast_solicit,
            multicast_probes: conf.mcast_solicit,
            multicast_reprobes: conf.mcast_resolicit,
            lock: Duration::from_millis(u64::from(conf.locktime) * 10),
            stale: Duration::from_secs(conf.gc_stale_time.into()),
            waiting_packets: conf.unres_qlen as usize,
            waiting_bytes: conf.unres_qlen_bytes as usize,
        }
    }
}

/// What is to be done after an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Rest,
    /// Ask everybody.
    AskEverybody,
    /// Ask the known station.
    AskStation,
    /// Give up what waits.
    GiveUp,
}

/// The machine of one neighbour (Neighbour Unreachability Detection). Linux: `struct neighbour`'s `nud_state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nud {
    state: State,
    /// When it last showed that it lives.
    confirmed: Instant,
    /// When a packet last went there.
    used: Instant,
    /// When state or station last changed.
    updated: Instant,
    /// Solicitations sent in this state.
    probes: u32,
    deadline: Option<Instant>,
}

impl Nud {
    /// A neighbour nobody asked for yet.
    pub const fn new(now: Instant) -> Self {
        let state = State::Failed;
        Nud { state, confirmed: Instant::ZERO, used: now, updated: now, probes: 0, deadline: None }
    }

    /// How much is known.
    pub const fn state(&self) -> State {
        self.state
    }

    /// When state or station last changed.
    pub const fn updated(&self) -> Instant {
        self.updated
    }

    /// When it was last of use: used, confirmed or changed.
    pub fn last_use(&self) -> Instant {
        self.used.max(self.confirmed).max(self.updated)
    }

    /// When [`Nud::on_timer`] has something to do.
    pub const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    fn enter(&mut self, now: Instant, state: State, deadline: Option<Instant>) {
        self.state = state;
        self.updated = now;
        self.deadline = deadline;
    }

    /// A packet is to go there. Linux: `neigh_event_send`.
    pub fn on_send(&mut self, now: Instant, timing: &Timing) -> Step {
        match self.state {
            State::Failed => {
                self.used = now;
                self.probes = 1;
                self.enter(now, State::Incomplete, Some(now + timing.retransmit));
                Step::AskEverybody
            }
            State::Stale => {
                self.used = now;
                self.enter(now, State::Delay, Some(now + timing.delay));
                Step::Rest
            }
            _ => {
                self.used = now;
                Step::Rest
            }
        }
    }

    /// Its deadline passed. Linux: `neigh_timer_handler`.
    pub fn on_timer(&mut self, now: Instant, timing: &Timing) -> Step {
        match self.state {
            State::Reachable => self.reachable_time_over(now, timing),
            State::Delay if self.confirmed + timing.delay > now => {
                self.enter(now, State::Reachable, Some(self.confirmed + timing.reachable));
                Step::Rest
            }
            State::Delay => {
                self.probes = 1;
                self.enter(now, State::Probe, Some(now + timing.retransmit));
                Step::AskStation
            }
            State::Incomplete => self.ask_again(now, timing, timing.multicast_probes, Step::AskEverybody),
            State::Probe if self.probes >= timing.unicast_probes => {
                let most = timing.unicast_probes.saturating_add(timing.multicast_reprobes);
                self.ask_again(now, timing, most, Step::AskEverybody)
            }
            State::Probe => self.ask_again(now, timing, timing.unicast_probes, Step::AskStation),
            State::Stale | State::Failed | State::NoArp | State::Permanent => {
                self.deadline = None;
                Step::Rest
            }
        }
    }

    fn reachable_time_over(&mut self, now: Instant, timing: &Timing) -> Step {
        if self.confirmed + timing.reachable > now {
            self.deadline = Some(self.confirmed + timing.reachable);
        } else if self.used + timing.delay > now {
            self.enter(now, State::Delay, Some(now + timing.delay));
        } else {
            self.enter(now, State::Stale, None);
        }
        Step::Rest
    }

    fn ask_again(&mut self, now: Instant, timing: &Timing, most: u32, ask: Step) -> Step {
        if self.probes >= most {
            self.enter(now, State::Failed, None);
            return Step::GiveUp;
        }
        self.probes += 1;
        self.deadline = Some(now + timing.retransmit);
        ask
    }

    /// It answered a question of ours, from a station that is taken. Linux: `neigh_update` with
    /// `NUD_REACHABLE`.
    pub fn on_answer(&mut self, now: Instant, timing: &Timing) {
        self.confirmed = now;
        if self.state != State::Reachable {
            self.enter(now, State::Reachable, None);
        }
        self.deadline = Some(now + timing.reachable);
    }

    /// Its station was heard of, but it did not answer a question of ours. `changed` says whether the
    /// station is another one than before. Linux: `neigh_update` with `NUD_STALE`.
    pub fn on_hearsay(&mut self, now: Instant, changed: bool) {
        if changed || !self.state.is_valid() {
            self.enter(now, State::Stale, None);
        }
    }

    /// An administrator said so. Linux: `neigh_update` with `NEIGH_UPDATE_F_ADMIN`.
    pub fn on_told(&mut self, now: Instant, state: State, timing: &Timing) -> Step {
        match state {
            State::Reachable => self.on_answer(now, timing),
            State::Incomplete | State::Probe => {
                self.probes = 1;
                self.enter(now, state, Some(now + timing.retransmit));
                return if state == State::Probe { Step::AskStation } else { Step::AskEverybody };
            }
            State::Delay => self.enter(now, state, Some(now + timing.delay)),
            State::Failed => {
                self.enter(now, state, None);
                return Step::GiveUp;
            }
            State::Stale | State::NoArp | State::Permanent => self.enter(now, state, None),
        }
        Step::Rest
    }

    /// Questions without an answer, and how long ago it was used, showed that it lives, and changed.
    pub fn ages(&self, now: Instant) -> (u32, [Duration; 3]) {
        (self.probes, [self.used, self.confirmed, self.updated].map(|then| now.since(then)))
    }

    /// The upper layer saw progress that only a living neighbour can make. Linux: `neigh_confirm`.
    pub fn on_progress(&mut self, now: Instant, timing: &Timing) {
        if !self.state.is_valid() || self.state.is_fixed() {
            return;
        }
        self.confirmed = now;
        // Linux leaves it to the timer to notice; a stale neighbour has none.
        if self.state != State::Reachable {
            self.enter(now, State::Reachable, Some(now + timing.reachable));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    const TIMING: Timing = Timing {
        retransmit: Duration::from_secs(1),
        reachable: Duration::from_secs(30),
        delay: Duration::from_secs(5),
        unicast_probes: 3,
        multicast_probes: 3,
        multicast_reprobes: 0,
        lock: Duration::from_secs(1),
        stale: Duration::from_secs(60),
        waiting_packets: 101,
        waiting_bytes: 212_992,
    };

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(seconds * 1000)
    }

    /// One event, at a second, with the state, step and next deadline expected after it.
    type Row = (u64, fn(&mut Nud, Instant) -> Step, State, Step, Option<u64>);

    fn send(nud: &mut Nud, now: Instant) -> Step {
        nud.on_send(now, &TIMING)
    }
    fn timer(nud: &mut Nud, now: Instant) -> Step {
        nud.on_timer(now, &TIMING)
    }
    fn answer(nud: &mut Nud, now: Instant) -> Step {
        nud.on_answer(now, &TIMING);
        Step::Rest
    }
    fn progress(nud: &mut Nud, now: Instant) -> Step {
        nud.on_progress(now, &TIMING);
        Step::Rest
    }
    fn hearsay(nud: &mut Nud, now: Instant) -> Step {
        nud.on_hearsay(now, false);
        Step::Rest
    }
    fn moved(nud: &mut Nud, now: Instant) -> Step {
        nud.on_hearsay(now, true);
        Step::Rest
    }

    fn check(rows: &[Row]) {
        let mut nud = Nud::new(at(100));
        for (line, &(second, event, state, step, deadline)) in rows.iter().enumerate() {
            let done = event(&mut nud, at(second));
            assert_eq!((nud.state, done, nud.deadline), (state, step, deadline.map(at)), "row {line}");
        }
    }

    #[test]
    fn nobody_answers() {
        use State::*;
        check(&[
            (100, send, Incomplete, Step::AskEverybody, Some(101)),
            (100, send, Incomplete, Step::Rest, Some(101)),
            (101, timer, Incomplete, Step::AskEverybody, Some(102)),
            (102, timer, Incomplete, Step::AskEverybody, Some(103)),
            (103, timer, Failed, Step::GiveUp, None),
            (104, progress, Failed, Step::Rest, None),
            (105, send, Incomplete, Step::AskEverybody, Some(106)),
        ]);
    }

    #[test]
    fn a_neighbour_that_is_not_used_goes_stale() {
        use State::*;
        check(&[
            (100, send, Incomplete, Step::AskEverybody, Some(101)),
            (101, answer, Reachable, Step::Rest, Some(131)),
            (131, timer, Stale, Step::Rest, None),
            (140, hearsay, Stale, Step::Rest, None),
            (141, timer, Stale, Step::Rest, None),
        ]);
    }

    #[test]
    fn a_stale_neighbour_in_use_is_probed_and_gone() {
        use State::*;
        check(&[
            (100, hearsay, Stale, Step::Rest, None),
            (110, send, Delay, Step::Rest, Some(115)),
            (115, timer, Probe, Step::AskStation, Some(116)),
            (116, timer, Probe, Step::AskStation, Some(117)),
            (117, timer, Probe, Step::AskStation, Some(118)),
            (118, timer, Failed, Step::GiveUp, None),
        ]);
    }

    #[test]
    fn everybody_is_asked_once_more_where_the_settings_say_so() {
        let timing = Timing { multicast_reprobes: 1, ..TIMING };
        let mut nud = Nud::new(at(100));
        nud.on_hearsay(at(100), false);
        nud.on_send(at(100), &timing);
        let steps: Vec<_> = (105..=109).map(|second| nud.on_timer(at(second), &timing)).collect();
        use Step::{AskEverybody, AskStation, GiveUp};
        assert_eq!(steps, [AskStation, AskStation, AskStation, AskEverybody, GiveUp]);
    }

    #[test]
    fn progress_saves_the_probe() {
        use State::*;
        check(&[
            (100, hearsay, Stale, Step::Rest, None),
            (110, send, Delay, Step::Rest, Some(115)),
            (112, progress, Reachable, Step::Rest, Some(142)),
            (130, progress, Reachable, Step::Rest, Some(142)),
            (142, timer, Reachable, Step::Rest, Some(160)),
            (158, send, Reachable, Step::Rest, Some(160)),
            (160, timer, Delay, Step::Rest, Some(165)),
            (165, timer, Probe, Step::AskStation, Some(166)),
            (166, answer, Reachable, Step::Rest, Some(196)),
            (170, moved, Stale, Step::Rest, None),
        ]);
    }

    #[test]
    fn the_reachable_time_is_spread_around_its_base() {
        let conf = NeighbourConf::default();
        assert_eq!(Timing::new(&conf, 0).reachable, Duration::from_secs(15));
        assert_eq!(Timing::new(&conf, 1 << 31).reachable, Duration::from_secs(30));
        assert_eq!(Timing::new(&conf, u32::MAX).reachable, Duration::from_millis(44_999));
    }
}
