//! The other end of the wire, played by hand: any frame can be sent, and every frame that comes is looked at.
//!
//! The peer has one Ethernet address and answers ARP requests and neighbour solicitations for any address of the network
//! but the stack's, unless it is told not to. Every frame that the stack sends has to be sound: what does not parse
//! or has a wrong checksum fails the case that receives it.

mod frame;
mod tcp;
mod v6;

pub use frame::{Frame, Segment};
pub use tcp::Connection;
pub use v6::{ON_LINK, Way, link_address};

use std::collections::VecDeque;
use std::net::Ipv4Addr;

use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use stack_core::wire::arp::{self, Operation};
use stack_core::wire::ethernet::{self, EtherType, MacAddress};
use stack_core::wire::ipv4;
use stack_core::wire::protocol::Protocol;
use stack_core::wire::{icmpv4, pretty, tcp as tcp_header};
use wnet::wire::user::UserWire;
use wnet::wire::{MAX_FRAME, Wire};

use crate::deadline::{Deadline, PATIENCE};
use crate::world::{ADDRESS, MAC, PEER};

/// Frames that are kept for somebody to expect them; the oldest are forgotten.
const INBOX: usize = 4096;

/// Frames named when an expected one does not come.
const NAMED: usize = 20;

/// Who is at the other end of a stack's wire.
pub struct WirePeer {
    wire: UserWire,
    /// Our Ethernet address.
    pub mac: MacAddress,
    /// Whether ARP requests and neighbour solicitations are answered.
    pub answers_arp: bool,
    /// Whether they are answered for [`PEER`] and [`PEER_V6`](crate::world::PEER_V6) alone: nobody else is there.
    pub is_alone: bool,
    inbox: VecDeque<Frame>,
    last_ping: u16,
    last_port: u16,
}

impl WirePeer {
    /// The peer at this end of a cable.
    pub fn new(wire: UserWire) -> Self {
        let mac = MacAddress([2, 0, 0, 0, 0, 1]);
        let (answers_arp, is_alone, inbox) = (true, false, VecDeque::new());
        WirePeer { wire, mac, answers_arp, is_alone, inbox, last_ping: 0, last_port: 40_000 }
    }

    /// Sends any bytes as a frame.
    ///
    /// # Errors
    /// If the stack does not take the frames before it.
    pub fn transmit(&mut self, frame: &[u8]) -> Result<()> {
        let deadline = Deadline::patient();
        while !self.wire.has_room() {
            self.pump(deadline).context("the stack takes no frames")?;
        }
        self.wire.transmit(frame).context("the wire takes no frame")
    }

    /// A frame to the stack.
    pub fn frame(&self, ether_type: EtherType, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![0; ethernet::HEADER_LEN];
        ethernet::Fields { destination: MacAddress(MAC), source: self.mac, ether_type }.emit(&mut frame);
        frame.extend_from_slice(payload);
        frame
    }

    /// A frame with an IPv4 packet from `source` to the stack.
    pub fn packet_from(&self, source: Ipv4Addr, protocol: Protocol, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0; ipv4::HEADER_LEN];
        let fields = ipv4::Fields {
            tos: 0,
            total_len: (ipv4::HEADER_LEN + payload.len()) as u16,
            identification: 0,
            dont_fragment: true,
            ttl: 64,
            protocol,
            source,
            destination: ADDRESS,
        };
        fields.emit(&mut packet);
        packet.extend_from_slice(payload);
        self.frame(EtherType::IPV4, &packet)
    }

    /// A frame with an IPv4 packet from [`PEER`] to the stack.
    pub fn packet(&self, protocol: Protocol, payload: &[u8]) -> Vec<u8> {
        self.packet_from(PEER, protocol, payload)
    }

    /// A frame with a TCP segment from [`PEER`] to the stack.
    pub fn segment(&self, fields: &tcp_header::Fields, payload: &[u8]) -> Vec<u8> {
        let mut segment = vec![0; fields.header_len()];
        fields.emit(&mut segment, 0);
        segment.extend_from_slice(payload);
        tcp_header::fill_checksum(PEER.into(), ADDRESS.into(), &mut segment);
        self.packet(Protocol::TCP, &segment)
    }

    /// A frame with an echo request.
    pub fn echo_request(&self, identifier: u16, sequence: u16, data: &[u8]) -> Vec<u8> {
        let mut message = vec![0; icmpv4::HEADER_LEN];
        message.extend_from_slice(data);
        let [a, b] = identifier.to_be_bytes();
        let [c, d] = sequence.to_be_bytes();
        icmpv4::Fields { kind: icmpv4::Type::ECHO_REQUEST, code: 0, rest: [a, b, c, d] }.emit(&mut message);
        self.packet(Protocol::ICMP, &message)
    }

    /// A frame with an ARP request or reply, to the stack alone.
    pub fn arp(&self, operation: Operation, sender: Ipv4Addr, target: Ipv4Addr) -> Vec<u8> {
        let mut packet = vec![0; arp::PACKET_LEN];
        let target_mac = if operation == Operation::Request { MacAddress([0; 6]) } else { MacAddress(MAC) };
        arp::Packet { operation, sender_mac: self.mac, sender, target_mac, target }.emit(&mut packet);
        self.frame(EtherType::ARP, &packet)
    }

    /// Waits for the first frame for which `pick` answers something, those included that came before and were
    /// not expected yet. Only that frame is taken.
    ///
    /// # Errors
    /// If it does not come, or an unsound frame does.
    pub fn expect<T>(&mut self, what: &str, mut pick: impl FnMut(&Frame) -> Option<T>) -> Result<T> {
        let deadline = Deadline::patient();
        let mut looked_at = 0;
        loop {
            while let Some(frame) = self.inbox.get(looked_at) {
                if let Some(answer) = pick(frame) {
                    self.inbox.remove(looked_at);
                    return Ok(answer);
                }
                looked_at += 1;
            }
            let forgotten = self.pump(deadline).with_context(|| self.complaint(what))?;
            looked_at = looked_at.saturating_sub(forgotten);
        }
    }

    /// Waits until the stack has handled all frames sent so far, and answers every frame that was not expected.
    /// What the stack would answer at once it has answered then.
    ///
    /// # Errors
    /// If the stack does not answer a ping, or sends an unsound frame.
    pub fn settle(&mut self) -> Result<Vec<Frame>> {
        // A ping may be answered before the segments that came with it in one batch; the next one comes after
        // that batch.
        for _ in 0..2 {
            self.ping()?;
        }
        Ok(self.inbox.drain(..).collect())
    }

    /// Sends a ping and takes its answer.
    fn ping(&mut self) -> Result<()> {
        self.last_ping = self.last_ping.wrapping_add(1);
        let sequence = self.last_ping;
        self.transmit(&self.echo_request(0x5e77, sequence, b"settled?"))?;
        let mac = self.mac;
        self.expect("the answer to a ping", |frame| {
            let reply = frame.icmp()?;
            let asked = (icmpv4::Type::ECHO_REPLY, 0x5e77, sequence);
            let answers = (reply.kind(), reply.identifier(), reply.sequence()) == asked;
            (answers && frame.destination() == mac).then_some(())
        })
    }

    /// A port of ours that no connection has used yet.
    pub fn free_port(&mut self) -> u16 {
        self.last_port += 1;
        self.last_port
    }

    /// Waits for frames and puts them into the inbox; answers how many of the oldest had to be forgotten.
    fn pump(&mut self, deadline: Deadline) -> Result<usize> {
        let left = deadline.left();
        let limit = Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() };
        let mut readable = [PollFd::from_borrowed_fd(self.wire.as_fd(), PollFlags::IN)];
        if poll(&mut readable, Some(&limit))? == 0 || deadline.has_passed() {
            bail!("nothing for {PATIENCE:?}");
        }
        let mut bytes = Vec::with_capacity(MAX_FRAME);
        while self.wire.receive(&mut bytes)? {
            let frame = Frame::check(&bytes)?;
            if !self.answer_arp(&frame)? && !self.answer_solicitation(&frame)? {
                self.inbox.push_back(frame);
            }
        }
        let forgotten = self.inbox.len().saturating_sub(INBOX);
        self.inbox.drain(..forgotten);
        Ok(forgotten)
    }

    /// Answers the frame if it asks for an address that is ours; whether it was that.
    fn answer_arp(&mut self, frame: &Frame) -> Result<bool> {
        let Some(request) = frame.arp().filter(|packet| packet.operation == Operation::Request) else {
            return Ok(false);
        };
        let is_ours = request.target != ADDRESS && (request.target == PEER || !self.is_alone);
        if !self.answers_arp || request.is_gratuitous() || !is_ours {
            return Ok(false);
        }
        self.wire.transmit(&self.arp(Operation::Reply, request.target, request.sender))?;
        Ok(true)
    }

    fn complaint(&self, what: &str) -> String {
        let lines: Vec<String> = self.inbox.iter().rev().take(NAMED).map(Frame::to_string).collect();
        let lines: Vec<&str> = lines.iter().rev().map(String::as_str).collect();
        format!("still waiting for {what}; what came last:\n{}", lines.join("\n"))
    }
}

/// One line about a frame, as tcpdump would write it.
pub fn describe(frame: &[u8]) -> String {
    pretty::describe(frame)
}
