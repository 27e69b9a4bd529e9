//! Who waits for changes is told of them, and of the end.

use super::*;
use stack_core::packet::DeviceIndex;
use stack_core::stack::{ChangeGroups, Stack};
use stack_core::wire::cidr::IpCidr;

fn give(stack: &mut Stack, address: &str) {
    let cidr = IpCidr::new(address.parse().unwrap(), 8).unwrap();
    stack.add_address(DeviceIndex::LOOPBACK, cidr).unwrap();
}

#[test]
fn a_change_wakes_who_waits_for_its_kind() {
    let mut harness = Harness::new();
    let addresses = ChangeGroups { addresses: true, ..ChangeGroups::default() };
    let subscriber = harness.state.watch_changes(addresses).unwrap();
    let neighbours = ChangeGroups { neighbours: true, ..ChangeGroups::default() };
    let other = harness.state.watch_changes(neighbours).unwrap();
    let (_, token) = harness.watch(Source::Changes(subscriber));
    let (_, others) = harness.watch(Source::Changes(other));
    assert_eq!(harness.run(), []);
    give(&mut harness.state.stack, "127.0.0.9");
    assert_eq!(harness.run(), [token]);
    let (changes, overrun) = harness.state.stack.take_changes(subscriber, 9);
    assert_eq!((changes.len(), overrun), (1, false));
    harness.state.drop_subscriber(other);
    assert_eq!(harness.run(), [others], "who waits sees the end");
}
