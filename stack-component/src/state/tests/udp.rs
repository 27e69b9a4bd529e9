//! UDP sockets over loopback.

use super::super::MAX_BATCH;
use super::*;
use core::net::Ipv6Addr;
use stack_core::udp::{UdpHandle, UdpOption};

fn local6(port: u16) -> SocketAddr {
    SocketAddr::new(Ipv6Addr::LOCALHOST.into(), port)
}

fn bound(harness: &mut Harness, family: Family, local: SocketAddr) -> UdpHandle {
    let socket = harness.state.create_udp_socket(family).unwrap();
    harness.state.udp_start_bind(socket, local).unwrap();
    harness.state.udp_finish_bind(socket).unwrap();
    socket
}

#[test]
fn every_call_in_every_state() {
    let mut harness = Harness::new();
    let state = &mut harness.state;
    let socket = state.create_udp_socket(Family::V4).unwrap();
    assert_eq!(state.udp_finish_bind(socket), Err(SocketError::NotInProgress));
    assert_eq!(state.udp_stream(socket, None), Err(SocketError::InvalidState));
    assert_eq!(state.udp_local_address(socket), Err(SocketError::InvalidState));
    assert_eq!(state.udp_start_bind(socket, local6(0)), Err(SocketError::InvalidArgument));
    let foreign = "192.0.2.9:7".parse().unwrap();
    assert_eq!(state.udp_start_bind(socket, foreign), Err(SocketError::AddressNotBindable));
    state.udp_start_bind(socket, local(0)).unwrap();
    assert_eq!(state.udp_start_bind(socket, local(0)), Err(SocketError::ConcurrencyConflict));
    assert_eq!(state.udp_stream(socket, None), Err(SocketError::ConcurrencyConflict));
    state.udp_finish_bind(socket).unwrap();
    assert_eq!(state.udp_start_bind(socket, local(0)), Err(SocketError::InvalidState));
    let port = state.udp_local_address(socket).unwrap().port();
    assert_ne!(port, 0);
    assert_eq!(state.udp_remote_address(socket), Err(SocketError::InvalidState));
    for useless in [local(0), "0.0.0.0:7".parse().unwrap(), local6(7)] {
        assert_eq!(state.udp_stream(socket, Some(useless)), Err(SocketError::InvalidArgument), "{useless}");
    }
    state.udp_stream(socket, Some(local(9))).unwrap();
    assert_eq!(state.udp_remote_address(socket), Ok(local(9)));
    let other = state.create_udp_socket(Family::V4).unwrap();
    assert_eq!(state.udp_start_bind(other, local(port)), Err(SocketError::AddressInUse));
    state.udp_start_bind(other, local(0)).unwrap();
}

#[test]
fn datagrams_go_both_ways_in_both_families() {
    for (family, server_address, any) in [
        (Family::V4, local(PORT), "0.0.0.0:0".parse().unwrap()),
        (Family::V6, local6(PORT), "[::]:0".parse().unwrap()),
    ] {
        let mut harness = Harness::new();
        let server = bound(&mut harness, family, server_address);
        let client = bound(&mut harness, family, any);
        harness.state.udp_stream(server, None).unwrap();
        harness.state.udp_stream(client, Some(server_address)).unwrap();
        let (_, token) = harness.watch(Source::Datagrams(server));
        let datagrams =
            [(b"one".to_vec(), None), (Vec::new(), Some(server_address)), (vec![1; 65_000], None)];
        assert_eq!(harness.state.udp_send(client, &datagrams, harness.now), Ok(3));
        assert_eq!(harness.run(), [token]);
        let first = harness.state.udp_receive(server, 2).unwrap();
        let from = first[0].1;
        assert_eq!(from.ip(), server_address.ip());
        assert_eq!(first, [(b"one".to_vec(), from), (Vec::new(), from)]);
        assert_eq!(harness.state.udp_receive(server, 0), Ok(Vec::new()));
        assert_eq!(harness.state.udp_receive(server, u64::MAX), Ok(vec![(vec![1; 65_000], from)]));
        assert_eq!(harness.state.udp_receive(server, 1), Ok(Vec::new()));
        harness.state.udp_send(server, &[(b"back".to_vec(), Some(from))], harness.now).unwrap();
        assert_eq!(harness.state.udp_receive(client, 1), Ok(vec![(b"back".to_vec(), server_address)]));
    }
}

#[test]
fn what_cannot_be_sent_stops_the_batch_and_is_told_when_it_is_first() {
    let mut harness = Harness::new();
    let server = bound(&mut harness, Family::V4, local(PORT));
    let client = bound(&mut harness, Family::V4, local(0));
    harness.state.udp_stream(client, None).unwrap();
    let good = (b"x".to_vec(), Some(local(PORT)));
    for (bad, error) in [
        ((b"x".to_vec(), None), SocketError::InvalidArgument),
        ((b"x".to_vec(), Some(local(0))), SocketError::InvalidArgument),
        ((b"x".to_vec(), Some(local6(PORT))), SocketError::InvalidArgument),
        ((vec![0; 65_508], Some(local(PORT))), SocketError::DatagramTooLarge),
        ((b"x".to_vec(), Some("192.0.2.1:7".parse().unwrap())), SocketError::NetworkUnreachable),
        ((b"x".to_vec(), Some("127.255.255.255:7".parse().unwrap())), SocketError::AccessDenied),
    ] {
        assert_eq!(harness.state.udp_send(client, core::slice::from_ref(&bad), harness.now), Err(error));
        let batch = [good.clone(), bad, good.clone()];
        assert_eq!(harness.state.udp_send(client, &batch, harness.now), Ok(1));
    }
    assert_eq!(harness.state.udp_receive(server, 99).unwrap().len(), 6);
}

#[test]
fn batches_have_a_limit_and_sending_never_waits() {
    let mut harness = Harness::new();
    let server = bound(&mut harness, Family::V6, local6(PORT));
    let client = bound(&mut harness, Family::V6, local6(0));
    assert_eq!(harness.state.udp_family(client), Family::V6);
    harness.state.udp_stream(client, Some(local6(PORT))).unwrap();
    let (_, token) = harness.watch(Source::Permit(client));
    assert_eq!(harness.run(), [token]);
    for _ in 0..2 {
        let batch = vec![(b"x".to_vec(), None); MAX_BATCH];
        assert_eq!(harness.state.udp_send(client, &batch, harness.now), Ok(MAX_BATCH));
    }
    assert_eq!(harness.state.udp_receive(server, u64::MAX).unwrap().len(), MAX_BATCH);
    assert_eq!(harness.state.udp_receive(server, u64::MAX).unwrap().len(), MAX_BATCH);
}

#[test]
fn a_refusal_reaches_who_is_connected_once() {
    let mut harness = Harness::new();
    let client = bound(&mut harness, Family::V4, local(0));
    harness.state.udp_stream(client, Some(local(9))).unwrap();
    let (_, token) = harness.watch(Source::Datagrams(client));
    let datagrams = [(b"x".to_vec(), None), (b"y".to_vec(), None)];
    assert_eq!(harness.state.udp_send(client, &datagrams, harness.now), Ok(1), "the first was refused");
    assert_eq!(harness.run(), [token]);
    assert_eq!(harness.state.udp_receive(client, 0), Ok(Vec::new()), "nothing asked, nothing told");
    assert_eq!(harness.state.udp_receive(client, 1), Err(SocketError::ConnectionRefused));
    assert_eq!(harness.state.udp_receive(client, 1), Ok(Vec::new()));
    assert_eq!(harness.state.udp_send(client, &datagrams[..1], harness.now), Ok(1));
    assert_eq!(harness.state.udp_send(client, &datagrams, harness.now), Err(SocketError::ConnectionRefused));
}

#[test]
fn a_new_pair_of_streams_hears_its_peer_alone() {
    let mut harness = Harness::new();
    let server = bound(&mut harness, Family::V4, local(PORT));
    harness.state.udp_stream(server, None).unwrap();
    let peers = [(); 2].map(|()| bound(&mut harness, Family::V4, local(0)));
    for peer in peers {
        harness.state.udp_stream(peer, Some(local(PORT))).unwrap();
        harness.state.udp_send(peer, &[(b"hello".to_vec(), None)], harness.now).unwrap();
    }
    let wanted = harness.state.udp_local_address(peers[1]).unwrap();
    harness.state.udp_stream(server, Some(wanted)).unwrap();
    assert_eq!(harness.state.udp_receive(server, 9), Ok(vec![(b"hello".to_vec(), wanted)]));
    harness.state.udp_send(peers[0], &[(b"again".to_vec(), None)], harness.now).unwrap();
    assert_eq!(harness.state.udp_receive(server, 9), Ok(Vec::new()));
    harness.state.udp_stream(server, None).unwrap();
    assert_eq!(harness.state.udp_remote_address(server), Err(SocketError::InvalidState));
    assert_eq!(harness.state.udp_local_address(server), Ok(local(PORT)));
    harness.state.udp_receive(peers[0], 1).unwrap_err();
    harness.state.udp_send(peers[0], &[(b"heard".to_vec(), None)], harness.now).unwrap();
    assert_eq!(harness.state.udp_receive(server, 9).unwrap().len(), 1);
}

#[test]
fn options_are_read_back() {
    let mut harness = Harness::new();
    let socket = harness.state.create_udp_socket(Family::V4).unwrap();
    assert_eq!(harness.state.stack.udp_hop_limit(socket), Some(64));
    harness.state.udp_set_option(socket, UdpOption::HopLimit(3)).unwrap();
    assert_eq!(harness.state.stack.udp_hop_limit(socket), Some(3));
    harness.state.udp_set_option(socket, UdpOption::ReceiveBuffer(10_000)).unwrap();
    harness.state.udp_set_option(socket, UdpOption::SendBuffer(20_000)).unwrap();
    assert_eq!(harness.state.udp_buffers(socket), Ok((10_000, 20_000)));
}

#[test]
fn the_socket_closes_with_its_last_owner_and_whoever_waits_sees() {
    let mut harness = Harness::new();
    let socket = bound(&mut harness, Family::V4, local(PORT));
    harness.state.udp_stream(socket, None).unwrap();
    let (_, token) = harness.watch(Source::Datagrams(socket));
    harness.state.udp_release(socket);
    harness.state.udp_release(socket);
    assert_eq!(harness.run(), []);
    harness.state.udp_release(socket);
    assert_eq!(harness.run(), [token]);
    bound(&mut harness, Family::V4, local(PORT));
    assert_eq!(harness.state.udp_receive(socket, 1), Err(SocketError::InvalidState));
}
