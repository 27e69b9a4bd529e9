//! Fast Open, the client's half (RFC 7413 section 4.1.3): the first data goes with the SYN to servers whose
//! cookie is known. Linux: `tcp_send_syn_data`, `tcp_rcv_fastopen_synack`, `tcp_fastopen_cookie_check`.

use super::connection::{Connection, Failure};
use super::destinations::CachedCookie;
use super::fast_open::bits;
use super::handle::TcpHandle;
use super::options::TcpOptions;
use super::segment::Segment;
use super::table::Tcp;
use super::{Env, SocketError, TcpState};
use crate::counters::Counter;
use crate::wire::tcp::{FastOpenCookie, Flags, MAX_OPTIONS_LEN};
use core::net::{IpAddr, SocketAddr};

/// What the first SYN may carry.
struct Permission {
    /// The option.
    cookie: Option<FastOpenCookie>,
    /// Data may go with it.
    data: bool,
    /// The segment size that the server named last.
    mss: Option<u16>,
}

impl Tcp {
    /// Starts to connect as [`Tcp::connect`] does, and hands in the first data: as much of it as the SYN takes goes
    /// with it, and how much that is is answered; 0 means that the connection has to be waited for. Of a
    /// connection that exists it is [`Tcp::send`]. [`SocketError::NotSupported`] if the settings permit no Fast
    /// Open. Linux: `sendto` with `MSG_FASTOPEN`, `tcp_sendmsg_fastopen`.
    pub fn connect_with_data(
        &mut self,
        env: &mut Env<'_>,
        handle: TcpHandle,
        source: IpAddr,
        remote: SocketAddr,
        mtu: u32,
        data: &[u8],
    ) -> Result<usize, SocketError> {
        let socket = self.sockets.get(handle).ok_or(SocketError::InvalidState)?;
        if let Some(connection) = socket.connection() {
            return match connection.state {
                TcpState::SynSent if !connection.fast_open.client.deferred => {
                    Err(SocketError::ConcurrencyConflict)
                }
                _ => self.send(env, handle, data),
            };
        }
        if env.sysctl.tcp_fastopen & bits::CLIENT == 0 {
            return Err(SocketError::NotSupported);
        }
        self.begin_connection(env, handle, source, remote, mtu)?;
        self.start_fast_open(env, handle, data)
    }

    /// Sends the SYN of a connection with as much of `data` as it may carry; answers how much that is. Linux:
    /// `tcp_send_syn_data`.
    pub(super) fn start_fast_open(
        &mut self,
        env: &mut Env<'_>,
        handle: TcpHandle,
        data: &[u8],
    ) -> Result<usize, SocketError> {
        let permission = self.fast_open_permission(env, handle).ok_or(SocketError::InvalidState)?;
        let socket = self.sockets.get_mut(handle).ok_or(SocketError::InvalidState)?;
        let (connection, options) = socket.connection_mut().ok_or(SocketError::InvalidState)?;
        let taken = connection.put_into_syn(&permission, options, data);
        connection.events.output = true;
        self.settle(env, handle);
        Ok(taken)
    }

    /// `connect` of a socket that has [`TcpOptions::fast_open_connect`]: with a cookie the SYN waits for data,
    /// without one it asks for it. Linux: `tcp_fastopen_defer_connect`.
    pub(super) fn defer_connection(&mut self, env: &mut Env<'_>, handle: TcpHandle) {
        let Some(permission) = self.fast_open_permission(env, handle) else { return };
        let socket = self.sockets.get_mut(handle).and_then(|socket| socket.connection_mut());
        let Some((connection, options)) = socket else { return };
        if permission.data {
            connection.fast_open.client.deferred = true;
            connection.wake();
        } else {
            connection.put_into_syn(&permission, options, &[]);
        }
    }

    /// What the SYN may carry. Linux: `tcp_fastopen_cookie_check`.
    fn fast_open_permission(&self, env: &Env<'_>, handle: TcpHandle) -> Option<Permission> {
        let socket = self.sockets.get(handle)?;
        let connection = socket.connection()?;
        let cached = self.destinations.fast_open(connection.tuple.remote.ip());
        let CachedCookie { cookie, mss, try_experimental } = cached;
        let trusted = env.sysctl.tcp_fastopen & bits::CLIENT_NO_COOKIE != 0
            || socket.options.fast_open_no_cookie
            || connection.path.metrics.fast_open_no_cookie;
        let request = FastOpenCookie::parse(&[], try_experimental == 1).unwrap_or(FastOpenCookie::REQUEST);
        Some(if self.black_hole.is_in_force(env) {
            Permission { cookie: None, data: false, mss }
        } else if trusted {
            Permission { cookie: None, data: true, mss }
        } else {
            Permission { cookie: Some(cookie.unwrap_or(request)), data: cookie.is_some(), mss }
        })
    }

    /// Remembers what a connection learnt of Fast Open.
    pub(super) fn learn_fast_open(&mut self, env: &mut Env<'_>, handle: TcpHandle) {
        let socket = self.sockets.get_mut(handle).and_then(|socket| socket.connection_mut());
        let Some((connection, _)) = socket else { return };
        let remote = connection.tuple.remote.ip();
        let client = &mut connection.fast_open.client;
        if core::mem::take(&mut client.swallowed) {
            self.black_hole.begin(env);
        }
        // Linux: `tcp_fastopen_cache_set`.
        let Some(lesson) = client.lesson.take() else { return };
        let cached = self.destinations.fast_open_mut(remote, env.now);
        cached.mss = lesson.mss.or(cached.mss);
        if lesson.cookie.is_some() {
            cached.cookie = lesson.cookie;
        } else if lesson.try_experimental > cached.try_experimental && cached.cookie.is_none() {
            cached.try_experimental = lesson.try_experimental;
        }
    }
}

impl Connection {
    /// Puts what is permitted of `data` into the first SYN; answers how many bytes.
    fn put_into_syn(&mut self, permission: &Permission, options: &TcpOptions, data: &[u8]) -> usize {
        self.fast_open.client.deferred = false;
        self.fast_open.client.cookie = permission.cookie;
        self.fast_open.client.tried = permission.cookie.is_some();
        self.fast_open.client.asked_experimental =
            permission.cookie.is_some_and(|cookie| cookie.experimental);
        if !permission.data {
            if permission.cookie.is_some() {
                self.fast_open.client.failure = Failure::CookieUnavailable;
            }
            return 0;
        }
        let named = permission.mss.map_or(u32::from(self.path.advertised_mss), u32::from);
        self.send.peer_mss = options.max_segment.map_or(named, |most| named.min(most.into()));
        // Room for all options that could be, so that boxes on the way may add theirs.
        let space = self.mss_without_options().saturating_sub(MAX_OPTIONS_LEN as u32) as usize;
        let taken = data.get(..data.len().min(space)).unwrap_or_default();
        self.send.queue.push(taken);
        self.note_written(taken.len() as u32, true);
        self.fast_open.client.syn_data = taken.len() as u32;
        self.fast_open.client.sent_data = !taken.is_empty();
        taken.len()
    }

    /// The option that the SYN carries, which goes once only.
    pub(super) fn take_syn_cookie(&mut self, flags: Flags) -> Option<FastOpenCookie> {
        self.fast_open.client.cookie.take_if(|_| flags.syn())
    }

    /// How much data the SYN carries, which goes once only.
    pub(super) fn take_syn_data(&mut self) -> u32 {
        core::mem::take(&mut self.fast_open.client.syn_data)
    }

    /// Whether the SYN carried data that is not acknowledged.
    pub(super) fn has_syn_data(&self) -> bool {
        self.fast_open.client.sent_data && self.state == TcpState::SynSent
    }

    /// The SYN-ACK has come: what does it say of Fast Open? Data that it does not acknowledge is to be sent again
    /// at once. Linux: `tcp_rcv_fastopen_synack`.
    pub(super) fn fast_open_syn_ack(&mut self, env: &mut Env<'_>, segment: &Segment) {
        let client = &mut self.fast_open.client;
        if !client.tried && !client.sent_data {
            return;
        }
        let cookie = segment.options.fast_open.filter(|cookie| client.tried && !cookie.is_request());
        let again = self.totals.retransmitted > 0;
        // Asked for a cookie and got none: perhaps the server knows the old option alone.
        let unanswered = client.tried && !again && cookie.is_none() && !client.sent_data;
        let try_experimental = match (unanswered, client.asked_experimental) {
            (false, _) => 0,
            (true, false) => 1,
            (true, true) => 2,
        };
        client.lesson = Some(CachedCookie { cookie, mss: segment.options.mss, try_experimental });
        if !client.sent_data {
            return;
        }
        if self.send.sent.is_empty() {
            self.fast_open.syn_data_acked = true;
            // The SYN and its data were one segment.
            self.rate.delivered = self.rate.delivered.saturating_sub(1).max(1);
            env.counters.increment(Counter::TcpExtTCPFastOpenActive);
            return;
        }
        client.failure = if again { Failure::SynRetransmitted } else { Failure::DataNotAcked };
        env.counters.increment(Counter::TcpExtTCPFastOpenActiveFail);
        self.resend_syn_data(env);
    }

    /// A timeout of a connection whose SYN carried Fast Open: the path may swallow it. Linux:
    /// `tcp_fastopen_active_detect_blackhole`.
    pub(super) fn note_fast_open_timeout(&mut self, env: &mut Env<'_>, expired: bool) {
        let client = &mut self.fast_open.client;
        if client.tried && (self.retransmits == 2 || (self.retransmits < 2 && expired)) {
            client.swallowed = true;
            env.counters.increment(Counter::TcpExtTCPFastOpenActiveFail);
        }
    }
}
