//! What one link is told: the host's side of RFC 3376 and RFC 3810, and of the versions before them.

use super::{Filter, Mode};
use crate::random::Random;
use crate::time::{Duration, Instant};
use crate::wire::igmp::RecordType;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::net::IpAddr;

/// How often a change is told, if routers do not say. Linux: `IGMP_QUERY_ROBUSTNESS_VARIABLE`.
const ROBUSTNESS: u8 = 2;

/// How long an old router is remembered: the robustness times its interval of 125 s, and ten seconds (RFC 3376 section
/// 8.12).
const OLD_ROUTER: Duration = Duration::from_secs(2 * 125 + 10);

/// The longest time between two reports nobody asked for: of the newest version, and of those before it (RFC 3376
/// section 8.11, RFC 2236 section 8.10).
const UNSOLICITED: Duration = Duration::from_secs(1);
const OLD_UNSOLICITED: Duration = Duration::from_secs(10);

/// The state of a group that nobody listens to.
static NOBODY: Filter = Filter::NOBODY;

/// A record of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What it says.
    pub kind: RecordType,
    /// Of which group.
    pub group: IpAddr,
    /// And which sources.
    pub sources: Vec<IpAddr>,
}

/// What routers are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// In the newest version.
    Records(Vec<Record>),
    /// In the version of an old router: somebody listens.
    Joined {
        /// The version of IGMP: 1 or 2.
        version: u8,
        /// To which group.
        group: IpAddr,
    },
    /// In the version of an old router: perhaps nobody listens any more.
    Left(IpAddr),
}

/// A router's question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The version of IGMP that it is in: MLD's first is 2, its second 3.
    pub version: u8,
    /// The group; none: all.
    pub group: Option<IpAddr>,
    /// The sources; none: all.
    pub sources: Vec<IpAddr>,
    /// How long an answer may wait.
    pub max_response: Duration,
    /// How often changes are to be told; 0: it does not say.
    pub robustness: u8,
}

/// A change of a group that routers are still to hear of so many times.
#[derive(Clone, Debug, Default)]
struct Change {
    mode: u8,
    sources: BTreeMap<IpAddr, u8>,
}

impl Change {
    fn is_told(&self) -> bool {
        self.mode == 0 && self.sources.is_empty()
    }
}

/// An answer that waits.
#[derive(Clone, Debug)]
struct Answer {
    at: Instant,
    /// The sources that were asked for; none: all.
    sources: BTreeSet<IpAddr>,
}

/// One link's groups.
#[derive(Clone, Debug, Default)]
pub(super) struct Link {
    groups: BTreeMap<IpAddr, Filter>,
    changes: BTreeMap<IpAddr, Change>,
    /// When changes are told next.
    tell_at: Option<Instant>,
    answers: BTreeMap<IpAddr, Answer>,
    /// When a question for all groups is answered.
    answer_all_at: Option<Instant>,
    robustness: Option<u8>,
    /// Until when routers of the first two versions are there.
    old_until: [Option<Instant>; 2],
}

/// Whether routers are told of a group: they know of all hosts, and nobody asks for what stays on an interface.
fn is_told_of(group: IpAddr) -> bool {
    match group {
        IpAddr::V4(group) => group != crate::wire::igmp::ALL_HOSTS,
        // RFC 3810 section 6: all nodes, and what does not leave the host.
        IpAddr::V6(group) => {
            let [first, .., last] = group.segments();
            let all_nodes = first == 0xff02 && last == 1 && group.segments()[1..7] == [0; 6];
            !all_nodes && first & 0xf > 1
        }
    }
}

impl Link {
    /// What is wanted of a group.
    pub(super) fn filter(&self, group: IpAddr) -> &Filter {
        self.groups.get(&group).unwrap_or(&NOBODY)
    }

    /// Every group that is listened to.
    pub(super) fn groups(&self) -> impl Iterator<Item = (IpAddr, &Filter)> {
        self.groups.iter().map(|(&group, filter)| (group, filter))
    }

    /// Whether nothing is listened to, and nothing is to be told.
    pub(super) fn is_idle(&self) -> bool {
        self.groups.is_empty() && self.changes.is_empty() && self.old_until == [None; 2]
    }

    /// From now on `filter` is wanted of a group. Linux: `ip_mc_inc_group`, `igmp_ifc_event`.
    pub(super) fn set(&mut self, group: IpAddr, filter: Filter, now: Instant) {
        let before = self.groups.get(&group).cloned().unwrap_or(Filter::NOBODY);
        if before == filter {
            return;
        }
        if is_told_of(group) {
            self.note_change(group, &before, &filter, now);
        }
        if filter.is_nobody() {
            self.groups.remove(&group);
            self.answers.remove(&group);
        } else {
            self.groups.insert(group, filter);
        }
    }

    /// RFC 3376 section 5.1: what is still to be told of the old change is told with the new one.
    fn note_change(&mut self, group: IpAddr, before: &Filter, after: &Filter, now: Instant) {
        let times = self.robustness.unwrap_or(ROBUSTNESS);
        let change = self.changes.entry(group).or_default();
        if before.mode != after.mode {
            change.mode = times;
        }
        for &source in before.sources.symmetric_difference(&after.sources) {
            change.sources.insert(source, times);
        }
        self.tell_at = Some(now);
    }

    /// The version that routers speak: the oldest one's. Linux: `IGMP_V1_SEEN`, `IGMP_V2_SEEN`.
    fn version(&self, now: Instant, forced: u32) -> u8 {
        let old = |until: Option<Instant>| until.is_some_and(|until| now < until);
        match (forced, self.old_until) {
            (1..=3, _) => forced as u8,
            (_, [first, _]) if old(first) => 1,
            (_, [_, second]) if old(second) => 2,
            _ => 3,
        }
    }

    /// Hears a router's question. Linux: `igmp_heard_query`.
    pub(super) fn query(&mut self, query: &Query, now: Instant, random: &mut dyn Random) {
        if let Some(until) = query.version.checked_sub(1).and_then(|n| self.old_until.get_mut(usize::from(n)))
        {
            *until = Some(now + OLD_ROUTER);
            // RFC 3376 section 7.2.1: what waits in another version is dropped.
            (self.answer_all_at, self.tell_at) = (None, None);
            self.answers.clear();
            self.changes.clear();
        }
        self.robustness = Some(query.robustness).filter(|&times| times > 0);
        let millis = u32::try_from(query.max_response.as_millis()).unwrap_or(u32::MAX);
        let at = now + Duration::from_millis(random.below(millis.max(1)).into());
        let Some(group) = query.group else {
            self.answer_all_at = Some(self.answer_all_at.map_or(at, |before| before.min(at)));
            return;
        };
        if self.groups.contains_key(&group) && is_told_of(group) {
            let sources: BTreeSet<IpAddr> = query.sources.iter().copied().collect();
            let answer = self.answers.entry(group).or_insert(Answer { at, sources: sources.clone() });
            answer.at = answer.at.min(at);
            // RFC 3376 section 5.2: a question for all sources takes in those for some.
            if sources.is_empty() || answer.sources.is_empty() {
                answer.sources.clear();
            } else {
                answer.sources.extend(sources);
            }
        }
    }

    /// Hears that another host listens to a group: to tell an old router once is enough (RFC 2236 section 3). Linux:
    /// `igmp_heard_report`.
    pub(super) fn heard_report(&mut self, group: IpAddr, now: Instant, forced: u32) {
        if self.version(now, forced) < 3 {
            self.answers.remove(&group);
        }
    }

    /// When [`Link::run`] has something to do.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let answers = self.answers.values().map(|answer| answer.at);
        answers.chain(self.answer_all_at).chain(self.tell_at).min()
    }

    /// What is due to be told. Linux: `igmp_ifc_timer_expire`, `igmp_gq_timer_expire`, `igmp_timer_expire`.
    pub(super) fn run(&mut self, now: Instant, forced: u32, random: &mut dyn Random) -> Vec<Report> {
        let version = self.version(now, forced);
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        let mut reports = Vec::new();
        let mut records = Vec::new();
        if due(self.tell_at) {
            match version {
                3 => records.extend(self.tell_changes()),
                _ => reports.extend(self.tell_changes_to_old(version)),
            }
            let wait = if version == 3 { UNSOLICITED } else { OLD_UNSOLICITED };
            let wait = Duration::from_millis(random.below(wait.as_millis() as u32).into());
            self.tell_at = (!self.changes.is_empty()).then(|| now + wait);
        }
        if due(self.answer_all_at) {
            self.answer_all_at = None;
            let all = self.groups.keys().filter(|group| is_told_of(**group)).copied();
            self.answers.extend(all.map(|group| (group, Answer { at: now, sources: BTreeSet::new() })));
        }
        let answered: Vec<(IpAddr, Answer)> =
            self.answers.extract_if(.., |_, answer| answer.at <= now).collect();
        for (group, answer) in answered {
            match version {
                3 => records.extend(self.current_state(group, &answer.sources)),
                _ => reports.push(Report::Joined { version, group }),
            }
        }
        if !records.is_empty() {
            reports.push(Report::Records(records));
        }
        reports
    }

    /// The records of all changes, each told once more.
    fn tell_changes(&mut self) -> Vec<Record> {
        let mut records = Vec::new();
        for (&group, change) in &mut self.changes {
            let filter = self.groups.get(&group).unwrap_or(&NOBODY);
            if change.mode > 0 {
                change.mode -= 1;
                let kind = match filter.mode {
                    Mode::Include => RecordType::ToInclude,
                    Mode::Exclude => RecordType::ToExclude,
                };
                records.push(Record { kind, group, sources: filter.sources.iter().copied().collect() });
            } else {
                let (allowed, blocked): (Vec<IpAddr>, Vec<IpAddr>) =
                    change.sources.keys().partition(|source| filter.allows(**source));
                let lists = [(RecordType::Allow, allowed), (RecordType::Block, blocked)];
                let lists = lists.into_iter().filter(|(_, sources)| !sources.is_empty());
                records.extend(lists.map(|(kind, sources)| Record { kind, group, sources }));
            }
            change.sources.retain(|_, times| {
                *times -= 1;
                *times > 0
            });
        }
        self.changes.retain(|_, change| !change.is_told());
        records
    }

    /// Routers of old versions hear of groups alone. The first version has no word for leaving.
    fn tell_changes_to_old(&mut self, version: u8) -> Vec<Report> {
        let mut reports = Vec::new();
        for (&group, change) in &mut self.changes {
            let listens = self.groups.contains_key(&group);
            match (listens, version) {
                (true, _) => reports.push(Report::Joined { version, group }),
                (false, 1) => {}
                (false, _) => reports.push(Report::Left(group)),
            }
            change.sources.clear();
            // A leave is answered with a question if it matters, and told once.
            change.mode = if listens { change.mode.saturating_sub(1) } else { 0 };
        }
        self.changes.retain(|_, change| !change.is_told());
        reports
    }

    /// RFC 3376 section 5.2: what is wanted of a group, of the sources that were asked for if some were.
    fn current_state(&self, group: IpAddr, asked: &BTreeSet<IpAddr>) -> Option<Record> {
        let filter = self.groups.get(&group)?;
        if !asked.is_empty() {
            let sources: Vec<IpAddr> =
                asked.iter().filter(|source| filter.allows(**source)).copied().collect();
            return (!sources.is_empty()).then_some(Record { kind: RecordType::IsInclude, group, sources });
        }
        let kind = match filter.mode {
            Mode::Include => RecordType::IsInclude,
            Mode::Exclude => RecordType::IsExclude,
        };
        Some(Record { kind, group, sources: filter.sources.iter().copied().collect() })
    }
}
