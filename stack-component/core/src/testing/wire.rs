//! Who looks at a link: remembers the last segments, and holds senders to what their peers allow.

use super::link_end::mac_of;
use crate::time::Instant;
use crate::wire::ethernet::{EtherType, HEADER_LEN};
use crate::wire::protocol::Protocol;
use crate::wire::tcp::Flags;
use crate::wire::{ethernet, ipv4, tcp};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// How many segments are remembered.
const REMEMBERED: usize = 60;

/// What a link did to a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It passed.
    Passed,
    /// It passed, but later than others.
    Late,
    /// It passed twice.
    Doubled,
    /// It passed with a bit turned.
    Damaged,
    /// It was lost.
    Lost,
    /// The queue was full.
    Overflow,
    /// It was larger than the link takes.
    TooLarge,
}

/// What a segment says.
#[derive(Clone, Debug)]
struct Seen {
    ports: (u16, u16),
    sequence: u32,
    acknowledgement: u32,
    len: u32,
    flags: Flags,
    window: u16,
    scale: Option<u8>,
    sack: Vec<(u32, u32)>,
    sound: bool,
}

impl Seen {
    /// None: no segment of TCP.
    fn of(frame: &[u8]) -> Option<Seen> {
        let frame = ethernet::Header::parse(frame).ok().filter(|f| f.ether_type() == EtherType::IPV4)?;
        let ip = ipv4::Header::parse(frame.payload()).ok().filter(|ip| ip.protocol() == Protocol::TCP)?;
        let segment = tcp::Header::parse(ip.payload()).ok()?;
        let options = segment.options();
        Some(Seen {
            ports: (segment.source_port(), segment.destination_port()),
            sequence: segment.sequence(),
            acknowledgement: segment.acknowledgement(),
            len: segment.payload().len() as u32,
            flags: segment.flags(),
            window: segment.window(),
            scale: options.window_scale,
            sack: options.sack.as_slice().to_vec(),
            sound: ip.checksum_is_valid()
                && tcp::checksum_is_valid(ip.source().into(), ip.destination().into(), ip.payload()),
        })
    }

    fn end(&self) -> u32 {
        let numbers = u32::from(self.flags.syn()) + u32::from(self.flags.fin());
        self.sequence.wrapping_add(self.len).wrapping_add(numbers)
    }
}

/// What one end of a connection said, and may do.
#[derive(Debug, Default)]
struct Side {
    /// The number of its SYN.
    initial: Option<u32>,
    scale: Option<u8>,
    /// It sent a FIN.
    ended: bool,
    /// The number behind the last that it sent.
    sent: Option<u32>,
    /// The number behind the last that its peer allows it to send, as far as the news arrived.
    allowed: Option<u32>,
    /// The number behind the last that it allows its peer to send.
    offered: Option<u32>,
}

/// Whether `a` is behind `b`.
fn after(a: u32, b: u32) -> bool {
    (b.wrapping_sub(a) as i32) < 0
}

/// Whether the host `to` takes a frame for TCP's, and if so, whether the segment is sound.
fn comes_to_tcp(to: usize, frame: &[u8]) -> Option<bool> {
    let frame = ethernet::Header::parse(frame).ok()?;
    let ours = frame.destination() == mac_of(to) && frame.source().is_unicast();
    let ip = ipv4::Header::parse(frame.payload())
        .ok()
        .filter(|_| ours && frame.ether_type() == EtherType::IPV4)?;
    let right = ip.checksum_is_valid() && ip.protocol() == Protocol::TCP;
    right.then(|| tcp::checksum_is_valid(ip.source().into(), ip.destination().into(), ip.payload()))
}

/// Looks at every frame of a link.
#[derive(Debug, Default)]
pub(super) struct Wire {
    last: VecDeque<(Instant, usize, Seen, Fate)>,
    /// By the host and its and the other's port.
    sides: BTreeMap<(usize, u16, u16), Side>,
    /// Segments that each host sent.
    pub(super) segments: [u64; 2],
    /// Of these, those whose numbers it had sent before.
    pub(super) repeated: [u64; 2],
    /// Segments that arrived at each host's TCP.
    pub(super) arrived: [u64; 2],
    /// Of these, those whose checksum is wrong.
    pub(super) damaged: [u64; 2],
    /// The first rule that was broken.
    pub(super) broken: Option<String>,
}

impl Wire {
    /// The host `from` sends a frame.
    pub(super) fn sent(&mut self, from: usize, frame: &[u8], fate: Fate, now: Instant) {
        let Some(seen) = Seen::of(frame) else { return };
        self.segments[from] += 1;
        let rules = self.judge(from, &seen, frame.len());
        self.last.push_back((now, from, seen, fate));
        if self.last.len() > REMEMBERED {
            self.last.pop_front();
        }
        if let Err(rule) = rules {
            self.broken.get_or_insert_with(|| format!("host {from}: {rule}"));
        }
    }

    fn judge(&mut self, from: usize, seen: &Seen, len: usize) -> Result<(), String> {
        if !seen.sound {
            return Err("a wrong checksum left".into());
        }
        if len > 1500 + HEADER_LEN {
            return Err(format!("a frame of {len} bytes"));
        }
        let side = self.sides.entry((from, seen.ports.0, seen.ports.1)).or_default();
        if seen.flags.syn() && side.initial != Some(seen.sequence) {
            *side = Side { initial: Some(seen.sequence), scale: seen.scale, ..Side::default() };
        }
        if seen.flags.rst() {
            return Ok(());
        }
        if side.sent.is_none_or(|sent| after(seen.end(), sent)) {
            side.sent = Some(seen.end());
        } else if seen.end() != seen.sequence {
            self.repeated[from] += 1;
        }
        let beyond = side.allowed.filter(|&allowed| after(seen.end(), allowed));
        if let Some(allowed) = beyond.filter(|_| seen.len > 0) {
            return Err(format!("sends up to {}, the peer allows up to {allowed}", seen.end()));
        }
        side.ended |= seen.flags.fin();
        self.note_offer(from, seen)
    }

    /// RFC 9293 section 3.8.6: a window shall not shrink, that is, its right edge shall not move to the left.
    fn note_offer(&mut self, from: usize, seen: &Seen) -> Result<(), String> {
        let Some(edge) = self.edge(from, seen) else { return Ok(()) };
        // When the peer has no more to send, it does not matter how the window is rounded.
        if self.sides.get(&(1 - from, seen.ports.1, seen.ports.0)).is_some_and(|peer| peer.ended) {
            return Ok(());
        }
        let Some(side) = self.sides.get_mut(&(from, seen.ports.0, seen.ports.1)) else { return Ok(()) };
        // Who has no memory left says so and takes its offer back, as in Linux.
        let before = side.offered.filter(|&offered| after(offered, edge) && seen.window > 0);
        if before.is_none() {
            side.offered = Some(edge);
        }
        match before {
            Some(offered) => Err(format!("shrinks its window from {offered} to {edge}")),
            None => Ok(()),
        }
    }

    /// How far the segment lets its receiver send; none if it does not say, or not all is known.
    fn edge(&self, from: usize, seen: &Seen) -> Option<u32> {
        let (ours, peers) = (seen.ports.0, seen.ports.1);
        let own = self.sides.get(&(from, ours, peers))?;
        let other = self.sides.get(&(1 - from, peers, ours))?;
        if !seen.flags.ack() || seen.flags.rst() || own.initial.is_none() || other.initial.is_none() {
            return None;
        }
        let scale = match (own.scale, other.scale) {
            (Some(scale), Some(_)) if !seen.flags.syn() => scale,
            _ => 0,
        };
        Some(seen.acknowledgement.wrapping_add(u32::from(seen.window) << scale))
    }

    /// A frame that the host `from` sent arrives.
    pub(super) fn arrives(&mut self, from: usize, frame: &[u8]) {
        if let Some(sound) = comes_to_tcp(1 - from, frame) {
            self.arrived[1 - from] += 1;
            self.damaged[1 - from] += u64::from(!sound);
        }
        let Some(seen) = Seen::of(frame).filter(|seen| seen.sound) else { return };
        let Some(edge) = self.edge(from, &seen) else { return };
        let Some(peer) = self.sides.get_mut(&(1 - from, seen.ports.1, seen.ports.0)) else { return };
        if peer.allowed.is_none_or(|allowed| after(edge, allowed)) {
            peer.allowed = Some(edge);
        }
    }

    /// The last segments, a line for each: time in seconds, numbers from those of the SYNs on.
    pub(super) fn tell(&self) -> String {
        let mut text = String::new();
        for (at, from, seen, fate) in &self.last {
            let (ours, peers) = seen.ports;
            let initial =
                |host, a, b| self.sides.get(&(host, a, b)).and_then(|side: &Side| side.initial).unwrap_or(0);
            let (own, other) = (initial(*from, ours, peers), initial(1 - from, peers, ours));
            let sack: Vec<_> =
                seen.sack.iter().map(|b| (b.0.wrapping_sub(other), b.1.wrapping_sub(other))).collect();
            text += &format!(
                "{:.6} {} {}>{} [{}] seq {} len {} ack {} win {} sack {sack:?} {fate:?}\n",
                at.as_nanos() as f64 / 1e9,
                if *from == 0 { "->" } else { "<-" },
                ours,
                peers,
                seen.flags,
                seen.sequence.wrapping_sub(own),
                seen.len,
                seen.acknowledgement.wrapping_sub(other),
                seen.window,
            );
        }
        text
    }
}
