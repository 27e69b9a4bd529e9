//! ICMP errors about our segments (RFC 5927). Linux: `tcp_v4_err`, `tcp_v6_err`, `tcp_v4_mtu_reduced`.

use super::connection::{Connection, Timer};
use super::handle::TcpHandle;
use super::options::TcpOptions;
use super::path::MTU_EXPIRES;
use super::sequence::Sequence;
use super::table::{Entry, Tcp};
use super::{Env, FourTuple, TcpState};
use crate::counters::Counter;
use crate::icmp::{IcmpError, IcmpErrorKind};
use core::net::IpAddr;

/// The plateaus of RFC 1191 section 7: what a router that names no MTU may have meant.
const PLATEAUS: [u32; 11] = [65_535, 32_000, 17_914, 8166, 4352, 2002, 1492, 576, 296, 216, 68];

/// Bytes that every IPv6 link carries (RFC 8200 section 5).
const MIN_MTU_V6: u32 = 1280;

impl Tcp {
    /// Whether a connection is there that can have sent the segment that an ICMP message is about.
    pub fn sends(&self, about: &IcmpError) -> bool {
        self.connections.contains_key(&FourTuple::new(about.local(), about.remote()))
    }

    /// Takes in an ICMP error about a segment of ours. Linux: `tcp_v4_err`, `tcp_v6_err`.
    pub fn icmp_error(&mut self, env: &mut Env<'_>, error: &IcmpError) {
        let tuple = FourTuple::new(error.local(), error.remote());
        let about = Sequence(error.sequence);
        match self.connections.get(&tuple).copied() {
            Some(Entry::Connection(handle)) => self.connection_error(env, handle, about, error.kind),
            Some(Entry::Request(handle)) => {
                self.request_error(env, handle, about, ends_request(error));
            }
            Some(Entry::TimeWait(_)) => {}
            None if error.source.is_ipv6() => env.counters.increment(Counter::Icmp6InErrors),
            None => env.counters.increment(Counter::IcmpInErrors),
        }
    }

    fn connection_error(
        &mut self,
        env: &mut Env<'_>,
        handle: TcpHandle,
        about: Sequence,
        kind: IcmpErrorKind,
    ) {
        let Some((connection, options)) = self.sockets.get_mut(handle).and_then(|s| s.connection_mut())
        else {
            return;
        };
        // RFC 5927 section 4.1: only an error about something on its way counts.
        let first =
            connection.fast_open.request.as_ref().map_or(connection.send.una, |request| request.initial);
        if about.before(first) || !about.before(connection.send.next) {
            return env.counters.increment(Counter::TcpExtOutOfWindowIcmps);
        }
        let IcmpErrorKind::FragmentationNeeded { mtu } = kind else {
            if tells_of_a_broken_path(kind, connection.tuple.remote.ip()) {
                connection.revert_back_off(env, options, about);
            }
            connection.icmp_error(env, kind);
            return self.settle(env, handle);
        };
        let remote = connection.tuple.remote.ip();
        let believed = believed_mtu(env, remote, mtu, connection.mtu);
        if connection.accepts_path_mtu(options) && believed < connection.mtu {
            self.destinations.set_path_mtu(remote, believed, env.now, env.now + MTU_EXPIRES);
        }
        if let Some((connection, options)) = self.sockets.get_mut(handle).and_then(|s| s.connection_mut()) {
            connection.reduce_mtu(env, options, believed);
            self.settle(env, handle);
        }
    }
}

/// The path MTU that a message says, not below what every path carries and not above what was known (RFC 1191
/// section 4, RFC 8201 section 4). Linux: `__ip_rt_update_pmtu`, `__ip6_rt_update_pmtu`.
fn believed_mtu(env: &Env<'_>, remote: IpAddr, named: u32, known: u32) -> u32 {
    if remote.is_ipv6() {
        return named.max(MIN_MTU_V6).min(known);
    }
    let plateau = || PLATEAUS.into_iter().find(|&plateau| plateau < known).unwrap_or(known);
    let named = if named == 0 { plateau() } else { named };
    named.max(env.sysctl.min_pmtu).min(known)
}

/// Whether a backoff of the retransmission timer is taken back (RFC 6069 section 4). Linux: `tcp_v4_err`, `tcp_v6_err`,
/// which hears of routes alone.
fn tells_of_a_broken_path(kind: IcmpErrorKind, remote: IpAddr) -> bool {
    match kind {
        IcmpErrorKind::NetworkUnreachable => true,
        IcmpErrorKind::HostUnreachable => remote.is_ipv4(),
        _ => false,
    }
}

/// Whether the error ends a request. Linux: `tcp_v4_err`'s `abort`; `fatal` of `tcp_v6_err`.
fn ends_request(error: &IcmpError) -> bool {
    if error.source.is_ipv6() {
        return error.kind.is_fatal();
    }
    matches!(
        error.kind,
        IcmpErrorKind::ParameterProblem
            | IcmpErrorKind::TimeExceeded
            | IcmpErrorKind::NetworkUnreachable
            | IcmpErrorKind::HostUnreachable
    )
}

impl Connection {
    /// That a router has no way on is not congestion: the timeout of the first segment on its way is halved, and what is
    /// due by that is sent at once (RFC 6069). Linux: `tcp_ld_RTO_revert`.
    fn revert_back_off(&mut self, env: &mut Env<'_>, options: &TcpOptions, about: Sequence) {
        let Some(sent_at) = self.send.sent.front().map(|first| first.at) else { return };
        let of_fast_open = self.fast_open.request.is_some();
        if about != self.send.una || self.retransmits == 0 || self.rtt.backoff() == 0 || of_fast_open {
            return;
        }
        self.rtt.revert_back_off();
        let due = sent_at + self.rtt.timeout();
        if due > env.now {
            self.set_transmit_timer(Timer::Retransmit, due);
        } else {
            self.retransmission_timeout(env, options);
            self.events.output = true;
        }
    }

    /// RFC 5927 section 5.2: while the connection is synchronised no error ends it; it is why, should the peer
    /// stay silent (RFC 5461 section 4.1).
    fn icmp_error(&mut self, env: &mut Env<'_>, kind: IcmpErrorKind) {
        let error = kind.socket_error();
        // What Fast Open began and its owner has is as good as synchronised.
        let accepted = self.fast_open.request.is_some() && self.receive.tuning.owned;
        if matches!(self.state, TcpState::SynSent | TcpState::SynRecv) && !accepted {
            env.counters.increment(Counter::TcpAttemptFails);
            self.die(Some(error));
        } else {
            self.soft_error = Some(error);
        }
    }

    /// The path is narrower than thought: what is on its way goes again in smaller pieces. Linux:
    /// `tcp_v4_mtu_reduced`, `tcp_simple_retransmit`.
    fn reduce_mtu(&mut self, env: &mut Env<'_>, options: &TcpOptions, mtu: u32) {
        if self.accepts_path_mtu(options) && self.lower_mtu_to(mtu, env.now + MTU_EXPIRES) {
            if self.state == TcpState::SynSent {
                self.advertise_by_mtu(env.sysctl, options);
            }
            self.retransmit_oversized(env);
            self.events.output = true;
        }
    }
}
