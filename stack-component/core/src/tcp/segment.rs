//! Segments as the connection sees them: one that arrived, one that is to leave.

use super::sequence::Sequence;
use super::{FourTuple, Output};
use crate::packet::{Checksum, Packet};
use crate::wire::checksum::pseudo_header;
use crate::wire::ecn::Codepoint;
use crate::wire::ipv4::Protocol;
use crate::wire::tcp::{self, CHECKSUM_OFFSET, Fields, Flags, Options};

/// A segment that arrived, its header parsed.
#[derive(Debug)]
pub(super) struct Segment {
    /// The connection, from our side.
    pub tuple: FourTuple,
    pub sequence: Sequence,
    pub acknowledgement: Sequence,
    pub flags: Flags,
    /// The window field, not scaled.
    pub window: u16,
    pub options: Options,
    pub payload: Packet,
    /// Largest IP packet of the link it came by, in bytes.
    pub mtu: u32,
    /// ECN's bits of the IP header it came in. Linux: `ip_dsfield`.
    pub codepoint: Codepoint,
}

impl Segment {
    /// How many sequence numbers it takes. Linux: `end_seq - seq`.
    pub(super) fn len(&self) -> u32 {
        self.payload.len() as u32 + u32::from(self.flags.syn()) + u32::from(self.flags.fin())
    }

    /// The sequence number behind its last.
    pub(super) fn end(&self) -> Sequence {
        self.sequence + self.len()
    }
}

/// The values of a segment to be sent.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub sequence: Sequence,
    pub acknowledgement: Sequence,
    pub flags: Flags,
    pub window: u16,
    pub options: Options,
}

impl Outgoing {
    /// Puts the header before `payload`. The checksum is left to whoever sends the frame.
    pub(super) fn into_output(self, tuple: &FourTuple, mut payload: Packet, ttl: u8) -> Output {
        let fields = Fields {
            source_port: tuple.local.port(),
            destination_port: tuple.remote.port(),
            sequence: self.sequence.0,
            acknowledgement: if self.flags.ack() { self.acknowledgement.0 } else { 0 },
            flags: self.flags,
            window: self.window,
            urgent: 0,
            options: self.options,
        };
        let header_len = fields.header_len();
        let (source, destination) = (*tuple.local.ip(), *tuple.remote.ip());
        let length = (header_len + payload.len()) as u32;
        let sum = pseudo_header(source, destination, Protocol::TCP, length).folded();
        fields.emit(payload.push(header_len), sum);
        payload.meta.checksum = Checksum::Partial { length, offset: CHECKSUM_OFFSET };
        Output { packet: payload, source, destination, ttl, tos: 0, mark: 0, dont_fragment: true }
    }
}

/// The reset that answers `segment`, which belongs to no connection or lies where none can be (RFC 9293
/// section 3.10.7.1); none for a reset. Linux: `tcp_v4_send_reset`.
pub(super) fn reset_for(segment: &Segment, ttl: u8) -> Option<Output> {
    if segment.flags.rst() {
        return None;
    }
    let (sequence, acknowledgement, flags) = if segment.flags.ack() {
        (segment.acknowledgement, Sequence(0), Flags::RST)
    } else {
        (Sequence(0), segment.end(), Flags::RST | Flags::ACK)
    };
    let reset = Outgoing { sequence, acknowledgement, flags, window: 0, options: Options::default() };
    Some(reset.into_output(&segment.tuple, Packet::with_capacity(0), ttl))
}

/// Parses the segment in `packet`, which came to `destination` from `source`.
pub(super) fn parse(
    mut packet: Packet,
    tuple_of: impl FnOnce(u16, u16) -> FourTuple,
    mtu: u32,
) -> Result<Segment, crate::wire::Malformed> {
    let header = tcp::Header::parse(packet.data())?;
    let header_len = header.header_len();
    let mut segment = Segment {
        tuple: tuple_of(header.source_port(), header.destination_port()),
        sequence: Sequence(header.sequence()),
        acknowledgement: Sequence(header.acknowledgement()),
        flags: header.flags(),
        window: header.window(),
        options: header.options(),
        payload: Packet::default(),
        mtu,
        codepoint: Codepoint::NotEct,
    };
    packet.pull(header_len);
    segment.payload = packet;
    Ok(segment)
}
