//! Packets of the script that are injected, and which connection a packet of the script belongs to.

use std::net::IpAddr;

use super::connection::{Connection, End, Protocol, State, timestamp};
use super::failure::Failure;
use super::runner::Runner;
use crate::language::ast::{Body, Direction, Icmp, IpInfo, Packet, Quote, Segment, Tos};
use crate::packet::decode::{Tcp, decode};
use crate::packet::encode::{self, Ip};
use crate::packet::option::TcpOption;
use crate::packet::{icmp, show};

/// The hop limit of injected packets; upstream's.
const TTL: u8 = 255;

impl Connection {
    /// The header of a packet from the far end.
    pub(super) fn inbound_ip(&self) -> Option<Ip> {
        Some(Ip { source: self.remote?.0, destination: self.local?.0, tos: 0, ttl: TTL, flow_label: 0 })
    }
}

impl Runner<'_> {
    /// Upstream: find_or_create_socket_for_script_packet.
    pub(super) fn connection_for(&mut self, packet: &Packet) -> Result<usize, Failure> {
        let state = self.current().map(|connection| connection.state);
        if let Body::Tcp(segment) = &packet.body {
            if packet.direction == Direction::In && matches!(state, None | Some(State::Listening)) {
                return Ok(self.passive(segment));
            }
            let syn = segment.flags.syn && !segment.flags.ack;
            if packet.direction == Direction::Out && syn && state == Some(State::Connecting) {
                let connection = self.current().expect("it has a state");
                connection.state = State::SynSent;
                connection.script_local_isn = segment.seq;
            }
        }
        let Some(at) = self.under_test else {
            return Err(Failure::new("there is no socket that this packet could be for"));
        };
        let protocol = self.connections[at].protocol;
        match (&packet.body, protocol) {
            (Body::Tcp(_), Protocol::Tcp) | (Body::Udp(_), Protocol::Udp) | (Body::Icmp(_), _) => Ok(at),
            _ if packet.ports.is_some() => Ok(at),
            _ => {
                Err(Failure::new(format!("the socket under test speaks {protocol:?}, this packet does not")))
            }
        }
    }

    /// A connection that the far end opens.
    fn passive(&mut self, segment: &Segment) -> usize {
        let listening = self.current().and_then(|connection| connection.local);
        let mut connection = Connection::new(Protocol::Tcp, State::SynReceived);
        connection.remote_isn = segment.seq;
        connection.local = Some(listening.unwrap_or((self.local_ip(), self.config.setup.bind_port)));
        connection.remote = Some((self.remote_ip(), self.port()));
        self.connections.push(connection);
        self.under_test = Some(self.connections.len() - 1);
        self.connections.len() - 1
    }

    pub(super) fn local_ip(&self) -> IpAddr {
        self.config.setup.local
    }

    pub(super) fn remote_ip(&self) -> IpAddr {
        self.config.setup.remote
    }

    /// A port of the far end that no connection of the script had before.
    fn port(&mut self) -> u16 {
        self.next_port += 1;
        self.next_port
    }

    pub(super) fn inbound(&mut self, packet: &Packet, at: usize) -> Result<(), Failure> {
        let (local, remote) = self.ends(at)?;
        let ip = Ip {
            source: remote.0,
            destination: local.0,
            tos: match packet.ip.tos {
                Tos::Ecn(bits) | Tos::Byte(bits) => bits,
                Tos::Unchecked | Tos::Ect01 => 0,
            },
            ttl: packet.ip.ttl.unwrap_or(TTL),
            flow_label: packet.ip.flow_label.unwrap_or(0),
        };
        let (from, to) = packet.ports.unwrap_or((0, 0));
        let from = if from == 0 { remote.1 } else { from };
        let to = if to == 0 { local.1 } else { to };
        let bytes = match &packet.body {
            Body::Tcp(segment) => {
                let live = self.live_segment(segment, at, (from, to))?;
                let bytes = encode::tcp(&ip, &live);
                self.connections[at].last_injected = Some(live);
                bytes
            }
            Body::Udp(len) => encode::udp(&ip, from, to, &vec![0; usize::from(*len)]),
            Body::Icmp(message) => self.icmp(message, &packet.ip, at, &ip)?,
        };
        let now = self.now();
        self.remember('<', now, &show::scripted(packet));
        debug_assert!(decode(&bytes).is_ok());
        self.machine.inject(&bytes);
        self.collect();
        self.resume_blocked()?;
        Ok(())
    }

    fn ends(&mut self, at: usize) -> Result<(End, End), Failure> {
        let fallback = (self.local_ip(), self.config.setup.bind_port);
        let far = (self.remote_ip(), self.config.setup.connect_port);
        let connection = &mut self.connections[at];
        if connection.protocol != Protocol::Tcp {
            // A socket that has sent nothing yet: the default addresses stand for it.
            connection.local.get_or_insert(fallback);
            connection.remote.get_or_insert(far);
        }
        match (connection.local, connection.remote) {
            (Some(local), Some(remote)) => Ok((local, remote)),
            _ => Err(Failure::new("this connection has sent no SYN yet: its port is not known")),
        }
    }

    fn live_segment(&mut self, segment: &Segment, at: usize, ports: (u16, u16)) -> Result<Tcp, Failure> {
        let scaled = self.config.ts_ecr_scaled;
        let connection = &mut self.connections[at];
        match connection.state {
            State::SynAckSent if segment.flags.ack => connection.state = State::SynAckAcked,
            State::SynSent if segment.flags.syn && segment.flags.ack => {
                connection.state = State::SynAcked;
                connection.remote_isn = segment.seq;
            }
            _ => {}
        }
        let mut live = Tcp {
            source: ports.0,
            destination: ports.1,
            seq: segment.seq,
            ack: segment.ack,
            flags: segment.flags,
            reserved: 0,
            window: segment.window.unwrap_or(0),
            urgent: segment.urgent,
            options: segment.options.clone().unwrap_or_default(),
            payload: vec![0; usize::from(segment.len)],
        };
        connection.inbound(&mut live);
        if live.flags.ack
            && let Some(TcpOption::Timestamp { ecr, .. }) = timestamp(&mut live.options)
        {
            *ecr = connection.live_echo(*ecr, scaled).ok_or_else(|| {
                Failure::new(format!(
                    "ecr {ecr}: no segment with this TS val was expected before (see --tcp_ts_ecr_scaled)"
                ))
            })?;
        }
        Ok(live)
    }

    /// An ICMP message about a packet of the machine's.
    fn icmp(&self, message: &Icmp, info: &IpInfo, at: usize, ip: &Ip) -> Result<Vec<u8>, Failure> {
        let is_v6 = ip.source.is_ipv6();
        let (kind, code) = icmp::numbers(is_v6, &message.kind, message.code.as_deref())?;
        let mut rest = message.mtu.unwrap_or(0).to_be_bytes().to_vec();
        if !is_v6 && rest[..2] != [0, 0] {
            return Err(Failure::new("an MTU in ICMP of IPv4 has 16 bits"));
        }
        if message.kind.starts_with("echo") {
            rest[..2].copy_from_slice(&message.id.to_be_bytes());
            return Ok(encode::icmp(ip, kind, code, &rest));
        }
        let connection = &self.connections[at];
        let quote = message.quote.unwrap_or(match connection.protocol {
            Protocol::Tcp => Quote::Tcp { seq: 0, len: 0 },
            Protocol::Udp => Quote::Udp(0),
            Protocol::Icmp => Quote::Raw(0),
        });
        rest.extend(quoted(quote, connection, info, ip));
        Ok(encode::icmp(ip, kind, code, &rest))
    }
}

/// The beginning of a packet that the machine sent: its IP header and 8 bytes behind it.
fn quoted(quote: Quote, connection: &Connection, info: &IpInfo, ip: &Ip) -> Vec<u8> {
    let tos = match info.tos {
        Tos::Ecn(bits) | Tos::Byte(bits) => bits,
        Tos::Unchecked | Tos::Ect01 => 0,
    };
    let sent = Ip { source: ip.destination, destination: ip.source, tos, ttl: TTL, flow_label: 0 };
    let (from, to) = (connection.local.map_or(0, |end| end.1), connection.remote.map_or(0, |end| end.1));
    let (protocol, len, header) = match quote {
        Quote::Tcp { seq, len } => {
            let tcp = Tcp { source: from, destination: to, seq: connection.live_seq(seq), ..Tcp::default() };
            (6, usize::from(len) + 20, encode::tcp_header(&tcp))
        }
        Quote::Udp(len) => (17, usize::from(len) + 8, encode::udp_header(from, to, len.into())),
        Quote::Raw(len) => (255, usize::from(len), vec![0; usize::from(len)]),
    };
    let mut whole = header;
    whole.resize(len, 0);
    let mut packet = encode::packet(&sent, protocol, &whole);
    packet.truncate(sent.header_len() + 8);
    packet
}
