//! Raw and ping sockets over loopback.

use super::{Harness, Source};
use core::net::{IpAddr, Ipv4Addr};
use stack_core::raw::{Family, Kind};
use stack_core::socket::SocketError;

const LOCALHOST: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));

#[test]
fn who_waits_for_a_reply_is_told() {
    let mut harness = Harness::new();
    let socket = harness.state.create_raw_socket(Family::V4, Kind::Ping).unwrap();
    let (_, token) = harness.watch(Source::Raw(socket));
    assert_eq!(harness.run(), []);
    let request = (vec![8, 0, 0, 0, 0, 0, 0, 1], LOCALHOST, None);
    let packets = [request.clone(), request, (vec![0; 8], LOCALHOST, None)];
    assert_eq!(harness.state.send_raw(socket, &packets, harness.now), Ok(2), "the last one is no request");
    assert_eq!(harness.run(), [token]);
    assert_eq!(harness.state.receive_raw(socket, 1).unwrap().len(), 1);
    assert_eq!(harness.state.receive_raw(socket, u64::MAX).unwrap().len(), 1);
    assert_eq!(harness.state.receive_raw(socket, 10).unwrap().len(), 0, "nothing is an answer");
    assert_eq!(harness.state.receive_raw_reports(socket, 10), Ok(vec![]));
    let refused = harness.state.send_raw(socket, &packets[2..], harness.now);
    assert_eq!(refused, Err(SocketError::InvalidArgument));
}

#[test]
fn what_outlives_its_socket_is_ready() {
    let mut harness = Harness::new();
    let socket = harness.state.create_raw_socket(Family::V4, Kind::Ping).unwrap();
    let (pollable, token) = harness.watch(Source::Raw(socket));
    harness.state.drop_raw_socket(socket);
    assert_eq!(harness.run(), [token]);
    assert!(harness.state.is_ready(pollable, harness.now));
    assert_eq!(harness.state.receive_raw(socket, 1).unwrap_err(), SocketError::InvalidState);
}

#[test]
fn devices_are_bound_to_by_name() {
    let mut harness = Harness::new();
    let socket = harness.state.create_raw_socket(Family::V4, Kind::Ping).unwrap();
    assert_eq!(harness.state.bind_raw_to_device(socket, "lo"), Ok(()));
    assert_eq!(harness.state.bind_raw_to_device(socket, "eth9"), Err(SocketError::InvalidArgument));
    assert_eq!(harness.state.bind_raw_to_device(socket, ""), Ok(()));
}
