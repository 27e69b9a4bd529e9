//! The table: queues, limits, timers.

use super::*;
use crate::drop_reason::DropReason;
use crate::netfilter::EgressChecked;
use crate::packet::{DeviceIndex, Packet};
use crate::random::SeededRandom;
use crate::sysctl::Sysctl;
use crate::time::Instant;
use crate::wire::ethernet::MacAddress;
use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

const MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 2]);
const OTHER_MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 3]);

struct Bench {
    table: Neighbours,
    sysctl: Sysctl,
    random: SeededRandom,
    now: Instant,
}

/// An action as a row of a table of expectations; packets by their first byte.
#[derive(Debug, PartialEq)]
enum Did {
    AskEverybody(IpAddr),
    AskStation(IpAddr, MacAddress),
    Send(u8, MacAddress),
    GiveUp(u8, DropReason),
    Router,
}

fn key(last: u16) -> Key {
    let [high, low] = last.to_be_bytes();
    Key { device: DeviceIndex(2), address: Ipv4Addr::new(10, 0, high, low).into() }
}

fn packet(name: u8) -> EgressChecked {
    EgressChecked::for_test(Packet::from_payload(&[name]))
}

impl Bench {
    fn new(settings: &[(&str, &str)]) -> Self {
        let (mut sysctl, mut random) = (Sysctl::default(), SeededRandom::new(1));
        for (name, value) in settings {
            sysctl.set(&["net.ipv4.neigh.default.", name].concat(), value).unwrap();
        }
        let table = Neighbours::new(&sysctl, &mut random);
        Bench { table, sysctl, random, now: Instant::from_millis(1_000_000) }
    }

    fn output(&mut self, neighbour: u16, name: u8) -> Output {
        self.table.output(self.now, key(neighbour), packet(name))
    }

    /// Moves time on, running timers at their deadlines.
    fn wait(&mut self, millis: u64) {
        let end = Instant::from_millis(self.now.as_millis() + millis);
        while let Some(next) = self.table.next_deadline().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.table.run_timers(self.now, &self.sysctl, &mut self.random);
        }
        self.now = end;
        self.table.run_timers(end, &self.sysctl, &mut self.random);
    }

    fn did(&mut self) -> Vec<Did> {
        let first_byte = |packet: &EgressChecked| packet.packet().data()[0];
        core::iter::from_fn(|| self.table.poll_action())
            .map(|action| match action {
                Action::Solicit(key, None) => Did::AskEverybody(key.address),
                Action::Solicit(key, Some(mac)) => Did::AskStation(key.address, mac),
                Action::Send(_, mac, packet) => Did::Send(first_byte(&packet), mac),
                Action::GiveUp(_, packet, reason) => Did::GiveUp(first_byte(&packet), reason),
                Action::Router(..) => Did::Router,
            })
            .collect()
    }

    fn state(&self, neighbour: u16) -> Option<State> {
        self.table.iter().find(|(k, ..)| *k == key(neighbour)).map(|(_, state, _)| state)
    }
}

#[test]
fn packets_wait_for_the_answer_and_leave_in_order() {
    let mut bench = Bench::new(&[]);
    assert!(matches!(bench.output(2, b'a'), Output::Wait));
    assert!(matches!(bench.output(2, b'b'), Output::Wait));
    assert_eq!(bench.did(), [Did::AskEverybody(key(2).address)]);
    bench.wait(500);
    bench.table.learn(bench.now, key(2), MAC, true, false).unwrap();
    assert_eq!(bench.did(), [Did::Send(b'a', MAC), Did::Send(b'b', MAC)]);
    assert!(matches!(bench.output(2, b'c'), Output::Send(MAC, _)));
    assert_eq!(bench.state(2), Some(State::Reachable));
    bench.wait(60_000);
    assert_eq!(bench.state(2), Some(State::Stale));
    assert_eq!(bench.did(), []);
}

#[test]
fn three_questions_then_all_that_waits_is_given_up() {
    let mut bench = Bench::new(&[]);
    let _ = bench.output(2, b'a');
    let start = bench.now;
    bench.wait(2_999);
    let ask = || Did::AskEverybody(key(2).address);
    assert_eq!(bench.did(), [ask(), ask(), ask()]);
    bench.wait(1);
    assert_eq!(bench.did(), [Did::GiveUp(b'a', DropReason::NeighbourFailed)]);
    assert_eq!(bench.now.since(start).as_secs(), 3);
    assert_eq!(bench.state(2), Some(State::Failed));
    assert_eq!(bench.table.next_deadline(), None);
}

#[test]
fn a_silent_neighbour_in_use_is_probed_by_station_then_lost() {
    let mut bench = Bench::new(&[]);
    bench.table.learn(bench.now, key(2), MAC, false, true).unwrap();
    assert!(matches!(bench.output(2, b'a'), Output::Send(MAC, _)));
    bench.wait(4_999);
    assert_eq!(bench.did(), []);
    bench.wait(2_001);
    let ask = || Did::AskStation(key(2).address, MAC);
    assert_eq!(bench.did(), [ask(), ask(), ask()]);
    assert!(matches!(bench.output(2, b'b'), Output::Send(MAC, _)), "packets go on while it is probed");
    bench.wait(1_000);
    assert_eq!((bench.did(), bench.state(2)), (vec![], Some(State::Failed)));
}

#[test]
fn progress_keeps_a_neighbour_reachable_without_a_question() {
    let mut bench = Bench::new(&[]);
    bench.table.learn(bench.now, key(2), MAC, true, true).unwrap();
    for _ in 0..100 {
        bench.wait(4_000);
        assert!(matches!(bench.output(2, b'a'), Output::Send(MAC, _)));
        bench.table.confirm(bench.now, key(2));
        assert_eq!(bench.state(2), Some(State::Reachable));
    }
    assert_eq!(bench.did(), []);
}

#[test]
fn the_oldest_of_too_many_waiting_packets_is_given_up() {
    let mut bench = Bench::new(&[("unres_qlen", "2")]);
    for name in b'a'..=b'd' {
        assert!(matches!(bench.output(2, name), Output::Wait));
    }
    let full = DropReason::NeighbourQueueFull;
    let expected = [Did::AskEverybody(key(2).address), Did::GiveUp(b'a', full), Did::GiveUp(b'b', full)];
    assert_eq!(bench.did(), expected);
    let mut bench = Bench::new(&[("unres_qlen_bytes", "0")]);
    let _ = bench.output(2, b'a');
    assert_eq!(bench.did().last(), Some(&Did::GiveUp(b'a', full)));
}

#[test]
fn of_several_answers_within_a_second_the_first_counts() {
    let mut bench = Bench::new(&[]);
    bench.table.learn(bench.now, key(2), MAC, true, true).unwrap();
    bench.wait(500);
    bench.table.learn(bench.now, key(2), OTHER_MAC, true, false).unwrap();
    assert!(matches!(bench.output(2, b'a'), Output::Send(MAC, _)));
    bench.wait(501);
    bench.table.learn(bench.now, key(2), OTHER_MAC, true, false).unwrap();
    assert!(matches!(bench.output(2, b'b'), Output::Send(OTHER_MAC, _)));
}

#[test]
fn nobody_is_taken_up_unasked() {
    let mut bench = Bench::new(&[]);
    let verdict = bench.table.learn(bench.now, key(2), MAC, true, false);
    assert_eq!((verdict, bench.table.len()), (Err(DropReason::ArpNotForUs), 0));
}

#[test]
fn questions_without_answers_cannot_fill_the_table() {
    let mut bench = Bench::new(&[("gc_thresh3", "8")]);
    for neighbour in 0..4 {
        assert!(matches!(bench.output(neighbour, 0), Output::Wait));
    }
    assert!(matches!(bench.output(4, 0), Output::TableFull(_)));
    bench.table.learn(bench.now, key(5), MAC, false, true).unwrap();
    assert!(matches!(bench.output(5, 0), Output::Send(..)));
    bench.wait(3_000);
    assert!(matches!(bench.output(4, 0), Output::Wait));
}

/// Linux `neigh_forced_gc`: who was heard of within five seconds stays, later even who lives makes room.
#[test]
fn a_table_full_of_the_living_makes_room_after_five_seconds() {
    let mut bench = Bench::new(&[("gc_thresh2", "4"), ("gc_thresh3", "8")]);
    for neighbour in 0..8 {
        bench.table.learn(bench.now, key(neighbour), MAC, true, true).unwrap();
    }
    bench.wait(4_999);
    let full = bench.table.learn(bench.now, key(8), MAC, false, true);
    assert_eq!(full, Err(DropReason::NeighbourTableFull));
    bench.wait(1);
    let _ = bench.output(7, b'a');
    bench.table.learn(bench.now, key(8), MAC, false, true).unwrap();
    assert_eq!(bench.table.len(), 5);
    assert!(bench.state(7).is_some(), "the one in use stays");
}

#[test]
fn a_full_table_forgets_those_unused_longest_and_keeps_those_in_use() {
    let mut bench = Bench::new(&[("gc_thresh2", "4"), ("gc_thresh3", "8")]);
    bench.table.learn(bench.now, key(0), MAC, true, true).unwrap();
    for neighbour in 1..8 {
        bench.wait(10);
        bench.table.learn(bench.now, key(neighbour), MAC, false, true).unwrap();
    }
    bench.table.learn(bench.now, key(8), MAC, false, true).unwrap();
    let left: Vec<u16> = (0..9).filter(|&n| bench.state(n).is_some()).collect();
    assert_eq!(left, [0, 5, 6, 7, 8]);
    let mut bench = Bench::new(&[("gc_thresh2", "4"), ("gc_thresh3", "8")]);
    for neighbour in 0..8 {
        bench.table.learn(bench.now, key(neighbour), MAC, true, true).unwrap();
    }
    assert!(matches!(bench.output(9, 0), Output::TableFull(_)));
}

#[test]
fn idle_neighbours_are_forgotten_above_the_first_threshold_only() {
    for (count, left) in [(128, 128), (129, 0)] {
        let mut bench = Bench::new(&[]);
        for neighbour in 0..count {
            bench.table.learn(bench.now, key(neighbour), MAC, false, true).unwrap();
        }
        bench.wait(59_000);
        assert_eq!(bench.table.len(), usize::from(count));
        bench.wait(60_000);
        assert_eq!(bench.table.len(), left);
    }
}

#[test]
fn a_lost_link_forgets_its_neighbours() {
    let mut bench = Bench::new(&[]);
    let _ = bench.output(2, b'a');
    bench.table.learn(bench.now, key(3), MAC, true, true).unwrap();
    bench.table.forget_device(DeviceIndex(2));
    assert_eq!(bench.did(), [Did::AskEverybody(key(2).address), Did::GiveUp(b'a', DropReason::LinkDown)]);
    assert!(bench.table.is_empty());
    bench.wait(10_000);
    assert_eq!(bench.did(), []);
}

#[test]
fn what_an_administrator_says_stays() {
    let mut bench = Bench::new(&[]);
    let tell = |bench: &mut Bench, verb, mac, state| {
        bench.table.tell(bench.now, verb, key(2), Said::new(mac, state))
    };
    for (verb, mac, state, expected) in [
        (Verb::Change, Some(MAC), State::Permanent, Err(TellError::NoSuchNeighbour)),
        (Verb::Add, None, State::Permanent, Err(TellError::NoStation)),
        (Verb::Add, Some(MAC), State::Permanent, Ok(())),
        (Verb::Add, Some(MAC), State::Permanent, Err(TellError::Exists)),
        (Verb::Replace, None, State::NoArp, Ok(())),
        (Verb::Change, None, State::Permanent, Ok(())),
    ] {
        assert_eq!(tell(&mut bench, verb, mac, state), expected, "{verb:?} {state:?}");
    }
    bench.table.learn(bench.now, key(2), OTHER_MAC, true, true).unwrap();
    bench.table.confirm(bench.now, key(2));
    bench.table.forget_device(DeviceIndex(2));
    bench.wait(600_000);
    assert!(matches!(bench.output(2, b'a'), Output::Send(MAC, _)));
    assert_eq!(bench.state(2), Some(State::Permanent));
    // As Linux: a neighbour that is never asked for goes with the link, a permanent one with the device.
    tell(&mut bench, Verb::Change, Some(MAC), State::NoArp).unwrap();
    bench.table.forget_device(DeviceIndex(2));
    assert_eq!(bench.state(2), None);
    tell(&mut bench, Verb::Add, Some(MAC), State::Permanent).unwrap();
    bench.table.remove_device(DeviceIndex(2));
    assert_eq!(bench.state(2), None);
    tell(&mut bench, Verb::Add, Some(MAC), State::Permanent).unwrap();
    assert!(bench.table.forget(key(2)) && !bench.table.forget(key(2)));
    assert_eq!(bench.did(), []);
}

/// Linux: `neigh_update_is_router`.
#[test]
fn an_administrator_says_who_is_a_router() {
    let mut bench = Bench::new(&[]);
    for (router, state, shown) in [
        (true, State::Permanent, true),
        (true, State::Failed, true),
        (false, State::Failed, true),
        (false, State::Stale, false),
        (true, State::Stale, true),
    ] {
        let said = Said { router, ..Said::new(Some(MAC), state) };
        bench.table.tell(bench.now, Verb::Replace, key(2), said).unwrap();
        assert_eq!(bench.table.listing(bench.now).next().map(|it| it.router), Some(shown), "{said:?}");
    }
}

#[test]
fn what_waits_goes_when_the_station_is_told_or_the_neighbour_forgotten() {
    let mut bench = Bench::new(&[]);
    let _ = (bench.output(2, b'a'), bench.output(3, b'b'));
    bench.did();
    bench.table.tell(bench.now, Verb::Replace, key(2), Said::new(Some(MAC), State::Reachable)).unwrap();
    bench.table.forget(key(3));
    assert_eq!(bench.did(), [Did::Send(b'a', MAC), Did::GiveUp(b'b', DropReason::NeighbourFailed)]);
}

#[test]
fn each_device_and_version_has_its_own_times() {
    let mut bench = Bench::new(&[]);
    bench.sysctl.add_device(2, "eth0");
    bench.sysctl.add_device(3, "eth1");
    bench.sysctl.set("net.ipv6.neigh.eth0.retrans_time_ms", "200").unwrap();
    bench.sysctl.set("net.ipv4.neigh.eth1.retrans_time_ms", "5000").unwrap();
    bench.table.configure(&bench.sysctl, &mut bench.random);
    let of_link = |device| Key { device: DeviceIndex(device), address: "fe80::2".parse().unwrap() };
    let slow = Key { device: DeviceIndex(3), ..key(2) };
    for key in [key(2), slow, of_link(2), of_link(3)] {
        assert!(matches!(bench.table.output(bench.now, key, packet(b'a')), Output::Wait));
    }
    bench.did();
    bench.wait(999);
    let ask = |key: Key| Did::AskEverybody(key.address);
    let given_up = Did::GiveUp(b'a', DropReason::NeighbourFailed);
    assert_eq!(bench.did(), [ask(of_link(2)), ask(of_link(2)), given_up]);
    bench.wait(1);
    assert_eq!(bench.did().len(), 2, "those of one second");
}

#[test]
fn one_version_leaves_room_for_the_other() {
    let mut bench = Bench::new(&[("gc_thresh3", "4")]);
    bench.sysctl.set("net.ipv6.neigh.default.gc_thresh3", "4").unwrap();
    bench.table.configure(&bench.sysctl, &mut bench.random);
    for neighbour in 0..4 {
        bench.table.learn(bench.now, key(neighbour), MAC, true, true).unwrap();
    }
    assert!(matches!(bench.output(4, 0), Output::TableFull(_)));
    let of_link = Key { device: DeviceIndex(2), address: "fe80::2".parse().unwrap() };
    assert!(matches!(bench.table.output(bench.now, of_link, packet(b'a')), Output::Wait));
}
