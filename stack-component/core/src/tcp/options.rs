//! What a socket's owner may choose.

use super::SocketError;
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
    /// Time to live of packets sent. Linux: `IP_TTL`.
    pub hop_limit: u8,
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

/// Least receive buffer. Linux: `SOCK_MIN_RCVBUF`.
const MIN_RECEIVE_BUFFER: u32 = 2304;
/// Least send buffer. Linux: `SOCK_MIN_SNDBUF`.
const MIN_SEND_BUFFER: u32 = 4608;
/// Most seconds of a keep-alive time. Linux: `MAX_TCP_KEEPIDLE`.
const MAX_KEEP_ALIVE_SECONDS: u64 = 32767;
/// What `TCP_MAXSEG` takes. Linux: `TCP_MIN_MSS`, `MAX_TCP_WINDOW`.
const MAX_SEGMENT_RANGE: core::ops::RangeInclusive<u16> = 88..=32_767;
/// The longest wait of an orphan for the peer's FIN. Linux: `TCP_FIN_TIMEOUT_MAX`.
const MAX_FIN_TIMEOUT: Duration = Duration::from_secs(120);
/// What `TCP_RTO_MIN_US` takes. Linux: `TCP_TIMEOUT_MIN`, `TCP_RTO_MAX`.
const RTO_MIN_RANGE: core::ops::RangeInclusive<Duration> =
    Duration::from_millis(2)..=Duration::from_secs(120);
/// What `TCP_RTO_MAX_MS` takes. Linux: `TCP_RTO_MAX_SEC`.
const RTO_MAX_RANGE: core::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(120);
/// Most keep-alive probes. Linux: `MAX_TCP_KEEPCNT`.
const MAX_KEEP_ALIVE_COUNT: u32 = 127;

impl TcpOptions {
    /// The settings of a new socket.
    pub(super) fn new(sysctl: &Sysctl) -> Self {
        TcpOptions {
            keep_alive: false,
            keep_alive_idle: Duration::from_secs(sysctl.tcp_keepalive_time.into()),
            keep_alive_interval: Duration::from_secs(sysctl.tcp_keepalive_intvl.into()),
            keep_alive_count: sysctl.tcp_keepalive_probes,
            hop_limit: u8::try_from(sysctl.ip_default_ttl).unwrap_or(64),
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

    /// Takes one setting: 0 is refused where it means nothing, other values are brought into their range.
    pub(super) fn set(&mut self, option: TcpOption, sysctl: &Sysctl) -> Result<(), SocketError> {
        match option {
            TcpOption::KeepAlive(on) => self.keep_alive = on,
            TcpOption::KeepAliveIdle(time) => self.keep_alive_idle = whole_seconds(time)?,
            TcpOption::KeepAliveInterval(time) => self.keep_alive_interval = whole_seconds(time)?,
            TcpOption::KeepAliveCount(count) => {
                self.keep_alive_count = refuse_zero(count)?.min(MAX_KEEP_ALIVE_COUNT);
            }
            TcpOption::HopLimit(hops) => self.hop_limit = refuse_zero(hops)?,
            TcpOption::ReceiveBuffer(bytes) => {
                self.receive_buffer = clamp(refuse_zero(bytes)?, MIN_RECEIVE_BUFFER, sysctl.rmem_max);
                self.receive_buffer_locked = true;
            }
            TcpOption::SendBuffer(bytes) => {
                self.send_buffer = clamp(refuse_zero(bytes)?, MIN_SEND_BUFFER, sysctl.wmem_max);
                self.send_buffer_locked = true;
            }
            TcpOption::RcvBuf { bytes, force } => {
                let most = if force { u32::MAX } else { sysctl.rmem_max };
                self.receive_buffer = doubled(bytes.min(most), MIN_RECEIVE_BUFFER);
                self.receive_buffer_locked = true;
            }
            TcpOption::SndBuf { bytes, force } => {
                let most = if force { u32::MAX } else { sysctl.wmem_max };
                self.send_buffer = doubled(bytes.min(most), MIN_SEND_BUFFER);
                self.send_buffer_locked = true;
            }
            TcpOption::Backlog(count) => self.backlog = clamp(count, 0, sysctl.somaxconn),
            TcpOption::NoDelay(on) => self.no_delay = on,
            TcpOption::Cork(on) => self.cork = on,
            // Told to the connection by whoever sets it: it is no state of the socket.
            TcpOption::QuickAck(_) => {}
            TcpOption::Linger(time) => self.linger = time,
            TcpOption::ReuseAddress(on) => self.reuse_address = on,
            TcpOption::ReusePort(on) => self.reuse_port = on,
            TcpOption::UserTimeout(time) => self.user_timeout = time.filter(|time| *time != Duration::ZERO),
            TcpOption::Congestion(algorithm) => self.congestion = algorithm,
            TcpOption::DeferAccept(time) => self.defer_accept = retransmissions_within(time),
            TcpOption::NotSentLowat(bytes) => self.not_sent_lowat = (bytes != 0).then_some(bytes),
            TcpOption::FastOpenQueue(count) => self.fast_open_queue = count.min(sysctl.somaxconn),
            TcpOption::FastOpenConnect(on) => self.fast_open_connect = on,
            TcpOption::FastOpenKeys(keys) => self.fast_open_keys = keys,
            TcpOption::FastOpenNoCookie(on) => self.fast_open_no_cookie = on,
            TcpOption::SaveSyn(on) => self.save_syn = on,
            other => return self.set_path(other),
        }
        Ok(())
    }

    /// The settings of what goes over the wire.
    fn set_path(&mut self, option: TcpOption) -> Result<(), SocketError> {
        let in_range = |good: bool| if good { Ok(()) } else { Err(SocketError::InvalidArgument) };
        match option {
            TcpOption::MaxSegment(bytes) => {
                in_range(bytes == 0 || MAX_SEGMENT_RANGE.contains(&bytes))?;
                self.max_segment = (bytes != 0).then_some(bytes);
            }
            TcpOption::Tos(tos) => self.tos = tos & !0x3,
            TcpOption::Mark(mark) => self.mark = mark,
            TcpOption::Priority(class) => {
                in_range(class <= 6)?;
                self.priority = class;
            }
            TcpOption::BindToDevice(device) => self.device = device,
            TcpOption::ReceiveLowat(bytes) => self.receive_lowat = bytes.max(1),
            TcpOption::SynCount(count) => {
                in_range((1..=127).contains(&count))?;
                self.syn_count = Some(count);
            }
            TcpOption::WindowClamp(bytes) => {
                self.window_clamp = (bytes != 0).then_some(bytes.max(MIN_RECEIVE_BUFFER / 2));
            }
            TcpOption::FinTimeout(time) => {
                self.fin_timeout = match time {
                    None => Some(Duration::ZERO),
                    Some(Duration::ZERO) => None,
                    Some(time) => Some(time.min(MAX_FIN_TIMEOUT)),
                };
            }
            TcpOption::MaxPacingRate(rate) => self.max_pacing_rate = rate,
            TcpOption::PathMtu(how) => self.path_mtu = how,
            TcpOption::MinTtl(least) => self.min_ttl = least,
            other => return self.set_timeouts(other),
        }
        Ok(())
    }
}

impl TcpOptions {
    /// The settings of retransmission.
    fn set_timeouts(&mut self, option: TcpOption) -> Result<(), SocketError> {
        let within = |time: Duration, range: core::ops::RangeInclusive<Duration>| match time {
            Duration::ZERO => Ok(None),
            time if range.contains(&time) => Ok(Some(time)),
            _ => Err(SocketError::InvalidArgument),
        };
        match option {
            TcpOption::ThinLinearTimeouts(on) => self.thin_linear_timeouts = on,
            TcpOption::RtoMin(time) => self.rto_min = within(whole_millis(time), RTO_MIN_RANGE)?,
            TcpOption::RtoMax(time) => self.rto_max = within(whole_millis(time), RTO_MAX_RANGE)?,
            _ => {}
        }
        Ok(())
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

/// How often a SYN-ACK is sent again within `time`, waiting one second and then twice as long each time. Linux:
/// `secs_to_retrans`.
fn retransmissions_within(time: Duration) -> u32 {
    let (mut period, mut wait, mut count) = (0u64, 1u64, 0);
    while period < time.as_secs() && count < 255 {
        period += wait;
        wait = (wait * 2).min(120);
        count += 1;
    }
    count
}

fn refuse_zero<T: Default + PartialEq>(value: T) -> Result<T, SocketError> {
    if value == T::default() { Err(SocketError::InvalidArgument) } else { Ok(value) }
}

fn clamp(value: u64, least: u32, most: u32) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX).min(most).max(least)
}

/// What a buffer of `bytes` becomes when half of it goes for the bookkeeping of packets. Linux:
/// `__sock_set_rcvbuf`.
fn doubled(bytes: u32, least: u32) -> u32 {
    (bytes.min(i32::MAX as u32 / 2) * 2).max(least)
}

/// Linux keeps these times in seconds; part of a second counts as a whole one.
fn whole_seconds(time: Duration) -> Result<Duration, SocketError> {
    let nanos = refuse_zero(time)?.as_nanos();
    let seconds = u64::try_from(nanos.div_ceil(1_000_000_000)).unwrap_or(u64::MAX);
    Ok(Duration::from_secs(seconds.min(MAX_KEEP_ALIVE_SECONDS)))
}

/// Linux keeps these times in ticks of a millisecond; part of one counts as a whole.
fn whole_millis(time: Duration) -> Duration {
    let millis = time.as_nanos().div_ceil(1_000_000);
    Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_of_timeouts_have_bounds() {
        let sysctl = Sysctl::default();
        let mut options = TcpOptions::new(&sysctl);
        let (micros, millis) = (Duration::from_micros, Duration::from_millis);
        for (option, good) in [
            (TcpOption::RtoMin(micros(1_001)), true),
            (TcpOption::RtoMin(micros(1_000)), false),
            (TcpOption::RtoMin(millis(120_001)), false),
            (TcpOption::RtoMax(millis(999)), false),
            (TcpOption::RtoMax(millis(1_000)), true),
            (TcpOption::RtoMax(millis(120_001)), false),
        ] {
            assert_eq!(options.set(option, &sysctl).is_ok(), good, "{option:?}");
        }
        assert_eq!(options.least_timeout(&sysctl), millis(2));
        assert_eq!(options.longest_timeout(&sysctl), millis(1_000));
        for default in [TcpOption::RtoMin(Duration::ZERO), TcpOption::RtoMax(Duration::ZERO)] {
            assert_eq!(options.set(default, &sysctl), Ok(()));
        }
        assert_eq!(options.least_timeout(&sysctl), millis(200));
        assert_eq!(options.longest_timeout(&sysctl), millis(120_000));
    }

    #[test]
    fn zero_is_refused_and_the_rest_brought_into_range() {
        let sysctl = Sysctl::default();
        let mut options = TcpOptions::new(&sysctl);
        for zero in [
            TcpOption::KeepAliveIdle(Duration::ZERO),
            TcpOption::KeepAliveCount(0),
            TcpOption::HopLimit(0),
            TcpOption::ReceiveBuffer(0),
            TcpOption::SendBuffer(0),
        ] {
            assert_eq!(options.set(zero, &sysctl), Err(SocketError::InvalidArgument), "{zero:?}");
        }
        options.set(TcpOption::ReceiveBuffer(1), &sysctl).unwrap();
        options.set(TcpOption::SendBuffer(u64::MAX), &sysctl).unwrap();
        options.set(TcpOption::KeepAliveIdle(Duration::from_nanos(1)), &sysctl).unwrap();
        options.set(TcpOption::KeepAliveCount(u32::MAX), &sysctl).unwrap();
        assert_eq!(options.receive_buffer, 2304);
        assert_eq!(options.send_buffer, sysctl.wmem_max);
        assert_eq!(options.keep_alive_idle, Duration::from_secs(1));
        assert_eq!(options.keep_alive_count, 127);
    }

    #[test]
    fn buffers_in_linuxs_sense_are_doubled() {
        let sysctl = Sysctl::default();
        let mut options = TcpOptions::new(&sysctl);
        for (bytes, force, expected) in [
            (0, false, 2304),
            (10_000, false, 20_000),
            (u32::MAX, false, 2 * sysctl.rmem_max),
            (sysctl.rmem_max + 1, true, 2 * sysctl.rmem_max + 2),
            (u32::MAX, true, i32::MAX as u32 - 1),
        ] {
            assert_eq!(options.set(TcpOption::RcvBuf { bytes, force }, &sysctl), Ok(()));
            assert_eq!(options.receive_buffer, expected, "{bytes} {force}");
        }
        assert!(options.receive_buffer_locked);
        assert_eq!(options.set(TcpOption::SndBuf { bytes: 1, force: false }, &sysctl), Ok(()));
        assert_eq!((options.send_buffer, options.send_buffer_locked), (4608, true));
    }

    #[test]
    fn deferring_is_rounded_to_retransmissions() {
        let sysctl = Sysctl::default();
        let mut options = TcpOptions::new(&sysctl);
        for (seconds, rounded) in [(0, 0), (1, 1), (2, 3), (3, 3), (4, 7), (127, 127), (128, 247)] {
            let option = TcpOption::DeferAccept(Duration::from_secs(seconds));
            assert_eq!(options.set(option, &sysctl), Ok(()));
            assert_eq!(options.defer_accept_time(), Duration::from_secs(rounded), "{seconds}");
        }
    }
}
