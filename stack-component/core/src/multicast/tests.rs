//! What routers hear of joins and leaves, and how their questions are answered.

use super::*;
use crate::packet::DeviceIndex;
use crate::random::SeededRandom;
use crate::time::{Duration, Instant};
use crate::wire::igmp::RecordType::{self, *};
use core::net::{IpAddr, Ipv4Addr};
use std::vec;
use std::vec::Vec;

const ETH0: DeviceIndex = DeviceIndex(2);
const GROUP: IpAddr = IpAddr::V4(Ipv4Addr::new(239, 1, 2, 3));
const A: Member = Member(1);
const B: Member = Member(2);

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
    forced: u32,
}

impl Bench {
    fn new() -> Self {
        let (groups, random) = (Groups::default(), SeededRandom::new(5));
        Bench { groups, random, now: Instant::from_millis(1000), forced: 0 }
    }

    fn join(&mut self, member: Member, filter: Filter) {
        self.groups.join(member, ETH0, GROUP, filter, self.now).unwrap();
    }

    /// All reports within so many milliseconds, and when they came.
    fn wait(&mut self, millis: u64) -> Vec<Report> {
        let end = self.now + Duration::from_millis(millis);
        let mut reports = Vec::new();
        while let Some(next) = self.groups.next_deadline().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            let forced = self.forced;
            reports.extend(self.groups.run(self.now, |_| forced, &mut self.random));
        }
        self.now = end;
        assert!(reports.iter().all(|(device, _)| *device == ETH0));
        reports.into_iter().map(|(_, report)| report).collect()
    }

    fn ask(&mut self, version: u8, group: Option<IpAddr>, sources: &[u8]) {
        let sources = sources.iter().map(|&last| source(last)).collect();
        let max_response = Duration::from_secs(10);
        let query = Query { version, group, sources, max_response, robustness: 0 };
        self.groups.query(ETH0, &query, self.now, &mut self.random);
    }
}

fn record(kind: RecordType, sources: &[u8]) -> Report {
    let sources = sources.iter().map(|&last| source(last)).collect();
    Report::Records(vec![Record { kind, group: GROUP, sources }])
}

#[test]
fn joining_and_leaving_are_told_twice() {
    let mut bench = Bench::new();
    bench.join(A, Filter::EVERYBODY);
    assert!(bench.groups.hears(ETH0, GROUP, source(1)));
    assert_eq!(bench.wait(1000), [record(ToExclude, &[]), record(ToExclude, &[])]);
    bench.join(B, Filter::EVERYBODY);
    assert_eq!(bench.wait(1000), [], "somebody listened already");
    bench.groups.leave(A, ETH0, GROUP, bench.now).unwrap();
    assert_eq!(bench.wait(1000), []);
    bench.groups.forget(B, bench.now);
    assert!(!bench.groups.hears(ETH0, GROUP, source(1)));
    assert_eq!(bench.wait(1000), [record(ToInclude, &[]), record(ToInclude, &[])]);
    assert_eq!((bench.groups.next_deadline(), bench.groups.iter().count()), (None, 0));
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
        !bench.groups.allows(B, ETH0, GROUP, source(2)) && bench.groups.allows(A, ETH0, GROUP, source(2))
    );
    assert!(bench.groups.allows(Member(9), ETH0, GROUP, source(2)), "one that has not joined");
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
        (Some(GROUP), &[3, 4], vec![record(IsInclude, &[3])]),
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
}

#[test]
fn old_routers_are_spoken_to_in_their_language_until_they_are_forgotten() {
    for (version, leaves) in [(1, vec![]), (2, vec![Report::Left(GROUP)])] {
        let mut bench = Bench::new();
        bench.join(A, Filter::EVERYBODY);
        bench.wait(1000);
        bench.ask(version, None, &[]);
        assert_eq!(bench.wait(10_000), [Report::Joined { version, group: GROUP }]);
        bench.ask(version, Some(GROUP), &[]);
        bench.groups.heard_report(ETH0, GROUP, bench.now, 0);
        assert_eq!(bench.wait(10_000), [], "another host has answered");
        bench.groups.leave(A, ETH0, GROUP, bench.now).unwrap();
        assert_eq!(bench.wait(10_000), leaves);
        bench.wait(260_000);
        bench.join(A, Filter::EVERYBODY);
        assert_eq!(bench.wait(1000)[0], record(ToExclude, &[]));
    }
    let mut bench = Bench::new();
    bench.forced = 2;
    bench.join(A, Filter::EVERYBODY);
    let joined = Report::Joined { version: 2, group: GROUP };
    assert_eq!(bench.wait(10_000), [joined.clone(), joined]);
}

#[test]
fn limits_and_refusals() {
    let mut bench = Bench::new();
    let now = bench.now;
    let mut join = |group: IpAddr, filter| bench.groups.join(A, ETH0, group, filter, now);
    assert_eq!(join(source(1), Filter::EVERYBODY), Err(GroupError::NoGroup));
    let many: Vec<u8> = (0..65).collect();
    assert_eq!(join(GROUP, filter(Mode::Include, &many)), Err(GroupError::TooMany));
    for last in 0..MAX_MEMBERSHIPS as u8 {
        assert_eq!(join(Ipv4Addr::new(239, 0, 0, last).into(), Filter::EVERYBODY), Ok(()));
    }
    assert_eq!(join(Ipv4Addr::new(239, 0, 0, 0).into(), Filter::EVERYBODY), Err(GroupError::Joined));
    assert_eq!(join(GROUP, Filter::EVERYBODY), Err(GroupError::TooMany));
    assert_eq!(bench.groups.leave(A, ETH0, GROUP, now), Err(GroupError::NotJoined));
}

#[test]
fn routers_hear_nothing_of_all_hosts() {
    let mut bench = Bench::new();
    for group in ["224.0.0.1", "ff02::1", "ff01::5"] {
        bench.groups.join(A, ETH0, group.parse().unwrap(), Filter::EVERYBODY, bench.now).unwrap();
    }
    assert_eq!(bench.wait(1000), []);
    bench.ask(3, None, &[]);
    assert_eq!(bench.wait(10_000), []);
}
