//! A stack with raw frames on its wires: what goes in, what comes out, what is counted.

mod addresses;
mod addresses6;
mod advertisement6;
mod arp;
mod autoconf6;
mod copies;
mod detection6;
mod devices;
mod dhcp;
mod dhcp6;
mod forward;
mod fragments;
mod fragments6;
mod fuzz;
mod icmp;
mod input;
mod ipv6;
mod link_local;
mod mld;
mod multicast;
mod netfilter;
mod packets;
mod parameters6;
mod paths;
mod proxies;
mod raw;
mod redirect6;
mod routes;
mod udp;
mod vlan;

use crate::counters::Counter;
use crate::device::{Features, NetDevice};
use crate::drop_reason::DropReason;
use crate::packet::{DeviceIndex, Packet};
use crate::random::SeededRandom;
use crate::stack::Stack;
use crate::time::Instant;
use crate::wire::ethernet::{self, EtherType, MacAddress};
use crate::wire::ipv4;
use crate::wire::protocol::Protocol;
use crate::wire::{arp as wire_arp, icmpv4, pretty, tcp, udp as wire_udp};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::net::Ipv4Addr;
use std::sync::{Mutex, MutexGuard};

const US: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const PEER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
const GATEWAY: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 254);
const FAR: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 9);
const OUR_MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);
const PEER_MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 2]);

/// What a device and its test share.
struct Wire {
    incoming: VecDeque<Vec<u8>>,
    sent: Vec<Vec<u8>>,
    up: bool,
    room: usize,
    flushes: usize,
    features: Features,
    promiscuous: bool,
    /// Another station address than the first one.
    station: Option<MacAddress>,
}

#[derive(Clone)]
struct RawDevice {
    wire: Arc<Mutex<Wire>>,
    mac: MacAddress,
}

impl RawDevice {
    fn new(mac: MacAddress) -> Self {
        let (incoming, sent, features) = (VecDeque::new(), Vec::new(), Features::default());
        let (room, promiscuous, station) = (usize::MAX, false, None);
        let wire = Wire { incoming, sent, up: true, room, flushes: 0, features, promiscuous, station };
        RawDevice { wire: Arc::new(Mutex::new(wire)), mac }
    }

    fn wire(&self) -> MutexGuard<'_, Wire> {
        self.wire.lock().unwrap()
    }
}

impl NetDevice for RawDevice {
    fn mac(&self) -> MacAddress {
        self.wire().station.unwrap_or(self.mac)
    }

    fn set_mac(&mut self, mac: MacAddress) -> bool {
        self.wire().station = Some(mac);
        true
    }

    fn features(&self) -> Features {
        self.wire().features
    }

    fn set_promiscuous(&mut self, promiscuous: bool) {
        self.wire().promiscuous = promiscuous;
    }

    fn link_up(&self) -> bool {
        self.wire().up
    }

    fn poll(&mut self, _: Instant, budget: usize, frames: &mut Vec<Packet>) -> bool {
        let mut wire = self.wire();
        let count = budget.min(wire.incoming.len());
        frames.extend(wire.incoming.drain(..count).map(Packet::from_frame));
        !wire.incoming.is_empty()
    }

    fn transmit(&mut self, frame: Packet) -> Result<(), Packet> {
        let mut wire = self.wire();
        if wire.room == 0 {
            return Err(frame);
        }
        wire.room -= 1;
        wire.sent.push(frame.into_data());
        Ok(())
    }

    fn flush(&mut self) {
        self.wire().flushes += 1;
    }

    fn can_transmit(&self) -> bool {
        self.wire().room > 0
    }
}

/// A stack with 192.0.2.1/24 on `eth0`, a gateway, and its time.
struct Host {
    stack: Stack,
    eth0: RawDevice,
    now: Instant,
    drops_seen: Vec<u64>,
}

impl Host {
    /// Whom names are asked of.
    fn resolvers(&self) -> Vec<core::net::IpAddr> {
        self.stack.resolvers(self.now).map(|learnt| learnt.what).collect()
    }

    /// A host that has announced itself and knows no neighbour.
    fn fresh() -> Self {
        let mut stack = Stack::new(Box::new(SeededRandom::new(42)));
        // What IPv6 asks by itself is another test's matter.
        stack.set_sysctl("net.ipv6.conf.default.disable_ipv6", "1").unwrap();
        let eth0 = RawDevice::new(OUR_MAC);
        let index = stack.add_device("eth0", Box::new(eth0.clone()), 1500).unwrap();
        stack.add_address(index, "192.0.2.1/24".parse().unwrap()).unwrap();
        stack.add_default_gateway(GATEWAY).unwrap();
        let drops_seen = vec![0; DropReason::ALL.len()];
        Host { stack, eth0, now: Instant::from_millis(1_000_000), drops_seen }
    }

    /// A host that knows the peer's and the gateway's station.
    fn new() -> Self {
        let mut host = Host::fresh();
        host.stack.poll(host.now, 1);
        for neighbour in [PEER, GATEWAY] {
            host.arrive(arp_frame(wire_arp::Operation::Request, neighbour, US));
        }
        host.sent();
        host
    }

    /// A host with a second device, `eth1`, 198.51.100.1/24, that forwards.
    fn router() -> (Self, RawDevice) {
        let mut host = Host::new();
        let eth1 = RawDevice::new(MacAddress([2, 0, 0, 0, 1, 1]));
        let index = host.stack.add_device("eth1", Box::new(eth1.clone()), 1280).unwrap();
        host.stack.add_address(index, "198.51.100.1/24".parse().unwrap()).unwrap();
        host.stack.set_sysctl("net.ipv4.ip_forward", "1").unwrap();
        host.stack.poll(host.now, 1);
        eth1.wire().sent.clear();
        (host, eth1)
    }

    fn poll(&mut self) {
        while self.stack.poll(self.now, 300) {}
    }

    /// Lets frames arrive on `eth0`.
    fn arrive(&mut self, frame: Vec<u8>) {
        self.eth0.wire().incoming.push_back(frame);
        self.poll();
    }

    /// Moves time on, working at each deadline.
    fn wait(&mut self, millis: u64) {
        let end = Instant::from_millis(self.now.as_millis() + millis);
        while let Some(next) = self.stack.next_deadline().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.poll();
        }
        self.now = end;
        self.poll();
    }

    /// What was sent on `eth0` since the last time, as lines.
    fn sent(&mut self) -> Vec<String> {
        lines(&self.eth0)
    }

    /// Why packets were dropped since the last time.
    fn dropped(&mut self) -> Vec<DropReason> {
        let mut reasons = Vec::new();
        for (reason, seen) in DropReason::ALL.iter().zip(&mut self.drops_seen) {
            let count = self.stack.counters().dropped(*reason);
            reasons.extend((*seen..count).map(|_| *reason));
            *seen = count;
        }
        reasons
    }

    fn count(&self, counter: Counter) -> u64 {
        self.stack.counters().get(counter)
    }
}

/// What was sent on a device since the last time, as lines, but for what routers are told of groups, which is another
/// test's matter. Checks what every frame must hold to.
fn lines(device: &RawDevice) -> Vec<String> {
    let frames = core::mem::take(&mut device.wire().sent);
    frames
        .iter()
        .map(|frame| {
            let header = ethernet::Header::parse(frame).unwrap();
            assert_eq!(header.source(), device.mac());
            if header.ether_type() == EtherType::IPV4 {
                check_packet(header.payload());
            }
            pretty::describe(frame)
        })
        .filter(|line| !line.contains("multicast listener report"))
        .collect()
}

/// Every packet we send has right lengths and checksums.
fn check_packet(packet: &[u8]) {
    let header = ipv4::Header::parse(packet).unwrap();
    assert_eq!(usize::from(header.total_len()), packet.len());
    assert!(header.checksum_is_valid());
    let (source, destination, payload) = (header.source(), header.destination(), header.payload());
    // What is passed on is as good as it came.
    if ![US, Ipv4Addr::new(198, 51, 100, 1)].contains(&source) {
        return;
    }
    if header.is_fragment() {
        return;
    }
    assert!(match header.protocol() {
        Protocol::TCP => tcp::checksum_is_valid(source.into(), destination.into(), payload),
        Protocol::UDP =>
            wire_udp::Header::parse(payload).unwrap().checksum_is_valid(source.into(), destination.into()),
        Protocol::ICMP => icmpv4::Header::parse(payload).unwrap().checksum_is_valid(),
        _ => true,
    });
}

fn frame(source: MacAddress, destination: MacAddress, ether_type: EtherType, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; ethernet::HEADER_LEN];
    ethernet::Fields { source, destination, ether_type }.emit(&mut frame);
    frame.extend_from_slice(payload);
    frame
}

/// A frame from the peer's station to ours.
fn ip_frame(packet: &[u8]) -> Vec<u8> {
    frame(PEER_MAC, OUR_MAC, EtherType::IPV4, packet)
}

fn arp_frame(operation: wire_arp::Operation, sender: Ipv4Addr, target: Ipv4Addr) -> Vec<u8> {
    let mut bytes = [0; wire_arp::PACKET_LEN];
    wire_arp::Packet { operation, sender_mac: PEER_MAC, sender, target_mac: OUR_MAC, target }
        .emit(&mut bytes);
    frame(PEER_MAC, OUR_MAC, EtherType::ARP, &bytes)
}

fn packet_fields(source: Ipv4Addr, destination: Ipv4Addr, protocol: Protocol) -> ipv4::Fields {
    let (tos, identification, dont_fragment, ttl) = (0, 7, false, 64);
    ipv4::Fields { tos, total_len: 0, identification, dont_fragment, ttl, protocol, source, destination }
}

fn packet_of(fields: ipv4::Fields, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0; ipv4::HEADER_LEN];
    ipv4::Fields { total_len: (ipv4::HEADER_LEN + payload.len()) as u16, ..fields }.emit(&mut packet);
    packet.extend_from_slice(payload);
    packet
}

fn packet(source: Ipv4Addr, destination: Ipv4Addr, protocol: Protocol, payload: &[u8]) -> Vec<u8> {
    packet_of(packet_fields(source, destination, protocol), payload)
}

/// A packet with these options, padded to a multiple of four, before its payload.
fn packet_with_options(options: &[u8], protocol: Protocol, payload: &[u8]) -> Vec<u8> {
    let mut packet = packet(PEER, US, protocol, payload);
    packet.splice(20..20, options.iter().copied());
    let total = packet.len() as u16;
    packet[0] = 0x45 + (options.len() / 4) as u8;
    packet[2..4].copy_from_slice(&total.to_be_bytes());
    fix_header_checksum(&mut packet);
    packet
}

fn fix_header_checksum(packet: &mut [u8]) {
    let header_len = usize::from(packet[0] & 0xf) * 4;
    packet[10..12].fill(0);
    let checksum = crate::wire::checksum::Sum::of(&packet[..header_len]).checksum();
    packet[10..12].copy_from_slice(&checksum.to_be_bytes());
}

fn echo_request(payload: &[u8]) -> Vec<u8> {
    let mut message = vec![0; icmpv4::HEADER_LEN];
    message.extend_from_slice(payload);
    icmpv4::Fields { kind: icmpv4::Type::ECHO_REQUEST, code: 0, rest: [0, 7, 0, 1] }.emit(&mut message);
    message
}

fn datagram(source: (Ipv4Addr, u16), destination: (Ipv4Addr, u16), data: &[u8]) -> Vec<u8> {
    use crate::wire::checksum::{Sum, pseudo_header};
    let total_len = (wire_udp::HEADER_LEN + data.len()) as u16;
    let mut bytes = vec![0; wire_udp::HEADER_LEN];
    bytes.extend_from_slice(data);
    let fields = wire_udp::Fields { source_port: source.1, destination_port: destination.1, total_len };
    fields.emit(&mut bytes, 0);
    let sum = pseudo_header(source.0.into(), destination.0.into(), Protocol::UDP, total_len.into())
        .plus(Sum::of(&bytes));
    fields.emit(&mut bytes, sum.checksum());
    packet(source.0, destination.0, Protocol::UDP, &bytes)
}

fn syn(source: (Ipv4Addr, u16), destination: (Ipv4Addr, u16)) -> Vec<u8> {
    let mut segment = vec![0; tcp::HEADER_LEN];
    let (source_port, destination_port) = (source.1, destination.1);
    let flags = tcp::Flags::SYN;
    tcp::Fields { source_port, destination_port, sequence: 100, flags, window: 9, ..Default::default() }
        .emit(&mut segment, 0);
    tcp::fill_checksum(source.0.into(), destination.0.into(), &mut segment);
    packet(source.0, destination.0, Protocol::TCP, &segment)
}

/// The number of the first device beside loopback.
const ETH0: DeviceIndex = DeviceIndex(2);
