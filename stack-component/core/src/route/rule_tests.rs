//! Rules that ask for what is above IP, and rules that lead to others. Linux: `fib_rules_lookup`, `fib4_rule_match`.

use super::{
    FlowKey, Meeting, PortRange, Refusal, Route, RouteError, RouteKind, Routes, Rule, RuleAction, TableId,
    Transport,
};
use crate::packet::DeviceIndex;
use crate::random::SeededRandom;
use core::net::IpAddr;

const MAIN: DeviceIndex = DeviceIndex(2);
const OTHER: DeviceIndex = DeviceIndex(3);
const RED: TableId = TableId(100);

/// A default route in the main table, and one over another device in another table.
fn routes() -> Routes {
    let mut routes = Routes::new(&mut SeededRandom::new(1));
    for (table, device) in [(TableId::MAIN, MAIN), (RED, OTHER)] {
        let route = Route::over("0.0.0.0/0".parse().unwrap(), RouteKind::Unicast, device);
        routes.insert(Route { table, ..route }, Meeting::Add).unwrap();
    }
    routes
}

fn like() -> IpAddr {
    "0.0.0.0".parse().unwrap()
}

fn flow(protocol: u8, ports: [u16; 2]) -> FlowKey {
    let transport = Transport { protocol, ports };
    FlowKey { transport, ..FlowKey::to("192.0.2.1".parse().unwrap()) }
}

fn device(routes: &Routes, flow: &FlowKey) -> Result<DeviceIndex, Refusal> {
    routes.find(flow).map(|way| way.hop.device.unwrap())
}

#[test]
fn rules_choose_by_protocol_and_ports() {
    let red = Rule::new(100, RuleAction::Table(RED));
    let range = |first, last| Some(PortRange::new(first, last).unwrap());
    let rows = [
        (Rule { protocol: 6, ..red }, 6, [1, 80], true),
        (Rule { protocol: 6, ..red }, 17, [1, 80], false),
        (Rule { protocol: 6, ..red }, 0, [0, 0], false),
        (Rule { destination_ports: range(80, 80), ..red }, 17, [80, 80], true),
        (Rule { destination_ports: range(80, 80), ..red }, 17, [80, 81], false),
        (Rule { source_ports: range(5, 9), ..red }, 6, [9, 80], true),
        (Rule { source_ports: range(5, 9), ..red }, 6, [10, 80], false),
        (Rule { source_ports: range(5, 9), destination_ports: range(1, 79), ..red }, 6, [9, 80], false),
        (Rule { source_ports: range(1, 65_534), ..red }, 1, [0, 0], false),
        (Rule { invert: true, destination_ports: range(80, 80), ..red }, 6, [1, 80], false),
        (Rule { invert: true, destination_ports: range(80, 80), ..red }, 6, [1, 81], true),
    ];
    for (rule, protocol, ports, meant) in rows {
        let mut routes = routes();
        assert!(!routes.rules_ask_transport(like()));
        routes.add_rule(like(), rule).unwrap();
        assert!(routes.rules_ask_transport(like()));
        assert!(!routes.rules_ask_transport("::".parse().unwrap()));
        let expected = if meant { OTHER } else { MAIN };
        assert_eq!(device(&routes, &flow(protocol, ports)), Ok(expected), "{rule:?}");
        routes.remove_rule(like(), &rule).unwrap();
        assert!(!routes.rules_ask_transport(like()));
    }
    for (first, last) in [(0, 5), (9, 5), (1, u16::MAX)] {
        assert_eq!(PortRange::new(first, last), None, "{first} {last}");
    }
}

#[test]
fn rules_lead_to_others_further_on() {
    let mut routes = routes();
    let to = |target| RuleAction::Goto(target);
    for target in [100, 99] {
        let refused = routes.add_rule(like(), Rule::new(100, to(target)));
        assert_eq!(refused, Err(RouteError::BackwardGoto), "{target}");
    }
    let marked = Rule { mark: 1, mask: 1, ..Rule::new(100, to(300)) };
    routes.add_rule(like(), marked).unwrap();
    routes.add_rule(like(), Rule::new(200, RuleAction::Prohibit)).unwrap();
    let plain = FlowKey::to("192.0.2.1".parse().unwrap());
    let leapt = FlowKey { mark: 1, ..plain };
    assert_eq!(device(&routes, &leapt), Err(Refusal::Prohibit), "there is nothing to go to");
    let first = Rule::new(300, RuleAction::Nop);
    routes.add_rule(like(), first).unwrap();
    assert_eq!(device(&routes, &leapt), Ok(MAIN));
    routes.add_rule(like(), Rule::new(300, RuleAction::Table(RED))).unwrap();
    assert_eq!((device(&routes, &leapt), device(&routes, &plain)), (Ok(OTHER), Err(Refusal::Prohibit)));
    // The next of the same priority is gone to instead.
    routes.remove_rule(like(), &first).unwrap();
    assert_eq!(device(&routes, &leapt), Ok(OTHER));
}
