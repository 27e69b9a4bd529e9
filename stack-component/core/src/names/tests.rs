//! The resolver against servers that are played here.

mod bench;
mod reverse;

use super::question::MAX_ADDRESSES;
use super::*;
use crate::time::Duration;
use alloc::vec::Vec;
use bench::{Bench, SERVERS, Sent};
use core::net::SocketAddr;
use std::string::{String, ToString};

/// A server that has IPv4 addresses of all names.
fn only_v4(question: &Sent) -> Option<Vec<u8>> {
    Some(if question.asks().1 { question.nothing(0x8180, 60) } else { question.found(60, &["192.0.2.1"]) })
}

#[test]
fn both_versions_are_asked_for_and_kept() {
    let mut bench = Bench::new(1);
    let lookup = bench.lookup("www.example.org");
    assert_eq!(bench.result(lookup), Err(NameError::WouldBlock));
    let both = |question: &Sent| {
        Some(
            question
                .found(30, if question.asks().1 { &["2001:db8::1"] } else { &["192.0.2.1", "192.0.2.2"] }),
        )
    };
    let asked = bench.serve(both);
    let names: Vec<_> = asked.iter().map(Sent::asks).collect();
    assert_eq!(names, [("www.example.org".into(), true), ("www.example.org".into(), false)]);
    assert_ne!(asked[0].message[..2], asked[1].message[..2], "ids by chance");
    assert_ne!(asked[0].message[12..28], asked[1].message[12..28], "capitals by chance");
    assert_eq!(bench.resolver.take_ended(), [lookup]);
    let expected = Ok(["2001:db8::1", "192.0.2.1", "192.0.2.2"].map(String::from).to_vec());
    assert_eq!(bench.result(lookup), expected);
    bench.now = bench.now + Duration::from_secs(29);
    let again = bench.lookup("WWW.example.org.");
    assert_eq!(bench.result(again), expected, "known, in whatever case");
    bench.now = bench.now + Duration::from_secs(1);
    bench.lookup("www.example.org");
    assert_eq!(bench.sent().len(), 2, "no longer than the servers say");
}

#[test]
fn what_needs_no_question_is_answered_at_once() {
    let mut bench = Bench::new(0);
    bench.resolver.set_settings(Settings {
        hosts: Hosts::of(&[("db", "10.0.0.7"), ("Db.example", "10.0.0.7"), ("db", "fd00::7")]),
        ..Settings::default()
    });
    let rows: [(&str, Result<&[&str], NameError>); 8] = [
        ("192.0.2.9", Ok(&["192.0.2.9"])),
        ("::1", Ok(&["::1"])),
        ("localhost", Ok(&["::1", "127.0.0.1"])),
        ("db", Ok(&["10.0.0.7", "fd00::7"])),
        ("DB.example.", Ok(&["10.0.0.7"])),
        ("x.invalid", Err(NameError::Unresolvable)),
        ("nobody.to.ask", Err(NameError::Temporary)),
        ("db.", Ok(&["10.0.0.7", "fd00::7"])),
    ];
    for (text, expected) in rows {
        let lookup = bench.lookup(text);
        assert_eq!(bench.resolver.take_ended(), [lookup], "{text}");
        assert_eq!(
            bench.result(lookup),
            expected.map(|addresses| addresses.iter().map(ToString::to_string).collect())
        );
    }
    assert!(bench.sent().is_empty() && bench.resolver.is_idle());
    assert!(bench.resolver.lookup("a b", bench.now, &mut bench.random).is_err());
}

#[test]
fn the_search_list_is_tried_as_linux_does() {
    let searching = |text: &str, dots| {
        let mut bench = Bench::new(1);
        let search =
            ["a.test", "b.test"].map(|text| crate::wire::dns::Name::from_text(text).unwrap()).to_vec();
        bench.resolver.set_settings(Settings { search, dots, ..Settings::default() });
        let lookup = bench.lookup(text);
        let asked = bench.serve(|question| Some(question.nothing(0x8183, 60)));
        assert_eq!(bench.result(lookup), Err(NameError::Unresolvable));
        asked
            .iter()
            .filter(|question| question.asks().1)
            .map(|question| question.asks().0)
            .collect::<Vec<_>>()
    };
    assert_eq!(searching("www", 1), ["www.a.test", "www.b.test", "www"]);
    assert_eq!(searching("www.sub", 1), ["www.sub", "www.sub.a.test", "www.sub.b.test"]);
    assert_eq!(searching("www.sub", 2), ["www.sub.a.test", "www.sub.b.test", "www.sub"]);
    assert_eq!(searching("www.", 1), ["www"]);
}

#[test]
fn aliases_are_followed_through_answers_and_by_new_questions() {
    let mut bench = Bench::new(1);
    let lookup = bench.lookup("one.test");
    let asked = bench.serve(|question| {
        let (name, v6) = question.asks();
        Some(match (name.as_str(), v6) {
            (_, true) => question.nothing(0x8180, 60),
            // one is two, which is three, of which is nothing said.
            ("one.test", _) => {
                let chain = b"\xc0\x0c\0\x05\0\x01\0\0\0\x05\0\x06\x03two\xc0\x10\xc0\x26\0\x05\0\x01\0\0\0\x3c\0\x08\x05three\xc0\x10";
                question.answer(0x8180, [2, 0], chain)
            }
            _ => question.found(60, &["192.0.2.3"]),
        })
    });
    assert_eq!(asked.last().unwrap().asks(), ("three.test".into(), false));
    assert_eq!(bench.result(lookup), Ok(["192.0.2.3".to_string()].to_vec()));
    bench.now = bench.now + Duration::from_secs(5);
    bench.lookup("one.test");
    assert_eq!(bench.sent().len(), 1, "the answer holds as long as its shortest part");

    let mut bench = Bench::new(1);
    let lookup = bench.lookup("loop.test");
    let asked = bench.serve(|question| {
        Some(question.answer(0x8180, [1, 0], b"\xc0\x0c\0\x05\0\x01\0\0\0\x05\0\x02\xc0\x0c"))
    });
    assert_eq!(asked.len(), 2);
    assert_eq!(bench.result(lookup), Err(NameError::Permanent), "an alias of itself");
}

#[test]
fn silent_servers_are_asked_in_turn_and_then_given_up() {
    let mut bench = Bench::new(2);
    let lookup = bench.lookup("a.test");
    let mut turns = Vec::new();
    while !bench.resolver.has_ended(lookup) {
        let asked = bench.serve(|_| None);
        assert_eq!(asked.len(), 2, "for both versions");
        turns.push((asked[0].server.is_ipv6(), bench.wait().as_secs()));
    }
    assert_eq!(turns, [(false, 2), (true, 2), (false, 4), (true, 4), (false, 8), (true, 8)]);
    assert_eq!(bench.result(lookup), Err(NameError::Temporary));
    bench.sent();
    assert_eq!(bench.forgotten.len(), 12, "no socket is left");
    let soon = bench.lookup("a.test");
    assert_eq!(bench.result(soon), Err(NameError::Temporary), "left alone for a second");
    bench.now = bench.now + Duration::from_secs(1);
    let later = bench.lookup("a.test");
    bench.serve(only_v4);
    assert!(bench.result(later).is_ok());
    assert!(bench.resolver.is_idle());
}

#[test]
fn who_is_silent_of_one_name_is_not_asked_for_the_next() {
    let searching = |answer: fn(&Sent) -> Option<Vec<u8>>| {
        let mut bench = Bench::new(1);
        let search = [crate::wire::dns::Name::from_text("a.test").unwrap()].to_vec();
        bench.resolver.set_settings(Settings { search, attempts: 1, ..Settings::default() });
        let lookup = bench.lookup("www");
        let mut asked = 0;
        while !bench.resolver.has_ended(lookup) {
            asked += bench.serve(answer).len();
            if !bench.resolver.has_ended(lookup) {
                bench.wait();
            }
        }
        (asked, bench.result(lookup))
    };
    assert_eq!(searching(|_| None), (2, Err(NameError::Temporary)));
    let servfail = |question: &Sent| Some(question.answer(0x8182, [0, 0], b""));
    assert_eq!(searching(servfail), (4, Err(NameError::Temporary)), "who cannot say may know the other name");
}

#[test]
fn look_ups_that_wait_for_their_turn_get_it_when_others_time_out() {
    let mut bench = Bench::new(1);
    let lookups: Vec<_> = (0..200).map(|number| bench.lookup(&std::format!("n{number}.test"))).collect();
    bench.serve(|_| None);
    while bench.resolver.next_deadline().is_some() {
        bench.wait();
        bench.serve(|_| None);
    }
    for lookup in lookups {
        assert_eq!(bench.result(lookup), Err(NameError::Temporary));
    }
    assert!(bench.resolver.is_idle());
}

#[test]
fn an_answer_over_tcp_that_is_cut_short_is_none() {
    let mut bench = Bench::new(2);
    let lookup = bench.lookup("a.test");
    let asked = bench.serve(|question| match question.server.is_ipv6() {
        false => Some(question.answer(0x8380, [0, 0], b"")),
        true => only_v4(question),
    });
    assert_eq!(asked.iter().filter(|question| question.stream).count(), 2);
    assert!(bench.result(lookup).is_ok(), "the other server is asked");
}

#[test]
fn a_late_answer_counts_and_a_refusal_leads_to_the_next() {
    let mut bench = Bench::new(2);
    let lookup = bench.lookup("a.test");
    let first = bench.serve(|_| None);
    bench.wait();
    bench.serve(|_| None);
    for question in &first {
        let answer = only_v4(question).unwrap();
        bench.answer(question, &answer);
    }
    assert!(bench.result(lookup).is_ok(), "of the server that was asked before");

    for flags in [0x8182, 0x8185, 0x8000] {
        let mut bench = Bench::new(2);
        let lookup = bench.lookup("a.test");
        let asked = bench.serve(|question| match question.server.is_ipv6() {
            true => only_v4(question),
            false => Some(question.answer(flags, [0, 0], b"")),
        });
        assert_eq!(asked.len(), 4, "{flags:x}");
        assert!(bench.result(lookup).is_ok());
    }

    let mut bench = Bench::new(2);
    let lookup = bench.lookup("a.test");
    let asked = bench.serve(|question| Some(question.answer(0x8182, [0, 0], b"")));
    assert_eq!(
        (asked.len(), bench.result(lookup)),
        (4, Err(NameError::Temporary)),
        "each once, without waiting"
    );
}

#[test]
fn unreachable_servers_cost_no_time() {
    let mut bench = Bench::new(2);
    let lookup = bench.lookup("a.test");
    for _ in 0..2 {
        for question in bench.sent() {
            bench.resolver.lost(question.exchange, bench.now, &mut bench.random);
        }
    }
    assert_eq!(bench.result(lookup), Err(NameError::Temporary));
}

#[test]
fn an_answer_that_was_cut_short_is_fetched_over_tcp() {
    let mut bench = Bench::new(1);
    let lookup = bench.lookup("a.test");
    let asked = bench.serve(|question| match question.stream {
        false => Some(question.answer(0x8380, [0, 0], b"")),
        true => only_v4(question),
    });
    assert_eq!(asked.iter().map(|question| question.stream).collect::<Vec<_>>(), [false, false, true, true]);
    assert!(bench.result(lookup).is_ok());
}

#[test]
fn who_changes_letters_or_guesses_is_asked_over_tcp() {
    let mut bench = Bench::new(1);
    let lookup = bench.lookup("letters.test");
    let asked = bench.serve(|question| {
        let mut answer = only_v4(question).unwrap();
        if !question.stream {
            answer[12..26].make_ascii_lowercase();
        }
        Some(answer)
    });
    assert!(asked.iter().filter(|question| question.stream).count() >= 1);
    assert!(bench.result(lookup).is_ok());

    let mut bench = Bench::new(1);
    bench.lookup("guess.test");
    let question = bench.sent().pop_front().unwrap();
    for guess in 0..16_u8 {
        let mut answer = only_v4(&question).unwrap();
        answer[1] ^= guess + 1;
        bench.answer(&question, &answer);
        bench.answer(&question, &answer[..answer.len() / 2]);
    }
    let asked = bench.sent();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].stream && bench.forgotten == [question.exchange]);
}

#[test]
fn servers_of_old_are_asked_in_their_way() {
    for bare in [false, true] {
        let mut bench = Bench::new(1);
        let lookup = bench.lookup("a.test");
        let asked = bench.serve(|question| match question.is_extended() {
            true if bare => {
                let header = &question.message[..2];
                Some([header, &[0x81, 0x81, 0, 0, 0, 0, 0, 0, 0, 0]].concat())
            }
            true => Some(question.answer(0x8181, [0, 0], b"")),
            false => only_v4(question),
        });
        assert_eq!(asked.len(), 4);
        assert!(bench.result(lookup).is_ok());
    }
    let mut bench = Bench::new(1);
    let lookup = bench.lookup("a.test");
    bench.serve(|question| Some(question.answer(0x8184, [0, 0], b"")));
    assert_eq!(bench.result(lookup), Err(NameError::Permanent));
}

#[test]
fn one_version_does_not_wait_long_for_the_other() {
    let mut bench = Bench::new(1);
    let lookup = bench.lookup("a.test");
    let v4_alone = |question: &Sent| only_v4(question).filter(|_| !question.asks().1);
    bench.serve(v4_alone);
    assert_eq!(bench.result(lookup), Err(NameError::WouldBlock));
    assert_eq!(bench.wait(), Duration::from_millis(500));
    assert!(bench.result(lookup).is_ok());
}

#[test]
fn what_is_not_there_is_remembered_as_long_as_its_servers_say() {
    let mut bench = Bench::new(1);
    let lookup = bench.lookup("no.test");
    bench.serve(|question| Some(question.nothing(0x8183, 10)));
    assert_eq!(bench.result(lookup), Err(NameError::Unresolvable));
    bench.now = bench.now + Duration::from_secs(9);
    let lookup = bench.lookup("no.test");
    assert_eq!(bench.result(lookup), Err(NameError::Unresolvable));
    assert!(bench.sent().is_empty());
    bench.now = bench.now + Duration::from_secs(1);
    bench.lookup("no.test");
    assert_eq!(bench.sent().len(), 2);
}

#[test]
fn floods_stay_within_bounds() {
    let mut bench = Bench::new(1);
    let lookups: Vec<_> =
        (0..MAX_LOOKUPS).map(|number| bench.lookup(&std::format!("n{number}.test"))).collect();
    assert_eq!(bench.resolver.lookup("one.more", bench.now, &mut bench.random), Ok(None));
    let known = bench.lookup("192.0.2.1");
    assert!(bench.result(known).is_ok(), "that needs nobody");
    let first = bench.sent();
    assert_eq!(first.len(), MAX_ASKED);
    for question in &first {
        let answer = only_v4(question).unwrap();
        bench.answer(question, &answer);
    }
    bench.serve(only_v4);
    for lookup in lookups {
        assert!(bench.result(lookup).is_ok());
    }
    assert!(bench.resolver.is_idle());
    assert_eq!(bench.resolver.cached(), cache::MAX_ENTRIES);

    let many: Vec<String> = (0..100).map(|number| std::format!("192.0.2.{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let lookup = bench.lookup("many.test");
    bench.serve(|question| {
        Some(if question.asks().1 { question.nothing(0x8180, 9) } else { question.found(9, &many) })
    });
    assert_eq!(bench.result(lookup).unwrap().len(), MAX_ADDRESSES);
}

#[test]
fn look_ups_that_have_ended_leave_room_for_others() {
    let mut bench = Bench::new(1);
    let ended: Vec<_> = (0..MAX_LOOKUPS).map(|_| bench.lookup("192.0.2.1")).collect();
    let lookup = bench.lookup("a.test");
    bench.serve(only_v4);
    assert!(bench.result(lookup).is_ok());
    assert!(ended.into_iter().all(|lookup| bench.result(lookup).is_ok()));
}

#[test]
fn who_gives_up_leaves_nothing_behind() {
    let mut bench = Bench::new(1);
    let (one, other) = (bench.lookup("a.test"), bench.lookup("a.test"));
    assert_eq!(bench.sent().len(), 2, "asked once for both");
    bench.resolver.forget(one);
    assert!(bench.sent().is_empty() && bench.forgotten.is_empty());
    bench.resolver.forget(other);
    bench.sent();
    assert_eq!(bench.forgotten.len(), 2);
    assert!(bench.resolver.is_idle() && bench.resolver.next_deadline().is_none());
    assert_eq!(bench.resolver.next_address(one), Err(NameError::Stale));
}

#[test]
fn other_servers_know_other_names() {
    let mut bench = Bench::new(1);
    let lookup = bench.lookup("a.test");
    bench.serve(only_v4);
    assert!(bench.result(lookup).is_ok());
    let servers: Vec<SocketAddr> = [SERVERS[1].parse().unwrap()].to_vec();
    bench.resolver.set_network(servers, Vec::new());
    bench.lookup("a.test");
    assert!(bench.sent().iter().all(|question| question.server.is_ipv6()));
}
