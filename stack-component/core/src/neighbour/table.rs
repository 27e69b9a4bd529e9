//! All neighbours, with their timers and what is to be done for them.

use super::entry::{Entry, Key, Listed};
use super::parameters::Parameters;
use super::proxies::Proxies;
use super::state::{Nud, State, Step, Timing};
use crate::arena::{Arena, Handle};
use crate::drop_reason::DropReason;
use crate::journal::{Event, Journal};
use crate::keyed_hash::KeyedHash;
use crate::netfilter::EgressChecked;
use crate::packet::DeviceIndex;
use crate::random::Random;
use crate::sysctl::Sysctl;
use crate::time::{Duration, Instant};
use crate::timer::Wheel;
use crate::wire::ethernet::MacAddress;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use hashbrown::HashMap;

/// How often the reachable time is drawn anew, and the table is cleaned. Linux: `neigh_periodic_work`.
const REDRAW_INTERVAL: Duration = Duration::from_secs(300);
const CLEAN_INTERVAL: Duration = Duration::from_secs(30);
/// After how long a neighbour that is known to live may make room for others. Linux: `neigh_forced_gc`.
const SETTLED: Duration = Duration::from_secs(5);

/// What becomes of a packet for a neighbour.
#[derive(Debug)]
pub enum Output {
    /// It goes to this station now.
    Send(MacAddress, EgressChecked),
    /// It waits.
    Wait,
    /// There is no room to ask for one more neighbour; the packet is handed back.
    TableFull(EgressChecked),
}

/// What the datapath has to do for the layer.
#[derive(Debug)]
pub enum Action {
    /// Ask for the neighbour: everybody, or the station that it was.
    Solicit(Key, Option<MacAddress>),
    /// Send a packet that waited to the neighbour's station.
    Send(Key, MacAddress, EgressChecked),
    /// Give up a packet that waited.
    GiveUp(Key, EgressChecked, DropReason),
    /// A router of IPv6 did not answer, or (`true`) is known again or forgotten.
    Router(Key, bool),
}

/// The neighbours of one version, counted.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    all: usize,
    incomplete: usize,
}

/// The neighbour table. Linux: `arp_tbl`, `nd_tbl`.
#[derive(Debug)]
pub struct Neighbours {
    pub(super) by_key: HashMap<Key, Handle<Entry>, KeyedHash>,
    pub(super) entries: Arena<Entry>,
    wheel: Wheel<Handle<Entry>>,
    actions: VecDeque<Action>,
    /// IPv4's, IPv6's.
    counts: [Count; 2],
    parameters: Parameters,
    redraw_at: Instant,
    clean_at: Instant,
    /// Neighbours that changed and went.
    pub(crate) journal: Journal<Listed>,
    /// Addresses that are answered for.
    pub(crate) proxies: Proxies,
}

impl Neighbours {
    /// An empty table with these settings.
    pub fn new(sysctl: &Sysctl, random: &mut dyn Random) -> Self {
        Neighbours {
            by_key: HashMap::with_hasher(KeyedHash::new(random)),
            entries: Arena::new(),
            wheel: Wheel::default(),
            actions: VecDeque::new(),
            counts: [Count::default(); 2],
            parameters: Parameters::new(sysctl, random),
            redraw_at: Instant::ZERO + REDRAW_INTERVAL,
            clean_at: Instant::ZERO,
            journal: Journal::default(),
            proxies: Proxies::default(),
        }
    }

    /// Takes changed settings.
    pub fn configure(&mut self, sysctl: &Sysctl, random: &mut dyn Random) {
        self.parameters = Parameters::new(sysctl, random);
    }

    /// What becomes of `packet` for the neighbour `key`; [`Neighbours::poll_action`] is to be called after it.
    /// Linux: `neigh_resolve_output`.
    pub fn output(&mut self, now: Instant, key: Key, packet: EgressChecked) -> Output {
        let Some(handle) = self.find_or_create(now, key) else { return Output::TableFull(packet) };
        let full = self.asks_for_many(key);
        match self.entries.get(handle).map(Entry::state) {
            None => return Output::TableFull(packet),
            Some(State::Failed) if full => return Output::TableFull(packet),
            Some(_) => {}
        }
        self.advance(handle, |nud, timing| nud.on_send(now, timing));
        let &Timing { waiting_packets, waiting_bytes, .. } = self.parameters.timing(key);
        let Some(entry) = self.entries.get_mut(handle) else { return Output::TableFull(packet) };
        if entry.state().is_valid() {
            return Output::Send(entry.mac, packet);
        }
        entry.wait(packet);
        while let Some(oldest) = entry.take_surplus(waiting_packets, waiting_bytes) {
            self.actions.push_back(Action::GiveUp(key, oldest, DropReason::NeighbourQueueFull));
        }
        Output::Wait
    }

    /// Hears that the neighbour `key` is the station `mac`: as an answer to us (`answered`) or by chance. A
    /// neighbour nobody asked for is taken up only if `create`. Linux: `neigh_update`.
    pub fn learn(
        &mut self,
        now: Instant,
        key: Key,
        mac: MacAddress,
        answered: bool,
        create: bool,
    ) -> Result<(), DropReason> {
        let known = self.by_key.get(&key).copied();
        let handle = match known {
            Some(handle) => handle,
            None if create => self.find_or_create(now, key).ok_or(DropReason::NeighbourTableFull)?,
            None => return Err(DropReason::ArpNotForUs),
        };
        let lock = self.parameters.timing(key).lock;
        let Some(entry) = self.entries.get_mut(handle) else { return Err(DropReason::ArpNotForUs) };
        if entry.is_fixed() {
            return Ok(());
        }
        let changed = entry.state().is_valid() && entry.mac != mac;
        if changed && entry.nud.updated() + lock > now {
            return Ok(());
        }
        entry.mac = mac;
        self.advance(handle, |nud, timing| {
            match answered {
                true => nud.on_answer(now, timing),
                false => nud.on_hearsay(now, changed),
            }
            Step::Rest
        });
        self.send_waiting(now, handle);
        Ok(())
    }

    /// Whether the station of the neighbour `key` is known; it is asked for if not. [`Neighbours::poll_action`] is to be
    /// called after it. Linux: `neigh_event_send`.
    pub fn ask(&mut self, now: Instant, key: Key) -> bool {
        let Some(handle) = self.find_or_create(now, key) else { return false };
        let full = self.asks_for_many(key);
        match self.entries.get(handle).map(Entry::state) {
            Some(State::Failed) if full => return false,
            _ => self.advance(handle, |nud, timing| nud.on_send(now, timing)),
        }
        self.entries.get(handle).is_some_and(|entry| entry.state().is_valid())
    }

    /// The upper layer saw progress that only a living neighbour can make. Linux: `neigh_confirm`.
    pub fn confirm(&mut self, now: Instant, key: Key) {
        if let Some(&handle) = self.by_key.get(&key) {
            self.advance(handle, |nud, timing| {
                nud.on_progress(now, timing);
                Step::Rest
            });
        }
    }

    /// Does what time demands; [`Neighbours::poll_action`] is to be called after it.
    pub fn run_timers(&mut self, now: Instant, sysctl: &Sysctl, random: &mut dyn Random) {
        if now >= self.redraw_at {
            self.redraw_at = now + REDRAW_INTERVAL;
            self.parameters = Parameters::new(sysctl, random);
        }
        let mut fired = Vec::new();
        self.wheel.expire(now, &mut fired);
        for handle in fired {
            self.fire(now, handle);
        }
        for v6 in [false, true] {
            let many = self.counts[usize::from(v6)].all > self.parameters.limits(v6).keep;
            if many && now >= self.clean_at {
                self.make_room(v6, 0, |entry, timing| {
                    matches!(entry.state(), State::Stale | State::Failed)
                        && entry.nud.last_use() + timing.stale <= now
                });
            }
        }
        if now >= self.clean_at {
            self.clean_at = now + CLEAN_INTERVAL;
        }
    }

    fn fire(&mut self, now: Instant, handle: Handle<Entry>) {
        let Some(entry) = self.entries.get_mut(handle) else { return };
        // A later timer of the same neighbour is in the wheel still.
        if entry.armed.is_some_and(|armed| armed > now) {
            return;
        }
        entry.armed = None;
        let due = entry.nud.deadline().is_some_and(|deadline| deadline <= now);
        self.advance(handle, |nud, timing| if due { nud.on_timer(now, timing) } else { Step::Rest });
    }

    /// What is to be done next; none if nothing is. Call until then.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// When [`Neighbours::run_timers`] has something to do.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.wheel.next_deadline()
    }

    /// Forgets the neighbours of a device whose link went down, but for those that somebody said to be permanent; what
    /// waited for them is given up. Linux: `neigh_carrier_down`.
    pub fn forget_device(&mut self, device: DeviceIndex) {
        self.flush(|entry| entry.key.device == device && entry.state() != State::Permanent);
    }

    /// Forgets all neighbours of a device that was turned off, is gone or is another station now, those told by hand
    /// too. Linux: `neigh_ifdown`, `neigh_changeaddr`.
    pub fn remove_device(&mut self, device: DeviceIndex) {
        self.flush(|entry| entry.key.device == device);
    }

    /// Linux: `neigh_flush_dev`.
    fn flush(&mut self, goes: impl Fn(&Entry) -> bool) {
        let handles: Vec<_> =
            self.entries.iter().filter(|(_, entry)| goes(entry)).map(|(handle, _)| handle).collect();
        for handle in handles {
            self.give_up_waiting(handle, DropReason::LinkDown);
            self.remove(handle);
        }
    }

    /// All neighbours: who, how much is known, and the station last known.
    pub fn iter(&self) -> impl Iterator<Item = (Key, State, MacAddress)> {
        self.entries.iter().map(|(_, entry)| (entry.key, entry.state(), entry.mac))
    }

    /// How many neighbours there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Lets an event happen to a neighbour, arms its timer and does what the machine says.
    pub(super) fn advance(&mut self, handle: Handle<Entry>, event: impl FnOnce(&mut Nud, &Timing) -> Step) {
        let Some(entry) = self.entries.get_mut(handle) else { return };
        let was_incomplete = entry.state() == State::Incomplete;
        let step = event(&mut entry.nud, self.parameters.timing(entry.key));
        let count = &mut self.counts[usize::from(entry.key.address.is_ipv6())];
        match (was_incomplete, entry.state() == State::Incomplete) {
            (false, true) => count.incomplete += 1,
            (true, false) => count.incomplete -= 1,
            _ => {}
        }
        if let Some(deadline) = entry.nud.deadline()
            && entry.armed.is_none_or(|armed| armed > deadline)
        {
            entry.armed = Some(deadline);
            self.wheel.arm(deadline, handle);
        }
        let (key, mac) = (entry.key, entry.mac);
        let lost = entry.lost;
        entry.lost = !entry.state().is_valid() && (lost || (entry.router && step == Step::GiveUp));
        if entry.lost != lost {
            self.actions.push_back(Action::Router(key, lost));
        }
        if entry.is_news() {
            self.journal.note(Event::New, || entry.listed(entry.nud.updated()));
        }
        match step {
            Step::Rest => {}
            Step::AskEverybody => self.actions.push_back(Action::Solicit(key, None)),
            Step::AskStation => self.actions.push_back(Action::Solicit(key, Some(mac))),
            Step::GiveUp => self.give_up_waiting(handle, DropReason::NeighbourFailed),
        }
    }

    pub(super) fn send_waiting(&mut self, now: Instant, handle: Handle<Entry>) {
        let mut sent = false;
        while let Some(entry) = self.entries.get_mut(handle)
            && entry.state().is_valid()
            && let Some(packet) = entry.take_waiting()
        {
            self.actions.push_back(Action::Send(entry.key, entry.mac, packet));
            sent = true;
        }
        if sent {
            self.advance(handle, |nud, timing| nud.on_send(now, timing));
        }
    }

    pub(super) fn give_up_waiting(&mut self, handle: Handle<Entry>, reason: DropReason) {
        let Some(entry) = self.entries.get_mut(handle) else { return };
        while let Some(packet) = entry.take_waiting() {
            self.actions.push_back(Action::GiveUp(entry.key, packet, reason));
        }
    }

    pub(super) fn find_or_create(&mut self, now: Instant, key: Key) -> Option<Handle<Entry>> {
        if let Some(&handle) = self.by_key.get(&key) {
            return Some(handle);
        }
        let v6 = key.address.is_ipv6();
        let limits = self.parameters.limits(v6);
        if self.counts[usize::from(v6)].all >= limits.most {
            let is_idle = |entry: &Entry| matches!(entry.state(), State::Stale | State::Failed);
            let is_old = |entry: &Entry| entry.nud.updated() + SETTLED <= now;
            self.make_room(v6, limits.clean_to, |entry, _| {
                is_idle(entry) || is_old(entry) && !entry.stays() && entry.state() != State::Incomplete
            });
        }
        if self.counts[usize::from(v6)].all >= limits.most {
            return None;
        }
        self.counts[usize::from(v6)].all += 1;
        let handle = self.entries.insert(Entry::new(now, key));
        self.by_key.insert(key, handle);
        Some(handle)
    }

    /// Whether so many neighbours of this one's version are being asked for that no other is.
    fn asks_for_many(&self, key: Key) -> bool {
        let v6 = key.address.is_ipv6();
        self.counts[usize::from(v6)].incomplete >= self.parameters.limits(v6).most_incomplete()
    }

    /// Forgets neighbours of a version that may go until `keep` are left: first those not known to live, of these those
    /// unused longest. Linux: `neigh_forced_gc`, `neigh_periodic_work`.
    fn make_room(&mut self, v6: bool, keep: usize, may_go: impl Fn(&Entry, &Timing) -> bool) {
        let goes = |entry: &Entry| {
            entry.key.address.is_ipv6() == v6 && may_go(entry, self.parameters.timing(entry.key))
        };
        let lives = |entry: &Entry| !matches!(entry.state(), State::Stale | State::Failed);
        let mut candidates: Vec<_> = self
            .entries
            .iter()
            .filter(|(_, e)| goes(e))
            .map(|(handle, e)| (lives(e), e.nud.last_use(), handle))
            .collect();
        candidates.sort_unstable();
        let surplus = self.counts[usize::from(v6)].all.saturating_sub(keep);
        for (_, _, handle) in candidates.into_iter().take(surplus) {
            self.remove(handle);
        }
    }

    pub(super) fn remove(&mut self, handle: Handle<Entry>) {
        if let Some(entry) = self.entries.remove(handle) {
            self.by_key.remove(&entry.key);
            if entry.lost {
                self.actions.push_back(Action::Router(entry.key, true));
            }
            self.journal.note(Event::Gone, || entry.listed(entry.nud.updated()));
            let count = &mut self.counts[usize::from(entry.key.address.is_ipv6())];
            count.all -= 1;
            if entry.state() == State::Incomplete {
                count.incomplete -= 1;
            }
        }
    }
}
