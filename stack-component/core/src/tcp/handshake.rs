//! What becomes of a request: the acknowledgement that completes the handshake, and everything that can come
//! instead. Linux: `tcp_check_req`, `reqsk_timer_handler`, `tcp_req_err`.

use super::connection::Connection;
use super::handle::TcpHandle;
use super::request::{Request, SynAck};
use super::segment::{Segment, is_within_rate};
use super::sequence::Sequence;
use super::table::{Entry, Role, Socket, Tcp};
use super::time_wait::in_window;
use super::{Env, TcpOptions};
use crate::arena::Handle;
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::wire::tcp::Flags;
use alloc::boxed::Box;

/// Below this many retries the pressure of a full queue does not go. Linux: `reqsk_timer_handler`.
const LEAST_RETRIES: u32 = 2;

/// What a segment means for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The SYN once more: our answer was lost.
    Again,
    /// It acknowledges what we did not send. RFC 9293 section 3.10.7.4: a reset answers it.
    Refuse,
    /// It lies out of the window, or is old: an acknowledgement answers it.
    Answer(DropReason),
    /// Nothing.
    Drop(DropReason),
    /// The peer resets.
    Reset,
    /// RFC 5961: what could be forged is asked about.
    Challenge,
    /// The handshake is complete.
    Confirmed,
}

impl Request {
    /// Linux: `tcp_check_req`. `child` says that the connection exists, by Fast Open.
    pub(super) fn judge(&mut self, env: &mut Env<'_>, segment: &Segment, child: bool) -> Verdict {
        let flags = segment.flags;
        let old = match (self.timestamp, segment.options.timestamps) {
            (Some(last), Some(new)) => (new.value.wrapping_sub(last) as i32) < 0,
            _ => false,
        };
        let kind = flags.without(Flags::PSH | Flags::URG | Flags::ECE | Flags::CWR | Flags::AE);
        if segment.sequence == self.peer_initial && kind == Flags::SYN && !old {
            return Verdict::Again;
        }
        if flags.ack() && !child && segment.acknowledgement != self.initial + 1 {
            return Verdict::Refuse;
        }
        let echo = !child && self.refuses_echo(segment);
        if old || echo || !in_window(segment.sequence, segment.end(), self.receive_next, self.edge()) {
            if old {
                env.counters.increment(Counter::TcpExtPAWSEstab);
            } else if echo {
                env.counters.increment(Counter::TcpExtTSEcrRejected);
            }
            let reason = if old || echo { DropReason::TcpPaws } else { DropReason::TcpSequence };
            return if flags.rst() { Verdict::Drop(reason) } else { Verdict::Answer(reason) };
        }
        if let (Some(last), Some(new)) = (&mut self.timestamp, segment.options.timestamps)
            && !segment.sequence.after(self.receive_next)
        {
            *last = new.value;
        }
        if flags.rst() {
            // RFC 5961 section 3.2: only the exact number resets.
            let exact = segment.sequence == self.receive_next;
            return if exact { Verdict::Reset } else { Verdict::Challenge };
        }
        if flags.syn() && segment.sequence != self.peer_initial {
            return Verdict::Challenge;
        }
        if !flags.ack() {
            return Verdict::Drop(DropReason::TcpFlags);
        }
        Verdict::Confirmed
    }
}

impl Tcp {
    /// A segment for a request (RFC 9293 section 3.10.7.4 in SYN-RECEIVED). Linux: `tcp_v4_rcv` at
    /// `TCP_NEW_SYN_RECV`.
    pub(super) fn request_input(
        &mut self,
        env: &mut Env<'_>,
        handle: Handle<Request>,
        segment: Segment,
    ) -> Result<(), DropReason> {
        let Some(request) = self.requests.get_mut(handle) else { return Err(DropReason::TcpNoSocket) };
        match request.judge(env, &segment, false) {
            Verdict::Again => {
                self.syn_again(env, handle, &segment);
                Ok(())
            }
            Verdict::Refuse => {
                self.reply_with_reset(env, &segment);
                Err(DropReason::TcpAcknowledgement)
            }
            Verdict::Answer(reason) => {
                self.answer_for_request(env, handle, &segment);
                Err(reason)
            }
            Verdict::Drop(reason) => Err(reason),
            Verdict::Reset => {
                env.counters.increment(Counter::TcpAttemptFails);
                env.counters.increment(Counter::TcpExtEmbryonicRsts);
                self.drop_request(handle);
                Ok(())
            }
            Verdict::Challenge => {
                self.challenge_request(env, handle);
                Err(DropReason::TcpReset)
            }
            Verdict::Confirmed => self.confirm(env, handle, segment),
        }
    }

    /// Our answer was lost: the SYN-ACK goes again, and its timer waits from now. Linux: `tcp_rtx_synack`.
    fn syn_again(&mut self, env: &mut Env<'_>, handle: Handle<Request>, segment: &Segment) {
        let Some((request, options)) = self.request_with_options(handle) else { return };
        let longest = options.longest_timeout(env.sysctl);
        if !segment.may_be_answered(env, &mut request.last_answer, Counter::TcpExtTCPACKSkippedSynRecv) {
            return;
        }
        request.ecn.ask_again(segment);
        request.deadline = env.now + request.timeout(longest);
        let again = request.syn_ack(env, &options, SynAck::PLAIN);
        count_retransmission(env);
        self.reply(again);
    }

    fn answer_for_request(&mut self, env: &mut Env<'_>, handle: Handle<Request>, segment: &Segment) {
        let Some((request, options)) = self.request_with_options(handle) else { return };
        if segment.may_be_answered(env, &mut request.last_answer, Counter::TcpExtTCPACKSkippedSynRecv) {
            let ack = request.ack(env, &options);
            self.reply(ack);
        }
    }

    /// Linux: `tcp_reqsk_send_challenge_ack`.
    fn challenge_request(&mut self, env: &mut Env<'_>, handle: Handle<Request>) {
        let Some(request) = self.requests.get_mut(handle) else { return };
        let skipped = Counter::TcpExtTCPACKSkippedChallenge;
        if is_within_rate(env, &mut request.last_answer, skipped)
            && self.may_challenge(env)
            && let Some((request, options)) = self.request_with_options(handle)
        {
            env.counters.increment(Counter::TcpExtTCPChallengeACK);
            let ack = request.ack(env, &options);
            self.reply(ack);
        }
    }

    /// A request with the options of its listener.
    fn request_with_options(&mut self, handle: Handle<Request>) -> Option<(&mut Request, TcpOptions)> {
        let request = self.requests.get_mut(handle)?;
        let options = self.sockets.get(request.listener)?.options.clone();
        Some((request, options))
    }

    /// The acknowledgement of our SYN-ACK has come. Linux: the end of `tcp_check_req`.
    fn confirm(
        &mut self,
        env: &mut Env<'_>,
        handle: Handle<Request>,
        segment: Segment,
    ) -> Result<(), DropReason> {
        let Some((request, options)) = self.request_with_options(handle) else {
            self.drop_request(handle);
            return Err(DropReason::TcpNoSocket);
        };
        let bare = segment.end() == request.peer_initial + 1;
        if u32::from(request.timeouts) < options.defer_accept && bare {
            request.confirmed = true;
            env.counters.increment(Counter::TcpExtTCPDeferAcceptDrop);
            return Err(DropReason::TcpDeferAccept);
        }
        let listener = request.listener;
        let full = self.listener_mut(listener).is_none_or(|(listener, options)| listener.is_full(options));
        if full {
            env.counters.increment(Counter::TcpExtListenOverflows);
            env.counters.increment(Counter::TcpExtListenDrops);
            if env.sysctl.tcp_abort_on_overflow {
                self.reply_with_reset(env, &segment);
                env.counters.increment(Counter::TcpExtEmbryonicRsts);
                self.drop_request(handle);
            } else if let Some(request) = self.requests.get_mut(handle) {
                request.confirmed = true;
            }
            return Err(DropReason::TcpListenOverflow);
        }
        match self.drop_request(handle) {
            Some(request) => self.adopt(env, request, segment),
            None => Err(DropReason::TcpNoSocket),
        }
    }

    /// The request becomes a connection that waits to be accepted, and what the segment carries is its first
    /// data. Linux: `tcp_v4_syn_recv_sock`, `inet_csk_complete_hashdance`.
    pub(super) fn adopt(
        &mut self,
        env: &mut Env<'_>,
        mut request: Request,
        segment: Segment,
    ) -> Result<(), DropReason> {
        let listener_handle = request.listener;
        let Some((listener, options)) = self.listener_mut(listener_handle) else {
            return Err(DropReason::TcpNoSocket);
        };
        if listener.is_full(options) {
            env.counters.increment(Counter::TcpExtListenOverflows);
            env.counters.increment(Counter::TcpExtListenDrops);
            return Err(DropReason::TcpListenOverflow);
        }
        let options = options.clone();
        let mut connection = self.make_child(env, &mut request, &options);
        request.measure(&mut connection, env);
        connection.send.window = u32::from(segment.window) << connection.send.scale;
        connection.send.max_window = connection.send.window;
        connection.rate.count_syn_ack();
        connection.confirming = true;
        connection.establish(env, &options);
        let child = self.insert_child(env, &request, connection, options);
        if let Some((listener, _)) = self.listener_mut(listener_handle) {
            listener.accept_queue.push_back(child);
        }
        self.wake(listener_handle);
        self.connection_input(env, child, segment)
    }

    /// The socket of a connection that was opened to a listener.
    pub(super) fn insert_child(
        &mut self,
        env: &mut Env<'_>,
        request: &Request,
        connection: Connection,
        mut options: TcpOptions,
    ) -> TcpHandle {
        let tuple = connection.tuple;
        let remote = tuple.remote.ip();
        if env.sysctl.tcp_reflect_tos {
            options.tos = request.tos;
        }
        let mut socket = Socket::new(options, Role::Connection(Box::new(connection)));
        socket.keys = self.inherited_keys(request, remote);
        let listener = self.sockets.get(request.listener);
        socket.filter = listener.map(|listener| listener.filter.clone()).unwrap_or_default();
        let child = self.sockets.insert(socket);
        self.connections.insert(tuple, Entry::Connection(child));
        env.counters.increment(Counter::TcpPassiveOpens);
        child
    }

    /// The SYN-ACK was not answered in time. Linux: `reqsk_timer_handler`.
    pub(super) fn request_timer(&mut self, env: &mut Env<'_>, handle: Handle<Request>) {
        let Some((request, options)) = self.request_with_options(handle) else { return };
        if request.deadline > env.now {
            let deadline = request.deadline;
            return self.arm(deadline, Entry::Request(handle));
        }
        let listener = request.listener;
        let retries = self.patience(env, listener, &options);
        let Some(request) = self.requests.get_mut(handle) else { return };
        let (timeouts, defer) = (u32::from(request.timeouts), options.defer_accept);
        env.counters.increment(Counter::TcpExtTCPTimeouts);
        // Linux: `syn_ack_recalc`. While data is waited for, the SYN-ACK goes again only near the end of the wait.
        let waiting = defer > 0 && request.confirmed;
        if timeouts >= retries && !(waiting && timeouts < defer) {
            self.drop_request(handle);
            return;
        }
        if !waiting || timeouts + 1 >= defer {
            request.retransmits = request.retransmits.saturating_add(1);
            let again = request.syn_ack(env, &options, SynAck::PLAIN);
            count_retransmission(env);
            self.reply(again);
        }
        let Some(request) = self.requests.get_mut(handle) else { return };
        request.timeouts = request.timeouts.saturating_add(1);
        let longest = options.longest_timeout(env.sysctl);
        request.deadline = env.now + request.timeout(longest);
        let deadline = request.deadline;
        if timeouts == 0
            && let Some((listener, _)) = self.listener_mut(listener)
        {
            listener.young = listener.young.saturating_sub(1);
        }
        self.arm(deadline, Entry::Request(handle));
    }

    /// How often the SYN-ACK is sent again: less often when the queue is half full of requests that do not
    /// confirm. Linux: `reqsk_timer_handler`.
    fn patience(&mut self, env: &Env<'_>, listener: TcpHandle, options: &TcpOptions) -> u32 {
        let mut retries = options.syn_count.map_or(env.sysctl.tcp_synack_retries, u32::from);
        let Some((listener, _)) = self.listener_mut(listener) else { return retries };
        if listener.requests << 1 > options.backlog.max(8) {
            let mut young = listener.young << 1;
            while retries > LEAST_RETRIES && listener.requests >= young {
                retries -= 1;
                young = young.saturating_mul(2);
            }
        }
        retries
    }

    /// An ICMP error about a SYN-ACK. Linux: `tcp_req_err`.
    pub(super) fn request_error(
        &mut self,
        env: &mut Env<'_>,
        handle: Handle<Request>,
        about: Sequence,
        fatal: bool,
    ) {
        let Some(request) = self.requests.get(handle) else { return };
        if about != request.initial {
            env.counters.increment(Counter::TcpExtOutOfWindowIcmps);
        } else if fatal {
            env.counters.increment(Counter::TcpExtListenDrops);
            self.drop_request(handle);
        }
    }

    /// Takes a request off its listener's list. Linux: `inet_csk_reqsk_queue_drop`.
    pub(super) fn drop_request(&mut self, handle: Handle<Request>) -> Option<Request> {
        let request = self.requests.remove(handle)?;
        if self.connections.get(&request.tuple) == Some(&Entry::Request(handle)) {
            self.connections.remove(&request.tuple);
        }
        if let Some((listener, _)) = self.listener_mut(request.listener) {
            listener.requests = listener.requests.saturating_sub(1);
            if request.timeouts == 0 {
                listener.young = listener.young.saturating_sub(1);
            }
        }
        Some(request)
    }
}

/// Linux: `tcp_rtx_synack`.
pub(super) fn count_retransmission(env: &mut Env<'_>) {
    env.counters.increment(Counter::TcpRetransSegs);
    env.counters.increment(Counter::TcpExtTCPSynRetrans);
}
