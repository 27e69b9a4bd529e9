//! Raw IP packets to fields.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::checksum::{checksum, pseudo_header};
use super::option::{TcpOption, decode_options};
use crate::language::ast::Flags;

/// A packet, taken apart. Its checksums are right.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Decoded {
    pub source: IpAddr,
    pub destination: IpAddr,
    pub tos: u8,
    pub ttl: u8,
    /// Bytes of options in an IPv4 header.
    pub options: usize,
    /// The flow label of an IPv6 packet.
    pub flow_label: Option<u32>,
    pub transport: Transport,
}

/// What an IP packet carries.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Transport {
    Tcp(Tcp),
    Udp { source: u16, destination: u16, payload: Vec<u8> },
    Icmp { kind: u8, code: u8, rest: Vec<u8> },
    Other(u8),
}

/// A TCP segment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Tcp {
    pub source: u16,
    pub destination: u16,
    pub seq: u32,
    pub ack: u32,
    pub flags: Flags,
    /// The three bits between the data offset and AE, which nobody may set.
    pub reserved: u8,
    pub window: u16,
    pub urgent: u16,
    pub options: Vec<TcpOption>,
    pub payload: Vec<u8>,
}

/// Takes a raw IP packet apart.
///
/// # Errors
/// What is wrong with the packet: a machine that sends such a thing is at fault.
pub fn decode(bytes: &[u8]) -> Result<Decoded, String> {
    let (header, body) = match bytes.first().map_or(0, |b| b >> 4) {
        4 => ipv4(bytes)?,
        6 => ipv6(bytes)?,
        version => return Err(format!("a packet of IP version {version}")),
    };
    let transport = transport(&header, body)?;
    let Header { source, destination, tos, ttl, flow_label, options, .. } = header;
    Ok(Decoded { source, destination, tos, ttl, options, flow_label, transport })
}

/// What the header before a transport header says.
struct Header {
    source: IpAddr,
    destination: IpAddr,
    tos: u8,
    ttl: u8,
    protocol: u8,
    flow_label: Option<u32>,
    options: usize,
}

fn ipv4(bytes: &[u8]) -> Result<(Header, &[u8]), String> {
    let header_len = usize::from(bytes[0] & 15) * 4;
    let total = usize::from(be16(bytes, 2)?);
    if header_len < 20 || total < header_len || total > bytes.len() {
        return Err(format!("IP header of {header_len} bytes, packet of {total}, {} are there", bytes.len()));
    }
    if checksum(&bytes[..header_len]) != 0 {
        return Err("the IP header's checksum is wrong".to_owned());
    }
    let address = |at: usize| Ipv4Addr::new(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]).into();
    let header = Header {
        source: address(12),
        destination: address(16),
        tos: bytes[1],
        ttl: bytes[8],
        protocol: bytes[9],
        flow_label: None,
        options: header_len - 20,
    };
    Ok((header, &bytes[header_len..total]))
}

/// Without extension headers: no script expects any.
fn ipv6(bytes: &[u8]) -> Result<(Header, &[u8]), String> {
    let total = 40 + usize::from(be16(bytes, 4)?);
    if total > bytes.len() {
        return Err(format!("an IPv6 packet of {total} bytes, {} are there", bytes.len()));
    }
    let first = be32(bytes, 0)?;
    let address = |at: usize| {
        let octets: [u8; 16] = bytes[at..at + 16].try_into().expect("16 bytes");
        Ipv6Addr::from(octets).into()
    };
    let header = Header {
        source: address(8),
        destination: address(24),
        tos: (first >> 20) as u8,
        ttl: bytes[7],
        protocol: bytes[6],
        flow_label: Some(first & 0xf_ffff),
        options: 0,
    };
    Ok((header, &bytes[40..total]))
}

fn transport(header: &Header, body: &[u8]) -> Result<Transport, String> {
    let summed = |name: &str| {
        let mut all = pseudo_header(header.source, header.destination, header.protocol, body.len());
        all.extend(body);
        match checksum(&all) {
            0 => Ok(()),
            _ => Err(format!("the {name} checksum is wrong")),
        }
    };
    match header.protocol {
        6 => {
            summed("TCP")?;
            Ok(Transport::Tcp(tcp(body)?))
        }
        17 => {
            // Over IPv6 no datagram is without one.
            if be16(body, 6)? != 0 || header.source.is_ipv6() {
                summed("UDP")?;
            }
            let payload = body.get(8..).unwrap_or_default().to_vec();
            Ok(Transport::Udp { source: be16(body, 0)?, destination: be16(body, 2)?, payload })
        }
        1 | 58 => {
            match header.protocol {
                58 => summed("ICMPv6")?,
                _ if checksum(body) != 0 => return Err("the ICMP checksum is wrong".to_owned()),
                _ => {}
            }
            let Some((&[kind, code, _, _], rest)) = body.split_first_chunk() else {
                return Err("the ICMP message is too short".to_owned());
            };
            Ok(Transport::Icmp { kind, code, rest: rest.to_vec() })
        }
        other => Ok(Transport::Other(other)),
    }
}

fn tcp(body: &[u8]) -> Result<Tcp, String> {
    let offset = usize::from(body.get(12).map_or(0, |b| b >> 4)) * 4;
    if offset < 20 || offset > body.len() {
        return Err(format!("TCP header of {offset} bytes in {}", body.len()));
    }
    Ok(Tcp {
        source: be16(body, 0)?,
        destination: be16(body, 2)?,
        seq: be32(body, 4)?,
        ack: be32(body, 8)?,
        flags: flags(body[12], body[13]),
        reserved: (body[12] >> 1) & 7,
        window: be16(body, 14)?,
        urgent: be16(body, 18)?,
        options: decode_options(&body[20..offset])?,
        payload: body[offset..].to_vec(),
    })
}

fn flags(high: u8, low: u8) -> Flags {
    let bit = |n: u8| low & (1 << n) != 0;
    Flags {
        fin: bit(0),
        syn: bit(1),
        rst: bit(2),
        psh: bit(3),
        ack: bit(4),
        urg: bit(5),
        ece: bit(6),
        cwr: bit(7),
        ae: high & 1 != 0,
        is_ace: false,
    }
}

fn be16(bytes: &[u8], at: usize) -> Result<u16, String> {
    match bytes.get(at..at + 2) {
        Some(two) => Ok(u16::from_be_bytes([two[0], two[1]])),
        None => Err(format!("cut off after {} bytes", bytes.len())),
    }
}

fn be32(bytes: &[u8], at: usize) -> Result<u32, String> {
    Ok(u32::from(be16(bytes, at)?) << 16 | u32::from(be16(bytes, at + 2)?))
}
