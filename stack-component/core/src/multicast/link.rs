//! What one link is told: the host's side of RFC 3376 and RFC 3810, and of the versions before them.

use super::change::Changes;
use super::querier::Querier;
use super::report::{NEWEST, Query, Record, Report};
use super::settings::Settings;
use super::{Filter, Mode};
use crate::random::Random;
use crate::time::{Duration, Instant};
use crate::wire::igmp::RecordType;
use crate::wire::ipv6;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::net::IpAddr;

/// The state of a group that nobody listens to.
static NOBODY: Filter = Filter::NOBODY;

/// What is said of one group, in whatever version, when its time has come.
#[derive(Clone, Debug)]
struct Answer {
    at: Instant,
    /// The sources that were asked for; none: all. Linux: `sf_gsresp`.
    sources: BTreeSet<IpAddr>,
    /// How often it is said again although nobody asked. Linux: `unsolicit_count`.
    more: u8,
}

/// One group. Linux: `struct ip_mc_list`, `struct ifmcaddr6`.
#[derive(Clone, Debug)]
struct Group {
    filter: Filter,
    answer: Option<Answer>,
    /// We told of it, nobody else did since: whoever leaves says so. Linux: `MAF_LAST_REPORTER`.
    reporter: bool,
}

impl Group {
    /// Of the sources that a question names those that an answer is about (none: all), and none if there is nothing to
    /// say. Linux: `igmp_marksources`, `igmp_xmarksources`.
    fn asked(&self, sources: &[IpAddr]) -> Option<BTreeSet<IpAddr>> {
        let listed = |source: &&IpAddr| self.filter.sources.contains(*source);
        match self.filter.mode {
            _ if sources.is_empty() => Some(BTreeSet::new()),
            Mode::Include => Some(sources.iter().filter(listed).copied().collect())
                .filter(|found: &BTreeSet<_>| !found.is_empty()),
            // Whoever wants one of them is best told of with all there is.
            Mode::Exclude => (!sources.iter().all(|source| listed(&source))).then(BTreeSet::new),
        }
    }

    /// RFC 3376 section 5.2: what is wanted, of the sources that were asked for if some were.
    fn record(&self, group: IpAddr, asked: &BTreeSet<IpAddr>) -> Record {
        let kind = match self.filter.mode {
            Mode::Include => RecordType::IsInclude,
            Mode::Exclude => RecordType::IsExclude,
        };
        let sources = self.filter.sources.iter().copied();
        Record {
            kind,
            group,
            sources: sources.filter(|source| asked.is_empty() || asked.contains(source)).collect(),
        }
    }
}

/// One link's groups of one version of IP.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) querier: Querier,
    /// Whether there is anybody to be told.
    up: bool,
    groups: BTreeMap<IpAddr, Group>,
    changes: Changes,
    /// Groups that old routers hear of at once that they were left, and since when.
    goodbyes: Vec<(Instant, IpAddr)>,
    /// When a question for all groups is answered. Linux: `mr_gq_timer`, `mc_gq_work`.
    answer_all_at: Option<Instant>,
    /// [`Answer::at`] of all groups, so that those that are due are found however many others there are.
    answers: BTreeSet<(Instant, IpAddr)>,
}

/// Whether routers are told of a group: they know of all hosts, and nobody asks for what stays on an interface. Linux:
/// `MAF_NOREPORT`.
fn is_told_of(group: IpAddr) -> bool {
    match group {
        IpAddr::V4(group) => group != crate::wire::igmp::ALL_HOSTS,
        IpAddr::V6(group) => {
            group != ipv6::ALL_NODES
                && ipv6::scope_of_group(group).is_some_and(|scope| scope > ipv6::multicast_scope::INTERFACE)
        }
    }
}

fn within(wait: Duration, random: &mut dyn Random) -> Duration {
    Duration::from_millis(random.below(u32::try_from(wait.as_millis()).unwrap_or(u32::MAX).max(1)).into())
}

impl Link {
    /// A link on which nobody listens to anything.
    pub(super) fn new(settings: Settings, up: bool) -> Self {
        Link {
            querier: Querier::new(settings),
            up,
            groups: BTreeMap::new(),
            changes: Changes::default(),
            goodbyes: Vec::new(),
            answer_all_at: None,
            answers: BTreeSet::new(),
        }
    }

    /// What is wanted of a group.
    pub(super) fn filter(&self, group: IpAddr) -> &Filter {
        self.groups.get(&group).map_or(&NOBODY, |group| &group.filter)
    }

    /// Every group that is listened to.
    pub(super) fn groups(&self) -> impl Iterator<Item = (IpAddr, &Filter)> {
        self.groups.iter().map(|(&address, group)| (address, &group.filter))
    }

    /// From now on `filter` is wanted of a group. Linux: `ip_mc_inc_group`, `igmp6_group_added`,
    /// `igmp6_group_dropped`.
    pub(super) fn set(&mut self, group: IpAddr, filter: Filter, now: Instant) {
        let before = self.filter(group).clone();
        if before == filter {
            return;
        }
        let left = filter.is_nobody();
        let reporter = self.groups.get(&group).is_some_and(|group| group.reporter);
        if left {
            self.set_answer(group, None);
            self.groups.remove(&group);
        } else {
            let new = || Group { filter: Filter::NOBODY, answer: None, reporter: false };
            self.groups.entry(group).or_insert_with(new).filter = filter;
        }
        if !self.up || !is_told_of(group) {
            return;
        }
        match self.querier.version(now) {
            NEWEST => self.note_change(group, &before, now),
            _ if before.is_nobody() => self.say(group, now),
            // The first version has no word for it.
            2 if left && reporter => self.goodbyes.push((now, group)),
            // Old routers know nothing of sources.
            _ => {}
        }
    }

    fn note_change(&mut self, group: IpAddr, before: &Filter, now: Instant) {
        let after = self.groups.get(&group).map_or(&NOBODY, |group| &group.filter);
        self.changes.note(group, before, after, self.querier.robustness(), now);
    }

    /// Tells old routers of a group, although they did not ask. Linux: `igmp6_join_group`.
    fn say(&mut self, group: IpAddr, now: Instant) {
        let more = self.querier.robustness().saturating_sub(1);
        self.set_answer(group, Some(Answer { at: now, sources: BTreeSet::new(), more }));
    }

    /// Something is to be said of a group then, or nothing; answers what was to be said before.
    fn set_answer(&mut self, address: IpAddr, answer: Option<Answer>) -> Option<Answer> {
        let group = self.groups.get_mut(&address)?;
        let at = answer.as_ref().map(|answer| answer.at);
        let before = core::mem::replace(&mut group.answer, answer);
        if let Some(before) = &before {
            self.answers.remove(&(before.at, address));
        }
        self.answers.extend(at.map(|at| (at, address)));
        before
    }

    /// There is somebody to be told from now on, perhaps somebody else than before: all is told as if it were new.
    /// Linux: `ip_mc_up`, `ipv6_mc_up`.
    pub(super) fn go_up(&mut self, now: Instant) {
        self.up = true;
        let told: Vec<IpAddr> = self.groups.keys().copied().filter(|group| is_told_of(*group)).collect();
        for group in told {
            match self.querier.version(now) {
                NEWEST => self.note_change(group, &NOBODY, now),
                _ => self.say(group, now),
            }
        }
    }

    /// There is nobody to be told. Linux: `ip_mc_down`, `ipv6_mc_down`.
    pub(super) fn go_down(&mut self) {
        self.up = false;
        self.querier.reset();
        self.forget_what_waits();
        self.goodbyes.clear();
        self.groups.values_mut().for_each(|group| group.answer = None);
        self.answers.clear();
    }

    /// What waits in the newest version.
    fn forget_what_waits(&mut self) {
        self.changes.clear();
        self.answer_all_at = None;
    }

    /// Hears a router's question. Linux: `igmp_heard_query`, `__mld_query_work`.
    pub(super) fn query(&mut self, query: &Query, now: Instant, random: &mut dyn Random) {
        let Some(wait) = self.querier.hear(query, now).filter(|_| self.up) else { return };
        let version = self.querier.version(now);
        if version < NEWEST {
            // RFC 3376 section 7.2.1.
            self.forget_what_waits();
        }
        match query.group.filter(|_| version > 1) {
            Some(group) => {
                let sources = if version == NEWEST { query.sources.as_slice() } else { &[] };
                self.ask(group, sources, wait, now, random);
            }
            None if version == NEWEST => {
                // RFC 3376 section 4.1.9: who asks for all groups names no sources.
                if query.sources.is_empty() {
                    let at = now + within(wait, random);
                    self.answer_all_at = Some(self.answer_all_at.map_or(at, |before| before.min(at)));
                }
            }
            // Each in its own time: another host may be faster.
            None => {
                let groups: Vec<IpAddr> = self.groups.keys().copied().collect();
                groups.into_iter().for_each(|group| self.ask(group, &[], wait, now, random));
            }
        }
    }

    /// An answer about one group is due within `wait`; one that is sooner stays. Linux: `igmp_mod_timer`,
    /// `igmp6_group_queried`.
    fn ask(
        &mut self,
        address: IpAddr,
        sources: &[IpAddr],
        wait: Duration,
        now: Instant,
        random: &mut dyn Random,
    ) {
        let Some(group) = self.groups.get(&address).filter(|_| is_told_of(address)) else { return };
        let Some(mut sources) = group.asked(sources) else { return };
        let mut at = now + within(wait, random);
        if let Some(before) = self.set_answer(address, None) {
            // RFC 3376 section 5.2: a question for all sources takes in those for some.
            if before.sources.is_empty() || sources.is_empty() {
                sources.clear();
            } else {
                sources.extend(before.sources);
            }
            at = if before.at < now + wait { before.at } else { at };
        }
        self.set_answer(address, Some(Answer { at, sources, more: 0 }));
    }

    /// Hears that another host listens to a group: to tell an old router once is enough (RFC 2236 section 3). Linux,
    /// where anybody can silence the newest version, too: `igmp_heard_report`, `igmp6_event_report`.
    pub(super) fn heard_report(&mut self, group: IpAddr, now: Instant) {
        if self.querier.version(now) < NEWEST {
            self.set_answer(group, None);
            self.groups.get_mut(&group).into_iter().for_each(|group| group.reporter = false);
        }
    }

    /// When [`Link::run`] has something to do. Each join and report asks: it costs about the same however many groups
    /// there are.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let answer = self.answers.first().map(|(at, _)| *at);
        let goodbye = self.goodbyes.first().map(|(at, _)| *at);
        [answer, goodbye, self.answer_all_at, self.changes.tell_at].into_iter().flatten().min()
    }

    /// What is due to be told. Linux: `igmp_ifc_timer_expire`, `igmp_gq_timer_expire`, `mld_ifc_work`, `mld_gq_work`.
    pub(super) fn run(&mut self, now: Instant, random: &mut dyn Random) -> Vec<Report> {
        let wait = self.querier.unsolicited(now);
        let mut reports: Vec<Report> =
            self.goodbyes.drain(..).map(|(_, group)| Report::Left(group)).collect();
        let mut records = Vec::new();
        if self.changes.tell_at.is_some_and(|at| at <= now) {
            let groups = &self.groups;
            records = self.changes.tell(|group| groups.get(&group).map_or(&NOBODY, |group| &group.filter));
            self.changes.tell_at = (!self.changes.is_empty()).then(|| now + within(wait, random));
        }
        if self.answer_all_at.take_if(|at| *at <= now).is_some() {
            let told = self.groups.iter().filter(|(address, _)| is_told_of(**address));
            records.extend(told.map(|(&address, group)| group.record(address, &BTreeSet::new())));
        }
        let due = self.answers.iter().take_while(|(at, _)| *at <= now);
        let due: Vec<IpAddr> = due.map(|(_, address)| *address).collect();
        for address in due {
            self.answer(address, now, random, (&mut records, &mut reports));
        }
        if !records.is_empty() {
            reports.push(Report::Records(records));
        }
        reports
    }

    /// Says what is due to be said of one group. Linux: `igmp_timer_expire`, `mld_mca_work`.
    fn answer(
        &mut self,
        address: IpAddr,
        now: Instant,
        random: &mut dyn Random,
        (records, reports): (&mut Vec<Record>, &mut Vec<Report>),
    ) {
        let version = self.querier.version(now);
        let Some(answer) = self.set_answer(address, None) else { return };
        let Some(group) = self.groups.get_mut(&address) else { return };
        if version == NEWEST {
            records.push(group.record(address, &answer.sources));
            return;
        }
        reports.push(Report::Joined { version, group: address });
        group.reporter = true;
        if let Some(more) = answer.more.checked_sub(1) {
            let at = now + within(self.querier.unsolicited(now), random);
            self.set_answer(address, Some(Answer { at, sources: BTreeSet::new(), more }));
        }
    }
}
