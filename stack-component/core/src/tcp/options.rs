//! What a socket's owner may choose.

use super::congestion::Algorithm;
use crate::packet::DeviceIndex;
use crate::sysctl::Sysctl;
use crate::time::Duration;

/// The settings of a TCP socket, as they are in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcpOptions {
    /// Whether silent peers are probed. Linux: `SO_KEEPALIVE`.
    pub keep_alive: bool,
    /// Silence before the first probe. Linux: `TCP_KEEPIDLE`.
    pub keep_alive_idle: Duration,
    /// Time between probes. Linux: `TCP_KEEPINTVL`.
    pub keep_alive_interval: Duration,
    /// Unanswered probes before the connection is given up. Linux: `TCP_KEEPCNT`.
    pub keep_alive_count: u32,
    /// Time to live of packets sent; none: as the route or the settings say. Linux: `IP_TTL`, `IPV6_UNICAST_HOPS`.
    pub hop_limit: Option<u8>,
    /// Most bytes that wait to be read. Linux: `SO_RCVBUF`.
    pub receive_buffer: u32,
    /// Most bytes that wait to be acknowledged. Linux: `SO_SNDBUF`.
    pub send_buffer: u32,
    /// Whether the owner chose [`TcpOptions::send_buffer`], so that it does not grow. Linux: `SOCK_SNDBUF_LOCK`.
    pub send_buffer_locked: bool,
    /// Most connections that wait to be accepted. Linux: `listen`'s `backlog`.
    pub backlog: u32,
    /// Whether small segments leave at once. Linux: `TCP_NODELAY`.
    pub no_delay: bool,
    /// Whether the owner chose [`TcpOptions::receive_buffer`], so that it does not grow. Linux: `SOCK_RCVBUF_LOCK`.
    pub receive_buffer_locked: bool,
    /// Whether only full segments leave. Linux: `TCP_CORK`.
    pub cork: bool,
    /// How long closing waits for what was written; none: it does not wait, zero: the connection is reset. Linux:
    /// `SO_LINGER`.
    pub linger: Option<Duration>,
    /// Whether the address may be shared with connections that are not listening. Linux: `SO_REUSEADDR`.
    pub reuse_address: bool,
    /// Whether several sockets may listen at the same address. Linux: `SO_REUSEPORT`.
    pub reuse_port: bool,
    /// How long data may stay unacknowledged before the connection is given up. Linux: `TCP_USER_TIMEOUT`.
    pub user_timeout: Option<Duration>,
    /// Which congestion control. Linux: `TCP_CONGESTION`.
    pub congestion: Algorithm,
    /// The largest segment either way, if the owner chose. Linux: `TCP_MAXSEG`.
    pub max_segment: Option<u16>,
    /// Unsent bytes below which it is writable; none: as the sysctl says. Linux: `TCP_NOTSENT_LOWAT`.
    pub not_sent_lowat: Option<u32>,
    /// How often the SYN-ACK of a connection without data is sent again before it is accepted all the same, in
    /// retransmissions. Linux: `TCP_DEFER_ACCEPT`, which counts in seconds.
    pub defer_accept: u32,
    /// Most connections of a listener that were opened by Fast Open and whose handshake is not complete; 0: Fast
    /// Open is not served. Linux: `TCP_FASTOPEN`.
    pub fast_open_queue: u32,
    /// Whether `connect` waits for the first data and sends it with the SYN. Linux: `TCP_FASTOPEN_CONNECT`.
    pub fast_open_connect: bool,
    /// Whether Fast Open works without cookies. Linux: `TCP_FASTOPEN_NO_COOKIE`.
    pub fast_open_no_cookie: bool,
    /// One or two keys of Fast Open cookies; the second is accepted only. None: as the sysctl says. Linux:
    /// `TCP_FASTOPEN_KEY`.
    pub fast_open_keys: [Option<[u8; 16]>; 2],
    /// Type of service of packets sent, without the two bits of ECN. Linux: `IP_TOS`.
    pub tos: u8,
    /// Mark for policy routing. Linux: `SO_MARK`.
    pub mark: u32,
    /// Class of packets sent, 0 to 6. Linux: `SO_PRIORITY`.
    pub priority: u32,
    /// The only device packets come from and go to. Linux: `SO_BINDTODEVICE`.
    pub device: Option<DeviceIndex>,
    /// How many bytes make it readable. Linux: `SO_RCVLOWAT`.
    pub receive_lowat: u32,
    /// How often a SYN is sent again; none: as the sysctl says. Linux: `TCP_SYNCNT`.
    pub syn_count: Option<u8>,
    /// Most bytes of window offered; none: no limit. Linux: `TCP_WINDOW_CLAMP`.
    pub window_clamp: Option<u32>,
    /// How long an orphan waits for the peer's FIN; none: as the sysctl says. Linux: `TCP_LINGER2`.
    pub fin_timeout: Option<Duration>,
    /// Most bytes a second; [`u64::MAX`]: no limit. Linux: `SO_MAX_PACING_RATE`.
    pub max_pacing_rate: u64,
    /// Whether the SYN is kept for its owner to look at. Linux: `TCP_SAVE_SYN`.
    pub save_syn: bool,
    /// Whether no path MTU is discovered, as [`PathMtu`] says. Linux: `IP_MTU_DISCOVER`.
    pub path_mtu: PathMtu,
    /// The least time to live of packets that are taken; 0: any (RFC 5082). Linux: `IP_MINTTL`.
    pub min_ttl: u8,
    /// Whether a thin stream does not double its timeout. Linux: `TCP_THIN_LINEAR_TIMEOUTS`.
    pub thin_linear_timeouts: bool,
    /// The least that the retransmission timeout adds to the round trip; none: as the sysctl says. A route's own
    /// wins. Linux: `TCP_RTO_MIN_US`.
    pub rto_min: Option<Duration>,
    /// The longest retransmission timeout; none: as the sysctl says. Linux: `TCP_RTO_MAX_MS`.
    pub rto_max: Option<Duration>,
}

/// How the path MTU is found. Linux: the values of `IP_MTU_DISCOVER`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PathMtu {
    /// Packets may be fragmented on their way. Linux: `IP_PMTUDISC_DONT`.
    Dont,
    /// Found by ICMP. Linux: `IP_PMTUDISC_WANT`.
    #[default]
    Want,
    /// As `Want`, and larger datagrams are refused. Linux: `IP_PMTUDISC_DO`.
    Do,
    /// Packets may not be fragmented, and what ICMP says is ignored. Linux: `IP_PMTUDISC_PROBE`.
    Probe,
}

/// One setting with its new value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcpOption {
    /// Whether silent peers are probed.
    KeepAlive(bool),
    /// Silence before the first probe: rounded to seconds, 1 to 32767.
    KeepAliveIdle(Duration),
    /// Time between probes: rounded to seconds, 1 to 32767.
    KeepAliveInterval(Duration),
    /// Unanswered probes: 1 to 127.
    KeepAliveCount(u32),
    /// Time to live: 1 to 255.
    HopLimit(u8),
    /// Bytes, 2304 to `net.core.rmem_max`.
    ReceiveBuffer(u64),
    /// Bytes, 4608 to `net.core.wmem_max`.
    SendBuffer(u64),
    /// Bytes asked for, brought under `net.core.rmem_max` unless forced, then doubled. Linux: `SO_RCVBUF`,
    /// `SO_RCVBUFFORCE`.
    RcvBuf {
        /// What is asked for.
        bytes: u32,
        /// Whether the sysctl does not count.
        force: bool,
    },
    /// Bytes asked for, brought under `net.core.wmem_max` unless forced, then doubled. Linux: `SO_SNDBUF`,
    /// `SO_SNDBUFFORCE`.
    SndBuf {
        /// What is asked for.
        bytes: u32,
        /// Whether the sysctl does not count.
        force: bool,
    },
    /// Connections, up to `net.core.somaxconn`.
    Backlog(u64),
    /// Whether small segments leave at once.
    NoDelay(bool),
    /// Whether only full segments leave.
    Cork(bool),
    /// Whether the next acknowledgements leave at once (`true`) or in company. Linux: `TCP_QUICKACK`.
    QuickAck(bool),
    /// How long closing waits; zero: it resets.
    Linger(Option<Duration>),
    /// Whether the address may be shared.
    ReuseAddress(bool),
    /// Whether the address may be shared between listeners.
    ReusePort(bool),
    /// How long data may stay unacknowledged; zero or none: as the sysctls say.
    UserTimeout(Option<Duration>),
    /// Which congestion control.
    Congestion(Algorithm),
    /// The largest segment, 88 to 32767 bytes; 0: no limit.
    MaxSegment(u16),
    /// Unsent bytes below which it is writable; 0: as the sysctl says.
    NotSentLowat(u32),
    /// How long to wait for data before accepting, in whole seconds; zero: not at all.
    DeferAccept(Duration),
    /// Most connections half open by Fast Open.
    FastOpenQueue(u32),
    /// Whether `connect` waits for data.
    FastOpenConnect(bool),
    /// The keys of Fast Open cookies.
    FastOpenKeys([Option<[u8; 16]>; 2]),
    /// Whether Fast Open works without cookies.
    FastOpenNoCookie(bool),
    /// Type of service; the two bits of ECN are left out.
    Tos(u8),
    /// Mark for policy routing.
    Mark(u32),
    /// Class of packets sent, 0 to 6.
    Priority(u32),
    /// The only device packets come from and go to.
    BindToDevice(Option<DeviceIndex>),
    /// How many bytes make it readable, from 1.
    ReceiveLowat(u32),
    /// How often a SYN is sent again, 1 to 127.
    SynCount(u8),
    /// Most bytes of window offered; 0: no limit.
    WindowClamp(u32),
    /// How long an orphan waits for the peer's FIN, up to 120 s; zero: as the sysctl says; none: not at all.
    FinTimeout(Option<Duration>),
    /// Most bytes a second.
    MaxPacingRate(u64),
    /// Whether the SYN is kept.
    SaveSyn(bool),
    /// How the path MTU is found.
    PathMtu(PathMtu),
    /// The least time to live of packets that are taken; 0: any.
    MinTtl(u8),
    /// Whether a thin stream does not double its timeout.
    ThinLinearTimeouts(bool),
    /// The least that the timeout adds to the round trip: 2 ms to 120 s, in whole milliseconds; zero: as the sysctl
    /// says.
    RtoMin(Duration),
    /// The longest timeout: 1 s to 120 s; zero: as the sysctl says.
    RtoMax(Duration),
}

impl TcpOptions {
    /// The settings of a new socket.
    pub(super) fn new(sysctl: &Sysctl) -> Self {
        TcpOptions {
            keep_alive: false,
            keep_alive_idle: Duration::from_secs(sysctl.tcp_keepalive_time.into()),
            keep_alive_interval: Duration::from_secs(sysctl.tcp_keepalive_intvl.into()),
            keep_alive_count: sysctl.tcp_keepalive_probes,
            hop_limit: None,
            receive_buffer: sysctl.tcp_rmem[1],
            send_buffer: sysctl.tcp_wmem[1],
            send_buffer_locked: false,
            backlog: sysctl.somaxconn,
            no_delay: false,
            receive_buffer_locked: false,
            cork: false,
            linger: None,
            reuse_address: false,
            reuse_port: false,
            user_timeout: None,
            congestion: Algorithm::from_name(&sysctl.tcp_congestion_control).unwrap_or_default(),
            max_segment: None,
            not_sent_lowat: None,
            defer_accept: 0,
            fast_open_queue: 0,
            fast_open_connect: false,
            fast_open_no_cookie: false,
            fast_open_keys: [None; 2],
            tos: 0,
            mark: 0,
            priority: 0,
            device: None,
            receive_lowat: 1,
            syn_count: None,
            window_clamp: None,
            fin_timeout: None,
            max_pacing_rate: u64::MAX,
            save_syn: false,
            path_mtu: if sysctl.ip_no_pmtu_disc == 0 { PathMtu::Want } else { PathMtu::Dont },
            min_ttl: 0,
            thin_linear_timeouts: false,
            rto_min: None,
            rto_max: None,
        }
    }

    /// The least that the retransmission timeout adds to the round trip. Linux: `icsk_rto_min`.
    pub fn least_timeout(&self, sysctl: &Sysctl) -> Duration {
        self.rto_min.unwrap_or(Duration::from_micros(sysctl.tcp_rto_min_us.into()))
    }

    /// The longest retransmission timeout. Linux: `tcp_rto_max`.
    pub fn longest_timeout(&self, sysctl: &Sysctl) -> Duration {
        self.rto_max.unwrap_or(Duration::from_millis(sysctl.tcp_rto_max_ms.into()))
    }

    /// How long a connection without data waits before it is accepted, in whole seconds. Linux: reading
    /// `TCP_DEFER_ACCEPT`, `retrans_to_secs`.
    pub fn defer_accept_time(&self) -> Duration {
        let waits = (0..self.defer_accept).scan(1u64, |wait, _| {
            let this = *wait;
            *wait = (this * 2).min(120);
            Some(this)
        });
        Duration::from_secs(waits.sum())
    }
}
