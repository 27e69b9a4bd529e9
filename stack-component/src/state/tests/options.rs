//! What interface `socket-options` asks for.

use super::{Harness, local};
use crate::state::{Family, InForce, whole_millis, whole_seconds};
use core::net::IpAddr;
use stack_core::bpf::Instruction;
use stack_core::socket::SocketError;
use stack_core::tcp::{CongestionInfo, SendFlags, TcpOption, TcpState};
use stack_core::time::Duration;

#[test]
fn what_was_not_chosen_is_what_the_settings_say() {
    let mut harness = Harness::new();
    let socket = harness.state.create_tcp_socket(Family::V4).unwrap();
    harness.state.stack.set_sysctl("net.ipv4.tcp_syn_retries", "4").unwrap();
    let in_force = harness.state.in_force(socket).unwrap();
    assert_eq!((in_force.syn_count, in_force.fin_timeout), (4, Some(Duration::from_secs(60))));
    assert_eq!((in_force.rto_min, in_force.rto_max), (Duration::from_millis(200), Duration::from_secs(120)));
    assert_eq!((in_force.device.as_str(), in_force.quick_ack), ("", true));
    let device = harness.state.device_named("lo").unwrap();
    for option in [TcpOption::BindToDevice(device), TcpOption::SynCount(7), TcpOption::FinTimeout(None)] {
        harness.state.set_option(socket, option).unwrap();
    }
    let InForce { options, device, syn_count, fin_timeout, .. } = harness.state.in_force(socket).unwrap();
    assert_eq!((options.syn_count, syn_count, fin_timeout), (Some(7), 7, None));
    assert_eq!(device, "lo");
    assert_eq!(harness.state.device_named("eth7"), Err(SocketError::InvalidArgument));
    assert_eq!(harness.state.device_named(""), Ok(None));
    harness.state.set_option(socket, TcpOption::FinTimeout(Some(Duration::ZERO))).unwrap();
    assert_eq!(harness.state.in_force(socket).unwrap().fin_timeout, Some(Duration::from_secs(60)));
}

#[test]
fn a_look_leaves_the_data_where_it_is() {
    let mut harness = Harness::new();
    let (client, server) = harness.pair();
    assert_eq!(harness.state.peek(server, 10), Err(SocketError::WouldBlock));
    harness.write(client, b"twice");
    assert_eq!(harness.state.peek(server, 3).unwrap(), b"twi");
    assert_eq!(harness.state.peek(server, u64::MAX).unwrap(), b"twice");
    assert_eq!(harness.read(server).unwrap(), b"twice");
    harness.state.release(client, harness.now);
    harness.state.release(client, harness.now);
    harness.state.release(client, harness.now);
    harness.run();
    assert_eq!(harness.state.peek(server, 10).unwrap(), b"", "the end");
}

#[test]
fn what_is_sent_beside_the_stream_leaves_its_permit_alone() {
    let mut harness = Harness::new();
    let (client, server) = harness.pair();
    let permit = harness.state.check_write(client).unwrap();
    assert_eq!(
        harness.state.send(client, b"x", SendFlags::default(), harness.now),
        Err(SocketError::WouldBlock)
    );
    assert_eq!(harness.state.send(client, b"", SendFlags::default(), harness.now), Ok(0));
    harness.state.write(client, &vec![7; permit], harness.now).unwrap();
    harness.run();
    let mut arrived = 0;
    while arrived < permit {
        arrived += harness.read(server).unwrap().len();
    }
    assert_eq!(
        harness.state.send(client, b"beside", SendFlags { more: true, ..SendFlags::default() }, harness.now),
        Ok(6)
    );
    assert_eq!(harness.state.send(client, b" it", SendFlags::default(), harness.now), Ok(3));
    harness.advance(Duration::from_secs(1));
    assert_eq!(harness.state.peek(server, 100).unwrap(), b"beside it");
    harness.state.shutdown(client, stack_core::tcp::Shutdown::Send, harness.now).unwrap();
    assert_eq!(
        harness.state.send(client, b"x", SendFlags::default(), harness.now),
        Err(SocketError::InvalidState)
    );
}

#[test]
fn states_and_numbers() {
    let mut harness = Harness::new();
    let (client, server) = harness.pair();
    assert_eq!(harness.state.tcp_state(client), TcpState::Established);
    assert_eq!(harness.state.congestion_info(client), CongestionInfo::None);
    assert!(harness.state.info(client, harness.now).unwrap().snd_mss > 0);
    assert_eq!(harness.state.take_error(client), 0);
    harness.state.abort(server, harness.now);
    harness.run();
    assert_eq!(harness.state.take_error(client), 104, "ECONNRESET");
    assert_eq!(harness.state.take_error(client), 0, "told once");
    assert_eq!(harness.state.tcp_state(client), TcpState::Close);
}

#[test]
fn filters_are_put_on_taken_away_and_locked() {
    let mut harness = Harness::new();
    let socket = harness.state.create_tcp_socket(Family::V4).unwrap();
    // BPF_RET | BPF_K: the whole segment stays.
    let take_all = Instruction { code: 0x06, jump_true: 0, jump_false: 0, k: u32::MAX };
    assert_eq!(harness.state.detach_filter(socket), Err(SocketError::NotInProgress));
    assert_eq!(harness.state.attach_filter(socket, &[]), Err(SocketError::InvalidArgument));
    assert_eq!(harness.state.attach_filter(socket, &[take_all]), Ok(()));
    assert_eq!(harness.state.lock_filter(socket), Ok(()));
    assert_eq!(harness.state.detach_filter(socket), Err(SocketError::AccessDenied));
}

#[test]
fn connecting_with_data_is_connecting() {
    let mut harness = Harness::new();
    harness.listener();
    let client = harness.state.create_tcp_socket(Family::V4).unwrap();
    let taken = harness.state.connect_with_data(client, local(super::PORT), b"early", harness.now);
    assert_eq!(taken, Ok(0), "there is no cookie");
    harness.run();
    assert_eq!(harness.state.finish_connect(client), Ok(()));
}

#[test]
fn keys_are_set_and_taken_away() {
    let mut harness = Harness::new();
    let socket = harness.state.create_tcp_socket(Family::V4).unwrap();
    let peer = IpAddr::from([192, 0, 2, 0]);
    let other_family = IpAddr::from([0u16; 8]);
    assert_eq!(harness.state.remove_md5_key(socket, peer, 24), Err(SocketError::NotInProgress));
    for (peer, prefix, key) in
        [(other_family, 24, &b"k"[..]), (peer, 33, b"k"), (peer, 24, b""), (peer, 24, &[0; 81])]
    {
        let refused = harness.state.add_md5_key(socket, peer, prefix, key);
        assert_eq!(refused, Err(SocketError::InvalidArgument), "{peer:?}/{prefix} {}", key.len());
    }
    assert_eq!(harness.state.add_md5_key(socket, peer, 24, b"key"), Ok(()));
    assert_eq!(harness.state.remove_md5_key(socket, peer, 24), Ok(()));
}

#[test]
fn times_are_rounded_up_as_linux_keeps_them() {
    assert_eq!(whole_seconds(0), Duration::ZERO);
    assert_eq!(whole_seconds(1), Duration::from_secs(1));
    assert_eq!(whole_millis(1_000_001), Duration::from_millis(2));
}

#[test]
fn state_changes_are_told_to_the_host_when_they_are_asked_for() {
    let mut harness = Harness::new();
    assert!(harness.state.leave(harness.now).trace.is_empty());
    harness.state.stack.tcp_trace_states(true);
    harness.listener();
    let trace = harness.state.leave(harness.now).trace;
    assert_eq!(trace.len(), 1);
    assert_eq!(trace[0].to_string(), "tcp 127.0.0.1:7 0.0.0.0:0 UNCONN -> LISTEN");
}
