//! What routers hear of joins and leaves, and how their questions are answered.

mod mld;

use super::*;
use crate::packet::DeviceIndex;
use crate::random::SeededRandom;
use crate::sysctl::Sysctl;
use crate::time::{Duration, Instant};
use crate::wire::igmp::RecordType::{self, *};
use core::net::{IpAddr, Ipv4Addr};
use std::vec;
use std::vec::Vec;

const ETH0: DeviceIndex = DeviceIndex(2);
const GROUP: IpAddr = IpAddr::V4(Ipv4Addr::new(239, 1, 2, 3));
const A: Member = Member::Udp(1);
const B: Member = Member::Raw(1);

fn source(last: u8) -> IpAddr {
    Ipv4Addr::new(10, 0, 0, last).into()
}

fn filter(mode: Mode, sources: &[u8]) -> Filter {
    Filter { mode, sources: sources.iter().map(|&last| source(last)).collect() }
}

struct Bench {
    groups: Groups,
    random: SeededRandom,
    now: Instant,
    sysctl: Sysctl,
    group: IpAddr,
}

impl Bench {
    fn new() -> Self {
        Bench::with(GROUP)
    }

    /// A bench whose link is up, about this group.
    fn with(group: IpAddr) -> Self {
        let (mut groups, random, sysctl) = (Groups::default(), SeededRandom::new(5), Sysctl::default());
        let now = Instant::from_millis(1000);
        groups.add_device(ETH0, &sysctl, now);
        groups.link_up(ETH0, Language::of(group), now);
        Bench { groups, random, now, sysctl, group }
    }

    fn set(&mut self, name: &str, value: &str) {
        self.sysctl.set(name, value).unwrap();
        self.groups.configure(&self.sysctl, self.now);
    }

    fn join(&mut self, member: Member, filter: Filter) {
        self.groups.join(member, ETH0, self.group, filter, self.now).unwrap();
    }

    fn leave(&mut self, member: Member) {
        self.groups.leave(member, ETH0, self.group, self.now).unwrap();
    }

    /// All reports within so many milliseconds.
    fn wait(&mut self, millis: u64) -> Vec<Report> {
        let end = self.now + Duration::from_millis(millis);
        let mut reports = Vec::new();
        while let Some(next) = self.groups.next_deadline().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            reports.extend(self.groups.run(self.now, &mut self.random));
        }
        self.now = end;
        assert!(reports.iter().all(|(device, _)| *device == ETH0));
        reports.into_iter().map(|(_, report)| report).collect()
    }

    fn ask(&mut self, version: u8, group: Option<IpAddr>, sources: &[u8]) {
        let sources = sources.iter().map(|&last| source(last)).collect();
        let max_response = Duration::from_secs(10);
        self.hear(Query { version, group, sources, max_response, robustness: 0, interval: Duration::ZERO });
    }

    fn hear(&mut self, query: Query) {
        self.groups.query(ETH0, Language::of(self.group), &query, self.now, &mut self.random);
    }
}

fn record(kind: RecordType, sources: &[u8]) -> Report {
    record_of(GROUP, kind, sources)
}

fn record_of(group: IpAddr, kind: RecordType, sources: &[u8]) -> Report {
    let sources = sources.iter().map(|&last| source(last)).collect();
    Report::Records(vec![Record { kind, group, sources }])
}

#[test]
fn joining_and_leaving_are_told_twice() {
    let mut bench = Bench::new();
    bench.join(A, Filter::EVERYBODY);
    assert!(bench.groups.hears(ETH0, GROUP, source(1)));
    assert_eq!(bench.wait(1000), [record(ToExclude, &[]), record(ToExclude, &[])]);
    bench.join(B, Filter::EVERYBODY);
    assert_eq!(bench.wait(1000), [], "somebody listened already");
    bench.leave(A);
    assert_eq!(bench.wait(1000), []);
    bench.groups.forget(B, bench.now);
    assert!(!bench.groups.hears(ETH0, GROUP, source(1)));
    assert_eq!(bench.wait(1000), [record(ToInclude, &[]), record(ToInclude, &[])]);
    assert_eq!(bench.groups.next_deadline(), None);
    assert!(!bench.groups.has_joined(ETH0, GROUP));
}

#[test]
fn changes_of_sources_are_told_as_such() {
    let mut bench = Bench::new();
    bench.join(A, filter(Mode::Include, &[1, 2]));
    assert_eq!(bench.wait(1000), [record(Allow, &[1, 2]), record(Allow, &[1, 2])]);
    bench.groups.set_filter(A, ETH0, GROUP, filter(Mode::Include, &[2, 3]), bench.now).unwrap();
    let both = Report::Records(vec![
        Record { kind: Allow, group: GROUP, sources: vec![source(3)] },
        Record { kind: Block, group: GROUP, sources: vec![source(1)] },
    ]);
    assert_eq!(bench.wait(1000), [both.clone(), both]);
    bench.join(B, filter(Mode::Exclude, &[2, 4]));
    assert_eq!(bench.wait(1000)[0], record(ToExclude, &[4]));
    assert!(bench.groups.hears(ETH0, GROUP, source(2)) && !bench.groups.hears(ETH0, GROUP, source(4)));
    assert!(
        !bench.groups.allows(B, (ETH0, GROUP, source(2)), true)
            && bench.groups.allows(A, (ETH0, GROUP, source(2)), true)
    );
    for otherwise in [true, false] {
        let stranger = bench.groups.allows(Member::Udp(9), (ETH0, GROUP, source(2)), otherwise);
        assert_eq!(stranger, otherwise, "one that has not joined");
    }
}

#[test]
fn questions_are_answered_after_a_while() {
    let mut bench = Bench::new();
    bench.join(A, filter(Mode::Exclude, &[4]));
    bench.wait(1000);
    let other = IpAddr::V4(Ipv4Addr::new(239, 9, 9, 9));
    let rows: [(Option<IpAddr>, &[u8], Vec<Report>); 5] = [
        (None, &[], vec![record(IsExclude, &[4])]),
        (Some(GROUP), &[], vec![record(IsExclude, &[4])]),
        (Some(GROUP), &[3, 4], vec![record(IsExclude, &[4])]),
        (Some(GROUP), &[4], vec![]),
        (Some(other), &[], vec![]),
    ];
    for (group, sources, expected) in rows {
        bench.ask(3, group, sources);
        assert_eq!(bench.wait(10_000), expected, "{group:?} {sources:?}");
    }
    bench.ask(3, Some(GROUP), &[3]);
    bench.ask(3, Some(GROUP), &[]);
    assert_eq!(bench.wait(10_000), [record(IsExclude, &[4])], "both at once");
    bench.groups.set_filter(A, ETH0, GROUP, filter(Mode::Include, &[1, 2, 3]), bench.now).unwrap();
    bench.wait(1000);
    bench.ask(3, Some(GROUP), &[1, 7]);
    bench.ask(3, Some(GROUP), &[2]);
    assert_eq!(bench.wait(10_000), [record(IsInclude, &[1, 2])], "of those that were asked for");
    bench.ask(3, Some(GROUP), &[7]);
    bench.ask(3, None, &[1]);
    assert_eq!(bench.wait(10_000), [], "not wanted; not to be asked");
}

#[test]
fn old_routers_are_spoken_to_in_their_language_until_they_are_forgotten() {
    for (version, leaves) in [(1, vec![]), (2, vec![Report::Left(GROUP)])] {
        let mut bench = Bench::new();
        bench.join(A, Filter::EVERYBODY);
        bench.wait(1000);
        bench.ask(version, None, &[]);
        let joined = [Report::Joined { version, group: GROUP }];
        assert_eq!(bench.wait(10_000), joined);
        bench.ask(version, Some(GROUP), &[]);
        bench.groups.heard_report(ETH0, GROUP, bench.now);
        bench.leave(A);
        assert_eq!(bench.wait(10_000), [], "who told last says goodbye");
        bench.join(A, Filter::EVERYBODY);
        bench.wait(10_000);
        bench.ask(version, Some(GROUP), &[]);
        bench.groups.heard_report(ETH0, GROUP, bench.now);
        assert_eq!(bench.wait(10_000), [], "another host has answered");
        bench.ask(version, Some(GROUP), &[]);
        assert_eq!(bench.wait(10_000), joined);
        bench.leave(A);
        assert_eq!(bench.wait(10_000), leaves);
        bench.wait(260_000);
        bench.join(A, Filter::EVERYBODY);
        assert_eq!(bench.wait(1000)[0], record(ToExclude, &[]));
    }
}

#[test]
fn a_version_can_be_forced_and_the_times_be_set() {
    let mut bench = Bench::new();
    bench.set("net.ipv4.conf.all.force_igmp_version", "2");
    bench.set("net.ipv4.igmp_qrv", "3");
    bench.join(A, Filter::EVERYBODY);
    let joined = Report::Joined { version: 2, group: GROUP };
    assert_eq!(bench.wait(20_000), [joined.clone(), joined.clone(), joined]);
    bench.set("net.ipv4.conf.all.force_igmp_version", "3");
    bench.ask(2, None, &[]);
    assert_eq!(bench.wait(10_000), [], "nobody speaks so");
    bench.set("net.ipv4.conf.default.igmpv3_unsolicited_report_interval", "1");
    let mut bench = Bench { groups: Groups::default(), ..bench };
    bench.groups.add_device(ETH0, &bench.sysctl, bench.now);
    bench.join(A, Filter::EVERYBODY);
    assert_eq!(bench.wait(3).len(), 3);
}

#[test]
fn a_router_says_how_often_and_an_old_one_is_remembered_as_long_as_it_said() {
    let mut bench = Bench::new();
    let (max_response, interval) = (Duration::from_secs(2), Duration::from_secs(20));
    let query = Query { version: 3, group: None, sources: vec![], max_response, robustness: 4, interval };
    bench.hear(query.clone());
    bench.join(A, Filter::EVERYBODY);
    assert_eq!(bench.wait(4000).len(), 5, "four, and the answer");
    bench.hear(Query { version: 2, ..query });
    bench.wait(4 * 20_000 + 2000 - 1);
    bench.leave(A);
    assert_eq!(bench.wait(0), [Report::Left(GROUP)]);
    bench.wait(1);
    bench.join(A, Filter::EVERYBODY);
    assert_eq!(bench.wait(0), [record(ToExclude, &[])]);
}

#[test]
fn a_link_that_comes_back_is_told_all() {
    let mut bench = Bench::new();
    bench.join(A, filter(Mode::Include, &[1]));
    bench.wait(1000);
    bench.ask(3, None, &[]);
    bench.groups.link_down(ETH0, Language::Igmp);
    let other = IpAddr::V4(Ipv4Addr::new(239, 9, 9, 9));
    bench.groups.join(A, ETH0, other, Filter::EVERYBODY, bench.now).unwrap();
    assert_eq!(bench.wait(10_000), []);
    bench.groups.link_up(ETH0, Language::Igmp, bench.now);
    let both = Report::Records(vec![
        Record { kind: Allow, group: GROUP, sources: vec![source(1)] },
        Record { kind: ToExclude, group: other, sources: vec![] },
    ]);
    assert_eq!(bench.wait(1000), [both.clone(), both]);
}

#[test]
fn lists_of_sources_source_by_source() {
    let mut bench = Bench::new();
    let now = bench.now;
    let mut change = |add: bool, mode, last| {
        let (what, groups) = ((mode, source(last)), &mut bench.groups);
        match add {
            true => groups.add_source(A, ETH0, GROUP, what, now),
            false => groups.remove_source(A, ETH0, GROUP, what, now),
        }
    };
    let rows = [
        (true, Mode::Exclude, 1, Err(GroupError::Invalid)),
        (true, Mode::Include, 1, Ok(())),
        (true, Mode::Include, 1, Err(GroupError::NotJoined)),
        (true, Mode::Exclude, 2, Err(GroupError::Invalid)),
        (true, Mode::Include, 2, Ok(())),
        (false, Mode::Include, 3, Err(GroupError::NotJoined)),
        (false, Mode::Include, 1, Ok(())),
        (false, Mode::Include, 2, Ok(())),
        (false, Mode::Include, 2, Err(GroupError::Invalid)),
    ];
    for (add, mode, last, expected) in rows {
        assert_eq!(change(add, mode, last), expected, "{add} {mode:?} {last}");
    }
    for last in 0..10 {
        assert_eq!(change(true, Mode::Include, last), Ok(()));
    }
    assert_eq!(change(true, Mode::Include, 10), Err(GroupError::TooMany));
}

#[test]
fn limits_and_refusals() {
    let mut bench = Bench::new();
    let now = bench.now;
    let mut join = |group: IpAddr, filter| bench.groups.join(A, ETH0, group, filter, now);
    assert_eq!(join(source(1), Filter::EVERYBODY), Err(GroupError::Invalid));
    assert_eq!(join("ff02::7".parse().unwrap(), filter(Mode::Include, &[1])), Err(GroupError::Invalid));
    let many: Vec<u8> = (0..11).collect();
    assert_eq!(join(GROUP, filter(Mode::Include, &many)), Err(GroupError::TooMany));
    for last in 0..20 {
        assert_eq!(join(Ipv4Addr::new(239, 0, 0, last).into(), Filter::EVERYBODY), Ok(()));
    }
    assert_eq!(join(Ipv4Addr::new(239, 0, 0, 0).into(), Filter::EVERYBODY), Err(GroupError::Joined));
    assert_eq!(join(GROUP, Filter::EVERYBODY), Err(GroupError::TooMany));
    assert_eq!(join("ff02::7".parse().unwrap(), Filter::EVERYBODY), Ok(()), "counted for itself");
    assert_eq!(bench.groups.leave(A, ETH0, GROUP, now), Err(GroupError::NotJoined));
    let nowhere = bench.groups.join(B, DeviceIndex(9), GROUP, Filter::EVERYBODY, now);
    assert_eq!(nowhere, Err(GroupError::NoDevice));
}

#[test]
fn floods_leave_nothing_behind() {
    let mut bench = Bench::new();
    bench.join(B, filter(Mode::Include, &[1, 2]));
    for n in 0..2000u32 {
        let group = IpAddr::V4(Ipv4Addr::from_bits(0xef00_0000 + n));
        bench.groups.join(A, ETH0, group, Filter::EVERYBODY, bench.now).unwrap();
        let told = bench.groups.run(bench.now, &mut bench.random);
        let records = told.iter().map(|(_, report)| match report {
            Report::Records(records) => records.len(),
            _ => 0,
        });
        assert!(records.sum::<usize>() <= 6, "what was told before is not told for ever");
        bench.groups.leave(A, ETH0, group, bench.now).unwrap();
        bench.ask(3, Some(group), &[n as u8]);
        bench.ask(3, Some(GROUP), &[n as u8, (n >> 8) as u8]);
        bench.ask(3, None, &[]);
    }
    bench.groups.forget(B, bench.now);
    bench.wait(20_000);
    assert_eq!(bench.groups.next_deadline(), None);
    assert_eq!(bench.groups.memberships().count(), 3, "those of every host");
}

#[test]
fn old_routers_hear_of_each_of_very_many_groups_in_its_own_time() {
    const MANY: u32 = 4096;
    let mut bench = Bench::new();
    bench.set("net.ipv4.igmp_max_memberships", "5000");
    bench.ask(2, None, &[]);
    let group = |number: u32| IpAddr::V4(Ipv4Addr::from_bits(0xef01_0000 + number));
    let mut told = 0;
    for number in 0..MANY {
        bench.groups.join(A, ETH0, group(number), Filter::EVERYBODY, bench.now).unwrap();
        assert_eq!(bench.groups.next_deadline(), Some(bench.now), "{number}");
        told += bench.groups.run(bench.now, &mut bench.random).len();
        bench.groups.heard_report(ETH0, group(number), bench.now);
    }
    assert_eq!((told, bench.wait(20_000).len()), (MANY as usize, 0), "others told the second time");
    bench.ask(2, None, &[]);
    assert_eq!(bench.wait(10_000).len(), MANY as usize);
    for number in 0..MANY {
        bench.groups.leave(A, ETH0, group(number), bench.now).unwrap();
    }
    assert_eq!(bench.wait(1).len(), MANY as usize);
}
