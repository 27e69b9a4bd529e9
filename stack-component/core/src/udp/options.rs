//! Options of a UDP socket. Linux: `sk_setsockopt`, `do_ip_setsockopt`, `do_ipv6_setsockopt`.

use super::{Udp, UdpHandle};
use crate::socket::{MulticastOption, MulticastOptions, SocketError};
use crate::sysctl::Sysctl;

/// Least receive buffer, in bytes. Linux: `SOCK_MIN_RCVBUF`.
const MIN_RECEIVE_BUFFER: u32 = 2304;
/// Least send buffer, in bytes. Linux: `SOCK_MIN_SNDBUF`.
const MIN_SEND_BUFFER: u32 = 4608;

/// One setting. What is 0 is refused, what is out of its range is brought into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UdpOption {
    /// Routers that a datagram to one host may pass, 1 to 255. Linux: `IP_TTL`, `IPV6_UNICAST_HOPS`.
    HopLimit(u8),
    /// Bytes of memory in datagrams that wait to be read, 2304 to `net.core.rmem_max`. Linux: `SO_RCVBUF`.
    ReceiveBuffer(u64),
    /// Bytes, 4608 to `net.core.wmem_max`; kept and told, as datagrams leave at once. Linux: `SO_SNDBUF`.
    SendBuffer(u64),
    /// The address may be bound by other sockets that say so, too; not of a socket that is bound. Linux:
    /// `SO_REUSEADDR`.
    ReuseAddress(bool),
    /// Sending to everybody is permitted. Linux: `SO_BROADCAST`.
    Broadcast(bool),
    /// What is about groups.
    Multicast(MulticastOption),
}

/// All settings of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UdpOptions {
    /// Hop limit of datagrams to one host, none for what the route and the device say.
    pub hop_limit: Option<u8>,
    /// Bytes of memory in datagrams that wait to be read.
    pub receive_buffer: u32,
    /// Bytes that may be on their way out.
    pub send_buffer: u32,
    /// The address may be bound by others, too.
    pub reuse_address: bool,
    /// Sending to everybody is permitted.
    pub broadcast: bool,
    /// What is about groups.
    pub multicast: MulticastOptions,
}

impl UdpOptions {
    /// Those of a new socket. Linux: `sock_init_data`.
    pub(super) fn new(sysctl: &Sysctl) -> Self {
        UdpOptions {
            hop_limit: None,
            receive_buffer: sysctl.rmem_default,
            send_buffer: sysctl.wmem_default,
            reuse_address: false,
            broadcast: false,
            multicast: MulticastOptions::default(),
        }
    }

    fn set(&mut self, option: UdpOption, sysctl: &Sysctl) -> Result<(), SocketError> {
        match option {
            UdpOption::HopLimit(0) | UdpOption::ReceiveBuffer(0) | UdpOption::SendBuffer(0) => {
                return Err(SocketError::InvalidArgument);
            }
            UdpOption::HopLimit(hops) => self.hop_limit = Some(hops),
            UdpOption::ReceiveBuffer(bytes) => {
                self.receive_buffer = clamp(bytes, MIN_RECEIVE_BUFFER, sysctl.rmem_max);
            }
            UdpOption::SendBuffer(bytes) => {
                self.send_buffer = clamp(bytes, MIN_SEND_BUFFER, sysctl.wmem_max);
            }
            UdpOption::ReuseAddress(reuse) => self.reuse_address = reuse,
            UdpOption::Broadcast(permitted) => self.broadcast = permitted,
            UdpOption::Multicast(option) => self.multicast.set(option),
        }
        Ok(())
    }
}

impl Udp {
    /// The settings of a socket.
    pub fn options(&self, handle: UdpHandle) -> Option<UdpOptions> {
        self.sockets.get(handle).map(|socket| socket.options)
    }

    /// Changes one setting.
    pub fn set_option(
        &mut self,
        sysctl: &Sysctl,
        handle: UdpHandle,
        option: UdpOption,
    ) -> Result<(), SocketError> {
        let socket = self.sockets.get_mut(handle).ok_or(SocketError::InvalidState)?;
        if matches!(option, UdpOption::ReuseAddress(_)) && socket.local.port() != 0 {
            return Err(SocketError::InvalidState);
        }
        socket.options.set(option, sysctl)
    }
}

fn clamp(value: u64, least: u32, most: u32) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX).min(most).max(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_refused_and_the_rest_is_brought_into_its_range() {
        let sysctl = Sysctl::default();
        let mut options = UdpOptions::new(&sysctl);
        assert_eq!(options.receive_buffer, sysctl.rmem_default);
        for zero in [UdpOption::HopLimit(0), UdpOption::ReceiveBuffer(0), UdpOption::SendBuffer(0)] {
            assert_eq!(options.set(zero, &sysctl), Err(SocketError::InvalidArgument));
        }
        assert_eq!(options, UdpOptions::new(&sysctl));
        for (bytes, receive, send) in [
            (1, MIN_RECEIVE_BUFFER, MIN_SEND_BUFFER),
            (10_000, 10_000, 10_000),
            (u64::MAX, sysctl.rmem_max, sysctl.wmem_max),
        ] {
            options.set(UdpOption::ReceiveBuffer(bytes), &sysctl).unwrap();
            options.set(UdpOption::SendBuffer(bytes), &sysctl).unwrap();
            assert_eq!((options.receive_buffer, options.send_buffer), (receive, send));
        }
        options.set(UdpOption::HopLimit(7), &sysctl).unwrap();
        assert_eq!(options.hop_limit, Some(7));
    }
}
