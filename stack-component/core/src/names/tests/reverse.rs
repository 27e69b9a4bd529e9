//! Look-ups of the hosts of addresses.

use super::super::{Hosts, LookupHandle, NameError, Settings};
use super::bench::Bench;
use crate::time::Duration;
use alloc::vec::Vec;
use std::format;
use std::string::{String, ToString};

/// A PTR record of what was asked for: host.test, which holds for 30 s.
const HOST: &[u8] = b"\xc0\x0c\0\x0c\0\x01\0\0\0\x1e\0\x0b\x04host\x04test\0";

fn lookup(bench: &mut Bench, address: &str) -> LookupHandle {
    let address = address.parse().unwrap();
    bench.resolver.lookup_host(address, bench.now, &mut bench.random).unwrap()
}

fn host(bench: &Bench, lookup: LookupHandle) -> Result<String, NameError> {
    bench.resolver.host(lookup).map(ToString::to_string)
}

#[test]
fn a_host_is_asked_for_by_its_address_and_kept() {
    let nibbles = format!("9.0.0.0.{}7.7.d.f.ip6.arpa", "0.".repeat(24));
    for (address, expected) in [("192.0.2.7", "7.2.0.192.in-addr.arpa"), ("fd77::9", &nibbles)] {
        let mut bench = Bench::new(1);
        let first = lookup(&mut bench, address);
        assert_eq!(host(&bench, first), Err(NameError::WouldBlock));
        let asked = bench.serve(|question| Some(question.answer(0x8180, [1, 0], HOST)));
        let [question] = &asked[..] else { panic!("{asked:?}") };
        let end = question.question_end();
        assert_eq!(
            (question.asks().0.as_str(), &question.message[end - 4..end]),
            (expected, &[0, 12, 0, 1][..])
        );
        assert_eq!(bench.resolver.take_ended(), [first]);
        assert_eq!(host(&bench, first), Ok("host.test".into()));
        bench.now = bench.now + Duration::from_secs(29);
        let again = lookup(&mut bench, address);
        assert_eq!(host(&bench, again), Ok("host.test".into()), "known");
        bench.now = bench.now + Duration::from_secs(1);
        lookup(&mut bench, address);
        assert_eq!(bench.sent().len(), 1, "no longer than the server says");
    }
}

#[test]
fn delegated_addresses_are_followed() {
    let mut bench = Bench::new(1);
    let found = lookup(&mut bench, "192.0.2.7");
    // 7.2.0.192.in-addr.arpa is another name for x.test (RFC 2317), whose pointer is h.test.
    let chain: &[u8] =
        b"\xc0\x0c\0\x05\0\x01\0\0\0\x05\0\x08\x01x\x04test\0\xc0\x34\0\x0c\0\x01\0\0\0\x3c\0\x08\x01h\x04test\0";
    bench.serve(|question| Some(question.answer(0x8180, [2, 0], chain)));
    assert_eq!(host(&bench, found), Ok("h.test".into()));
}

#[test]
fn what_is_known_is_not_asked_for() {
    let mut bench = Bench::new(0);
    let hosts = Hosts::of(&[("db", "10.0.0.7"), ("db.example", "10.0.0.7"), ("me", "127.0.0.1")]);
    bench.resolver.set_settings(Settings { hosts, ..Settings::default() });
    let rows = [
        ("10.0.0.7", Ok("db")),
        ("127.0.0.1", Ok("me")),
        ("::1", Ok("localhost")),
        ("10.0.0.8", Err(NameError::Temporary)),
    ];
    for (address, expected) in rows {
        let found = lookup(&mut bench, address);
        assert_eq!(bench.resolver.take_ended(), [found], "nobody has to wait");
        assert_eq!(host(&bench, found), expected.map(String::from), "{address}");
        bench.resolver.forget(found);
        assert_eq!(host(&bench, found), Err(NameError::Stale));
    }
    assert_eq!(bench.sent().into_iter().collect::<Vec<_>>().len(), 0);
}

#[test]
fn who_has_no_name() {
    let mut bench = Bench::new(1);
    let nobody = lookup(&mut bench, "192.0.2.7");
    bench.serve(|question| Some(question.nothing(0x8183, 60)));
    assert_eq!(host(&bench, nobody), Err(NameError::Unresolvable));
    let named = bench.lookup("192.0.2.7");
    assert_eq!(host(&bench, named), Err(NameError::Unresolvable), "that is a look-up of addresses");
}
