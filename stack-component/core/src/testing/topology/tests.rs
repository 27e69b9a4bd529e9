//! Routers as a network of them shows them.

use super::*;
use crate::counters::Counter;
use crate::route::{Hop, Route, RouteKind};
use crate::stack::RouteChange;
use crate::tcp::Received;
use crate::udp::UdpHandle;
use alloc::vec;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};

const PORT: u16 = 7;

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn count(stack: &Stack, counter: Counter) -> u64 {
    stack.counters().get(counter)
}

impl Topology {
    /// Lets packets of a stack to `destination` go by `gateway`.
    fn route(&mut self, stack: usize, destination: &str, gateway: &str) {
        let route = Route::via(destination.parse().unwrap(), address(gateway));
        self.stacks[stack].change_route(RouteChange::Replace, route).unwrap();
    }

    /// A socket of a stack that hears what comes to [`PORT`].
    fn listen(&mut self, stack: usize) -> UdpHandle {
        let socket = self.stacks[stack].udp_open().unwrap();
        let any = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), PORT);
        self.stacks[stack].udp_bind(socket, any).unwrap();
        socket
    }

    /// Sends a datagram from a new socket, and gives it a second to arrive.
    fn send(&mut self, stack: usize, to: &str) {
        let now = self.now;
        let from = self.stacks[stack].udp_open().unwrap();
        let to = Some(SocketAddr::new(address(to), PORT));
        self.stacks[stack].udp_send_to(from, b"hello", to, now).unwrap();
        self.run(Duration::from_secs(1));
        self.stacks[stack].udp_close(from);
    }

    /// How many datagrams a socket has heard since the last time.
    fn heard(&mut self, stack: usize, socket: UdpHandle) -> usize {
        core::iter::from_fn(|| self.stacks[stack].udp_receive_from(socket).ok()).count()
    }
}

/// A host, five routers and a host in a line: stack n and n + 1 share 10.0.n.0/24, where the one is .1 and the other .2.
/// The third link carries packets of `narrow` bytes.
fn line(narrow: u32) -> Topology {
    const ENDS: [[&str; 2]; 6] = [
        ["10.0.0.1/24", "10.0.0.2/24"],
        ["10.0.1.1/24", "10.0.1.2/24"],
        ["10.0.2.1/24", "10.0.2.2/24"],
        ["10.0.3.1/24", "10.0.3.2/24"],
        ["10.0.4.1/24", "10.0.4.2/24"],
        ["10.0.5.1/24", "10.0.5.2/24"],
    ];
    let mut line = Topology::new(7);
    for (number, [left, right]) in ENDS.into_iter().enumerate() {
        line.join([(number, left), (number + 1, right)], if number == 2 { narrow } else { 1500 });
    }
    for stack in 0..7 {
        // To the right by the neighbour on the right, and to the left by that on the left.
        for network in 0..6usize {
            let destination = format!("10.0.{network}.0/24");
            if network > stack {
                line.route(stack, &destination, &format!("10.0.{stack}.2"));
            } else if network + 1 < stack {
                line.route(stack, &destination, &format!("10.0.{}.1", stack - 1));
            }
        }
    }
    line
}

#[test]
fn each_router_of_a_line_says_when_a_packets_time_is_over() {
    let mut line = line(1500);
    let socket = line.listen(6);
    for ttl in 1..=6usize {
        line.stacks[0].set_sysctl("net.ipv4.ip_default_ttl", &format!("{ttl}")).unwrap();
        line.send(0, "10.0.5.2");
        let said: Vec<u64> =
            line.stacks.iter().map(|stack| count(stack, Counter::IcmpOutTimeExcds)).collect();
        // One more router than the last time, until the packet arrives.
        let expected: Vec<u64> =
            (0..7).map(|stack| u64::from((1..=5).contains(&stack) && stack <= ttl)).collect();
        assert_eq!(said, expected, "time to live {ttl}");
        assert_eq!(count(&line.stacks[0], Counter::IcmpInTimeExcds), ttl.min(5) as u64);
        assert_eq!(line.heard(6, socket), usize::from(ttl == 6));
    }
}

#[test]
fn a_narrow_link_in_the_middle_is_found() {
    let mut line = line(900);
    let to = SocketAddr::new(address("10.0.5.2"), 80);
    let listener = line.stacks[6].tcp_open().unwrap();
    line.stacks[6].tcp_bind(listener, to).unwrap();
    line.stacks[6].tcp_listen(listener).unwrap();
    let client = line.stacks[0].tcp_open().unwrap();
    let now = line.now;
    line.stacks[0].tcp_connect(client, to, now).unwrap();
    line.run(Duration::from_secs(1));
    let server = line.stacks[6].tcp_accept(listener).unwrap();
    let (data, mut sent, mut received) = (vec![7; 50_000], 0, 0);
    for _ in 0..100 {
        let now = line.now;
        sent += line.stacks[0].tcp_send(client, &data[sent..], now).unwrap_or(0);
        line.run(Duration::from_millis(100));
        while let Ok(Received::Data(data)) = line.stacks[6].tcp_receive(server, 65_536, line.now) {
            received += data.len();
        }
    }
    assert_eq!((sent, received), (50_000, 50_000));
    assert!(count(&line.stacks[2], Counter::IcmpOutDestUnreachs) >= 1, "the router before it says so");
    assert_eq!(count(&line.stacks[2], Counter::IpFragCreates), 0);
}

/// Four routers in a ring, each the neighbour of the next. The first reaches the network between the third and fourth,
/// 10.0.2.0/24, either way round.
fn ring() -> Topology {
    let mut ring = Topology::new(4);
    ring.join([(0, "10.0.0.1/24"), (1, "10.0.0.2/24")], 1500);
    ring.join([(1, "10.0.1.1/24"), (2, "10.0.1.2/24")], 1500);
    ring.join([(2, "10.0.2.1/24"), (3, "10.0.2.2/24")], 1500);
    ring.join([(3, "10.0.3.1/24"), (0, "10.0.3.2/24")], 1500);
    ring.route(1, "10.0.2.0/24", "10.0.1.2");
    ring
}

#[test]
fn a_ring_with_a_broken_link_works_the_other_way_round() {
    let mut ring = ring();
    let socket = ring.listen(2);
    ring.route(0, "10.0.2.1/32", "10.0.0.2");
    ring.send(0, "10.0.2.1");
    assert_eq!(ring.heard(2, socket), 1);
    assert_eq!(count(&ring.stacks[1], Counter::IpForwDatagrams), 1);
    ring.link(1).cut = true;
    ring.send(0, "10.0.2.1");
    assert_eq!(ring.heard(2, socket), 0);
    ring.route(0, "10.0.2.1/32", "10.0.3.1");
    ring.send(0, "10.0.2.1");
    assert_eq!(ring.heard(2, socket), 1);
    assert_eq!(count(&ring.stacks[3], Counter::IpForwDatagrams), 1);
}

#[test]
fn flows_spread_over_both_ways_round_a_ring_and_keep_off_a_device_that_is_down() {
    let mut ring = ring();
    let socket = ring.listen(2);
    let via = |gateway| Hop::via(address(gateway));
    let hops = vec![via("10.0.0.2"), via("10.0.3.1")];
    let both = Route { hops, ..Route::new("10.0.2.1/32".parse().unwrap(), RouteKind::Unicast) };
    ring.stacks[0].add_route(both).unwrap();
    ring.stacks[0].set_sysctl("net.ipv4.fib_multipath_hash_policy", "1").unwrap();
    (0..64).for_each(|_| ring.send(0, "10.0.2.1"));
    let passed = |ring: &Topology| [1, 3].map(|stack| count(&ring.stacks[stack], Counter::IpForwDatagrams));
    let before = passed(&ring);
    assert!(before.iter().all(|&count| count > 16) && before.iter().sum::<u64>() == 64, "{before:?}");
    let device = ring.stacks[0].interfaces().by_name("eth0").unwrap().index();
    ring.stacks[0].set_device_up(device, false).unwrap();
    (0..16).for_each(|_| ring.send(0, "10.0.2.1"));
    assert_eq!(passed(&ring), [before[0], before[1] + 16]);
    assert_eq!(ring.heard(2, socket), 80);
}
