//! What a socket's owner may choose.

use super::SocketError;
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
    /// Connections, up to `net.core.somaxconn`.
    Backlog(u64),
    /// Whether small segments leave at once.
    NoDelay(bool),
}

/// Least receive buffer. Linux: `SOCK_MIN_RCVBUF`.
const MIN_RECEIVE_BUFFER: u32 = 2304;
/// Least send buffer. Linux: `SOCK_MIN_SNDBUF`.
const MIN_SEND_BUFFER: u32 = 4608;
/// Most seconds of a keep-alive time. Linux: `MAX_TCP_KEEPIDLE`.
const MAX_KEEP_ALIVE_SECONDS: u64 = 32767;
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
            }
            TcpOption::SendBuffer(bytes) => {
                self.send_buffer = clamp(refuse_zero(bytes)?, MIN_SEND_BUFFER, sysctl.wmem_max);
                self.send_buffer_locked = true;
            }
            TcpOption::Backlog(count) => {
                self.backlog = clamp(refuse_zero(count)?, 1, sysctl.somaxconn.max(1))
            }
            TcpOption::NoDelay(on) => self.no_delay = on,
        }
        Ok(())
    }
}

fn refuse_zero<T: Default + PartialEq>(value: T) -> Result<T, SocketError> {
    if value == T::default() { Err(SocketError::InvalidArgument) } else { Ok(value) }
}

fn clamp(value: u64, least: u32, most: u32) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX).min(most).max(least)
}

/// Linux keeps these times in seconds; part of a second counts as a whole one.
fn whole_seconds(time: Duration) -> Result<Duration, SocketError> {
    let nanos = refuse_zero(time)?.as_nanos();
    let seconds = u64::try_from(nanos.div_ceil(1_000_000_000)).unwrap_or(u64::MAX);
    Ok(Duration::from_secs(seconds.min(MAX_KEEP_ALIVE_SECONDS)))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            TcpOption::Backlog(0),
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
}
