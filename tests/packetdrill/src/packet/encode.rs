//! Fields to raw IP packets, with checksums.

use std::net::IpAddr;

use super::checksum::{checksum, octets, pseudo_header};
use super::decode::Tcp;
use crate::language::ast::Flags;

/// What an IP header says besides lengths and checksum. Both addresses are of one version, which is the packet's.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Ip {
    pub source: IpAddr,
    pub destination: IpAddr,
    pub tos: u8,
    pub ttl: u8,
    /// Of IPv6: 20 bits.
    pub flow_label: u32,
}

impl Ip {
    /// Bytes of the header.
    pub fn header_len(&self) -> usize {
        if self.source.is_ipv4() { 20 } else { 40 }
    }

    /// The number of ICMP of this version.
    fn icmp(&self) -> u8 {
        if self.source.is_ipv4() { 1 } else { 58 }
    }
}

/// An IP packet around a body whose checksum is complete.
pub fn packet(ip: &Ip, protocol: u8, body: &[u8]) -> Vec<u8> {
    if ip.source.is_ipv4() { ipv4(ip, protocol, body) } else { ipv6(ip, protocol, body) }
}

/// Without DF, as upstream's are.
fn ipv4(ip: &Ip, protocol: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x45, ip.tos];
    packet.extend((body.len() as u16 + 20).to_be_bytes());
    packet.extend([0, 0, 0, 0, ip.ttl, protocol, 0, 0]);
    packet.extend(octets(ip.source));
    packet.extend(octets(ip.destination));
    let sum = checksum(&packet);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet.extend(body);
    packet
}

fn ipv6(ip: &Ip, protocol: u8, body: &[u8]) -> Vec<u8> {
    let first = 6 << 28 | u32::from(ip.tos) << 20 | (ip.flow_label & 0xf_ffff);
    let mut packet = first.to_be_bytes().to_vec();
    packet.extend((body.len() as u16).to_be_bytes());
    packet.extend([protocol, ip.ttl]);
    packet.extend(octets(ip.source));
    packet.extend(octets(ip.destination));
    packet.extend(body);
    packet
}

/// A TCP segment in an IP packet.
pub fn tcp(ip: &Ip, tcp: &Tcp) -> Vec<u8> {
    let mut body = tcp_header(tcp);
    body.extend(&tcp.payload);
    seal(ip, 6, &mut body, 16);
    packet(ip, 6, &body)
}

/// A TCP header with its options, its checksum 0.
pub fn tcp_header(tcp: &Tcp) -> Vec<u8> {
    let options: Vec<u8> = tcp.options.iter().flat_map(|option| option.encode()).collect();
    let mut body = Vec::new();
    body.extend(tcp.source.to_be_bytes());
    body.extend(tcp.destination.to_be_bytes());
    body.extend(tcp.seq.to_be_bytes());
    body.extend(tcp.ack.to_be_bytes());
    body.push((((20 + options.len()) / 4) as u8) << 4 | u8::from(tcp.flags.ae));
    body.push(low_flags(tcp.flags));
    body.extend(tcp.window.to_be_bytes());
    body.extend([0, 0]);
    body.extend(tcp.urgent.to_be_bytes());
    body.extend(options);
    body
}

/// A UDP datagram in an IP packet.
pub fn udp(ip: &Ip, source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
    let mut body = udp_header(source, destination, payload.len());
    body.extend(payload);
    seal(ip, 17, &mut body, 6);
    packet(ip, 17, &body)
}

/// A UDP header, its checksum 0.
pub fn udp_header(source: u16, destination: u16, payload_len: usize) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(source.to_be_bytes());
    body.extend(destination.to_be_bytes());
    body.extend((payload_len as u16 + 8).to_be_bytes());
    body.extend([0, 0]);
    body
}

/// An ICMP message in an IP packet of its version; `rest` is what follows the checksum.
pub fn icmp(ip: &Ip, kind: u8, code: u8, rest: &[u8]) -> Vec<u8> {
    let mut body = vec![kind, code, 0, 0];
    body.extend(rest);
    if ip.source.is_ipv4() {
        let sum = checksum(&body);
        body[2..4].copy_from_slice(&sum.to_be_bytes());
    } else {
        seal(ip, ip.icmp(), &mut body, 2);
    }
    packet(ip, ip.icmp(), &body)
}

fn seal(ip: &Ip, protocol: u8, body: &mut [u8], at: usize) {
    let mut all = pseudo_header(ip.source, ip.destination, protocol, body.len());
    all.extend(&*body);
    let sum = checksum(&all);
    body[at..at + 2].copy_from_slice(&sum.to_be_bytes());
}

fn low_flags(flags: Flags) -> u8 {
    let all = [flags.fin, flags.syn, flags.rst, flags.psh, flags.ack, flags.urg, flags.ece, flags.cwr];
    all.iter().enumerate().map(|(bit, &set)| u8::from(set) << bit).sum()
}
