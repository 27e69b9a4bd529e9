//! The examples of RFC 6724 section 10, and each rule.

use super::*;
use alloc::string::ToString;

/// A candidate from a line: the address, and letters for what it is: `d`eprecated, `t`emporary, of `o`ther devices.
fn candidate(text: &str) -> Candidate {
    let (address, marks) = text.split_once(' ').unwrap_or((text, ""));
    Candidate {
        address: address.parse().unwrap(),
        prefix_len: 64,
        deprecated: marks.contains('d'),
        optimistic: false,
        temporary: marks.contains('t'),
        of_device: !marks.contains('o'),
    }
}

fn selected(destination: &str, candidates: &[&str], prefer_temporary: bool) -> Option<Ipv6Addr> {
    let candidates = candidates.iter().map(|text| candidate(text));
    select(destination.parse().unwrap(), candidates, prefer_temporary)
}

#[test]
fn each_rule_chooses_in_either_order() {
    let rows: [(&str, &str, &str, bool, &str); 13] = [
        ("the same address", "2001:db8::1", "2001:db8::1 dt", false, "2001:db8::2"),
        ("appropriate scope", "2001:db8:1::1", "2001:db8:3::1", false, "fe80::1"),
        ("smallest that reaches", "ff05::1", "2001:db8:3::1", false, "fe80::1"),
        ("link-local for its own", "fe80::9", "fe80::1", false, "2001:db8:3::1"),
        ("not deprecated", "2001:db8:1::1", "2001:db8:3::1", false, "2001:db8:1::2 d"),
        ("of the device", "2001:db8:1::1", "2001:db8:3::1", false, "2001:db8:1::2 o"),
        ("label 6to4", "2002:c000:201::1", "2002:c000:204::5", false, "2001:db8:1::2"),
        ("label ula", "fd12::1", "fd34::1", false, "2001:db8::1"),
        ("label global", "2001:db8:9::1", "2001:db8::1", false, "fd34::1"),
        // Teredo's addresses have more in common with the destination.
        ("label before prefix", "2001:db8::1", "2600::1", false, "2001:0:1::1"),
        ("temporary", "2001:db8:1::d5e3", "2001:db8:1::a t", true, "2001:db8:1::2"),
        ("public", "2001:db8:1::d5e3", "2001:db8:1::2", false, "2001:db8:1::a t"),
        ("longest prefix", "2001:db8:1::1", "2001:db8:1::2", false, "2001:db8:3::2"),
    ];
    for (rule, destination, winner, prefer_temporary, loser) in rows {
        let expected = Some(candidate(winner).address);
        for candidates in [[winner, loser], [loser, winner]] {
            assert_eq!(selected(destination, &candidates, prefer_temporary), expected, "{rule}");
        }
    }
    assert_eq!(selected("2001:db8::1", &[], false), None);
    let beyond_the_prefix = ["2001:db8:1::1:1", "2001:db8:1::2:1"];
    let first = Some(candidate(beyond_the_prefix[0]).address);
    assert_eq!(selected("2001:db8:1::2:2", &beyond_the_prefix, false), first, "of equal ones the first");
}

/// Destinations with their sources, in order of preference; deprecated sources have a `d` behind them.
fn ordered(pairs: &[(&str, Option<&str>)]) -> Vec<IpAddr> {
    let source_of = |destination: IpAddr| {
        let (_, source) = pairs.iter().find(|(text, _)| text.parse() == Ok(destination))?;
        let (address, deprecated) = match (*source)?.split_once(' ') {
            Some((address, _)) => (address, true),
            None => ((*source)?, false),
        };
        Some(Source { address: address.parse().unwrap(), deprecated })
    };
    let mut destinations: Vec<IpAddr> = pairs.iter().map(|(text, _)| text.parse().unwrap()).collect();
    order_destinations(&mut destinations, source_of);
    destinations
}

#[test]
fn the_rfcs_examples_of_destinations() {
    let rows: [&[(&str, Option<&str>)]; 8] = [
        &[("2001:db8:1::1", Some("2001:db8:1::2")), ("198.51.100.121", Some("169.254.13.78"))],
        &[("198.51.100.121", Some("198.51.100.117")), ("2001:db8:1::1", Some("fe80::1"))],
        &[("2001:db8:1::1", Some("2001:db8:1::2")), ("10.1.2.3", Some("10.1.2.4"))],
        &[("fe80::1", Some("fe80::2")), ("2001:db8:1::1", Some("2001:db8:1::2"))],
        &[("2001:db8:1::1", Some("2001:db8:1::2")), ("fe80::1", Some("fe80::2 d"))],
        &[("2001:db8:1::1", Some("2001:db8:1::2")), ("2001:db8:3ffe::1", Some("2001:db8:3f44::2"))],
        &[("2002:c633:6401::1", Some("2002:c633:6401::2")), ("2001:db8:1::1", Some("fe80::2"))],
        &[("2001:db8:1::1", Some("2001:db8:1::2")), ("2002:c633:6401::1", None)],
    ];
    for pairs in rows {
        let expected: Vec<IpAddr> = pairs.iter().map(|(text, _)| text.parse().unwrap()).collect();
        assert_eq!(ordered(pairs), expected);
        let reversed: Vec<_> = pairs.iter().rev().copied().collect();
        assert_eq!(ordered(&reversed), expected, "whatever the order was");
    }
    let equal = [("192.0.2.9", Some("192.0.2.1")), ("192.0.2.8", Some("192.0.2.1"))];
    assert_eq!(ordered(&equal)[0].to_string(), "192.0.2.9", "what is equal stays");
}
