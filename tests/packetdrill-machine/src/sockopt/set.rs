//! setsockopt(2) of a TCP socket.

use super::value::{filter, flag, int, linger, md5_signature, narrow, text, timeval, unsigned};
use crate::component::Component;
use crate::numbers::{ip, level, so, tcp};
use crate::options::{PathMtu, TcpOption};
use crate::tcp::{Phase, Tcp, method};
use packetdrill::Errno;

const NANOS_PER_SECOND: u64 = 1_000_000_000;
const NANOS_PER_MILLI: u64 = 1_000_000;
const NANOS_PER_MICRO: u64 = 1_000;

impl Tcp {
    pub(super) fn set_socket_option(
        &mut self,
        component: &mut Component,
        name: i32,
        value: &[u8],
    ) -> Result<(), Errno> {
        let option = match name {
            so::TYPE | so::ERROR | so::PROTOCOL | so::DOMAIN | so::ACCEPTCONN | so::SNDLOWAT => {
                return Err(Errno::ENOPROTOOPT);
            }
            so::KEEPALIVE => {
                return method!(component, call_set_keep_alive_enabled, self.handle(), flag(value)?);
            }
            so::RCVTIMEO => return timeval(value).map(|time| self.local.receive_timeout = time),
            so::SNDTIMEO => return timeval(value).map(|time| self.local.send_timeout = time),
            so::ZEROCOPY => return flag(value).map(|on| self.local.zerocopy.enabled = on),
            so::TIMESTAMPING => {
                let reached = self.reached(component);
                self.local.timestamping.set(int(value)?.cast_unsigned(), self.local.handed, reached);
                return Ok(());
            }
            so::ATTACH_FILTER => return component.attach_filter(self.handle(), filter(value)?),
            so::LOCK_FILTER => return component.lock_filter(self.handle()),
            so::DETACH_FILTER => return component.detach_filter(self.handle()),
            so::SNDBUF => TcpOption::Sndbuf(int(value)?.cast_unsigned()),
            so::RCVBUF => TcpOption::Rcvbuf(int(value)?.cast_unsigned()),
            so::SNDBUFFORCE => TcpOption::SndbufForce(unsigned(value)?),
            so::RCVBUFFORCE => TcpOption::RcvbufForce(unsigned(value)?),
            so::LINGER => TcpOption::Linger(linger(value)?),
            so::REUSEADDR => TcpOption::Reuseaddr(flag(value)?),
            so::REUSEPORT => TcpOption::Reuseport(flag(value)?),
            so::RCVLOWAT => TcpOption::Rcvlowat(unsigned(value).unwrap_or(i32::MAX.cast_unsigned())),
            so::MARK => TcpOption::Mark(int(value)?.cast_unsigned()),
            so::PRIORITY => TcpOption::Priority(unsigned(value)?),
            so::MAX_PACING_RATE => TcpOption::MaxPacingRate(pacing_rate(value)?),
            so::BINDTODEVICE => TcpOption::BindToDevice(text(value)?),
            _ => return self.keep(level::SOCKET, name, value),
        };
        component.set(self.handle(), &option)
    }

    pub(super) fn set_tcp_option(
        &mut self,
        component: &mut Component,
        name: i32,
        value: &[u8],
    ) -> Result<(), Errno> {
        let handle = self.handle();
        match name {
            tcp::KEEPIDLE => method!(component, call_set_keep_alive_idle_time, handle, keep_alive(value)?),
            tcp::KEEPINTVL => method!(component, call_set_keep_alive_interval, handle, keep_alive(value)?),
            tcp::KEEPCNT => method!(component, call_set_keep_alive_count, handle, between(value, 1..=127)?),
            tcp::INQ => match int(value)? {
                on @ 0..=1 => {
                    self.local.inq = on == 1;
                    Ok(())
                }
                _ => Err(Errno::EINVAL),
            },
            tcp::MD5SIG | tcp::MD5SIG_EXT => self.set_md5(component, value, name == tcp::MD5SIG_EXT),
            tcp::INFO | tcp::CC_INFO | tcp::SAVED_SYN => Err(Errno::ENOPROTOOPT),
            // Linux: do_tcp_setsockopt asks the sysctl and the state.
            tcp::FASTOPEN_CONNECT if !component.is_fast_open_client() => Err(Errno::EOPNOTSUPP),
            tcp::FASTOPEN_CONNECT if self.phase != Phase::Idle => Err(Errno::EINVAL),
            tcp::THIN_DUPACK => self.keep(level::TCP, name, value),
            _ => component.set(handle, &tcp_option(name, value)?),
        }
    }

    fn set_md5(&mut self, component: &mut Component, value: &[u8], extended: bool) -> Result<(), Errno> {
        let signature = md5_signature(value, extended)?;
        let (peer, prefix) = (signature.peer, signature.prefix_len);
        if signature.key.is_empty() {
            let removed = component.remove_md5_key(self.handle(), peer, prefix);
            return removed.map_err(|error| if error == Errno::EINVAL { Errno::ENOENT } else { error });
        }
        component.add_md5_key(self.handle(), peer, prefix, &signature.key)
    }

    pub(super) fn set_ip_option(
        &mut self,
        component: &mut Component,
        name: i32,
        value: &[u8],
    ) -> Result<(), Errno> {
        // Options of a byte may be told as one.
        let byte = || value.first().map(|byte| i32::from(*byte)).ok_or(Errno::EINVAL);
        let number = || int(value).or_else(|_| byte());
        let option = match name {
            ip::TOS => TcpOption::Tos(u8::try_from(number()? & 0xff).unwrap_or(0)),
            ip::MINTTL => TcpOption::MinTtl(u8::try_from(number()?).map_err(|_| Errno::EINVAL)?),
            ip::TTL => {
                /// Linux: what -1 stands for.
                const DEFAULT: u8 = 64;
                let hops = match number()? {
                    -1 => DEFAULT,
                    hops => u8::try_from(hops).map_err(|_| Errno::EINVAL)?,
                };
                return method!(component, call_set_hop_limit, self.handle(), hops);
            }
            ip::MTU_DISCOVER => TcpOption::MtuDiscover(match number()? {
                0 => PathMtu::Dont,
                1 => PathMtu::Want,
                2 => PathMtu::Do,
                3..=5 => PathMtu::Probe,
                _ => return Err(Errno::EINVAL),
            }),
            ip::RECVERR | ip::RECVTTL | ip::RECVTOS | ip::FREEBIND | ip::BIND_ADDRESS_NO_PORT => {
                return self.keep(level::IP, name, &number()?.to_le_bytes());
            }
            _ => return Err(Errno::ENOPROTOOPT),
        };
        component.set(self.handle(), &option)
    }
}

/// The options of IPPROTO_TCP that are one of the component's.
fn tcp_option(name: i32, value: &[u8]) -> Result<TcpOption, Errno> {
    Ok(match name {
        tcp::NODELAY => TcpOption::Nodelay(flag(value)?),
        tcp::CORK => TcpOption::Cork(flag(value)?),
        tcp::QUICKACK => TcpOption::Quickack(flag(value)?),
        tcp::MAXSEG => TcpOption::Maxseg(narrow(value)?),
        tcp::SYNCNT => TcpOption::Syncnt(narrow(value)?),
        tcp::LINGER2 => TcpOption::Linger2(match int(value)? {
            ..0 => None,
            seconds => Some(u64::from(seconds.cast_unsigned()) * NANOS_PER_SECOND),
        }),
        // Linux takes any number of seconds, negative ones as none.
        tcp::DEFER_ACCEPT => {
            TcpOption::DeferAccept(u64::try_from(int(value)?).unwrap_or(0) * NANOS_PER_SECOND)
        }
        tcp::WINDOW_CLAMP => TcpOption::WindowClamp(unsigned(value)?),
        tcp::CONGESTION => TcpOption::Congestion(text(value)?),
        tcp::USER_TIMEOUT => TcpOption::UserTimeout(u64::from(unsigned(value)?) * NANOS_PER_MILLI),
        tcp::FASTOPEN => TcpOption::Fastopen(unsigned(value)?),
        tcp::NOTSENT_LOWAT => TcpOption::NotsentLowat(int(value)?.cast_unsigned()),
        tcp::SAVE_SYN => match int(value)? {
            on @ 0..=2 => TcpOption::SaveSyn(on != 0),
            _ => return Err(Errno::EINVAL),
        },
        tcp::FASTOPEN_CONNECT => TcpOption::FastopenConnect(truth(value)?),
        tcp::FASTOPEN_NO_COOKIE => TcpOption::FastopenNoCookie(truth(value)?),
        tcp::FASTOPEN_KEY if value.is_empty() => return Err(Errno::EINVAL),
        tcp::FASTOPEN_KEY => TcpOption::FastopenKey(value.to_vec()),
        tcp::THIN_LINEAR_TIMEOUTS => TcpOption::ThinLinearTimeouts(truth(value)?),
        // 0, which resets them in the component, is no value to Linux.
        tcp::RTO_MAX_MS => TcpOption::RtoMax(u64::from(between(value, 1..=u32::MAX)?) * NANOS_PER_MILLI),
        tcp::RTO_MIN_US => TcpOption::RtoMin(u64::from(between(value, 1..=u32::MAX)?) * NANOS_PER_MICRO),
        _ => return Err(Errno::ENOPROTOOPT),
    })
}

/// An int that has to be 0 or 1.
fn truth(value: &[u8]) -> Result<bool, Errno> {
    match int(value)? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Errno::EINVAL),
    }
}

/// `SO_MAX_PACING_RATE` takes an int or a long.
fn pacing_rate(value: &[u8]) -> Result<u64, Errno> {
    match value.first_chunk() {
        Some(bytes) => Ok(u64::from_le_bytes(*bytes)),
        None => match int(value)?.cast_unsigned() {
            u32::MAX => Ok(u64::MAX),
            rate => Ok(rate.into()),
        },
    }
}

/// A number that Linux refuses outside of a range; the component, as its interface says, would bring it inside.
fn between(value: &[u8], range: std::ops::RangeInclusive<u32>) -> Result<u32, Errno> {
    unsigned(value).ok().filter(|number| range.contains(number)).ok_or(Errno::EINVAL)
}

/// Seconds of a keep-alive time as nanoseconds. Linux: `MAX_TCP_KEEPIDLE`, `MAX_TCP_KEEPINTVL`.
fn keep_alive(value: &[u8]) -> Result<u64, Errno> {
    Ok(u64::from(between(value, 1..=32767)?) * NANOS_PER_SECOND)
}
