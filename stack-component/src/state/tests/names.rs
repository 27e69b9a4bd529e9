//! Look-ups, as far as they need no server.

use super::*;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use stack_core::names::{InvalidName, NameError, Settings};

#[test]
fn what_is_known_is_ready_at_once() {
    let mut harness = Harness::new();
    let now = harness.now;
    let lookup = harness.state.resolve("localhost", now).unwrap().unwrap();
    let (pollable, token) = harness.watch(Source::Lookup(lookup));
    assert_eq!(harness.run(), [token]);
    for expected in [IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::LOCALHOST)] {
        assert_eq!(harness.state.resolve_next(lookup), Ok(Some(expected)));
    }
    assert_eq!(harness.state.resolve_next(lookup), Ok(None));
    harness.state.drop_pollable(pollable);
    harness.state.drop_lookup(lookup);
    assert_eq!(harness.state.resolve_next(lookup), Err(NameError::Stale));
    assert_eq!(harness.state.resolve("a b", now), Err(InvalidName));
}

#[test]
fn who_waits_for_a_server_that_is_silent_is_woken_at_the_end() {
    let mut harness = Harness::new();
    // Somebody is there, and says nothing.
    let silent = harness.state.stack.udp_open().unwrap();
    harness.state.stack.udp_bind(silent, local(53)).unwrap();
    let settings = Settings { attempts: 1, ..Settings::default() };
    harness.state.stack.set_name_settings(settings, [local(53)].to_vec());
    let now = harness.now;
    let lookup = harness.state.resolve("www.example.org", now).unwrap().unwrap();
    let (_, token) = harness.watch(Source::Lookup(lookup));
    assert_eq!(harness.run(), []);
    assert_eq!(harness.state.resolve_next(lookup), Err(NameError::WouldBlock));
    assert_eq!(harness.advance(Duration::from_secs(2)), [token]);
    assert_eq!(harness.state.resolve_next(lookup), Err(NameError::Temporary));
}

#[test]
fn the_host_of_an_address_of_ours_is_known() {
    let mut harness = Harness::new();
    let lookup = harness.state.resolve_host(Ipv4Addr::LOCALHOST.into(), harness.now).unwrap();
    let (_, token) = harness.watch(Source::Lookup(lookup));
    assert_eq!(harness.run(), [token]);
    let host = harness.state.stack.resolved_host(lookup).map(ToString::to_string);
    assert_eq!(host.as_deref(), Ok("localhost"));
    harness.state.drop_lookup(lookup);
}
