//! Tables of routes, and where packets go by them.

use super::*;
use crate::packet::DeviceIndex;
use crate::random::{Random, SeededRandom};
use crate::time::Instant;
use crate::wire::cidr::IpCidr;
use alloc::vec;
use alloc::vec::Vec;
use core::net::IpAddr;

const ETH0: DeviceIndex = DeviceIndex(2);
const ETH1: DeviceIndex = DeviceIndex(3);

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn empty() -> Routes {
    Routes::new(&mut SeededRandom::new(1))
}

fn route(destination: &str, kind: RouteKind, device: DeviceIndex) -> Route {
    Route::over(destination.parse().unwrap(), kind, device)
}

fn refusing(destination: &str, kind: RouteKind) -> Route {
    Route::new(destination.parse().unwrap(), kind)
}

fn via(destination: &str, gateway: &str, device: DeviceIndex) -> Route {
    let hop = Hop { device: Some(device), ..Hop::via(address(gateway)) };
    Route { hops: vec![hop], ..Route::via(destination.parse().unwrap(), address(gateway)) }
}

fn with(list: impl IntoIterator<Item = Route>) -> Routes {
    let mut routes = empty();
    for route in list {
        routes.insert(route, Meeting::Add).unwrap();
    }
    routes
}

/// Where a packet of ours goes: the device and the neighbour.
fn way(routes: &Routes, flow: &FlowKey) -> Option<(DeviceIndex, IpAddr)> {
    match routes.lookup(flow).ok()? {
        Destination::Unicast(hop) => Some((hop.device, hop.neighbour)),
        _ => None,
    }
}

#[test]
fn where_packets_go() {
    let source = Some(address("10.0.0.1"));
    let small = Metrics { mtu: Some(1400), ..Metrics::NONE };
    let routes = with([
        Route { source, ..route("10.0.0.1/32", RouteKind::Local, ETH0) },
        Route { source, ..route("10.0.0.255/32", RouteKind::Broadcast, ETH0) },
        Route { source, ..route("10.0.0.0/24", RouteKind::Unicast, ETH0) },
        Route { source, ..via("0.0.0.0/0", "10.0.0.2", ETH0) },
        Route { metric: 5, ..route("0.0.0.0/0", RouteKind::Unicast, ETH1) },
        Route { metric: 9, ..route("10.1.0.0/16", RouteKind::Unicast, ETH0) },
        Route { metric: 1, metrics: small, ..route("10.1.0.0/16", RouteKind::Unicast, ETH1) },
        refusing("10.2.0.0/16", RouteKind::Prohibit),
        refusing("10.3.0.0/16", RouteKind::Unreachable),
        refusing("10.4.0.0/16", RouteKind::Blackhole),
    ]);
    let hop = |device, neighbour, source, metrics| NextHop {
        device,
        neighbour: address(neighbour),
        source,
        metrics,
        scope: if ["10.0.0.2", "255.255.255.255"].contains(&neighbour) {
            Scope::Universe
        } else {
            Scope::Link
        },
    };
    let none = Metrics::NONE;
    let rows = [
        ("10.0.0.1", Ok(Destination::Local { source })),
        ("10.0.0.255", Ok(Destination::Broadcast(hop(ETH0, "10.0.0.255", source, none)))),
        ("255.255.255.255", Ok(Destination::Broadcast(hop(ETH0, "255.255.255.255", source, none)))),
        ("10.0.0.7", Ok(Destination::Unicast(hop(ETH0, "10.0.0.7", source, none)))),
        ("192.0.2.1", Ok(Destination::Unicast(hop(ETH0, "10.0.0.2", source, none)))),
        ("10.1.2.3", Ok(Destination::Unicast(hop(ETH1, "10.1.2.3", None, small)))),
        ("10.2.2.3", Err(Refusal::Prohibit)),
        ("10.3.2.3", Err(Refusal::Unreachable)),
        ("10.4.2.3", Err(Refusal::Blackhole)),
        ("fd77::1", Err(Refusal::NoRoute)),
    ];
    for (destination, expected) in rows {
        assert_eq!(routes.lookup(&FlowKey::to(address(destination))), expected, "{destination}");
    }
    assert_eq!(empty().lookup(&FlowKey::to(address("10.0.0.1"))), Err(Refusal::NoRoute));
    assert_eq!(routes.len(), 10);
}

#[test]
fn what_addresses_are_to_us() {
    let routes = with([
        route("10.0.0.1/32", RouteKind::Local, ETH0),
        route("10.0.0.255/32", RouteKind::Broadcast, ETH0),
        route("0.0.0.0/0", RouteKind::Unicast, ETH0),
        route("fd77::1/128", RouteKind::Local, ETH0),
        route("fd77::/128", RouteKind::Anycast, ETH0),
    ]);
    for (text, kind) in [
        ("10.0.0.1", RouteKind::Local),
        ("10.0.0.255", RouteKind::Broadcast),
        ("255.255.255.255", RouteKind::Broadcast),
        ("0.0.0.0", RouteKind::Broadcast),
        ("224.0.0.1", RouteKind::Multicast),
        ("10.0.0.7", RouteKind::Unicast),
        ("fd77::1", RouteKind::Local),
        ("fd77::", RouteKind::Anycast),
        ("ff02::1", RouteKind::Multicast),
        ("::10.0.0.1", RouteKind::Unicast),
    ] {
        assert_eq!(routes.kind_of(address(text)), kind, "{text}");
    }
}

#[test]
fn a_new_route_meets_an_old_one() {
    let first = Route { metric: 7, ..via("10.0.0.0/8", "192.0.2.1", ETH0) };
    let second = Route { metric: 7, ..via("10.0.0.0/8", "192.0.2.2", ETH0) };
    let other = Route { metric: 8, ..first.clone() };
    let rows = [
        (Meeting::Add, &second, Err(RouteError::Exists), vec![&first]),
        (Meeting::Add, &other, Ok(()), vec![&first, &other]),
        (Meeting::Change, &other, Err(RouteError::NothingToChange), vec![&first]),
        (Meeting::Change, &second, Ok(()), vec![&second]),
        (Meeting::Replace, &second, Ok(()), vec![&second]),
        (Meeting::Replace, &other, Ok(()), vec![&first, &other]),
        (Meeting::Append, &second, Ok(()), vec![&first, &second]),
        (Meeting::Append, &first, Err(RouteError::Exists), vec![&first]),
        (Meeting::Prepend, &second, Ok(()), vec![&second, &first]),
    ];
    for (meeting, new, answer, after) in rows {
        let mut routes = with([first.clone()]);
        let generation = routes.generation();
        assert_eq!(routes.insert(new.clone(), meeting), answer, "{meeting:?} {new:?}");
        assert_eq!(routes.iter().collect::<Vec<_>>().iter().collect::<Vec<_>>(), after, "{meeting:?}");
        assert_eq!((routes.len(), routes.generation() != generation), (after.len(), answer.is_ok()));
    }
}

#[test]
fn a_route_goes_as_far_as_it_is_described() {
    let list = || {
        [
            Route { metric: 5, ..via("10.0.0.0/8", "192.0.2.1", ETH0) },
            Route { metric: 7, source: Some(address("192.0.2.9")), ..via("10.0.0.0/8", "192.0.2.2", ETH1) },
        ]
    };
    let pattern = refusing("10.0.0.0/8", RouteKind::Unicast);
    let hop = |gateway, device| vec![Hop { device, ..Hop::via(address(gateway)) }];
    for (pattern, metric) in [
        (pattern.clone(), Some(5)),
        (Route { metric: 7, ..pattern.clone() }, Some(7)),
        (Route { metric: 6, ..pattern.clone() }, None),
        (Route { hops: hop("192.0.2.2", None), ..pattern.clone() }, Some(7)),
        (Route { hops: hop("192.0.2.2", Some(ETH0)), ..pattern.clone() }, None),
        (Route { hops: vec![Hop::over(ETH1)], ..pattern.clone() }, Some(7)),
        (Route { source: Some(address("192.0.2.9")), ..pattern.clone() }, Some(7)),
        (Route { table: TableId(9), ..pattern.clone() }, None),
        (Route { kind: RouteKind::Blackhole, ..pattern.clone() }, None),
        (Route { destination: "10.0.0.0/9".parse().unwrap(), ..pattern }, None),
    ] {
        let mut routes = with(list());
        assert_eq!(routes.remove(&pattern).ok().map(|route| route.metric), metric, "{pattern:?}");
        assert_eq!(routes.len(), if metric.is_some() { 1 } else { 2 });
    }
}

#[test]
fn a_type_of_service_has_its_own_routes() {
    let routes = with([
        route("10.0.0.0/8", RouteKind::Unicast, ETH0),
        Route { tos: 0x10, metric: 9, ..route("10.0.0.0/8", RouteKind::Unicast, ETH1) },
    ]);
    let to = FlowKey::to(address("10.0.0.7"));
    for (tos, device) in [(0, ETH0), (0x10, ETH1), (0x20, ETH0)] {
        assert_eq!(way(&routes, &FlowKey { tos, ..to }), Some((device, to.destination)));
    }
}

#[test]
fn rules_choose_the_table() {
    let [red, blue] = [TableId(100), TableId(u32::MAX)];
    let in_table = |table, device| Route { table, ..route("0.0.0.0/0", RouteKind::Unicast, device) };
    let mut routes = with([
        route("10.0.0.1/32", RouteKind::Local, ETH0),
        route("0.0.0.0/0", RouteKind::Unicast, ETH0),
        in_table(red, ETH1),
        Route { table: blue, ..refusing("10.9.0.0/16", RouteKind::Throw) },
        in_table(blue, DeviceIndex(4)),
    ]);
    let like = address("0.0.0.0");
    let to = |table| RuleAction::Table(table);
    let rules = [
        Rule { source: Some("10.0.0.0/24".parse().unwrap()), ..Rule::new(100, to(red)) },
        Rule { mark: 0x10, mask: 0xf0, ..Rule::new(200, to(blue)) },
        Rule { input: Some(ETH1), ..Rule::new(300, RuleAction::Prohibit) },
        Rule { output: Some(ETH1), ..Rule::new(400, to(red)) },
        Rule {
            destination: Some("192.0.2.0/24".parse().unwrap()),
            ..Rule::new(500, RuleAction::Unreachable)
        },
        Rule { tos: 8, ..Rule::new(600, RuleAction::Blackhole) },
    ];
    for rule in rules {
        routes.add_rule(like, rule).unwrap();
        assert_eq!(routes.add_rule(like, rule), Err(RouteError::RuleExists));
    }
    let flow = FlowKey::to(address("203.0.113.1"));
    let rows = [
        (flow, Ok(ETH0)),
        (FlowKey { source: Some(address("10.0.0.9")), ..flow }, Ok(ETH1)),
        (FlowKey { mark: 0x1f, ..flow }, Ok(DeviceIndex(4))),
        (FlowKey { mark: 0x1f, ..FlowKey::to(address("10.9.0.1")) }, Ok(ETH0)),
        (FlowKey { input: Some(ETH1), ..flow }, Err(Refusal::Prohibit)),
        (FlowKey { output: Some(ETH1), ..flow }, Ok(ETH1)),
        (FlowKey::to(address("192.0.2.7")), Err(Refusal::NoRoute)),
        (FlowKey { tos: 8, ..flow }, Err(Refusal::Blackhole)),
    ];
    for (flow, expected) in rows {
        let found = routes.find(&flow).map(|way| way.hop.device.unwrap());
        assert_eq!(found, expected, "{flow:?}");
    }
    // Our own addresses come before all rules but those of priority 0.
    let ours = FlowKey { mark: 0x1f, ..FlowKey::to(address("10.0.0.1")) };
    assert_eq!(routes.lookup(&ours), Ok(Destination::Local { source: None }));
    assert_eq!(routes.default_rule_priority(like), 99);
    routes.remove_rule(like, &rules[0]).unwrap();
    assert_eq!(routes.remove_rule(like, &rules[0]), Err(RouteError::NoSuchRule));
    assert_eq!(way(&routes, &FlowKey { source: Some(address("10.0.0.9")), ..flow }).unwrap().0, ETH0);
}

#[test]
fn a_rule_may_be_inverted_and_pass_default_routes_over() {
    let mut routes = with([
        route("0.0.0.0/0", RouteKind::Unicast, ETH0),
        route("10.0.0.0/8", RouteKind::Unicast, ETH0),
        Route { table: TableId(7), ..route("0.0.0.0/0", RouteKind::Unicast, ETH1) },
    ]);
    let like = address("0.0.0.0");
    let main = Rule { suppress_prefix_len: Some(0), ..Rule::new(10, RuleAction::Table(TableId::MAIN)) };
    let others =
        Rule { invert: true, mark: 5, mask: u32::MAX, ..Rule::new(20, RuleAction::Table(TableId(7))) };
    routes.add_rule(like, main).unwrap();
    routes.add_rule(like, others).unwrap();
    let [near, far] = [address("10.1.1.1"), address("192.0.2.1")];
    assert_eq!(way(&routes, &FlowKey::to(near)), Some((ETH0, near)));
    assert_eq!(way(&routes, &FlowKey::to(far)), Some((ETH1, far)));
    assert_eq!(way(&routes, &FlowKey { mark: 5, ..FlowKey::to(far) }), Some((ETH0, far)));
}

#[test]
fn the_versions_have_their_own_default_rules() {
    let priorities = |text| empty().rules(address(text)).iter().map(|rule| rule.priority).collect::<Vec<_>>();
    assert_eq!(priorities("0.0.0.0"), [0, 32_766, 32_767]);
    assert_eq!(priorities("::"), [0, 32_766]);
}

#[test]
fn flows_spread_and_survive_a_dead_device() {
    let to = |gateway, device| Hop { device: Some(device), ..Hop::via(address(gateway)) };
    let hops = vec![to("192.0.2.1", ETH0), Hop { weight: 3, ..to("198.51.100.1", ETH1) }];
    let mut routes = empty();
    assert_eq!(routes.flow_hash(&tuple(7), 1), 0, "without several ways nothing is hashed");
    routes.insert(Route { hops, ..refusing("0.0.0.0/0", RouteKind::Unicast) }, Meeting::Add).unwrap();
    let share = |routes: &Routes| {
        let flow =
            |port| FlowKey { hash: routes.flow_hash(&tuple(port), 1), ..FlowKey::to(address("10.0.0.2")) };
        (0..1000).filter(|&port| way(routes, &flow(port)).unwrap().0 == ETH0).count()
    };
    let before = share(&routes);
    assert!((200..300).contains(&before), "{before}");
    routes.device_down(ETH1);
    assert_eq!(share(&routes), 1000);
    routes.device_up(ETH1);
    assert_eq!(share(&routes), before);
    routes.device_down(ETH1);
    routes.device_down(ETH0);
    assert!(routes.is_empty());
}

fn tuple(port: u16) -> FlowTuple {
    let [source, destination] = [address("10.0.0.1"), address("10.0.0.2")];
    FlowTuple { source, destination, protocol: 6, ports: [port, 80], flow_label: 0 }
}

#[test]
fn ipv6_gateways_of_one_metric_become_one_route() {
    let mut routes = with([via("::/0", "fe80::1", ETH0)]);
    assert_eq!(routes.insert(via("::/0", "fe80::2", ETH0), Meeting::Add), Err(RouteError::Exists));
    routes.insert(via("::/0", "fe80::2", ETH0), Meeting::Append).unwrap();
    assert_eq!((routes.len(), routes.iter().next().unwrap().hops.len()), (1, 2));
}

/// Linux: `ip6_route_del`, `ip6_route_multipath_del`.
#[test]
fn an_ipv6_route_loses_the_hops_that_are_named() {
    let hops = |gateways: &[&str]| -> Vec<Hop> {
        let hop = |gateway: &&str| Hop { device: Some(ETH0), ..Hop::via(address(gateway)) };
        gateways.iter().map(hop).collect()
    };
    let by =
        |gateways: &[&str]| Route { hops: hops(gateways), ..refusing("fd00:a::/64", RouteKind::Unicast) };
    for (named, answer, rest) in [
        (&["fe80::2"][..], true, Some(&["fe80::1", "fe80::3"][..])),
        (&["fe80::3", "fe80::1"], true, Some(&["fe80::2"])),
        (&["fe80::1", "fe80::9"], false, Some(&["fe80::2", "fe80::3"])),
        (&["fe80::1", "fe80::2", "fe80::3"], true, None),
        (&["fe80::9"], false, Some(&["fe80::1", "fe80::2", "fe80::3"])),
    ] {
        let mut routes = with([by(&["fe80::1", "fe80::2", "fe80::3"])]);
        assert_eq!(routes.remove(&by(named)).is_ok(), answer, "{named:?}");
        assert_eq!(routes.iter().next().map(|route| route.hops), rest.map(hops), "{named:?}");
        assert_eq!(routes.len(), usize::from(rest.is_some()));
    }
}

#[test]
fn an_address_of_a_link_means_the_link_of_the_packet() {
    let mut routes = empty();
    for device in [ETH0, ETH1] {
        routes.insert(route("fe80::/64", RouteKind::Unicast, device).by_kernel(), Meeting::Append).unwrap();
    }
    let to = FlowKey::to(address("fe80::7"));
    for device in [ETH0, ETH1] {
        assert_eq!(way(&routes, &FlowKey { output: Some(device), ..to }), Some((device, to.destination)));
        assert_eq!(way(&routes, &FlowKey { input: Some(device), ..to }), Some((device, to.destination)));
    }
    assert_eq!(way(&routes, &FlowKey { output: Some(DeviceIndex(9)), ..to }), None);
}

#[test]
fn the_preferred_router_of_one_metric_is_taken() {
    let from = |gateway, preference| Route {
        preference,
        protocol: RouteProtocol::RouterAdvertisement,
        ..via("::/0", gateway, ETH0)
    };
    let mut routes = empty();
    for (gateway, preference) in
        [("fe80::1", Preference::Low), ("fe80::2", Preference::High), ("fe80::3", Preference::Medium)]
    {
        routes.insert(from(gateway, preference), Meeting::Append).unwrap();
    }
    let to = FlowKey::to(address("2001:db8::1"));
    assert_eq!(way(&routes, &to), Some((ETH0, address("fe80::2"))));
}

#[test]
fn routes_go_when_their_time_is_over() {
    let until = |destination, millis| Route {
        expires: Some(Instant::from_millis(millis)),
        ..route(destination, RouteKind::Unicast, ETH0)
    };
    let mut routes = with([
        until("fd01::/64", 500),
        until("fd02::/64", 900),
        route("fd03::/64", RouteKind::Unicast, ETH0),
    ]);
    assert_eq!(routes.next_deadline(), Some(Instant::from_millis(500)));
    routes.run_timers(Instant::from_millis(499));
    assert_eq!(routes.len(), 3);
    routes.run_timers(Instant::from_millis(500));
    assert_eq!((routes.len(), routes.next_deadline()), (2, Some(Instant::from_millis(900))));
    routes.run_timers(Instant::from_millis(1000));
    assert_eq!((routes.len(), routes.next_deadline()), (1, None));
}

#[test]
fn routes_go_with_their_device_and_address() {
    let source = Some(address("10.0.0.1"));
    let mut routes = with([
        Route { source, ..route("10.0.0.0/24", RouteKind::Unicast, ETH0) },
        route("10.1.0.0/24", RouteKind::Unicast, ETH0),
        route("10.2.0.0/24", RouteKind::Unicast, ETH1),
    ]);
    let rule = Rule { input: Some(ETH1), ..Rule::new(9, RuleAction::Prohibit) };
    routes.add_rule(address("0.0.0.0"), rule).unwrap();
    routes.address_gone(address("10.0.0.1"));
    assert_eq!(routes.len(), 2);
    routes.device_gone(ETH1);
    assert_eq!((routes.len(), routes.rules(address("0.0.0.0")).len()), (1, 3));
}

#[test]
fn a_gateways_network_is_looked_for_among_near_routes_alone() {
    let routes = with([via("0.0.0.0/0", "10.0.0.2", ETH0), route("10.0.0.0/24", RouteKind::Unicast, ETH0)]);
    let near = |text| FlowKey { scope: Scope::Link, ..FlowKey::to(address(text)) };
    assert!(routes.find(&near("10.0.0.9")).is_ok());
    assert_eq!(routes.find(&near("192.0.2.1")).err(), Some(Refusal::NoRoute));
}

/// A random address of one version; of IPv6 one of those that are given out (RFC 4291 section 2.4).
fn anywhere(random: &mut SeededRandom, ipv6: bool) -> IpAddr {
    if !ipv6 {
        return IpAddr::V4(random.next_u32().into());
    }
    let words = [random.next_u32() >> 3 | 1 << 29, random.next_u32(), random.next_u32(), random.next_u32()];
    IpAddr::V6(words.into_iter().fold(0u128, |bits, word| bits << 32 | u128::from(word)).into())
}

/// A stack with `count` random routes of one version, and flows to everywhere.
fn many(count: usize, ipv6: bool) -> (Routes, Vec<FlowKey>) {
    let mut random = SeededRandom::new(11);
    let own = if ipv6 { ["2001:db8::1/128", "::/0"] } else { ["10.0.0.1/32", "0.0.0.0/0"] };
    let mut routes = with([route(own[0], RouteKind::Local, ETH0), route(own[1], RouteKind::Unicast, ETH0)]);
    let (shortest, lengths) = if ipv6 { (16, 49) } else { (8, 25) };
    while routes.len() < count {
        let length = shortest + random.below(lengths) as u8;
        let block = IpCidr::new(anywhere(&mut random, ipv6), length).unwrap();
        let _ = routes.insert(Route::over(block.network(), RouteKind::Unicast, ETH1), Meeting::Replace);
    }
    let flows = (0..65_536).map(|_| FlowKey::to(anywhere(&mut random, ipv6))).collect();
    (routes, flows)
}

/// Measures time, so it is run by hand with optimisation: `cargo xtask bench routes`.
#[test]
#[ignore = "measures time"]
fn what_a_look_up_costs_among_many_routes() {
    fn seconds(work: &mut dyn FnMut() -> usize) -> f64 {
        let start = std::time::Instant::now();
        std::hint::black_box(work());
        start.elapsed().as_secs_f64()
    }
    let mut kept = true;
    for (version, ipv6) in [("IPv4", false), ("IPv6", true)] {
        let tables = [10, 100_000].map(|count| many(count, ipv6));
        let each = 1e9 / tables[0].1.len() as f64;
        // The two by turns, so that both have the same share of a machine's better and worse moments.
        let (mut anywhere, mut cached) = ([f64::MAX; 2], [f64::MAX; 2]);
        for _ in 0..50 {
            for (at, (routes, flows)) in tables.iter().enumerate() {
                let mut all = || flows.iter().filter(|flow| routes.lookup(flow).is_ok()).count();
                anywhere[at] = anywhere[at].min(seconds(&mut all) * each);
                let mut cache = DestinationCache::new(&mut SeededRandom::new(1));
                let few = || flows.iter().take(16).cycle().take(flows.len());
                let mut known =
                    || few().filter(|flow| cache.get(flow, 0, || routes.lookup(flow)).is_ok()).count();
                cached[at] = cached[at].min(seconds(&mut known) * each);
            }
        }
        for (what, [few, many], limit) in [("anywhere", anywhere, 4.0), ("cached", cached, 1.1)] {
            let ratio = many / few;
            kept &= ratio <= limit;
            std::println!(
                "{version} {what}: {few:.1} ns with 10 routes, {many:.1} ns with 100 000: {ratio:.2}x, at most {limit}x"
            );
        }
    }
    assert!(kept);
}

/// In the order of `ip route` and `ip -6 route` in a namespace with the same routes.
#[test]
fn routes_are_listed_as_linux_lists_them() {
    let lists: [&[&str]; 2] = [
        &["0.0.0.0/0", "10.0.0.0/24", "10.0.0.0/16", "10.0.0.0/8", "10.1.0.0/16"],
        &[
            "2001::/16",
            "fd00::1/128",
            "fd00::/48",
            "fd00:1::/32",
            "fd00::/16",
            "fd80::/16",
            "fd00::/8",
            "::/0",
        ],
    ];
    let routes = with(lists.concat().into_iter().rev().map(|to| route(to, RouteKind::Unicast, ETH0)));
    let listed: Vec<_> = routes.iter().map(|route| alloc::format!("{}", route.destination)).collect();
    assert_eq!(listed, lists.concat());
}
