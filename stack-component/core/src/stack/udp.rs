//! UDP sockets, as the stack's users call them.

use super::sending::told;
use super::{SocketHandle, Stack};
use crate::datapath::{self, Outgoing};
use crate::ip::Cutting;
use crate::packet::DeviceIndex;
use crate::route::Transport;
use crate::socket::SocketError;
use crate::time::Instant;
use crate::udp::{Counted, Udp, UdpHandle, UdpOption, UdpOptions, UdpReadiness};
use crate::wire::address::{scope_of, unspecified_like};
use crate::wire::protocol::Protocol;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

impl Stack {
    /// A new UDP socket.
    pub fn udp_open(&mut self) -> Result<UdpHandle, SocketError> {
        self.udp.open(&self.sysctl)
    }

    /// Binds a socket to one of the stack's addresses (or a broadcast address or a group, to hear what is sent there), or
    /// to all with the unspecified one; port 0 lets the stack choose.
    pub fn udp_bind(&mut self, handle: UdpHandle, local: SocketAddr) -> Result<(), SocketError> {
        let ip = local.ip();
        let to_many = ip.is_multicast() || self.routes.is_broadcast(ip);
        if !ip.is_unspecified() && !to_many && !self.routes.is_local(ip) {
            return Err(SocketError::AddressNotBindable);
        }
        let range = self.sysctl.ip_local_port_range.map(|port| u16::try_from(port).unwrap_or(u16::MAX));
        self.udp.bind(self.random.as_mut(), range, handle, local)
    }

    /// Binds a socket that is not bound to any address and a port that the stack chooses.
    fn udp_bind_implicitly(&mut self, handle: UdpHandle, remote: IpAddr) -> Result<(), SocketError> {
        match self.udp.local_address(handle) {
            Some(_) => Ok(()),
            None => self.udp_bind(handle, SocketAddr::new(unspecified_like(remote), 0)),
        }
    }

    /// What rules may ask of datagrams of a socket.
    fn udp_transport(&self, handle: UdpHandle, remote: SocketAddr) -> Transport {
        let port = self.udp.local_address(handle).map_or(0, |local| local.port());
        Transport { protocol: Protocol::UDP.0, ports: [port, remote.port()] }
    }

    /// Lets a socket talk to `remote` alone. Nothing is sent.
    pub fn udp_connect(&mut self, handle: UdpHandle, remote: SocketAddr) -> Result<(), SocketError> {
        if remote.ip().is_unspecified() || remote.port() == 0 {
            return Err(SocketError::InvalidArgument);
        }
        let options = self.udp.options(handle).ok_or(SocketError::InvalidState)?;
        let of_group = options.multicast.device.filter(|_| remote.ip().is_multicast());
        let device = self.scope_towards(remote, of_group)?.or(of_group);
        let source =
            self.datagram_source(remote.ip(), self.udp_transport(handle, remote), device, options.broadcast)?;
        self.udp_bind_implicitly(handle, remote.ip())?;
        self.udp.connect(handle, source, remote)
    }

    /// Lets a socket talk to everybody again.
    pub fn udp_disconnect(&mut self, handle: UdpHandle) -> Result<(), SocketError> {
        self.udp.disconnect(handle)
    }

    /// Sends a datagram, to `remote` or to the peer that the socket is connected to. What is lost on the way
    /// is not an error; no route, or a datagram larger than the path carries, is. Sending to everybody is
    /// [`SocketError::AccessDenied`] for a socket without [`UdpOption::Broadcast`].
    pub fn udp_send_to(
        &mut self,
        handle: UdpHandle,
        data: &[u8],
        remote: Option<SocketAddr>,
        now: Instant,
    ) -> Result<(), SocketError> {
        let remote = self.udp.destination(handle, remote)?;
        if remote.ip().is_unspecified() || remote.port() == 0 {
            return Err(SocketError::InvalidArgument);
        }
        let options = self.udp.options(handle).ok_or(SocketError::InvalidState)?;
        let to_group = remote.ip().is_multicast();
        let device = scope_of(remote).map(DeviceIndex).or(options.multicast.device.filter(|_| to_group));
        let route_source =
            self.datagram_source(remote.ip(), self.udp_transport(handle, remote), device, options.broadcast)?;
        self.udp_bind_implicitly(handle, remote.ip())?;
        let local = self.udp.local_address(handle).ok_or(SocketError::InvalidState)?;
        let bound = Some(local.ip()).filter(|&ip| !ip.is_unspecified() && self.routes.is_local(ip));
        let local = SocketAddr::new(bound.unwrap_or(route_source), local.port());
        let mut packet = Udp::datagram(local, remote, data)?;
        packet.meta.unlooped = !options.multicast.loops;
        let outgoing = Outgoing {
            packet,
            source: Some(local.ip()),
            destination: remote.ip(),
            protocol: Protocol::UDP,
            ttl: if to_group { Some(options.multicast.hop_limit) } else { options.hop_limit },
            tos: 0,
            cutting: Cutting::Here,
            device,
        };
        let sent = self.with_context(now, |cx, _, _| datapath::send(cx, outgoing));
        self.run_output(now);
        if sent.is_ok() {
            self.counters.increment(Counted::of(remote.is_ipv6()).sent);
        }
        told(sent)
    }

    /// How many hops the datagrams of a socket to one host may take; none of a handle that was given up. Linux: reading
    /// `IP_TTL`, `IPV6_UNICAST_HOPS`.
    pub fn udp_hop_limit(&self, handle: UdpHandle) -> Option<u8> {
        let chosen = self.udp.options(handle)?.hop_limit;
        let ends = self.udp.remote_address(handle).or(self.udp.local_address(handle));
        Some(chosen.unwrap_or_else(|| self.default_hop_limit(ends)))
    }

    /// The settings of a socket.
    pub fn udp_options(&self, handle: UdpHandle) -> Option<UdpOptions> {
        self.udp.options(handle)
    }

    /// Changes one setting of a socket.
    pub fn udp_set_option(&mut self, handle: UdpHandle, option: UdpOption) -> Result<(), SocketError> {
        self.udp.set_option(&self.sysctl, handle, option)
    }

    /// Drops what waits of others than the peer that the socket is connected to.
    pub fn udp_forget_strangers(&mut self, handle: UdpHandle) {
        self.udp.forget_strangers(handle);
    }

    /// Takes the oldest datagram and its sender's address, or the error that happened, or
    /// [`SocketError::WouldBlock`].
    pub fn udp_receive_from(&mut self, handle: UdpHandle) -> Result<(Vec<u8>, SocketAddr), SocketError> {
        self.udp.receive_from(handle)
    }

    /// Whether the next call will tell an error, as that a peer refused.
    pub fn udp_has_error(&self, handle: UdpHandle) -> bool {
        self.udp.has_error(handle)
    }

    /// Gives a socket up.
    pub fn udp_close(&mut self, handle: UdpHandle) {
        self.forget_groups(SocketHandle::Udp(handle));
        self.udp.close(handle);
    }

    /// Our end's address, none if the socket is not bound.
    pub fn udp_local_address(&self, handle: UdpHandle) -> Option<SocketAddr> {
        self.udp.local_address(handle)
    }

    /// The peer's address, none if the socket is not connected.
    pub fn udp_remote_address(&self, handle: UdpHandle) -> Option<SocketAddr> {
        self.udp.remote_address(handle)
    }

    /// What the socket's owner could do now without waiting.
    pub fn udp_readiness(&self, handle: UdpHandle) -> UdpReadiness {
        self.udp.readiness(handle)
    }
}
