//! Raw IP packets to fields.

use std::net::Ipv4Addr;

use super::checksum::{checksum, pseudo_header};
use super::option::{TcpOption, decode_options};
use crate::language::ast::Flags;

/// A packet, taken apart. Its checksums are right.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Decoded {
    pub source: Ipv4Addr,
    pub destination: Ipv4Addr,
    pub tos: u8,
    pub ttl: u8,
    /// Header length in words of 4 bytes.
    pub header_words: u8,
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

/// Takes a raw IPv4 packet apart.
///
/// # Errors
/// What is wrong with the packet: a machine that sends such a thing is at fault.
pub fn decode(bytes: &[u8]) -> Result<Decoded, String> {
    let version = bytes.first().map_or(0, |b| b >> 4);
    if version != 4 {
        return Err(format!("a packet of IP version {version}"));
    }
    let header_words = bytes[0] & 15;
    let header_len = usize::from(header_words) * 4;
    let total = usize::from(be16(bytes, 2)?);
    if header_len < 20 || total < header_len || total > bytes.len() {
        return Err(format!("IP header of {header_len} bytes, packet of {total}, {} are there", bytes.len()));
    }
    if checksum(&bytes[..header_len]) != 0 {
        return Err("the IP header's checksum is wrong".to_owned());
    }
    let address = |at: usize| Ipv4Addr::new(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]);
    let (source, destination, protocol) = (address(12), address(16), bytes[9]);
    let body = &bytes[header_len..total];
    let summed = |name: &str| {
        let mut all = pseudo_header(source, destination, protocol, body.len());
        all.extend(body);
        match checksum(&all) {
            0 => Ok(()),
            _ => Err(format!("the {name} checksum is wrong")),
        }
    };
    let transport = match protocol {
        6 => {
            summed("TCP")?;
            Transport::Tcp(tcp(body)?)
        }
        17 => {
            if be16(body, 6)? != 0 {
                summed("UDP")?;
            }
            let payload = body.get(8..).unwrap_or_default().to_vec();
            Transport::Udp { source: be16(body, 0)?, destination: be16(body, 2)?, payload }
        }
        1 => {
            if body.len() < 8 || checksum(body) != 0 {
                return Err("the ICMP message is too short or its checksum is wrong".to_owned());
            }
            Transport::Icmp { kind: body[0], code: body[1], rest: body[4..].to_vec() }
        }
        other => Transport::Other(other),
    };
    Ok(Decoded { source, destination, tos: bytes[1], ttl: bytes[8], header_words, transport })
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
