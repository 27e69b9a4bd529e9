//! getsockopt(2) of a TCP socket.

use super::info;
use super::value::{to_int, to_linger, to_name, to_timeval};
use crate::component::Component;
use crate::numbers::{ip, level, so, socket, tcp};
use crate::options::{PathMtu, TcpOptions};
use crate::tcp::{Phase, Tcp, method};
use packetdrill::Errno;

const NANOS_PER_SECOND: u64 = 1_000_000_000;
const NANOS_PER_MILLI: u64 = 1_000_000;
const NANOS_PER_MICRO: u64 = 1_000;

impl Tcp {
    fn options(&self, component: &mut Component) -> Result<TcpOptions, Errno> {
        component.options(self.handle())
    }

    pub(super) fn get_socket_option(
        &mut self,
        component: &mut Component,
        name: i32,
    ) -> Result<Vec<u8>, Errno> {
        Ok(match name {
            so::ERROR => to_int(self.take_error(component).map_or(0, |error| error.0)),
            so::TYPE => to_int(socket::SOCK_STREAM),
            so::PROTOCOL => to_int(socket::IPPROTO_TCP),
            so::DOMAIN => to_int(if self.family.is_v6() { socket::AF_INET6 } else { socket::AF_INET }),
            so::ACCEPTCONN => to_int(self.phase == Phase::Listening),
            so::SNDLOWAT => to_int(1),
            so::RCVTIMEO => to_timeval(self.local.receive_timeout),
            so::SNDTIMEO => to_timeval(self.local.send_timeout),
            so::ZEROCOPY => to_int(self.local.zerocopy.enabled),
            so::TIMESTAMPING => to_int(self.local.timestamping.flags()),
            so::KEEPALIVE => to_int(method!(component, call_keep_alive_enabled, self.handle())?),
            so::SNDBUF => to_int(self.options(component)?.sndbuf),
            so::RCVBUF => to_int(self.options(component)?.rcvbuf),
            so::LINGER => to_linger(self.options(component)?.linger),
            so::REUSEADDR => to_int(self.options(component)?.reuseaddr),
            so::REUSEPORT => to_int(self.options(component)?.reuseport),
            so::RCVLOWAT => to_int(self.options(component)?.rcvlowat),
            so::MARK => to_int(self.options(component)?.mark),
            so::PRIORITY => to_int(self.options(component)?.priority),
            so::MAX_PACING_RATE => self.options(component)?.max_pacing_rate.to_le_bytes().to_vec(),
            so::MEMINFO => self.memory(component)?,
            so::BINDTODEVICE => to_name(&self.options(component)?.bind_to_device),
            _ => to_int(self.kept(level::SOCKET, name)),
        })
    }

    /// Linux: `sk_get_meminfo`, nine numbers: bytes that wait to be read, the receive buffer, bytes on their way, the
    /// send buffer, memory in reserve, bytes that wait to be sent or acknowledged, and three that are 0 here.
    fn memory(&mut self, component: &mut Component) -> Result<Vec<u8>, Errno> {
        let options = self.options(component)?;
        let handle = self.handle();
        let bytes = |count: Result<u64, Errno>| u32::try_from(count.unwrap_or(0)).unwrap_or(u32::MAX);
        let waiting = bytes(component.queued_input(handle));
        let unacknowledged = bytes(component.unacknowledged(handle));
        let numbers = [waiting, options.rcvbuf, unacknowledged, options.sndbuf, 0, unacknowledged, 0, 0, 0];
        Ok(numbers.iter().flat_map(|number| number.to_le_bytes()).collect())
    }

    pub(super) fn get_tcp_option(&mut self, component: &mut Component, name: i32) -> Result<Vec<u8>, Errno> {
        let handle = self.handle();
        Ok(match name {
            tcp::INFO => info::tcp_info(&component.info(handle)?),
            tcp::CC_INFO => info::cc_info(&component.congestion_info(handle)?),
            tcp::CONGESTION => to_name(&self.options(component)?.congestion),
            tcp::SAVED_SYN => component.saved_syn(handle)?.unwrap_or_default(),
            tcp::KEEPIDLE => seconds(method!(component, call_keep_alive_idle_time, handle)?),
            tcp::KEEPINTVL => seconds(method!(component, call_keep_alive_interval, handle)?),
            tcp::KEEPCNT => to_int(method!(component, call_keep_alive_count, handle)?),
            tcp::INQ => to_int(self.local.inq),
            tcp::MAXSEG => self.max_segment(component)?,
            // The sysctl's keys are no socket's own.
            tcp::FASTOPEN_KEY => self.chosen(level::TCP, name).unwrap_or_default(),
            _ => self.get_chosen(component, name)?,
        })
    }

    /// Linux: `tp->mss_cache`, or what the owner asked for while there is no connection.
    fn max_segment(&mut self, component: &mut Component) -> Result<Vec<u8>, Errno> {
        /// Linux: `TCP_MSS_DEFAULT`.
        const DEFAULT: u32 = 536;
        let chosen = u32::from(self.options(component)?.maxseg);
        if self.phase != Phase::Connected && chosen != 0 {
            return Ok(to_int(chosen));
        }
        let in_use = component.info(self.handle()).map_or(0, |info| info.snd_mss);
        Ok(to_int(if in_use == 0 { DEFAULT } else { in_use }))
    }

    /// The options that the component tells together.
    fn get_chosen(&mut self, component: &mut Component, name: i32) -> Result<Vec<u8>, Errno> {
        let options = self.options(component)?;
        Ok(match name {
            tcp::NODELAY => to_int(options.nodelay),
            tcp::CORK => to_int(options.cork),
            tcp::QUICKACK => to_int(options.quickack),
            tcp::SYNCNT => to_int(options.syncnt),
            tcp::LINGER2 => options.linger2.map_or_else(|| to_int(-1), seconds),
            tcp::DEFER_ACCEPT => seconds(options.defer_accept),
            tcp::WINDOW_CLAMP => to_int(options.window_clamp),
            tcp::USER_TIMEOUT => to_int(options.user_timeout / NANOS_PER_MILLI),
            // The sysctl's value is no socket's own.
            tcp::NOTSENT_LOWAT => self.chosen(level::TCP, name).unwrap_or_else(|| to_int(0)),
            tcp::FASTOPEN => to_int(options.fastopen),
            tcp::FASTOPEN_CONNECT => to_int(options.fastopen_connect),
            tcp::FASTOPEN_NO_COOKIE => to_int(options.fastopen_no_cookie),
            tcp::SAVE_SYN => to_int(options.save_syn),
            tcp::THIN_LINEAR_TIMEOUTS => to_int(options.thin_linear_timeouts),
            tcp::RTO_MAX_MS => to_int(options.rto_max / NANOS_PER_MILLI),
            tcp::RTO_MIN_US => to_int(options.rto_min / NANOS_PER_MICRO),
            tcp::THIN_DUPACK => to_int(0),
            _ => return Err(Errno::ENOPROTOOPT),
        })
    }

    pub(super) fn get_ip_option(&mut self, component: &mut Component, name: i32) -> Result<Vec<u8>, Errno> {
        Ok(match name {
            ip::TOS => to_int(self.options(component)?.tos),
            ip::MINTTL => to_int(self.options(component)?.min_ttl),
            ip::TTL => to_int(method!(component, call_hop_limit, self.handle())?),
            ip::MTU => to_int(component.info(self.handle())?.pmtu),
            ip::MTU_DISCOVER => to_int(match self.options(component)?.mtu_discover {
                PathMtu::Dont => 0,
                PathMtu::Want => 1,
                PathMtu::Do => 2,
                PathMtu::Probe => 3,
            }),
            ip::RECVERR | ip::RECVTTL | ip::RECVTOS | ip::FREEBIND | ip::BIND_ADDRESS_NO_PORT => {
                to_int(self.kept(level::IP, name))
            }
            _ => return Err(Errno::ENOPROTOOPT),
        })
    }
}

fn seconds(nanos: u64) -> Vec<u8> {
    to_int(nanos / NANOS_PER_SECOND)
}
