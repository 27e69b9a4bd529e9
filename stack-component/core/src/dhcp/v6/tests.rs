//! A client and a server of a few lines, in virtual time.

use super::*;
use crate::random::SeededRandom;
use crate::time::Duration;
use crate::wire::dhcpv6::{client_id, option};
use core::net::Ipv6Addr;
use std::vec;

const ETH0: DeviceIndex = DeviceIndex(2);
const MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 7]);
const RESOLVER: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x53);

struct Bench {
    inquiries: Inquiries,
    random: SeededRandom,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        let mut bench = Bench {
            inquiries: Inquiries::default(),
            random: SeededRandom::new(9),
            now: Instant::from_millis(1000),
        };
        bench.inquiries.start(ETH0, MAC, bench.now, &mut bench.random);
        bench
    }

    /// The next question, and how long it took to come; none if there is none.
    fn ask(&mut self) -> Option<(Duration, Vec<u8>)> {
        let due = self.inquiries.next_deadline()?;
        let waited = due.since(self.now);
        self.now = due;
        let mut questions = self.inquiries.run(self.now, &mut self.random);
        assert_eq!(questions.len(), 1);
        Some((waited, questions.pop()?.1))
    }

    /// A server's answer to a question, with these options besides.
    fn answer(&mut self, question: &[u8], options: &[(u16, &[u8])]) {
        let mut message = question[..4].to_vec();
        message[0] = 7;
        for (code, value) in options {
            message.extend_from_slice(&code.to_be_bytes());
            message.extend_from_slice(&(value.len() as u16).to_be_bytes());
            message.extend_from_slice(value);
        }
        self.inquiries.input(ETH0, &message, self.now, &mut self.random);
    }

    fn resolvers(&self) -> Vec<Ipv6Addr> {
        self.inquiries.answers().flat_map(|(_, answer)| answer.resolvers.clone()).collect()
    }
}

#[test]
fn questions_come_ever_more_seldom() {
    let mut bench = Bench::new();
    let waits: Vec<u64> = (0..20).map(|_| bench.ask().unwrap().0.as_millis() as u64).collect();
    assert!(waits[0] <= 1000 && (900..=1100).contains(&waits[1]), "{waits:?}");
    for pair in waits[1..12].windows(2) {
        assert!((pair[0] * 18 / 10..=pair[0] * 22 / 10).contains(&pair[1]), "{waits:?}");
    }
    assert!(waits[14..].iter().all(|wait| (3_240_000..=3_960_000).contains(wait)), "{waits:?}");
    let (_, question) = bench.ask().unwrap();
    assert_eq!(question[22..24], [0xff, 0xff], "the time since the first is as long as can be said");
}

#[test]
fn an_answer_is_known_until_it_is_to_be_asked_for_again() {
    let mut bench = Bench::new();
    let (_, question) = bench.ask().unwrap();
    let (us, them) = (client_id(MAC), [0, 3, 0, 1, 9]);
    let ids = [(option::CLIENT_ID, &us[..]), (option::SERVER_ID, &them[..])];
    let resolvers = (option::DNS_SERVERS, &RESOLVER.octets()[..]);
    let domains = (option::DOMAIN_LIST, &b"\x03lan\0"[..]);
    let refresh = (option::REFRESH_TIME, &[0, 0, 14, 16][..]);
    bench.answer(&question, &[ids[0], ids[1], resolvers, domains, refresh]);
    let known: Vec<_> = bench.inquiries.answers().collect();
    assert_eq!((known[0].0, &known[0].1.domains), (ETH0, &vec!["lan".into()]));
    assert_eq!(bench.resolvers(), [RESOLVER]);
    let (waited, question) = bench.ask().unwrap();
    assert!((3600..=3601).contains(&waited.as_secs()), "{waited:?}");
    assert_eq!(bench.resolvers(), [RESOLVER], "known until something else is");
    bench.answer(&question, &[ids[0], ids[1], (option::REFRESH_TIME, &[0xff; 4])]);
    assert_eq!((bench.resolvers(), bench.ask()), (vec![], None), "for ever");
    bench.inquiries.forget(ETH0);
    assert!(!bench.inquiries.has(ETH0));
}

#[test]
fn a_server_cannot_be_asked_too_often() {
    let mut bench = Bench::new();
    let (_, question) = bench.ask().unwrap();
    let us = client_id(MAC);
    bench.answer(
        &question,
        &[(option::CLIENT_ID, &us), (option::SERVER_ID, b"s"), (option::REFRESH_TIME, &[0; 4])],
    );
    assert!(bench.ask().unwrap().0.as_secs() >= 600);
}

#[test]
fn what_is_no_answer_to_us() {
    let us = client_id(MAC);
    let resolvers = (option::DNS_SERVERS, &RESOLVER.octets()[..]);
    let server = (option::SERVER_ID, &b"s"[..]);
    let client = (option::CLIENT_ID, &us[..]);
    let rows: [&[(u16, &[u8])]; 4] = [
        &[client, resolvers],
        &[server, resolvers],
        &[server, (option::CLIENT_ID, b"another"), resolvers],
        &[server, client, (option::STATUS_CODE, &[0, 1]), resolvers],
    ];
    for row in rows {
        let mut bench = Bench::new();
        let (_, question) = bench.ask().unwrap();
        bench.answer(&question, row);
        assert!(bench.resolvers().is_empty() && bench.ask().is_some(), "{row:?}");
    }
    let mut bench = Bench::new();
    let (_, mut question) = bench.ask().unwrap();
    question[3] ^= 1;
    bench.answer(&question, &[server, client, resolvers]);
    assert!(bench.resolvers().is_empty());
    bench.inquiries.input(ETH0, &[7, 0], bench.now, &mut bench.random);
}
