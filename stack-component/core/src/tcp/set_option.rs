//! Options that an owner sets: what is refused, what is brought into its range. Linux: `do_tcp_setsockopt`,
//! `sk_setsockopt`.

use super::SocketError;
use super::options::{TcpOption, TcpOptions};
use crate::sysctl::Sysctl;
use crate::time::Duration;

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
    /// Takes one setting: 0 is refused where it means nothing, other values are brought into their range.
    pub(super) fn set(&mut self, option: TcpOption, sysctl: &Sysctl) -> Result<(), SocketError> {
        match option {
            TcpOption::KeepAlive(on) => self.keep_alive = on,
            TcpOption::KeepAliveIdle(time) => self.keep_alive_idle = whole_seconds(time)?,
            TcpOption::KeepAliveInterval(time) => self.keep_alive_interval = whole_seconds(time)?,
            TcpOption::KeepAliveCount(count) => {
                self.keep_alive_count = refuse_zero(count)?.min(MAX_KEEP_ALIVE_COUNT);
            }
            TcpOption::HopLimit(hops) => self.hop_limit = Some(refuse_zero(hops)?),
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
