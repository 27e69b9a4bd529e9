//! A frame that the stack sent.

use std::fmt;
use std::net::Ipv4Addr;

use anyhow::{Context, Result, ensure};
use stack_core::wire::ethernet::{self, EtherType, MacAddress};
use stack_core::wire::protocol::Protocol;
use stack_core::wire::{arp, icmpv4, icmpv6, ipv4, ipv6, ipv6_extension, pretty, tcp};

use crate::world::MAC;

/// A frame that was found sound.
#[derive(Clone, Debug)]
pub struct Frame(Vec<u8>);

/// A TCP segment to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// To which of our addresses.
    pub destination: Ipv4Addr,
    /// The stack's port.
    pub source_port: u16,
    /// Our port.
    pub destination_port: u16,
    /// The sequence number of its first byte.
    pub sequence: u32,
    /// What it acknowledges, if it has ACK.
    pub acknowledgement: u32,
    /// The control bits.
    pub flags: tcp::Flags,
    /// The window as it stands in the header, not scaled.
    pub window: u16,
    /// The options.
    pub options: tcp::Options,
    /// The data.
    pub payload: Vec<u8>,
}

impl Frame {
    /// Takes the frame if everything in it that has a form or a checksum is right.
    pub(super) fn check(bytes: &[u8]) -> Result<Frame> {
        let frame = Frame(bytes.to_vec());
        frame.verify().with_context(|| format!("the stack sent an unsound frame: {frame}: {bytes:02x?}"))?;
        Ok(frame)
    }

    fn verify(&self) -> Result<()> {
        let ethernet = ethernet::Header::parse(&self.0)?;
        ensure!(ethernet.source() == MacAddress(MAC), "it comes from {}", ethernet.source());
        match ethernet.ether_type() {
            EtherType::ARP => arp::Packet::parse(ethernet.payload()).map(drop)?,
            EtherType::IPV4 => verify_ipv4(&ipv4::Header::parse(ethernet.payload())?)?,
            EtherType::IPV6 => verify_ipv6(&ipv6::Header::parse(ethernet.payload())?)?,
            other => anyhow::bail!("nothing of type {other:?} is expected"),
        }
        Ok(())
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whom it is for.
    pub fn destination(&self) -> MacAddress {
        ethernet::Header::parse(&self.0).map_or(MacAddress([0; 6]), |header| header.destination())
    }

    /// The ARP packet in it.
    pub fn arp(&self) -> Option<arp::Packet> {
        let header = ethernet::Header::parse(&self.0).ok()?;
        if header.ether_type() != EtherType::ARP {
            return None;
        }
        arp::Packet::parse(header.payload()).ok()
    }

    /// The IPv4 packet in it.
    pub fn ipv4(&self) -> Option<ipv4::Header<'_>> {
        let header = ethernet::Header::parse(&self.0).ok()?;
        if header.ether_type() != EtherType::IPV4 {
            return None;
        }
        ipv4::Header::parse(header.payload()).ok()
    }

    /// The ICMP message in it.
    pub fn icmp(&self) -> Option<icmpv4::Header<'_>> {
        let packet = self.ipv4().filter(|packet| packet.protocol() == Protocol::ICMP)?;
        icmpv4::Header::parse(packet.payload()).ok()
    }

    /// The TCP segment in it.
    pub fn segment(&self) -> Option<Segment> {
        let packet = self.ipv4().filter(|packet| packet.protocol() == Protocol::TCP)?;
        let header = tcp::Header::parse(packet.payload()).ok()?;
        Some(Segment {
            destination: packet.destination(),
            source_port: header.source_port(),
            destination_port: header.destination_port(),
            sequence: header.sequence(),
            acknowledgement: header.acknowledgement(),
            flags: header.flags(),
            window: header.window(),
            options: header.options(),
            payload: header.payload().to_vec(),
        })
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&pretty::describe(&self.0))
    }
}

fn verify_ipv4(packet: &ipv4::Header<'_>) -> Result<()> {
    ensure!(packet.checksum_is_valid(), "wrong IPv4 checksum");
    match packet.protocol() {
        Protocol::ICMP => {
            ensure!(icmpv4::Header::parse(packet.payload())?.checksum_is_valid(), "wrong ICMP checksum")
        }
        Protocol::TCP => {
            tcp::Header::parse(packet.payload())?;
            let (source, destination) = (packet.source(), packet.destination());
            ensure!(
                tcp::checksum_is_valid(source.into(), destination.into(), packet.payload()),
                "wrong TCP checksum"
            );
        }
        other => anyhow::bail!("no {other} is expected"),
    }
    Ok(())
}

fn verify_ipv6(packet: &ipv6::Header<'_>) -> Result<()> {
    let (source, destination) = (packet.source(), packet.destination());
    let at = ipv6_extension::skip(packet.next_header(), packet.payload());
    let (protocol, at) = at.context("the chain of headers has no end")?;
    let payload = packet.payload().get(at..).unwrap_or_default();
    match protocol {
        Protocol::ICMPV6 => ensure!(
            icmpv6::Header::parse(payload)?.checksum_is_valid(source, destination),
            "wrong ICMPv6 checksum"
        ),
        Protocol::TCP => {
            tcp::Header::parse(payload)?;
            ensure!(tcp::checksum_is_valid(source.into(), destination.into(), payload), "wrong TCP checksum");
        }
        other => anyhow::bail!("no {other} is expected"),
    }
    Ok(())
}
