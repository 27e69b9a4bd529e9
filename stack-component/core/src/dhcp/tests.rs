//! A client and a server of a few lines, in virtual time.

use super::*;
use crate::random::SeededRandom;
use crate::time::{Duration, Instant};
use crate::wire::dhcp::{Fields, Message, Sender, Type, option};
use crate::wire::ethernet::MacAddress;
use core::net::Ipv4Addr;
use std::vec;
use std::vec::Vec;

const MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 7]);
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 9);
const NOWHERE: Ipv4Addr = Ipv4Addr::UNSPECIFIED;

/// A client with its surroundings.
struct Bench {
    client: Client,
    random: SeededRandom,
    now: Instant,
}

/// What a message of the client says: its kind, transaction, own address, and the address it asks for.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    kind: Type,
    transaction: u32,
    broadcast: bool,
    own: Ipv4Addr,
    asked: Option<Ipv4Addr>,
    server: Option<Ipv4Addr>,
}

/// Reads a client's message the way a server does.
fn read(message: &[u8]) -> Said {
    let view = Message::parse(message, Sender::Client).unwrap();
    let identifier = view.option(option::CLIENT_ID);
    assert_eq!(identifier, [255, 0, 0, 0, 7, 0, 3, 0, 1, 2, 0, 0, 0, 0, 7]);
    let address = |code| view.addresses(code, 1).first().copied();
    Said {
        kind: view.kind().unwrap(),
        transaction: view.transaction(),
        broadcast: view.broadcast(),
        own: view.client_address(),
        asked: address(option::REQUESTED_ADDRESS),
        server: address(option::SERVER_ID),
    }
}

impl Bench {
    fn new() -> Self {
        let (client, random) = (Client::new(MAC), SeededRandom::new(3));
        let mut bench = Bench { client, random, now: Instant::from_millis(1000) };
        bench.client.start(bench.now, &mut bench.random);
        bench
    }

    /// A client that holds a lease of an hour.
    fn bound() -> Self {
        let mut bench = Bench::new();
        let (discover, ..) = bench.sent();
        bench.answer(Type::OFFER, discover.transaction, ADDRESS, SERVER, 3600);
        bench.answer(Type::ACK, discover.transaction, ADDRESS, SERVER, 3600);
        bench.wait(1000);
        assert!(matches!(
            bench.actions()[..],
            [.., Action::Change(Change::Bind(_)), Action::Change(Change::Until(ADDRESS, Some(_)))]
        ));
        bench
    }

    fn actions(&mut self) -> Vec<Action> {
        core::iter::from_fn(|| self.client.poll_action()).collect()
    }

    /// The one message that was sent, its source and destination.
    fn sent(&mut self) -> (Said, Ipv4Addr, Ipv4Addr) {
        match &self.actions()[..] {
            [Action::Output(Output::Send { message, source, destination })] => {
                (read(message), *source, *destination)
            }
            other => panic!("{other:?}"),
        }
    }

    fn answer(&mut self, kind: Type, transaction: u32, address: Ipv4Addr, server: Ipv4Addr, seconds: u32) {
        let (seconds, server) = (seconds.to_be_bytes(), server.octets());
        let options: &[(u8, &[u8])] = &[
            (option::MESSAGE_TYPE, &[kind.0]),
            (option::SERVER_ID, &server),
            (option::LEASE_TIME, &seconds),
            (option::SUBNET_MASK, &[255, 255, 255, 0]),
            (option::ROUTERS, &[10, 0, 0, 1]),
            (option::NAME_SERVERS, &[10, 0, 0, 2, 10, 0, 0, 3]),
            (option::DOMAIN_NAME, b"example.org"),
            (option::MTU, &[0x05, 0x78]),
        ];
        self.hear(transaction, address, options);
    }

    fn hear(&mut self, transaction: u32, address: Ipv4Addr, options: &[(u8, &[u8])]) {
        let fields = Fields {
            sender: Sender::Server,
            transaction,
            seconds: 0,
            broadcast: true,
            client_address: NOWHERE,
            your_address: address,
            station: MAC.0,
            options,
        };
        self.client.input(&fields.emit(), self.now, &mut self.random);
    }

    fn wait(&mut self, millis: u64) {
        let end = self.now + Duration::from_millis(millis);
        while let Some(next) = self.client.next_deadline().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.client.run(self.now, &mut self.random);
        }
        self.now = end;
    }
}

#[test]
fn an_address_is_asked_for_checked_and_used() {
    let mut bench = Bench::new();
    let (discover, source, destination) = bench.sent();
    let transaction = discover.transaction;
    assert_eq!((discover.kind, discover.broadcast), (Type::DISCOVER, true));
    assert_eq!((source, destination), (NOWHERE, Ipv4Addr::BROADCAST));
    bench.answer(Type::OFFER, transaction, ADDRESS, SERVER, 3600);
    let (request, source, destination) = bench.sent();
    assert_eq!(
        request,
        Said {
            kind: Type::REQUEST,
            transaction,
            broadcast: true,
            own: NOWHERE,
            asked: Some(ADDRESS),
            server: Some(SERVER)
        }
    );
    assert_eq!((source, destination), (NOWHERE, Ipv4Addr::BROADCAST));
    bench.answer(Type::ACK, transaction, ADDRESS, SERVER, 3600);
    assert_eq!(bench.actions(), [Action::Output(Output::Probe(ADDRESS))]);
    bench.wait(999);
    assert_eq!(bench.actions(), [Action::Output(Output::Probe(ADDRESS))]);
    bench.wait(1);
    let lease = Lease {
        address: ADDRESS,
        prefix_len: 24,
        server: SERVER,
        routers: vec![SERVER],
        routes: vec![],
        name_servers: vec![Ipv4Addr::new(10, 0, 0, 2), Ipv4Addr::new(10, 0, 0, 3)],
        domains: vec!["example.org".into()],
        mtu: Some(1400),
    };
    let end = Some(bench.now + Duration::from_secs(3600));
    assert_eq!(
        bench.actions(),
        [Action::Change(Change::Bind(lease.clone())), Action::Change(Change::Until(ADDRESS, end))]
    );
    assert_eq!(bench.client.lease(), Some(&lease));
    assert_eq!(bench.client.next_deadline(), Some(bench.now + Duration::from_secs(1800)));
}

#[test]
fn nobody_answers_and_the_questions_become_rarer() {
    let mut bench = Bench::new();
    bench.sent();
    bench.wait(300_000);
    let questions = bench.actions().len();
    assert!((6..=8).contains(&questions), "{questions}");
}

#[test]
fn an_offer_that_does_not_hold_is_given_up() {
    let mut bench = Bench::new();
    let (discover, ..) = bench.sent();
    bench.answer(Type::OFFER, discover.transaction, ADDRESS, SERVER, 3600);
    bench.wait(70_000);
    let kinds: Vec<Type> = bench
        .actions()
        .iter()
        .map(|action| match action {
            Action::Output(Output::Send { message, .. }) => read(message).kind,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(kinds[..5], [Type::REQUEST, Type::REQUEST, Type::REQUEST, Type::REQUEST, Type::DISCOVER]);
}

#[test]
fn an_address_that_somebody_has_is_declined() {
    let mut bench = Bench::new();
    let (discover, ..) = bench.sent();
    bench.answer(Type::OFFER, discover.transaction, ADDRESS, SERVER, 3600);
    bench.answer(Type::ACK, discover.transaction, ADDRESS, SERVER, 3600);
    bench.actions();
    bench.client.conflict(Ipv4Addr::new(10, 0, 0, 8), bench.now);
    assert_eq!(bench.actions(), []);
    bench.client.conflict(ADDRESS, bench.now);
    let (decline, ..) = bench.sent();
    assert_eq!((decline.kind, decline.asked, decline.server), (Type::DECLINE, Some(ADDRESS), Some(SERVER)));
    bench.wait(9_999);
    assert_eq!(bench.actions(), []);
    bench.wait(1);
    assert_eq!(bench.sent().0.kind, Type::DISCOVER);
    assert_eq!(bench.client.lease(), None);
}

#[test]
fn a_lease_is_renewed_by_its_server_then_by_any_and_ends() {
    let mut bench = Bench::bound();
    bench.wait(1_800_000);
    let (renew, source, destination) = bench.sent();
    assert_eq!((renew.kind, renew.own, renew.broadcast), (Type::REQUEST, ADDRESS, false));
    assert_eq!((renew.asked, renew.server), (None, None));
    assert_eq!((source, destination), (ADDRESS, SERVER));
    bench.answer(Type::ACK, renew.transaction, ADDRESS, SERVER, 3600);
    let end = Some(bench.now + Duration::from_secs(3600));
    assert_eq!(bench.actions(), [Action::Change(Change::Until(ADDRESS, end))], "no other news");
    bench.wait(1_800_000);
    bench.sent();
    bench.wait(1_350_000);
    let last = bench.actions().pop().unwrap();
    let Action::Output(Output::Send { message, source, destination }) = last else { panic!("{last:?}") };
    assert_eq!((source, destination), (ADDRESS, Ipv4Addr::BROADCAST), "after seven eighths");
    bench.answer(Type::ACK, read(&message).transaction, ADDRESS, Ipv4Addr::new(10, 0, 0, 5), 3600);
    let actions = bench.actions();
    assert!(
        matches!(&actions[..], [Action::Change(Change::Amend { before, lease }), Action::Change(Change::Until(..))]
            if before.server == SERVER && lease.server != SERVER),
        "another server: {actions:?}"
    );
    bench.wait(3_600_000);
    let actions = bench.actions();
    assert!(actions.iter().any(|action| matches!(action, Action::Change(Change::Unbind(_)))));
    let Some(Action::Output(Output::Send { message, .. })) = actions.last() else { panic!("{actions:?}") };
    assert_eq!((read(message).kind, bench.client.lease()), (Type::DISCOVER, None));
}

#[test]
fn who_comes_back_asks_for_the_same_address() {
    let mut bench = Bench::bound();
    bench.client.start(bench.now, &mut bench.random);
    let (request, ..) = bench.sent();
    assert_eq!((request.kind, request.asked, request.server), (Type::REQUEST, Some(ADDRESS), None));
    bench.answer(Type::ACK, request.transaction, ADDRESS, SERVER, 3600);
    let actions = bench.actions();
    let same = matches!(&actions[..], [Action::Change(Change::Amend { before, lease }), Action::Change(Change::Until(ADDRESS, Some(_)))]
        if before == lease);
    assert!(same, "{actions:?}");
    bench.client.start(bench.now, &mut bench.random);
    let (request, ..) = bench.sent();
    bench.answer(Type::NAK, request.transaction, NOWHERE, SERVER, 0);
    assert!(matches!(&bench.actions()[..], [Action::Change(Change::Unbind(_))]));
    bench.wait(1_000);
    assert_eq!(bench.sent().0.kind, Type::DISCOVER);
}

#[test]
fn who_goes_gives_the_address_back() {
    let mut bench = Bench::bound();
    bench.client.stop(bench.now);
    let actions = bench.actions();
    let [Action::Output(Output::Send { message, source, destination }), Action::Change(Change::Unbind(_))] =
        &actions[..]
    else {
        panic!("{actions:?}");
    };
    let release = read(message);
    assert_eq!((release.kind, release.own, release.server), (Type::RELEASE, ADDRESS, Some(SERVER)));
    assert_eq!((*source, *destination, bench.client.next_deadline()), (ADDRESS, SERVER, None));
}

#[test]
fn what_is_not_for_us_or_makes_no_sense_is_not_heard() {
    let mut bench = Bench::new();
    let (discover, ..) = bench.sent();
    let transaction = discover.transaction;
    bench.answer(Type::OFFER, transaction ^ 1, ADDRESS, SERVER, 3600);
    bench.answer(Type::ACK, transaction, ADDRESS, SERVER, 3600);
    bench.answer(Type::NAK, transaction, NOWHERE, SERVER, 0);
    for address in [NOWHERE, Ipv4Addr::BROADCAST, Ipv4Addr::LOCALHOST, Ipv4Addr::new(224, 0, 0, 1)] {
        bench.answer(Type::OFFER, transaction, address, SERVER, 3600);
    }
    let offer = [Type::OFFER.0];
    bench.hear(transaction, ADDRESS, &[(option::MESSAGE_TYPE, &offer)]);
    bench.hear(
        transaction,
        ADDRESS,
        &[
            (option::MESSAGE_TYPE, &offer),
            (option::SERVER_ID, &[10, 0, 0, 1]),
            (option::CLIENT_ID, b"another"),
        ],
    );
    assert_eq!(bench.actions(), []);
    bench.answer(Type::OFFER, transaction, ADDRESS, SERVER, 3600);
    let (request, ..) = bench.sent();
    bench.answer(Type::NAK, request.transaction, NOWHERE, Ipv4Addr::new(10, 0, 0, 5), 0);
    assert_eq!((bench.actions(), bench.client.lease()), (vec![], None), "not the server that offered");
}

#[test]
fn a_lease_without_end_is_never_renewed() {
    let mut bench = Bench::new();
    let (discover, ..) = bench.sent();
    bench.answer(Type::OFFER, discover.transaction, ADDRESS, SERVER, u32::MAX);
    bench.answer(Type::ACK, discover.transaction, ADDRESS, SERVER, u32::MAX);
    bench.wait(1_000);
    bench.actions();
    bench.wait(10_000_000_000);
    assert_eq!(bench.actions(), []);
}
