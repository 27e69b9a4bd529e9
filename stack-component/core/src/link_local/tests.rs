//! A station on a link of its own.

use super::*;
use crate::random::SeededRandom;
use crate::time::Duration;
use crate::wire::arp::Operation;
use std::vec;

const ETH0: DeviceIndex = DeviceIndex(2);
const MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 7]);
const OTHER: MacAddress = MacAddress([2, 0, 0, 0, 0, 8]);

struct Bench {
    claimants: Claimants,
    random: SeededRandom,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        let (claimants, random) = (Claimants::default(), SeededRandom::new(4));
        let mut bench = Bench { claimants, random, now: Instant::from_millis(1000) };
        bench.claimants.start(ETH0, MAC, bench.now, &mut bench.random);
        bench
    }

    /// What is done next, and how long it takes until then; nothing if nothing ever is.
    fn next(&mut self) -> (Duration, Vec<Action>) {
        let Some(due) = self.claimants.next_deadline() else { return (Duration::MAX, Vec::new()) };
        let waited = due.since(self.now);
        self.now = due;
        (waited, self.done())
    }

    fn done(&mut self) -> Vec<Action> {
        self.claimants.run(self.now, &mut self.random).into_iter().map(|(_, action)| action).collect()
    }

    fn hear(&mut self, sender_mac: MacAddress, sender: Ipv4Addr, target: Ipv4Addr) -> Vec<Action> {
        let (operation, target_mac) = (Operation::Request, MacAddress::default());
        let message = Packet { operation, sender_mac, sender, target_mac, target };
        self.claimants.hear(ETH0, &message, self.now, &mut self.random);
        self.done()
    }

    /// The address that is asked for.
    fn probed(&mut self) -> Ipv4Addr {
        match self.next().1[..] {
            [Action::Probe(address)] => address,
            ref other => panic!("{other:?}"),
        }
    }

    /// Goes on until an address is taken.
    fn held(&mut self) -> Ipv4Addr {
        let address = self.probed();
        for _ in 0..2 {
            assert_eq!(self.probed(), address);
        }
        assert_eq!(self.next().1, [Action::Take(address)]);
        address
    }
}

#[test]
fn an_address_that_nobody_has_is_taken_after_six_seconds_or_so() {
    let mut bench = Bench::new();
    let start = bench.now;
    let address = bench.held();
    let took = bench.now.since(start).as_millis();
    assert!((4000..=7000).contains(&took), "{took} ms");
    assert!(address.is_link_local() && !matches!(address.octets()[2], 0 | 255), "{address}");
    assert_eq!(bench.next(), (Duration::from_secs(2), vec![Action::Announce(address)]));
    assert_eq!(bench.next().1, [], "nothing more");
    assert!(bench.claimants.holds(ETH0, address));
    bench.claimants.stop(ETH0);
    assert_eq!(bench.done(), [Action::Leave(address)]);
    assert_eq!(Bench::new().held(), address, "the same after each start");
}

#[test]
fn who_has_it_or_asks_for_it_too_gets_it() {
    let mut bench = Bench::new();
    let first = bench.probed();
    assert_eq!(bench.hear(MAC, Ipv4Addr::UNSPECIFIED, first), [], "our own question");
    assert_eq!(bench.hear(OTHER, Ipv4Addr::new(10, 0, 0, 1), first), [], "who only asks for it");
    bench.hear(OTHER, first, first);
    let second = bench.probed();
    assert_ne!(second, first);
    bench.hear(OTHER, Ipv4Addr::UNSPECIFIED, second);
    assert_ne!(bench.held(), second);
}

#[test]
fn who_meets_nobody_but_others_becomes_patient() {
    let mut bench = Bench::new();
    for attempt in 0..30 {
        let asked_at = bench.now;
        let address = bench.probed();
        let waited = bench.now.since(asked_at).as_secs();
        assert_eq!(waited >= 60, attempt >= 10, "{attempt}: {waited} s");
        bench.hear(OTHER, address, address);
    }
}

#[test]
fn an_address_is_defended_once_in_ten_seconds() {
    let mut bench = Bench::new();
    let address = bench.held();
    bench.next();
    assert_eq!(bench.hear(OTHER, address, address), [Action::Announce(address)]);
    bench.now = bench.now + Duration::from_secs(10);
    assert_eq!(bench.hear(OTHER, address, address), [Action::Announce(address)]);
    bench.now = bench.now + Duration::from_secs(9);
    assert_eq!(bench.hear(OTHER, address, address), [Action::Leave(address)]);
    assert_ne!(bench.held(), address);
}

#[test]
fn a_link_that_is_back_is_asked_again() {
    let mut bench = Bench::new();
    let address = bench.held();
    bench.claimants.link_is_back(ETH0, bench.now, &mut bench.random);
    assert_eq!(bench.done(), [Action::Leave(address)]);
    assert_eq!(bench.held(), address);
}
