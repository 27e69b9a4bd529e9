//! Segments as the connection sees them: one that arrived, one that is to leave.

use super::keys::Key;
use super::sequence::Sequence;
use super::{Env, FourTuple, Output, SegmentInfo};
use crate::counters::Counter;
use crate::packet::{Checksum, DeviceIndex, Packet};
use crate::time::{Duration, Instant};
use crate::wire::checksum::pseudo_header;
use crate::wire::ecn::Codepoint;
use crate::wire::protocol::Protocol;
use crate::wire::tcp::{self, CHECKSUM_OFFSET, Fields, Flags, Options, SIGNATURE_LEN};

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
    /// The device it came by.
    pub device: DeviceIndex,
    /// Bytes of its header, and of the IP header before it: both lie before the payload in its packet.
    pub header_len: usize,
    pub ip_header_len: usize,
    /// ECN's bits of the IP header it came in. Linux: `ip_dsfield`.
    pub codepoint: Codepoint,
    /// Type of service, the two bits of ECN included.
    pub tos: u8,
}

impl Segment {
    /// How many sequence numbers it takes. Linux: `end_seq - seq`.
    pub(super) fn len(&self) -> u32 {
        self.payload.len() as u32 + u32::from(self.flags.syn()) + u32::from(self.flags.fin())
    }

    /// Header and payload, as they arrived.
    pub(super) fn bytes(&self) -> &[u8] {
        let start = self.payload.headroom().saturating_sub(self.header_len);
        self.payload.whole().get(start..).unwrap_or_default()
    }

    /// The IP header and the TCP header, as they arrived. Linux: what `TCP_SAVED_SYN` shows.
    pub(super) fn headers(&self) -> &[u8] {
        let end = self.payload.headroom();
        let start = end.saturating_sub(self.header_len + self.ip_header_len);
        self.payload.whole().get(start..end).unwrap_or_default()
    }

    /// Whether it may be answered although it is not as expected: data always, the rest not more often than
    /// `tcp_invalid_ratelimit`, so that two ends do not answer each other for ever. `last` is when that was done
    /// last. Linux: `tcp_oow_rate_limited`.
    pub(super) fn may_be_answered(
        &self,
        env: &mut Env<'_>,
        last: &mut Option<Instant>,
        skipped: Counter,
    ) -> bool {
        (self.len() > 0 && !self.flags.syn()) || is_within_rate(env, last, skipped)
    }

    /// The sequence number behind its last.
    pub(super) fn end(&self) -> Sequence {
        self.sequence + self.len()
    }
}

/// Whether `tcp_invalid_ratelimit` has passed since `last`, which is now then; else `skipped` counts it. Linux:
/// `__tcp_oow_rate_limited`.
pub(super) fn is_within_rate(env: &mut Env<'_>, last: &mut Option<Instant>, skipped: Counter) -> bool {
    let limit = Duration::from_millis(env.sysctl.tcp_invalid_ratelimit.into());
    if last.is_some_and(|last| env.now.since(last) < limit) {
        env.counters.increment(skipped);
        return false;
    }
    *last = Some(env.now);
    true
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
    pub(super) fn into_output(self, tuple: &FourTuple, mut payload: Packet, ttl: Option<u8>) -> Output {
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
        let (source, destination) = (tuple.local.ip(), tuple.remote.ip());
        let length = (header_len + payload.len()) as u32;
        let sum = pseudo_header(source, destination, Protocol::TCP, length).folded();
        fields.emit(payload.push(header_len), sum);
        payload.meta.checksum = Checksum::Partial { length, offset: CHECKSUM_OFFSET };
        let device = tuple.remote.scope().or(tuple.local.scope()).map(DeviceIndex);
        Output { packet: payload, source, destination, ttl, tos: 0, mark: 0, dont_fragment: true, device }
    }

    /// As [`Outgoing::into_output`], signed if there is a key.
    pub(super) fn into_signed(
        mut self,
        tuple: &FourTuple,
        payload: Packet,
        ttl: Option<u8>,
        key: Option<&Key>,
    ) -> Output {
        let Some(key) = key else { return self.into_output(tuple, payload, ttl) };
        self.options.md5 = Some([0; SIGNATURE_LEN]);
        let mut output = self.into_output(tuple, payload, ttl);
        key.sign(&mut output);
        output
    }
}

/// The reset that answers `segment`, which belongs to no connection or lies where none can be (RFC 9293
/// section 3.10.7.1); none for a reset. Linux: `tcp_v4_send_reset`.
pub(super) fn reset_for(segment: &Segment, key: Option<&Key>) -> Option<Output> {
    if segment.flags.rst() {
        return None;
    }
    let (sequence, acknowledgement, flags) = if segment.flags.ack() {
        (segment.acknowledgement, Sequence(0), Flags::RST)
    } else {
        (Sequence(0), segment.end(), Flags::RST | Flags::ACK)
    };
    let reset = Outgoing { sequence, acknowledgement, flags, window: 0, options: Options::default() };
    Some(reset.into_signed(&segment.tuple, Packet::with_capacity(0), None, key))
}

/// Parses the segment in `packet`, which came to `destination` from `source`.
pub(super) fn parse(
    mut packet: Packet,
    tuple_of: impl FnOnce(u16, u16) -> FourTuple,
    info: &SegmentInfo,
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
        mtu: info.mtu,
        device: info.device,
        header_len,
        ip_header_len: info.header_len,
        codepoint: Codepoint::of_tos(info.tos),
        tos: info.tos,
    };
    packet.pull(header_len);
    segment.payload = packet;
    Ok(segment)
}
