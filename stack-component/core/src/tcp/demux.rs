//! To whom a segment belongs. Linux: `tcp_v4_rcv`.

use super::handle::TcpHandle;
use super::input::Disposition;
use super::segment::{self, Segment};
use super::table::{Entry, Tcp};
use super::{Env, FourTuple, SegmentInfo};
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::packet::{Checksum, DeviceIndex, LinkDestination, Packet};
use crate::wire::address::{is_limited_broadcast, socket_address};
use crate::wire::tcp::checksum_is_valid;
use core::net::{IpAddr, SocketAddr};

impl Tcp {
    /// Takes in the segment that `packet` is, from its TCP header to the end that IP knows. The error says why
    /// it was dropped; replies may be due all the same. Linux: `tcp_v4_rcv`.
    pub fn input(&mut self, env: &mut Env<'_>, info: &SegmentInfo, packet: Packet) -> Result<(), DropReason> {
        env.counters.increment(Counter::TcpInSegs);
        let early = packet.meta.socket.map(|bits| Entry::Connection(TcpHandle::from_bits(bits)));
        let mut segment = check(env, info, packet)?;
        let header_len = segment.header_len;
        let entry = early.or_else(|| self.connections.get(&segment.tuple).copied());
        let filtered_by = match entry {
            Some(Entry::Connection(handle)) => Some(handle),
            Some(Entry::Request(handle)) => self.requests.get(handle).map(|request| request.listener),
            Some(Entry::TimeWait(_)) => None,
            None => self.listener(&segment.tuple, Some(segment.device)),
        };
        // Linux looks at neither requests nor TIME-WAIT.
        let asks = filtered_by.filter(|_| !matches!(entry, Some(Entry::Request(_))));
        self.check_ttl(env, asks, info.ttl)?;
        self.check_signature(env, &segment)?;
        if let Some(socket) = filtered_by.and_then(|handle| self.sockets.get(handle)) {
            socket.filter.trim(&mut segment.payload, header_len, (info, &mut *env.random))?;
        }
        match entry {
            Some(Entry::Connection(handle)) => self.connection_input(env, handle, segment),
            Some(Entry::Request(handle)) => self.request_input(env, handle, segment),
            Some(Entry::TimeWait(handle)) => self.time_wait_input(env, handle, segment),
            None => self.unconnected_input(env, segment),
        }
    }

    /// The connection between `local` and `remote`, if segments of it came by `device` since the routes are of this
    /// generation. Linux: `tcp_v4_early_demux`.
    pub fn early_demux(
        &self,
        local: SocketAddr,
        remote: SocketAddr,
        device: DeviceIndex,
        generation: u32,
    ) -> Option<TcpHandle> {
        let Some(&Entry::Connection(handle)) = self.connections.get(&FourTuple::new(local, remote)) else {
            return None;
        };
        let path = &self.sockets.get(handle)?.connection()?.path;
        (path.input == Some((device, generation))).then_some(handle)
    }

    /// A segment that came farther than its socket permits is not from a neighbour (RFC 5082 section 3). Linux:
    /// `IP_MINTTL` in `tcp_v4_rcv`.
    fn check_ttl(&self, env: &mut Env<'_>, socket: Option<TcpHandle>, ttl: u8) -> Result<(), DropReason> {
        let least =
            socket.and_then(|handle| self.sockets.get(handle)).map_or(0, |socket| socket.options.min_ttl);
        if ttl < least {
            env.counters.increment(Counter::TcpExtTCPMinTTLDrop);
            return Err(DropReason::TcpMinTtl);
        }
        Ok(())
    }

    /// A segment of no connection: for a listener, or for nobody.
    pub(super) fn unconnected_input(
        &mut self,
        env: &mut Env<'_>,
        segment: Segment,
    ) -> Result<(), DropReason> {
        match self.listener(&segment.tuple, Some(segment.device)) {
            Some(listener) => self.listener_input(env, listener, segment),
            None => {
                self.reply_with_reset(env, &segment);
                Err(DropReason::TcpNoSocket)
            }
        }
    }

    /// Gives a segment to its connection and does what it asks for.
    pub(super) fn connection_input(
        &mut self,
        env: &mut Env<'_>,
        handle: TcpHandle,
        segment: Segment,
    ) -> Result<(), DropReason> {
        let summary = segment_summary(&segment);
        let Some((connection, options)) = self.sockets.get_mut(handle).and_then(|s| s.connection_mut())
        else {
            return Err(DropReason::TcpNoSocket);
        };
        connection.path.input = Some((segment.device, env.paths.generation()));
        connection.receive.tuning.shortage = self.memory.shortage();
        let disposition = connection.input(env, options, segment);
        let result = match disposition {
            Disposition::Taken => Ok(()),
            Disposition::Dropped(reason) => Err(reason),
            Disposition::Reset(reason) => {
                self.reply_with_reset(env, &summary);
                Err(reason)
            }
            Disposition::Challenge(reason) => {
                self.challenge(env, handle);
                Err(reason)
            }
        };
        self.settle(env, handle);
        result
    }

    /// Sends a challenge acknowledgement, within the limits of the connection and of the stack. Linux:
    /// `tcp_send_challenge_ack`.
    fn challenge(&mut self, env: &mut Env<'_>, handle: TcpHandle) {
        let Some((connection, _)) = self.sockets.get_mut(handle).and_then(|s| s.connection_mut()) else {
            return;
        };
        let last = &mut connection.ack.last_invalid;
        if segment::is_within_rate(env, last, Counter::TcpExtTCPACKSkippedChallenge)
            && self.may_challenge(env)
            && let Some((connection, _)) = self.sockets.get_mut(handle).and_then(|s| s.connection_mut())
        {
            env.counters.increment(Counter::TcpExtTCPChallengeACK);
            connection.acknowledge_now();
        }
    }
}

/// Header, addresses and checksum. Linux: the first half of `tcp_v4_rcv`.
fn check(env: &mut Env<'_>, info: &SegmentInfo, packet: Packet) -> Result<Segment, DropReason> {
    let unicast = |address: IpAddr| !address.is_multicast() && !is_limited_broadcast(address);
    let bad_address = packet.meta.destination != LinkDestination::Host
        || !unicast(info.source)
        || info.source.is_unspecified()
        || !unicast(info.destination);
    if bad_address {
        return Err(DropReason::TcpBadAddress);
    }
    if packet.meta.checksum == Checksum::None
        && packet.len() >= crate::wire::tcp::HEADER_LEN
        && !checksum_is_valid(info.source, info.destination, packet.data())
    {
        env.counters.increment(Counter::TcpInCsumErrors);
        env.counters.increment(Counter::TcpInErrs);
        return Err(DropReason::TcpChecksum);
    }
    let scope = info.device.0;
    let tuple = |source_port, destination_port| {
        let local = socket_address(info.destination, destination_port, scope);
        FourTuple::new(local, socket_address(info.source, source_port, scope))
    };
    segment::parse(packet, tuple, info).map_err(|_| {
        env.counters.increment(Counter::TcpInErrs);
        DropReason::TcpMalformed
    })
}

/// The segment without its payload but with its length in the flags and numbers that a reset is made of.
fn segment_summary(segment: &Segment) -> Segment {
    Segment {
        tuple: segment.tuple,
        sequence: segment.sequence + segment.payload.len() as u32,
        acknowledgement: segment.acknowledgement,
        flags: segment.flags,
        window: segment.window,
        options: segment.options,
        payload: Packet::default(),
        mtu: segment.mtu,
        device: segment.device,
        header_len: segment.header_len,
        ip_header_len: segment.ip_header_len,
        codepoint: segment.codepoint,
        tos: segment.tos,
    }
}
