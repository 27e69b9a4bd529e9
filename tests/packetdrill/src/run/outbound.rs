//! Packets that the script expects.

use super::compare::{compare, continues};
use super::connection::{Connection, End, Protocol, State, timestamp};
use super::failure::{Failure, Row};
use super::runner::Runner;
use super::time::{Due, check, seconds};
use crate::language::ast::{Body, Packet, Segment};
use crate::packet::decode::{Decoded, Tcp, Transport, decode};
use crate::packet::option::TcpOption;
use crate::packet::show;

const SECOND: u64 = 1_000_000_000;
/// How long a packet is waited for after it was due. Upstream: sniff_outbound_live_packet.
const PATIENCE: u64 = 2 * SECOND;
/// How long a packet is waited for that may come at any time.
const FOR_EVER: u64 = 24 * 3600 * SECOND;

/// A packet that left, taken apart.
struct Sniffed {
    /// Counted from the script's start.
    at: u64,
    packet: Decoded,
}

impl Runner<'_> {
    /// Waits for a packet and compares it. Upstream: do_outbound_script_packet.
    pub(super) fn outbound(&mut self, script: &Packet, at: usize, due: Due) -> Result<(), Failure> {
        let first = self.sniff(script, at, due)?;
        let sniffed = match &script.body {
            Body::Tcp(segment) => self.rest_of_segment(script, segment, at, due, first)?,
            _ => first,
        };
        let actual = self.in_script_numbers(script, at, &sniffed.packet);
        let rows = compare(script, &actual, self.config, due.start(sniffed.at));
        if rows.iter().any(|row| row.differs) {
            return Err(mismatch(rows));
        }
        check(self.config, due, self.last_due, sniffed.at, "outbound packet").map_err(|message| {
            let timing = Row {
                name: "time",
                expected: due.end().map_or("*".to_owned(), |_| seconds(due.start(0))),
                live: seconds(sniffed.at),
                differs: true,
            };
            let rows = std::iter::once(timing).chain(rows).collect();
            Failure { rows, ..Failure::new(message) }
        })
    }

    /// Several live segments of one length may be what the script writes as one: numbers are from the first,
    /// everything else from the last. Upstream: aggregate_packets.
    fn rest_of_segment(
        &mut self,
        script: &Packet,
        segment: &Segment,
        at: usize,
        due: Due,
        first: Sniffed,
    ) -> Result<Sniffed, Failure> {
        let expected = usize::from(segment.len);
        let mut whole = first;
        let Transport::Tcp(mut last) = whole.packet.transport.clone() else { return Ok(whole) };
        loop {
            let Transport::Tcp(sofar) = &whole.packet.transport else { return Ok(whole) };
            let have = sofar.payload.len();
            if have >= expected || have == 0 || self.config.strict_segments {
                return Ok(whole);
            }
            let sofar = sofar.clone();
            let next = self.sniff(script, at, due).map_err(|failure| Failure {
                message: format!("{} ({have} of {expected} bytes came)", failure.message),
                ..failure
            })?;
            let Transport::Tcp(piece) = next.packet.transport.clone() else { return Ok(next) };
            if let Err(reason) = continues(&last, &piece, expected - have) {
                let rows =
                    compare(script, &self.in_script_numbers(script, at, &whole.packet), self.config, 0);
                let piece = self.in_script_numbers(script, at, &next.packet);
                let message = format!(
                    "{have} of {expected} bytes came, the next packet is no continuation: {reason}: {}",
                    show::decoded(&piece)
                );
                return Err(Failure { rows, ..Failure::new(message) });
            }
            last = piece.clone();
            let flags = crate::language::ast::Flags { cwr: sofar.flags.cwr, ..piece.flags };
            let payload = [sofar.payload, piece.payload].concat();
            let joined = Tcp { seq: sofar.seq, flags, payload, options: piece.options, ..last.clone() };
            whole = Sniffed { packet: Decoded { transport: Transport::Tcp(joined), ..next.packet }, ..next };
        }
    }

    /// The next packet of the connection under test.
    fn sniff(&mut self, script: &Packet, at: usize, due: Due) -> Result<Sniffed, Failure> {
        let deadline = match due.end() {
            Some(end) => end.max(self.now()) + PATIENCE,
            None => self.now() + FOR_EVER,
        };
        loop {
            self.collect();
            while let Some(live) = self.queue.pop_front() {
                let time = live.at.saturating_sub(self.start);
                let version = if self.local_ip().is_ipv4() { 4 } else { 6 };
                if live.bytes.first().is_some_and(|byte| byte >> 4 != version) {
                    continue;
                }
                let packet = decode(&live.bytes).map_err(|error| format!("a bad packet left: {error}"))?;
                if self.belongs(script, at, &packet) {
                    self.note_sent(script, at, &packet, time);
                    return Ok(Sniffed { at: time, packet });
                }
            }
            let more = self.step(deadline)?;
            if !more && self.queue.is_empty() {
                return Err(Failure::new(format!(
                    "no packet came until {} s, expected {}",
                    seconds(self.now()),
                    show::scripted(script)
                )));
            }
        }
    }

    /// Whether a SYN is one that another connection than `at` sends again.
    fn is_anothers_again(&self, at: usize, from: End, to: End, seq: u32) -> bool {
        let mut others = self.connections.iter().enumerate().filter(|(index, _)| *index != at);
        others.any(|(_, other)| {
            (other.local, other.remote, other.live_local_isn) == (Some(from), Some(to), seq)
        })
    }

    /// Upstream: find_socket_for_live_packet, find_connect_for_live_packet.
    fn belongs(&mut self, script: &Packet, at: usize, packet: &Decoded) -> bool {
        let again = match &packet.transport {
            Transport::Tcp(tcp) => {
                let (from, to) = ((packet.source, tcp.source), (packet.destination, tcp.destination));
                self.is_anothers_again(at, from, to, tcp.seq)
            }
            _ => false,
        };
        let connection = &mut self.connections[at];
        let ends = |connection: &Connection| (connection.local, connection.remote);
        match &packet.transport {
            Transport::Tcp(tcp) if connection.protocol == Protocol::Tcp => {
                let (from, to) = ((packet.source, tcp.source), (packet.destination, tcp.destination));
                if ends(connection) == (Some(from), Some(to)) && connection.state != State::Connecting {
                    if tcp.flags.syn && !tcp.flags.ack && connection.state == State::SynSent {
                        connection.live_local_isn = tcp.seq;
                    }
                    return true;
                }
                let opens = tcp.flags.syn && !tcp.flags.ack && connection.state == State::SynSent;
                if !opens || again || connection.remote != Some(to) {
                    return false;
                }
                connection.local = Some(from);
                connection.live_local_isn = tcp.seq;
                true
            }
            Transport::Udp { source, destination, .. } if connection.protocol == Protocol::Udp => {
                let (from, to) = ((packet.source, *source), (packet.destination, *destination));
                let known = connection.remote.is_none_or(|remote| remote == to);
                if known {
                    connection.local = Some(from);
                    connection.remote = Some(to);
                }
                known
            }
            Transport::Icmp { .. } => {
                matches!(script.body, Body::Icmp(_))
                    && connection.remote.is_none_or(|remote| remote.0 == packet.destination)
            }
            _ => false,
        }
    }

    fn note_sent(&mut self, script: &Packet, at: usize, packet: &Decoded, time: u64) {
        let mut shown = packet.clone();
        if let Transport::Tcp(tcp) = &mut shown.transport {
            let connection = &mut self.connections[at];
            connection.last_sent = Some(tcp.clone());
            if let Body::Tcp(segment) = &script.body
                && connection.state == State::SynReceived
                && segment.flags.syn
                && segment.flags.ack
            {
                connection.state = State::SynAckSent;
                connection.script_local_isn = segment.seq;
                connection.live_local_isn = tcp.seq;
            }
            connection.outbound(tcp);
        }
        self.remember('>', time, &show::decoded(&shown));
    }

    /// The packet with the script's numbers; learns which timestamp the script means.
    fn in_script_numbers(&mut self, script: &Packet, at: usize, packet: &Decoded) -> Decoded {
        let mut packet = packet.clone();
        if let Transport::Tcp(tcp) = &mut packet.transport {
            let connection = &mut self.connections[at];
            if let Body::Tcp(Segment { options: Some(options), .. }) = &script.body
                && let Some(&TcpOption::Timestamp { val: script, .. }) =
                    options.iter().find(|option| matches!(option, TcpOption::Timestamp { .. }))
                && let Some(&mut TcpOption::Timestamp { val: live, .. }) = timestamp(&mut tcp.options)
            {
                connection.learn_timestamp(script, live);
            }
            connection.outbound(tcp);
        }
        packet
    }
}

fn mismatch(rows: Vec<Row>) -> Failure {
    let names: Vec<&str> = rows.iter().filter(|row| row.differs).map(|row| row.name).collect();
    Failure { message: format!("the packet differs in: {}", names.join(", ")), rows, ..Failure::default() }
}
