//! What is different for IPv6.

use super::*;
use core::net::Ipv6Addr;

const GROUP: IpAddr = IpAddr::V6(Ipv6Addr::new(0xff05, 0, 0, 0, 0, 0, 0, 7));

fn bench() -> Bench {
    Bench::with(GROUP)
}

#[test]
fn what_waited_for_the_link_is_told_then() {
    let mut bench = bench();
    bench.groups.link_down(ETH0, Language::Mld);
    bench.join(A, Filter::EVERYBODY);
    assert_eq!(bench.wait(10_000), [], "IPv6 does not work yet");
    for why in ["it works", "there is an address to report from"] {
        bench.groups.link_up(ETH0, Language::Mld, bench.now);
        let told = record_of(GROUP, ToExclude, &[]);
        assert_eq!(bench.wait(1000), [told.clone(), told], "{why}");
    }
}

#[test]
fn the_versions_do_not_mix() {
    let mut bench = bench();
    bench.ask(2, None, &[]);
    bench.join(A, Filter::EVERYBODY);
    let joined = Report::Joined { version: 2, group: GROUP };
    assert_eq!(bench.wait(10_000), [joined.clone(), joined.clone()]);
    bench.groups.join(A, ETH0, super::GROUP, Filter::EVERYBODY, bench.now).unwrap();
    assert_eq!(bench.wait(0), [record(ToExclude, &[])], "IGMP knows nothing of MLD's router");
    bench.wait(1000);
    bench.ask(3, None, &[]);
    assert_eq!(bench.wait(10_000), [joined], "an old one is still there");
    bench.leave(A);
    assert_eq!(bench.wait(10_000), [Report::Left(GROUP)]);
}

#[test]
fn one_version_alone_if_so_set() {
    let mut bench = bench();
    bench.set("net.ipv6.conf.all.force_mld_version", "1");
    bench.join(A, Filter::EVERYBODY);
    let joined = Report::Joined { version: 2, group: GROUP };
    assert_eq!(bench.wait(10_000), [joined.clone(), joined]);
    bench.set("net.ipv6.conf.all.force_mld_version", "2");
    bench.ask(2, None, &[]);
    assert_eq!(bench.wait(10_000), []);
    bench.ask(3, None, &[]);
    assert_eq!(bench.wait(10_000), [record_of(GROUP, IsExclude, &[])]);
}

#[test]
fn a_router_cannot_make_us_careless() {
    let mut bench = bench();
    let (max_response, interval) = (Duration::from_secs(1), Duration::from_secs(125));
    let query = Query { version: 3, group: None, sources: vec![], max_response, robustness: 1, interval };
    bench.hear(query);
    bench.wait(1000);
    bench.join(A, Filter::EVERYBODY);
    assert_eq!(bench.wait(1000).len(), 2);
}

#[test]
fn a_sockets_groups_are_limited() {
    let mut bench = bench();
    let now = bench.now;
    let mut join = |n: u16| {
        let group = IpAddr::V6(Ipv6Addr::new(0xff05, 0, 0, 0, 0, 0, 1, n));
        bench.groups.join(A, ETH0, group, Filter::EVERYBODY, now)
    };
    for n in 0..MAX_MEMBERSHIPS_V6 as u16 {
        assert_eq!(join(n), Ok(()));
    }
    assert_eq!(join(999), Err(GroupError::TooMany));
}

#[test]
fn routers_hear_nothing_of_what_stays_here() {
    let mut bench = bench();
    for group in ["ff01::5", "ff11::5"] {
        bench.groups.join(A, ETH0, group.parse().unwrap(), Filter::EVERYBODY, bench.now).unwrap();
    }
    assert_eq!(bench.wait(1000), []);
    for version in [3, 2] {
        bench.ask(version, None, &[]);
        assert_eq!(bench.wait(10_000), [], "nor of all nodes");
    }
}
