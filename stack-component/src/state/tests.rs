//! The state with the real core over its loopback device.

mod changes;
mod names;
mod options;
mod packets;
mod raw;
mod udp;

use super::{Family, Source, State, StreamError};
use core::net::{Ipv4Addr, SocketAddr};
use stack_core::random::SeededRandom;
use stack_core::socket::SocketError;
use stack_core::stack::Stack;
use stack_core::tcp::{Shutdown, TcpHandle, TcpOption, TcpOptions};
use stack_core::time::{Duration, Instant};

const PORT: u16 = 7;

fn local(port: u16) -> SocketAddr {
    SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port)
}

struct Harness {
    state: State,
    now: Instant,
}

impl Harness {
    fn new() -> Self {
        let stack = Stack::new(Box::new(SeededRandom::new(1)));
        Harness { state: State::new(stack), now: Instant::from_millis(1000) }
    }

    /// Steps until nothing is left to do now; answers the tokens told since the last time.
    fn run(&mut self) -> Vec<u64> {
        let mut ready = self.state.leave(self.now).ready;
        loop {
            let more = self.state.step(self.now, 64).more;
            ready.extend(self.state.leave(self.now).ready);
            if !more {
                return ready;
            }
        }
    }

    /// Lets time pass.
    fn advance(&mut self, duration: Duration) -> Vec<u64> {
        self.now = self.now + duration;
        self.run()
    }

    fn listener(&mut self) -> TcpHandle {
        let listener = self.state.create_tcp_socket(Family::V4).unwrap();
        self.state.start_bind(listener, local(PORT)).unwrap();
        self.state.finish_bind(listener).unwrap();
        self.state.start_listen(listener).unwrap();
        assert!(!self.state.is_listening(listener));
        self.state.finish_listen(listener).unwrap();
        assert!(self.state.is_listening(listener));
        listener
    }

    /// A connection to `listener`: its client's and its server's end.
    fn connect(&mut self, listener: TcpHandle) -> (TcpHandle, TcpHandle) {
        let client = self.state.create_tcp_socket(Family::V4).unwrap();
        self.state.start_connect(client, local(PORT), self.now).unwrap();
        self.run();
        self.state.finish_connect(client).unwrap();
        let server = self.state.accept(listener).unwrap();
        (client, server)
    }

    fn pair(&mut self) -> (TcpHandle, TcpHandle) {
        let listener = self.listener();
        self.connect(listener)
    }

    fn write(&mut self, socket: TcpHandle, data: &[u8]) -> Vec<u64> {
        assert!(self.state.check_write(socket).unwrap() >= data.len());
        self.state.write(socket, data, self.now).unwrap();
        self.run()
    }

    fn read(&mut self, socket: TcpHandle) -> Result<Vec<u8>, StreamError> {
        let read = self.state.read(socket, 1 << 20, self.now);
        self.run();
        read
    }

    fn watch(&mut self, source: Source) -> (super::PollableHandle, u64) {
        let pollable = self.state.subscribe(source);
        (pollable, self.state.watch(pollable, self.now))
    }
}

#[test]
fn a_connection_carries_data_both_ways_and_ends() {
    let mut harness = Harness::new();
    let (client, server) = harness.pair();
    harness.write(client, b"to the server");
    assert_eq!(harness.read(server).unwrap(), b"to the server");
    harness.write(server, b"to the client");
    assert_eq!(harness.read(client).unwrap(), b"to the client");
    assert_eq!(harness.read(client), Ok(vec![]), "nothing is there now");
    harness.state.shutdown(client, Shutdown::Send, harness.now).unwrap();
    harness.run();
    assert_eq!(harness.state.check_write(client), Err(StreamError::Closed));
    assert_eq!(harness.read(server), Err(StreamError::Closed), "the peer's FIN");
    assert_eq!(harness.state.read(server, 0, harness.now), Err(StreamError::Closed));
    harness.write(server, b"half closed");
    assert_eq!(harness.read(client).unwrap(), b"half closed");
    assert_eq!(harness.state.shutdown(client, Shutdown::Send, harness.now), Ok(()), "once more");
}

#[test]
fn addresses_are_those_of_the_connection() {
    let mut harness = Harness::new();
    let (client, server) = harness.pair();
    let state = &mut harness.state;
    assert_eq!(state.remote_address(client), Ok(local(PORT)));
    assert_eq!(state.local_address(server), Ok(local(PORT)));
    assert_eq!(state.remote_address(server), state.local_address(client));
    state.abort(client, harness.now);
    harness.run();
    assert!(harness.state.remote_address(server).is_ok(), "readable after the end");
}

#[test]
fn useless_addresses_are_refused_and_the_socket_lives() {
    let mut harness = Harness::new();
    let socket = harness.state.create_tcp_socket(Family::V4).unwrap();
    let other_family = "[::1]:1".parse().unwrap();
    for (ip, port) in [([224, 0, 0, 1], 1), ([255; 4], 1), ([0; 4], 1), ([127, 0, 0, 1], 0)] {
        let address = SocketAddr::new(Ipv4Addr::from(ip).into(), port);
        let refused = harness.state.start_connect(socket, address, harness.now);
        assert_eq!(refused, Err(SocketError::InvalidArgument), "connect to {address:?}");
    }
    let refused = harness.state.start_connect(socket, other_family, harness.now);
    assert_eq!(refused, Err(SocketError::InvalidArgument));
    assert_eq!(harness.state.start_bind(socket, other_family), Err(SocketError::InvalidArgument));
    let group = "224.0.0.1:1".parse().unwrap();
    assert_eq!(harness.state.start_bind(socket, group), Err(SocketError::InvalidArgument));
    let foreign = "192.0.2.1:1".parse().unwrap();
    assert_eq!(harness.state.start_bind(socket, foreign), Err(SocketError::AddressNotBindable));
    assert_eq!(harness.state.start_bind(socket, local(0)), Ok(()), "bind may be tried again");
    assert_eq!(harness.state.finish_bind(socket), Ok(()));
    assert_ne!(harness.state.local_address(socket).unwrap().port(), 0);
}

#[test]
fn a_port_has_one_listener() {
    let mut harness = Harness::new();
    harness.listener();
    let second = harness.state.create_tcp_socket(Family::V4).unwrap();
    assert_eq!(harness.state.start_bind(second, local(PORT)), Err(SocketError::AddressInUse));
}

#[test]
fn a_refused_connection_closes_the_socket() {
    let mut harness = Harness::new();
    let socket = harness.state.create_tcp_socket(Family::V4).unwrap();
    harness.state.start_connect(socket, local(PORT), harness.now).unwrap();
    harness.run();
    assert_eq!(harness.state.finish_connect(socket), Err(SocketError::ConnectionRefused));
    assert_eq!(harness.state.finish_connect(socket), Err(SocketError::NotInProgress));
    assert_eq!(harness.state.start_connect(socket, local(PORT), harness.now), Err(SocketError::InvalidState));
    assert_eq!(harness.state.hop_limit(socket), Err(SocketError::InvalidState));
    let pollable = harness.state.subscribe(Source::Socket(socket));
    assert!(harness.state.is_ready(pollable, harness.now));
}

#[test]
fn a_reset_is_told_once_and_then_the_stream_is_closed() {
    let mut harness = Harness::new();
    let (client, server) = harness.pair();
    let (_, token) = harness.watch(Source::Input(server));
    harness.state.abort(client, harness.now);
    assert_eq!(harness.run(), [token]);
    assert_eq!(harness.read(server), Err(StreamError::Failed(SocketError::ConnectionReset)));
    assert_eq!(harness.read(server), Err(StreamError::Closed));
    assert!(harness.state.check_write(server).is_err());
    assert_eq!(harness.state.check_write(server), Err(StreamError::Closed));
    assert_eq!(harness.read(client), Err(StreamError::Closed), "of the aborted socket");
    let refused = harness.state.shutdown(client, Shutdown::Both, harness.now);
    assert_eq!(refused, Err(SocketError::InvalidState));
}

#[test]
fn accepted_sockets_inherit_options() {
    let mut harness = Harness::new();
    let listener = harness.listener();
    for option in [
        TcpOption::KeepAlive(true),
        TcpOption::KeepAliveIdle(Duration::from_secs(5)),
        TcpOption::HopLimit(9),
        TcpOption::ReceiveBuffer(70_000),
        TcpOption::SendBuffer(80_000),
    ] {
        harness.state.set_option(listener, option).unwrap();
    }
    let (_, server) = harness.connect(listener);
    let same = |options: &TcpOptions| {
        (
            options.keep_alive,
            options.keep_alive_idle,
            options.hop_limit,
            options.receive_buffer,
            options.send_buffer,
        )
    };
    assert_eq!(harness.state.option(server, same), harness.state.option(listener, same));
    assert_eq!(harness.state.hop_limit(server), Ok(9));
    assert_eq!(harness.state.set_listen_backlog_size(listener, 0), Err(SocketError::InvalidArgument));
    assert_eq!(harness.state.set_listen_backlog_size(listener, 1), Ok(()));
}

#[test]
fn tokens_come_once_when_their_pollable_is_ready() {
    let mut harness = Harness::new();
    let listener = harness.listener();
    let (pollable, waiting) = harness.watch(Source::Socket(listener));
    assert_eq!(harness.state.watch(pollable, harness.now), waiting, "armed already");
    let client = harness.state.create_tcp_socket(Family::V4).unwrap();
    let (_, at_once) = harness.watch(Source::Socket(client));
    assert_eq!(harness.run(), [at_once], "an unbound socket has nothing to wait for");
    harness.state.start_connect(client, local(PORT), harness.now).unwrap();
    let (_, connected) = harness.watch(Source::Socket(client));
    let mut told = harness.run();
    told.sort_unstable();
    assert_eq!(told, [waiting, connected]);
    let again = harness.state.watch(pollable, harness.now);
    assert!(again > connected, "tokens are never used again");
    assert_eq!(harness.run(), [again], "the connection still waits to be accepted");
    harness.state.accept(listener).unwrap();
    harness.state.watch(pollable, harness.now);
    assert_eq!(harness.run(), []);
}

#[test]
fn a_dropped_pollable_is_never_told_and_its_neighbours_are() {
    let mut harness = Harness::new();
    let (client, server) = harness.pair();
    let watched: Vec<_> = (0..5).map(|_| harness.watch(Source::Input(server))).collect();
    for index in [0, 3] {
        harness.state.drop_pollable(watched[index].0);
    }
    assert_eq!(harness.run(), []);
    let mut told = harness.write(client, b"wake up");
    told.sort_unstable();
    assert_eq!(told, [watched[1].1, watched[2].1, watched[4].1]);
}

#[test]
fn the_output_is_ready_when_there_is_room() {
    let mut harness = Harness::new();
    let (client, server) = harness.pair();
    loop {
        let permit = harness.state.check_write(client).unwrap();
        if permit == 0 {
            break;
        }
        harness.state.write(client, &vec![1; permit], harness.now).unwrap();
        harness.run();
    }
    let (pollable, token) = harness.watch(Source::Output(client));
    assert!(!harness.state.is_ready(pollable, harness.now));
    assert_eq!(harness.run(), []);
    let mut told = Vec::new();
    while told.is_empty() && !harness.state.read(server, 1 << 20, harness.now).unwrap().is_empty() {
        told.extend(harness.run());
        told.extend(harness.advance(Duration::from_millis(300)));
    }
    assert_eq!(told, [token]);
    assert!(harness.state.check_write(client).unwrap() > 0);
}

#[test]
fn a_write_beyond_its_permit_ends_the_stream() {
    let mut harness = Harness::new();
    let (client, server) = harness.pair();
    let permit = harness.state.check_write(client).unwrap();
    let refused = harness.state.write(client, &vec![1; permit + 1], harness.now);
    assert_eq!(refused, Err(StreamError::Failed(SocketError::InvalidArgument)));
    assert_eq!(harness.state.check_write(client), Err(StreamError::Closed));
    harness.write(server, b"the others go on");
    assert_eq!(harness.read(client).unwrap(), b"the others go on");
}

#[test]
fn zeroes_are_written_like_any_bytes() {
    let mut harness = Harness::new();
    let (client, server) = harness.pair();
    harness.state.check_write(client).unwrap();
    harness.state.write_zeroes(client, 3, harness.now).unwrap();
    harness.run();
    assert_eq!(harness.read(server).unwrap(), [0, 0, 0]);
}

#[test]
fn a_permit_outlives_a_smaller_send_buffer_and_a_flush() {
    for smaller in [TcpOption::SendBuffer(1), TcpOption::SndBuf { bytes: 1, force: false }] {
        let mut harness = Harness::new();
        let (client, server) = harness.pair();
        let permit = harness.state.check_write(client).unwrap();
        harness.state.set_option(client, smaller).unwrap();
        harness.state.flush(client).unwrap();
        harness.state.write(client, &vec![1; permit], harness.now).unwrap();
        let mut received = 0;
        while received < permit {
            harness.advance(Duration::from_millis(300));
            received += harness.read(server).unwrap().len();
        }
        harness.advance(Duration::from_millis(300));
        assert!(harness.state.check_write(client).unwrap() < permit, "it is smaller");
    }
}

#[test]
fn the_last_send_buffer_that_was_asked_for_counts() {
    let mut harness = Harness::new();
    let (client, _) = harness.pair();
    harness.state.check_write(client).unwrap();
    for size in [4608, 1 << 20] {
        harness.state.set_option(client, TcpOption::SendBuffer(size)).unwrap();
    }
    harness.state.check_write(client).unwrap();
    assert_eq!(harness.state.option(client, |options| options.send_buffer), Ok(1 << 20));
}

#[test]
fn a_flush_tells_that_the_stream_has_ended() {
    let mut harness = Harness::new();
    let (client, server) = harness.pair();
    assert_eq!(harness.state.flush(client), Ok(()));
    harness.state.abort(server, harness.now);
    harness.run();
    assert_eq!(harness.state.flush(client), Err(StreamError::Failed(SocketError::ConnectionReset)));
    assert_eq!(harness.state.flush(client), Err(StreamError::Closed));
}

#[test]
fn splice_moves_what_fits() {
    let mut harness = Harness::new();
    let listener = harness.listener();
    let (client, server) = harness.connect(listener);
    harness.write(client, b"round trip");
    assert_eq!(harness.state.splice(server, server, 5, harness.now), Ok(5));
    assert_eq!(harness.state.splice(server, server, 100, harness.now), Ok(5));
    assert_eq!(harness.state.splice(server, server, 100, harness.now), Ok(0));
    // The second piece is small and waits for the first one's acknowledgement, which may be delayed.
    harness.advance(Duration::from_millis(300));
    assert_eq!(harness.read(client).unwrap(), b"round trip");
}

#[test]
fn the_connection_closes_with_its_last_owner_whatever_the_order() {
    let mut harness = Harness::new();
    let (client, server) = harness.pair();
    let (pollable, token) = harness.watch(Source::Input(client));
    harness.state.release(client, harness.now);
    harness.state.release(client, harness.now);
    harness.run();
    assert_eq!(harness.read(server), Ok(vec![]), "one owner is left");
    harness.state.release(client, harness.now);
    assert_eq!(harness.run(), [token], "its socket is gone: nobody shall wait for it");
    assert!(harness.state.is_ready(pollable, harness.now));
    assert_eq!(harness.read(server), Err(StreamError::Closed));
    assert_eq!(harness.state.local_address(client), Err(SocketError::InvalidState));
}

#[test]
fn timers_fire_in_time_and_are_told_as_deadlines() {
    let mut harness = Harness::new();
    harness.run();
    let at = |harness: &Harness, seconds| Source::Time(harness.now + Duration::from_secs(seconds));
    let (late, late_token) = harness.watch(at(&harness, 20));
    let deadline = harness.now + Duration::from_secs(20);
    assert_eq!(harness.state.leave(harness.now).wake_at, Some(deadline));
    let (early, early_token) = harness.watch(at(&harness, 10));
    let (gone, _) = harness.watch(at(&harness, 15));
    harness.state.drop_pollable(gone);
    assert_eq!(harness.state.leave(harness.now).wake_at, Some(harness.now + Duration::from_secs(10)));
    let (_, never) = harness.watch(at(&harness, 30));
    assert_eq!(harness.state.leave(harness.now).wake_at, None, "later than what was told");
    assert_eq!(harness.advance(Duration::from_secs(10)), [early_token]);
    assert!(harness.state.is_ready(early, harness.now) && !harness.state.is_ready(late, harness.now));
    let step = harness.state.step(harness.now, 64);
    assert_eq!((step.next_deadline, step.more), (Some(deadline), false));
    assert_eq!(harness.advance(Duration::from_secs(10)), [late_token]);
    assert!(!harness.advance(Duration::from_secs(5)).contains(&never));
    let (_, past) = harness.watch(Source::Time(Instant::ZERO));
    assert_eq!(harness.run(), [past]);
}

#[test]
fn a_stack_is_configured_once_and_before_its_use() {
    let fresh = || Stack::new(Box::new(SeededRandom::new(2)));
    let mut harness = Harness::new();
    let socket = harness.state.create_tcp_socket(Family::V4).unwrap();
    assert!(!harness.state.is_fresh());
    harness.state.release(socket, harness.now);
    assert!(harness.state.is_fresh());
    harness.state.install(fresh());
    assert!(!harness.state.is_fresh());
}

#[test]
fn many_sockets_come_and_go() {
    let mut harness = Harness::new();
    let sockets: Vec<_> = (0..20_000).map(|_| harness.state.create_tcp_socket(Family::V4).unwrap()).collect();
    let pollables: Vec<_> =
        sockets.iter().map(|socket| harness.state.subscribe(Source::Socket(*socket))).collect();
    for pollable in pollables {
        harness.state.drop_pollable(pollable);
    }
    for socket in sockets {
        harness.state.release(socket, harness.now);
    }
    harness.run();
    assert!(harness.state.is_fresh());
}
