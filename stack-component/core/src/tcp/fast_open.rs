//! Fast Open, the server's half (RFC 7413): data in the SYN is taken at once if a cookie shows that the peer
//! gets what we send it. Linux: `net/ipv4/tcp_fastopen.c`.

use super::connection::{Connection, Timer};
use super::handle::TcpHandle;
use super::handshake::{self, count_retransmission};
use super::input::Disposition;
use super::options::TcpOptions;
use super::request::{FIRST_TIMEOUT, Request, SynAck};
use super::segment::Segment;
use super::table::Tcp;
use super::{Env, FourTuple, Output, SocketError, TcpState};
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::route::PathInfo;
use crate::sysctl::{Sysctl, fast_open_keys};
use crate::wire::address::Octets;
use crate::wire::tcp::FastOpenCookie;
use alloc::boxed::Box;
use core::hash::Hasher;
use siphasher::sip::SipHasher24;

/// Bits of `net.ipv4.tcp_fastopen`. Linux: `TFO_CLIENT_ENABLE` and its kin.
pub(super) mod bits {
    pub(in super::super) const CLIENT: u32 = 1;
    pub(in super::super) const SERVER: u32 = 2;
    pub(in super::super) const CLIENT_NO_COOKIE: u32 = 4;
    pub(in super::super) const SERVER_NO_COOKIE: u32 = 0x200;
    pub(in super::super) const ALL_LISTENERS: u32 = 0x400;
}

/// One or two keys of cookies: the second is accepted only.
pub(super) type Keys = [Option<[u8; 16]>; 2];

/// What a SYN gets.
pub(super) enum Decision {
    /// An ordinary handshake, with this cookie in the SYN-ACK.
    Ordinary(Option<FastOpenCookie>),
    /// A connection at once, with this cookie in the SYN-ACK.
    Open(Option<FastOpenCookie>),
}

/// How many connections Fast Open may begin: a listener that does not say gets its backlog if the settings say
/// so. Linux: `inet_listen`.
fn queue_of(sysctl: &Sysctl, options: &TcpOptions) -> u32 {
    let all = bits::ALL_LISTENERS | bits::SERVER;
    match options.fast_open_queue {
        0 if sysctl.tcp_fastopen & all == all => options.backlog.min(sysctl.somaxconn),
        queue => queue,
    }
}

/// The cookie that a peer gets (RFC 7413 section 4.1.2). Linux: `__tcp_fastopen_cookie_gen_cipher`.
fn cookie_of(key: &[u8; 16], tuple: &FourTuple, experimental: bool) -> Option<FastOpenCookie> {
    let mut hasher = SipHasher24::new_with_key(key);
    hasher.write(&Octets::of(tuple.remote.ip()));
    hasher.write(&Octets::of(tuple.local.ip()));
    FastOpenCookie::parse(&hasher.finish().to_le_bytes(), experimental)
}

impl Tcp {
    /// The keys of cookies: the socket's, the settings', or one drawn for this stack. Linux:
    /// `tcp_fastopen_get_ctx`.
    fn fast_open_keys(&self, sysctl: &Sysctl, options: &TcpOptions) -> Keys {
        let of_settings = || fast_open_keys(&sysctl.tcp_fastopen_key).filter(|keys| keys[0].is_some());
        match options.fast_open_keys {
            [None, _] => of_settings().unwrap_or([Some(self.secrets.fast_open_key), None]),
            keys => keys,
        }
    }

    /// What a SYN gets. Linux: `tcp_try_fastopen`.
    pub(super) fn try_fast_open(
        &mut self,
        env: &mut Env<'_>,
        syn: &Segment,
        listener: TcpHandle,
        options: &TcpOptions,
        path: &PathInfo,
    ) -> Decision {
        let asked = syn.options.fast_open;
        if asked.is_some_and(|cookie| cookie.is_request()) {
            env.counters.increment(Counter::TcpExtTCPFastOpenCookieReqd);
        }
        let wanted = asked.is_some() || !syn.payload.is_empty();
        if env.sysctl.tcp_fastopen & bits::SERVER == 0 || !wanted {
            return Decision::Ordinary(None);
        }
        let keys = self.fast_open_keys(env.sysctl, options);
        let Some((listener, _)) = self.listener_mut(listener) else { return Decision::Ordinary(None) };
        if !listener.fast_open.has_room(env, queue_of(env.sysctl, options)) {
            return Decision::Ordinary(None);
        }
        let trusted = env.sysctl.tcp_fastopen & bits::SERVER_NO_COOKIE != 0
            || options.fast_open_no_cookie
            || path.metrics.fast_open_no_cookie;
        if trusted && !syn.payload.is_empty() {
            return Decision::Open(None);
        }
        let Some(asked) = asked else { return Decision::Ordinary(None) };
        let [ours, backup] =
            keys.map(|key| key.and_then(|key| cookie_of(&key, &syn.tuple, asked.experimental)));
        if Some(asked) == ours {
            return Decision::Open(None);
        }
        if Some(asked) == backup {
            env.counters.increment(Counter::TcpExtTCPFastOpenPassiveAltKey);
            return Decision::Open(ours);
        }
        if !asked.is_request() {
            env.counters.increment(Counter::TcpExtTCPFastOpenPassiveFail);
        }
        Decision::Ordinary(ours)
    }

    /// A connection before its handshake is complete, with the data of the SYN. Linux:
    /// `tcp_fastopen_create_child`.
    pub(super) fn fast_open_child(
        &mut self,
        env: &mut Env<'_>,
        mut request: Request,
        syn: Segment,
        options: TcpOptions,
        cookie: Option<FastOpenCookie>,
    ) -> Result<(), DropReason> {
        env.counters.increment(Counter::TcpExtTCPFastOpenPassive);
        let listener_handle = request.listener;
        let mut connection = self.make_child(env, &mut request, &options);
        // RFC 7323 section 2.2: the window of a SYN is never scaled.
        connection.send.window = u32::from(syn.window);
        connection.send.max_window = connection.send.window;
        let room = connection.receive_window();
        let mut data = syn.payload;
        data.truncate(room as usize);
        if !data.is_empty() {
            connection.fast_open.syn_data_acked = true;
            connection.receive.next += data.len() as u32;
            connection.receive.queue.push(data);
        }
        // The SYN-ACK offers the whole window behind the data.
        connection.receive.acked = connection.receive.next;
        connection.receive.edge = connection.receive.next + room;
        request.receive_next = connection.receive.next;
        let answer = request.syn_ack(env, &options, SynAck::Ordinary { cookie });
        connection.timers.set(Timer::Retransmit, env.now + FIRST_TIMEOUT);
        let child = self.insert_child(env, &request, connection, options);
        if let Some((connection, options)) = self.sockets.get_mut(child).and_then(|s| s.connection_mut()) {
            connection.begin_transfer(env, options);
            connection.fast_open.request = Some(Box::new(request));
        }
        if let Some((listener, _)) = self.listener_mut(listener_handle) {
            listener.fast_open.count += 1;
            listener.accept_queue.push_back(child);
        }
        self.reply(answer);
        self.wake(listener_handle);
        self.settle(env, child);
        Ok(())
    }

    /// Tells a listener that a handshake which Fast Open began has ended.
    pub(super) fn end_fast_open(&mut self, env: &Env<'_>, handle: TcpHandle) {
        let Some((connection, _)) = self.sockets.get_mut(handle).and_then(|s| s.connection_mut()) else {
            return;
        };
        let over = connection.state == TcpState::Close;
        let abandoned = connection.fast_open.request.take_if(|_| over).map(|r| (r.listener, false));
        let ended = connection.fast_open.ended.take().or(abandoned);
        if let Some((listener, reset)) = ended
            && let Some((listener, _)) = self.listener_mut(listener)
        {
            listener.fast_open.end(reset, env.now);
        }
    }
}

impl Connection {
    /// Whether its owner may send although the handshake is not complete.
    pub(super) fn is_fast_open(&self) -> bool {
        self.fast_open.request.is_some()
    }

    /// A segment before the handshake is complete; none: it goes its ordinary way. Linux: `tcp_check_req` with
    /// `fastopen`.
    pub(super) fn fast_open_input(&mut self, env: &mut Env<'_>, segment: &Segment) -> Option<Disposition> {
        let mut request = self.fast_open.request.take()?;
        let verdict = request.judge(env, segment, true);
        let skipped = Counter::TcpExtTCPACKSkippedSynRecv;
        let disposition = match verdict {
            handshake::Verdict::Again => {
                if segment.may_be_answered(env, &mut request.last_answer, skipped) {
                    self.fast_open.answer_due = true;
                    self.events.output = true;
                }
                Some(Disposition::Taken)
            }
            handshake::Verdict::Answer(reason) => {
                if segment.may_be_answered(env, &mut request.last_answer, skipped) {
                    self.acknowledge_now();
                }
                Some(Disposition::Dropped(reason))
            }
            handshake::Verdict::Drop(reason) => Some(Disposition::Dropped(reason)),
            handshake::Verdict::Challenge => Some(Disposition::Challenge(DropReason::TcpReset)),
            handshake::Verdict::Reset => {
                self.fast_open.ended = Some((request.listener, true));
                self.die(Some(SocketError::ConnectionReset));
                return Some(Disposition::Taken);
            }
            handshake::Verdict::Refuse | handshake::Verdict::Confirmed => {
                let number = segment.acknowledgement;
                let bad = number.before(self.send.una) || number.after(self.send.next);
                bad.then_some(Disposition::Reset(DropReason::TcpAcknowledgement))
            }
        };
        self.fast_open.request = Some(request);
        disposition
    }

    /// The handshake is complete. Linux: `tcp_rcv_synrecv_state_fastopen`.
    /// Answers whether Fast Open had begun this connection.
    pub(super) fn complete_fast_open(&mut self, env: &mut Env<'_>) -> bool {
        let Some(request) = self.fast_open.request.take() else { return false };
        self.fast_open.ended = Some((request.listener, false));
        self.fast_open.answer_due = false;
        request.measure(self, env);
        self.retransmits = 0;
        self.rearm_retransmission(env);
        true
    }

    /// The SYN-ACK was not answered in time: nothing else is sent again before it is. Answers whether this was
    /// it. Linux: `tcp_fastopen_synack_timer`.
    pub(super) fn fast_open_timeout(&mut self, env: &mut Env<'_>, options: &TcpOptions) -> bool {
        let Some(request) = self.fast_open.request.as_mut() else { return false };
        env.counters.increment(Counter::TcpExtTCPTimeouts);
        let retries = options.syn_count.map_or(env.sysctl.tcp_synack_retries + 1, u32::from);
        if u32::from(request.timeouts) >= retries {
            self.give_up(env);
            return true;
        }
        request.timeouts = request.timeouts.saturating_add(1);
        request.retransmits = request.retransmits.saturating_add(1);
        let longest = options.longest_timeout(env.sysctl);
        let deadline = env.now + request.timeout(longest);
        self.retransmits += 1;
        self.fast_open.answer_due = true;
        self.timers.set(Timer::Retransmit, deadline);
        true
    }

    /// The SYN-ACK once more, if it is due.
    pub(super) fn fast_open_answer(&mut self, env: &mut Env<'_>, options: &TcpOptions) -> Option<Output> {
        if !core::mem::take(&mut self.fast_open.answer_due) {
            return None;
        }
        let answer = self.fast_open.request.as_mut()?.syn_ack(env, options, SynAck::PLAIN);
        count_retransmission(env);
        Some(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::{IpAddr, Ipv4Addr, SocketAddr};

    #[test]
    fn cookies_are_linuxs() {
        // What Linux answers with these keys between these addresses, as its public tests expect it.
        let rows = [
            (
                "a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4",
                [192, 168, 0, 1],
                [192, 0, 2, 1],
                0x3021_b9d8_8901_7eebu64,
            ),
            ("a0bf63f7-ed803d81-cd641d30-cebc4a90", [192, 168, 0, 2], [10, 248, 0, 2], 0x00ab_aaab_e8e9_54c2),
            ("a0bf63f7-ed803d81-cd641d30-cebc4a90", [192, 168, 0, 2], [10, 248, 0, 3], 0x1313_a2da_994a_0951),
        ];
        for (key, local, remote, cookie) in rows {
            let at = |octets| SocketAddr::new(IpAddr::V4(Ipv4Addr::from(octets)), 1);
            let tuple = FourTuple::new(at(local), at(remote));
            let key = fast_open_keys(key).unwrap()[0].unwrap();
            let made: FastOpenCookie = cookie_of(&key, &tuple, false).unwrap();
            assert_eq!(made.as_slice(), cookie.to_be_bytes());
        }
    }
}
