//! Sockets and datagrams without a network.

use super::*;
use crate::counters::{Counter, Counters};
use crate::drop_reason::DropReason;
use crate::icmp::{IcmpError, IcmpErrorKind};
use crate::packet::{Checksum, DeviceIndex, Packet};
use crate::random::SeededRandom;
use crate::socket::SocketError;
use crate::sysctl::Sysctl;
use crate::wire::protocol::Protocol;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};

const US: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
const ALSO_US: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 9));
const ANY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
const PEER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)), 4000);

struct Bench {
    udp: Udp,
    random: SeededRandom,
    counters: Counters,
    sysctl: Sysctl,
}

impl Bench {
    fn new() -> Self {
        let mut random = SeededRandom::new(1);
        let mut sysctl = Sysctl::default();
        sysctl.set("net.core.rmem_default", "2304").unwrap();
        Bench { udp: Udp::new(&mut random), random, counters: Counters::default(), sysctl }
    }

    fn bind(&mut self, address: IpAddr, port: u16) -> Result<UdpHandle, SocketError> {
        let handle = self.udp.open(&self.sysctl)?;
        let result = self.udp.bind(&mut self.random, [5000, 5002], handle, SocketAddr::new(address, port));
        result.map(|()| handle)
    }

    fn arrive(&mut self, source: SocketAddr, to: SocketAddr, data: &[u8]) -> Result<(), DropReason> {
        let mut packet = Udp::datagram(source, to, data).unwrap();
        packet.meta.checksum = Checksum::Verified;
        packet.append(b"trailing");
        self.input(source, to, packet)
    }

    fn input(&mut self, source: SocketAddr, to: SocketAddr, packet: Packet) -> Result<(), DropReason> {
        let arrival = Arrival { source: source.ip(), destination: to.ip(), device: DeviceIndex(2) };
        self.udp.input(&self.sysctl, &mut self.counters, &arrival, packet).map_err(|rejected| rejected.reason)
    }
}

fn at(address: IpAddr, port: u16) -> SocketAddr {
    SocketAddr::new(address, port)
}

#[test]
fn datagrams_wait_in_order_and_wake_once() {
    let mut bench = Bench::new();
    let socket = bench.bind(ANY, 53).unwrap();
    assert_eq!(bench.udp.receive_from(socket), Err(SocketError::WouldBlock));
    assert!(!bench.udp.readiness(socket).readable);
    for data in [&b"one"[..], b"", b"three"] {
        bench.arrive(PEER, at(US, 53), data).unwrap();
    }
    assert_eq!(bench.udp.take_wakeups(), [socket]);
    assert!(bench.udp.readiness(socket).readable);
    for data in [&b"one"[..], b"", b"three"] {
        assert_eq!(bench.udp.receive_from(socket), Ok((data.to_vec(), PEER)));
    }
    assert_eq!(bench.counters.get(Counter::UdpInDatagrams), 3);
}

#[test]
fn who_may_bind_where() {
    let mut bench = Bench::new();
    bench.bind(US, 53).unwrap();
    assert_eq!(bench.bind(US, 53), Err(SocketError::AddressInUse));
    assert_eq!(bench.bind(ANY, 53), Err(SocketError::AddressInUse));
    let also = bench.bind(ALSO_US, 53).unwrap();
    bench.bind(ANY, 54).unwrap();
    assert_eq!(bench.bind(US, 54), Err(SocketError::AddressInUse));
    bench.udp.close(also);
    let again = bench.bind(ALSO_US, 53).unwrap();
    let twice = bench.udp.bind(&mut bench.random, [1, 2], again, at(US, 99));
    assert_eq!(twice, Err(SocketError::InvalidState));
    assert_eq!(bench.udp.local_address(also), None);
}

#[test]
fn ephemeral_ports_run_out() {
    let mut bench = Bench::new();
    for _ in 0..3 {
        let socket = bench.bind(ANY, 0).unwrap();
        assert!((5000..=5002).contains(&bench.udp.local_address(socket).unwrap().port()));
    }
    assert_eq!(bench.bind(US, 0), Err(SocketError::AddressInUse));
}

#[test]
fn a_connected_socket_hears_its_peer_alone() {
    let mut bench = Bench::new();
    let socket = bench.bind(ANY, 53).unwrap();
    bench.udp.connect(socket, US, PEER).unwrap();
    assert_eq!(bench.udp.local_address(socket), Some(at(US, 53)));
    assert_eq!(bench.udp.remote_address(socket), Some(PEER));
    assert_eq!(bench.arrive(PEER, at(US, 53), b"x"), Ok(()));
    assert_eq!(bench.arrive(at(US, 1), at(US, 53), b"x"), Err(DropReason::UdpNoSocket));
    assert_eq!(bench.arrive(PEER, at(ALSO_US, 53), b"x"), Err(DropReason::UdpNoSocket));
    assert_eq!(bench.udp.destination(socket, None), Ok(PEER));
    assert_eq!(bench.udp.destination(socket, Some(at(US, 1))), Err(SocketError::InvalidArgument));
    bench.udp.disconnect(socket).unwrap();
    assert_eq!(bench.arrive(at(US, 1), at(ALSO_US, 53), b"x"), Ok(()));
    assert_eq!(bench.udp.destination(socket, None), Err(SocketError::InvalidArgument));
}

#[test]
fn a_full_buffer_drops_and_counts() {
    let mut bench = Bench::new();
    bench.bind(ANY, 53).unwrap();
    let mut taken = 0;
    while bench.arrive(PEER, at(US, 53), &[0; 500]) == Ok(()) {
        taken += 1;
    }
    assert!((2..6).contains(&taken), "{taken}");
    assert_eq!(bench.arrive(PEER, at(US, 53), b"x"), Err(DropReason::SocketReceiveBufferFull));
    assert_eq!(bench.counters.get(Counter::UdpRcvbufErrors), 2);
}

#[test]
fn all_sockets_together_hold_no_more_than_they_may() {
    let mut bench = Bench::new();
    bench.sysctl.set("net.core.rmem_max", "1000000").unwrap();
    bench.sysctl.set("net.ipv4.udp_mem", "2 2 2").unwrap();
    bench.sysctl.set("net.ipv4.udp_rmem_min", "1000").unwrap();
    let handles = [53, 54, 55].map(|port| bench.bind(ANY, port).unwrap());
    for handle in handles {
        bench.udp.set_option(&bench.sysctl, handle, UdpOption::ReceiveBuffer(1_000_000)).unwrap();
    }
    let [first, second, _] = handles;
    while bench.arrive(PEER, at(US, 53), &[0; 1000]) == Ok(()) {}
    assert_eq!(bench.counters.get(Counter::UdpMemErrors), 1);
    assert_eq!(bench.counters.get(Counter::UdpInErrors), 1);
    assert_eq!(bench.counters.get(Counter::UdpRcvbufErrors), 0);
    assert_eq!(bench.arrive(PEER, at(US, 54), &[0; 1000]), Err(DropReason::ProtocolMemory));
    assert_eq!(bench.arrive(PEER, at(US, 54), b"a little"), Ok(()), "each may have");
    bench.udp.receive_from(second).unwrap();
    while bench.udp.receive_from(first).is_ok() {}
    assert_eq!(bench.arrive(PEER, at(US, 54), &[0; 1000]), Ok(()), "there is room again");
    while bench.arrive(PEER, at(US, 54), &[0; 1000]) == Ok(()) {}
    assert_eq!(bench.arrive(PEER, at(US, 55), &[0; 1000]), Err(DropReason::ProtocolMemory));
    bench.udp.close(second);
    assert_eq!(bench.arrive(PEER, at(US, 55), &[0; 1000]), Ok(()), "what waited in it is gone");
}

#[test]
fn nobody_has_the_port() {
    let mut bench = Bench::new();
    assert_eq!(bench.arrive(PEER, at(US, 53), b"x"), Err(DropReason::UdpNoSocket));
    assert_eq!(bench.counters.get(Counter::UdpNoPorts), 1);
}

#[test]
fn damage_and_truncation_are_refused() {
    let mut bench = Bench::new();
    bench.bind(ANY, 53).unwrap();
    let to = at(US, 53);
    let mut fine = Udp::datagram(PEER, to, b"data").unwrap();
    let Checksum::Partial { offset, .. } = fine.meta.checksum else { panic!("no checksum to be filled in") };
    fine.meta.checksum = Checksum::None;
    let checksum = crate::wire::checksum::Sum::of(fine.data()).checksum().to_be_bytes();
    fine.data_mut()[usize::from(offset)..][..2].copy_from_slice(&checksum);
    assert_eq!(bench.input(PEER, to, fine.clone()), Ok(()));
    for len in 0..fine.len() {
        let mut short = fine.clone();
        short.truncate(len);
        assert_eq!(bench.input(PEER, to, short), Err(DropReason::UdpMalformed), "{len}");
    }
    fine.data_mut()[9] ^= 1;
    assert_eq!(bench.input(PEER, to, fine), Err(DropReason::UdpChecksum));
    assert_eq!(bench.counters.get(Counter::UdpInCsumErrors), 1);
}

#[test]
fn a_refusal_reaches_the_connected_socket_once() {
    let mut bench = Bench::new();
    let socket = bench.bind(ANY, 53).unwrap();
    let error = |kind| IcmpError {
        protocol: Protocol::UDP,
        source: US,
        destination: PEER.ip(),
        source_port: 53,
        destination_port: PEER.port(),
        sequence: 0,
        scope: 0,
        kind,
    };
    bench.udp.icmp_error(&error(IcmpErrorKind::PortUnreachable));
    assert!(bench.udp.take_wakeups().is_empty(), "an unconnected socket does not hear of it");
    bench.udp.connect(socket, US, PEER).unwrap();
    bench.udp.icmp_error(&error(IcmpErrorKind::HostUnreachable));
    assert!(bench.udp.take_wakeups().is_empty());
    bench.udp.icmp_error(&error(IcmpErrorKind::PortUnreachable));
    assert_eq!(bench.udp.take_wakeups(), [socket]);
    assert_eq!(bench.udp.receive_from(socket), Err(SocketError::ConnectionRefused));
    assert_eq!(bench.udp.receive_from(socket), Err(SocketError::WouldBlock));
}

#[test]
fn too_large_a_datagram_is_refused() {
    let data = alloc::vec![0; MAX_PAYLOAD + 1];
    assert_eq!(Udp::datagram(PEER, PEER, &data).unwrap_err(), SocketError::DatagramTooLarge);
    assert_eq!(Udp::datagram(PEER, PEER, &data[1..]).unwrap().len(), 65_515);
}

#[test]
fn what_strangers_sent_before_is_forgotten_and_frees_its_room() {
    let mut bench = Bench::new();
    let socket = bench.bind(ANY, 53).unwrap();
    let stranger = SocketAddr::new(PEER.ip(), PEER.port() + 1);
    for source in [stranger, PEER, stranger] {
        bench.arrive(source, at(US, 53), &source.port().to_be_bytes()).unwrap();
    }
    bench.udp.connect(socket, US, PEER).unwrap();
    bench.udp.forget_strangers(socket);
    assert_eq!(bench.udp.receive_from(socket), Ok((PEER.port().to_be_bytes().to_vec(), PEER)));
    assert!(!bench.udp.readiness(socket).readable);
    assert_eq!(bench.udp.listing().next().map(|listed| listed.held), Some(0));
}
