use super::*;

fn policy(unruled: Unruled, outbound: &[&str], inbound: &[&str], resolve: &[&str]) -> Policy {
    let rules = |texts: &[&str]| texts.iter().map(|text| address_rule(text).unwrap()).collect();
    Policy::new(Rules {
        mode: Mode::Enforce,
        unruled,
        own: vec![at("10.0.2.15:80").ip()],
        gateways: vec![at("10.0.2.2:80").ip()],
        name_servers: vec![at("192.0.2.53:53")],
        outbound: rules(outbound),
        inbound: rules(inbound),
        resolve: resolve.iter().map(|text| name_rule(text).unwrap()).collect(),
    })
}

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

#[test]
fn rules_allow_what_they_say() {
    use Transport::{Tcp, Udp};
    let rows = [
        ("tcp://192.0.2.1:80", Tcp, "192.0.2.1:80", true),
        ("tcp://192.0.2.1:80", Tcp, "192.0.2.1:81", false),
        ("tcp://192.0.2.1:80", Tcp, "192.0.2.2:80", false),
        ("tcp://192.0.2.1:80", Udp, "192.0.2.1:80", false),
        ("udp://192.0.2.0/24:*", Udp, "192.0.2.255:1", true),
        ("udp://192.0.2.0/24:*", Udp, "192.0.3.0:1", false),
        ("tcp://[2001:db8::]/32:21,35000-35999", Tcp, "[2001:db8:9::1]:35500", true),
        ("tcp://[2001:db8::/32]:21", Tcp, "[2001:db8:9::1]:21", true),
        ("tcp://[2001:db8::]/32:21,35000-35999", Tcp, "[2001:db9::1]:21", false),
        ("tcp://*:*", Tcp, "[2001:db8::1]:9", true),
        ("tcp://*:443#ipv4-only", Tcp, "192.0.2.1:443", true),
        ("tcp://*:443#ipv4-only", Tcp, "[2001:db8::1]:443", false),
        ("tcp://localhost:*", Tcp, "127.0.0.9:1", true),
        ("tcp://localhost:*", Tcp, "[::1]:1", true),
        ("tcp://0.0.0.0/0:*", Tcp, "[::1]:1", false),
        ("tcp://192.0.2.1:80", Tcp, "[::ffff:192.0.2.1]:80", false),
    ];
    for (rule, transport, remote, allowed) in rows {
        let policy = policy(Unruled::Denied, &[rule], &[], &[]);
        assert_eq!(policy.outbound(transport, at(remote)).is_ok(), allowed, "{rule} {remote}");
    }
}

#[test]
fn who_may_be_sent_anything_may_be_asked_for_an_echo() {
    let rows = [
        (Unruled::Denied, "tcp://192.0.2.0/24:80", "192.0.2.9", true),
        (Unruled::Denied, "udp://192.0.2.1:7", "192.0.2.2", false),
        (Unruled::Denied, "udp://*:7#ipv6-only", "192.0.2.2", false),
        (Unruled::Denied, "udp://*:7#ipv6-only", "2001:db8::1", true),
        (Unruled::Denied, "tcp://a.test:80", "192.0.2.1", false),
        (Unruled::Inward, "tcp://192.0.2.1:80", "10.0.2.15", true),
        (Unruled::Allowed, "tcp://192.0.2.1:80", "2001:db8::1", true),
    ];
    for (unruled, rule, remote, allowed) in rows {
        let policy = policy(unruled, &[rule], &[], &[]);
        let within =
            Policy::within(Rules { unruled: Unruled::Allowed, ..Rules::default() }, Arc::new(policy));
        assert_eq!(within.echo(remote.parse().unwrap()).is_ok(), allowed, "{rule} {remote}");
    }
    let policy = policy(Unruled::Denied, &["tcp://a.test:80"], &[], &[]);
    policy.learn("a.test", at("192.0.2.1:0").ip());
    assert_eq!(policy.echo(at("192.0.2.1:0").ip()), Ok(()));
    let denial = policy.echo(at("[2001:db8::1]:0").ip()).unwrap_err();
    let told = "ping to 2001:db8::1: --allow-outbound=udp://[2001:db8::1]:7 would allow it";
    assert_eq!(denial.to_string(), told);
}

#[test]
fn hearing_at_all_addresses_is_more_than_hearing_at_one() {
    let rows = [
        ("tcp://localhost:80", "127.0.0.1:80", true),
        ("tcp://localhost:80", "0.0.0.0:80", false),
        ("tcp://*:80", "0.0.0.0:80", true),
        ("tcp://*:80", "[::]:80", true),
        ("tcp://*:0", "[::]:0", true),
        ("tcp://192.0.2.0/24:80", "192.0.2.9:80", true),
        ("tcp://0.0.0.0:80", "192.0.2.9:80", false),
        ("tcp://0.0.0.0/0:80", "0.0.0.0:80", true),
    ];
    for (rule, local, allowed) in rows {
        let policy = policy(Unruled::Denied, &[], &[rule], &[]);
        assert_eq!(policy.inbound(Transport::Tcp, at(local)).is_ok(), allowed, "{rule} {local}");
    }
}

#[test]
fn who_may_neither_hear_nor_connect_may_not_be_bound() {
    let rows = [
        (Unruled::Denied, None, None, false),
        (Unruled::Denied, None, Some("tcp://*:80"), true),
        (Unruled::Denied, None, Some("tcp://*:81"), false),
        (Unruled::Denied, Some("tcp://192.0.2.1:443"), None, true),
        (Unruled::Denied, Some("udp://192.0.2.1:53"), None, false),
        (Unruled::Inward, None, None, true),
        (Unruled::Allowed, None, None, true),
    ];
    for (row, (unruled, outbound, inbound, allowed)) in rows.into_iter().enumerate() {
        let policy = policy(unruled, outbound.as_slice(), inbound.as_slice(), &[]);
        assert_eq!(policy.binding(at("127.0.0.1:80")).is_ok(), allowed, "{row}");
    }
    let counting = Policy::new(Rules { mode: Mode::Count, unruled: Unruled::Denied, ..Rules::default() });
    assert!(counting.binding(at("127.0.0.1:80")).is_ok() && counting.counted().is_empty());
}

#[test]
fn names_hold_for_the_addresses_that_were_looked_up() {
    let policy = policy(
        Unruled::Denied,
        &["tcp://example.com:443", "tcp://*.cdn.test:80"],
        &[],
        &["*.a.test#ipv6-only"],
    );
    let (v4, v6) = (at("192.0.2.1:443"), at("[2001:db8::1]:443"));
    assert!(policy.outbound(Transport::Tcp, v4).is_err(), "not looked up yet");
    for (name, allowed) in [
        ("example.com", true),
        ("Example.COM.", true),
        ("www.example.com", false),
        ("x.y.cdn.test", true),
        ("cdn.test", false),
        ("xcdn.test", false),
        ("www.a.test", true),
        ("a.test", false),
        ("192.0.2.7", true),
        ("::1", true),
        ("[::1]", true),
        ("127.1", true),
        ("0x7f000001", true),
        ("localhost", true),
        ("localhost.example", false),
    ] {
        assert_eq!(policy.resolve(name).is_ok(), allowed, "{name}");
    }
    policy.learn("example.com", v4.ip());
    policy.learn("elsewhere.test", v6.ip());
    assert!(policy.outbound(Transport::Tcp, v4).is_ok());
    assert!(policy.outbound(Transport::Tcp, at("192.0.2.1:80")).is_err(), "another port");
    assert!(policy.outbound(Transport::Tcp, v6).is_err(), "another name");
    for number in 0..100 {
        policy.learn(&format!("{number}.cdn.test"), v6.ip());
    }
    policy.learn("example.com", v6.ip());
    assert!(policy.outbound(Transport::Tcp, v6).is_ok(), "one more name of a shared address");
    assert!(policy.tells("www.a.test", v6.ip()) && !policy.tells("www.a.test", v4.ip()));
}

#[test]
fn what_stands_for_this_machines_loopback_has_to_be_named_by_its_address() {
    let gateway = at("10.0.2.2:5432");
    let rows = [
        ("tcp://10.0.2.2:5432", true),
        ("tcp://10.0.2.0/24:*", true),
        ("tcp://rebound.test:5432", false),
        ("tcp://*.test:*", false),
        ("tcp://*:*", false),
    ];
    for (rule, allowed) in rows {
        let policy = policy(Unruled::Denied, &[rule], &[], &[]);
        policy.learn("rebound.test", gateway.ip());
        let answers = [policy.outbound(Transport::Tcp, gateway), policy.opening(Transport::Tcp, gateway)];
        let [by_gate, by_gateway] = answers.map(|answer| answer.map_err(|denial| denial.flag()));
        let expected = if allowed { Ok(()) } else { Err("--allow-outbound=tcp://10.0.2.2:5432".into()) };
        assert_eq!((&by_gate, &by_gateway), (&expected, &expected), "{rule}");
        assert_eq!(policy.echo(gateway.ip()).is_ok(), allowed, "{rule}");
    }
}

#[test]
fn questions_to_named_servers_leave_where_any_name_may_be_looked_up() {
    let server = at("192.0.2.53:53");
    let rows =
        [(&["a.test"][..], server, true), (&[], server, false), (&["a.test"], at("192.0.2.53:54"), false)];
    for (resolve, remote, allowed) in rows {
        let policy = policy(Unruled::Denied, &[], &[], resolve);
        for transport in [Transport::Tcp, Transport::Udp] {
            assert_eq!(policy.opening(transport, remote).is_ok(), allowed, "{resolve:?} {remote}");
            assert!(policy.outbound(transport, remote).is_err(), "the guest's own are not asked for");
        }
    }
}

#[test]
fn without_rules_a_network_is_the_guests_or_is_not() {
    let (own, other) = (at("10.0.2.15:80"), at("192.0.2.1:80"));
    let free = policy(Unruled::Allowed, &[], &[], &[]);
    assert!(free.outbound(Transport::Tcp, other).is_ok() && free.resolve("a.test").is_ok());
    let inward = policy(Unruled::Inward, &[], &[], &[]);
    assert!(inward.outbound(Transport::Udp, own).is_ok());
    assert!(inward.outbound(Transport::Udp, other).is_err());
    assert!(inward.inbound(Transport::Tcp, at("0.0.0.0:80")).is_ok());
    assert!(inward.resolve("a.test").is_err() && inward.resolve("localhost").is_ok());
}

#[test]
fn counting_lets_through_and_remembers() {
    let counting = Policy::new(Rules { mode: Mode::Count, unruled: Unruled::Denied, ..Rules::default() });
    for _ in 0..3 {
        assert_eq!(counting.outbound(Transport::Tcp, at("192.0.2.1:80")), Ok(()));
    }
    let unseen = at("192.0.2.1:81");
    for remote in [at("192.0.2.1:80"), unseen, unseen] {
        assert_eq!(counting.opening(Transport::Tcp, remote), Ok(()));
    }
    assert_eq!(counting.resolve("a.test"), Ok(()));
    let counted: Vec<_> = counting.counted().iter().map(|(denial, count)| (denial.flag(), *count)).collect();
    let expected = [
        ("--allow-outbound=tcp://192.0.2.1:80".into(), 3),
        ("--allow-outbound=tcp://192.0.2.1:81".into(), 1),
        ("--allow-resolve=a.test".into(), 1),
    ];
    assert_eq!(counted, expected);
}

#[test]
fn denials_name_the_flag_that_would_help() {
    let rows = [
        (
            Denial::Outbound(Transport::Tcp, at("[2001:db8::1]:443")),
            "tcp to [2001:db8::1]:443: --allow-outbound=tcp://[2001:db8::1]:443 would allow it",
        ),
        (
            Denial::Inbound(Transport::Udp, at("0.0.0.0:53")),
            "udp at 0.0.0.0:53: --allow-inbound=udp://*:53 would allow it",
        ),
        (Denial::Resolve("a.test".into()), "looking up a.test: --allow-resolve=a.test would allow it"),
    ];
    for (denial, text) in rows {
        assert_eq!(denial.to_string(), text);
        let flag = denial.flag();
        let (option, value) = flag.split_once('=').unwrap();
        let fits =
            if option == "--allow-resolve" { name_rule(value).is_ok() } else { address_rule(value).is_ok() };
        assert!(fits, "{flag} can be typed");
    }
}

#[test]
fn a_guest_may_do_what_its_rules_and_the_networks_allow() {
    let network =
        policy(Unruled::Denied, &["tcp://192.0.2.0/24:443", "udp://a.test:53"], &["tcp://*:80"], &["*.test"]);
    let network = Arc::new(network);
    let rules = policy(
        Unruled::Denied,
        &["tcp://192.0.2.0/24:*", "udp://a.test:*"],
        &["tcp://*:*"],
        &["b.test", "c.example"],
    );
    let guest = Policy::within(rules.rules, Arc::clone(&network));
    assert!(guest.outbound(Transport::Tcp, at("192.0.2.1:443")).is_ok());
    assert!(guest.outbound(Transport::Tcp, at("192.0.2.1:80")).is_err(), "not the network's");
    assert!(guest.outbound(Transport::Udp, at("192.0.2.1:53")).is_err(), "nobody has looked it up");
    guest.learn("a.test", at("192.0.2.1:53").ip());
    assert!(guest.outbound(Transport::Udp, at("192.0.2.1:53")).is_ok());
    assert!(guest.allows_answers(Transport::Udp, at("192.0.2.1:53")));
    assert!(
        network.outbound(Transport::Udp, at("192.0.2.1:53")).is_ok(),
        "the network learns what a guest does"
    );
    assert!(guest.allows_inbound(Transport::Tcp, at("0.0.0.0:80")));
    assert!(!guest.allows_inbound(Transport::Tcp, at("0.0.0.0:81")));
    assert!(guest.inbound(Transport::Udp, at("0.0.0.0:80")).is_err());
    let answers = ["b.test", "c.example", "d.test"].map(|name| guest.resolve(name).is_ok());
    assert_eq!(answers, [true, false, false]);
}

#[test]
fn what_is_no_rule_says_what_was_expected() {
    let rows = [
        ("example.com:80", "expected tcp://HOST:PORT"),
        ("http://example.com:80", "expected tcp://HOST:PORT"),
        ("tcp://example.com", "expected tcp://HOST:PORT"),
        ("tcp://2001:db8::1:443", "needs brackets"),
        ("tcp://a b:1", "is no name"),
        ("tcp://:1", "is no name"),
        ("tcp://192.0.2.0/33:1", "has 0 to 32 bits"),
        ("tcp://192.0.2.0/+24:1", "has 0 to 32 bits"),
        ("tcp://192.0.2.300:1", "is neither a name nor an address"),
        ("tcp://*.a.300:1", "is neither a name nor an address"),
        ("tcp://127.1:1", "is no name; as an address it is 127.0.0.1"),
        ("tcp://[::ffff:192.0.2.1]:1", "as an IPv4 address it is 192.0.2.1"),
        ("tcp://example.com/24:1", "is no address"),
        ("tcp://*:65536", "are no ports"),
        ("tcp://*:9-1", "are no ports"),
        ("tcp://*:+1", "are no ports"),
        ("tcp://*:", "are no ports"),
        ("tcp://*:1#ipv5-only", "expected #ipv4-only"),
    ];
    for (text, expected) in rows {
        let error = address_rule(text).unwrap_err();
        assert!(error.contains(expected), "{text}: {error}");
    }
    assert!(name_rule("a..b").is_err() && name_rule("*.").is_err() && name_rule("").is_err());
}

#[test]
fn clients_of_a_published_port_may_be_answered() {
    let policy = policy(Unruled::Inward, &[], &[], &[]);
    let client = at("192.0.2.1:4000");
    policy.admit_client(client);
    assert!(policy.outbound(Transport::Udp, client).is_ok());
    assert!(policy.outbound(Transport::Tcp, client).is_err(), "another transport");
    assert!(policy.opening(Transport::Udp, client).is_err(), "no answer");
    policy.admit_client(client);
    policy.forget_client(client);
    assert!(policy.outbound(Transport::Udp, client).is_ok(), "it is a client of another port, too");
    policy.forget_client(client);
    assert!(policy.outbound(Transport::Udp, client).is_err());
}

#[test]
fn what_is_no_name_is_not_told_to_anybody() {
    let long = "a.".repeat(200);
    let odd = ["(none)", "", "a b", "a..b", "a\nwnet: all is well", "\u{1b}[2J", "*", "a#ipv4-only", &long];
    let denying = policy(Unruled::Inward, &[], &[], &["a.test"]);
    for name in odd {
        assert_eq!(denying.resolve(name), Err(NoLookUp::NotAName), "{name:?}");
    }
    assert!(matches!(denying.resolve("b.test"), Err(NoLookUp::Denied(_))));
    assert!(denying.resolve("a.test.").is_ok());
    // Whoever allows all names leaves it to the stack what is none; and who counts is not told of what nobody could allow.
    let all = policy(Unruled::Denied, &[], &[], &["*"]);
    let rules = Rules { mode: Mode::Count, unruled: Unruled::Denied, ..Rules::default() };
    let counting = Policy::new(rules);
    for name in odd {
        assert!(all.resolve(name).is_ok() && counting.resolve(name).is_ok(), "{name:?}");
    }
    assert_eq!(counting.counted(), []);
}
