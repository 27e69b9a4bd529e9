//! TCP sockets, as the stack's users call them. What the calls mean stands with [`Tcp`]'s methods of the same
//! names; here they get the environment, a route where one is needed, and what they cause to be sent leaves
//! before they return.

use super::Stack;
use crate::bpf::Instruction;
use crate::datapath::RoutePaths;
use crate::packet::DeviceIndex;
use crate::route::{Destination, FlowKey, Refusal, Transport};
use crate::tcp::{
    CongestionInfo, Env, FilterError, Received, SendFlags, Shutdown, SocketError, StateChange, Tcp,
    TcpHandle, TcpInfo, TcpOption, TcpOptions, TcpReadiness, TcpState,
};
use crate::time::Instant;
use crate::wire::address::{needs_scope, scope_of};
use crate::wire::protocol::Protocol;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

impl Stack {
    /// Calls TCP with what it needs of the stack.
    pub(crate) fn with_tcp<R>(&mut self, now: Instant, call: impl FnOnce(&mut Tcp, &mut Env<'_>) -> R) -> R {
        let paths = RoutePaths { routes: &self.routes, interfaces: &self.interfaces, sysctl: &self.sysctl };
        let mut env = Env {
            now,
            random: self.random.as_mut(),
            counters: &mut self.counters,
            sysctl: &self.sysctl,
            paths: &paths,
        };
        call(&mut self.tcp, &mut env)
    }

    /// Calls TCP and sends what the call left to be sent. Linux: process context.
    fn tcp_call<R>(&mut self, now: Instant, call: impl FnOnce(&mut Tcp, &mut Env<'_>) -> R) -> R {
        self.now = now;
        let result = self.with_tcp(now, call);
        self.run_output(now);
        result
    }

    /// A new TCP socket.
    pub fn tcp_open(&mut self) -> Result<TcpHandle, SocketError> {
        self.with_tcp(self.now, |tcp, env| tcp.open(env))
    }

    /// Binds a socket to one of the stack's addresses, or to all with the unspecified one; port 0 lets the
    /// stack choose. [`SocketError::AddressNotBindable`] if the address is not the stack's.
    pub fn tcp_bind(&mut self, handle: TcpHandle, local: SocketAddr) -> Result<(), SocketError> {
        if !local.ip().is_unspecified() && !self.routes.is_local(local.ip()) {
            return Err(SocketError::AddressNotBindable);
        }
        self.with_tcp(self.now, |tcp, env| tcp.bind(env, handle, local))
    }

    /// Turns a bound socket into a listener.
    pub fn tcp_listen(&mut self, handle: TcpHandle) -> Result<(), SocketError> {
        self.tcp.listen(handle)
    }

    /// Starts to connect; [`Stack::tcp_connect_result`] tells how it went.
    pub fn tcp_connect(
        &mut self,
        handle: TcpHandle,
        remote: SocketAddr,
        now: Instant,
    ) -> Result<(), SocketError> {
        let (source, mtu) = self.way_to_peer(handle, remote)?;
        self.tcp_call(now, |tcp, env| tcp.connect(env, handle, source, remote, mtu))
    }

    /// The address that a connection to `remote` comes from, and the largest packet of its way in bytes.
    fn way_to_peer(&self, handle: TcpHandle, remote: SocketAddr) -> Result<(IpAddr, u32), SocketError> {
        let ip = remote.ip();
        if ip.is_unspecified() || ip.is_multicast() || self.routes.is_broadcast(ip) || remote.port() == 0 {
            return Err(SocketError::InvalidArgument);
        }
        let bound_to = self.tcp.options(handle).and_then(|options| options.device);
        let output = self.scope_towards(remote, bound_to)?;
        let bound = self.tcp.local_address(handle);
        let port = bound.map_or(0, |local| local.port());
        let transport = Transport { protocol: Protocol::TCP.0, ports: [port, remote.port()] };
        let (source, mtu) = self.path_to(FlowKey { output, transport, ..FlowKey::to(ip) })?;
        let bound = bound.map(|local| local.ip());
        Ok((bound.filter(|address| !address.is_unspecified()).unwrap_or(source), mtu))
    }

    /// The device of an address that means something on one link alone: every link has such addresses, so one must be
    /// named, by the address or by the socket. None for others. Linux: `tcp_v6_connect`, `__ip6_datagram_connect`.
    pub(super) fn scope_towards(
        &self,
        remote: SocketAddr,
        bound_to: Option<DeviceIndex>,
    ) -> Result<Option<DeviceIndex>, SocketError> {
        if !needs_scope(remote.ip()) {
            return Ok(None);
        }
        let device = scope_of(remote).map(DeviceIndex).or(bound_to);
        device.map(Some).ok_or(SocketError::InvalidArgument)
    }

    /// Our address on a flow's way, and the largest packet of that in bytes. Linux: `ip_route_connect`.
    fn path_to(&self, flow: FlowKey) -> Result<(IpAddr, u32), SocketError> {
        let refused = |refusal| match refusal {
            Refusal::Prohibit => SocketError::AccessDenied,
            Refusal::Blackhole => SocketError::InvalidArgument,
            Refusal::NoRoute => SocketError::NetworkUnreachable,
            Refusal::Unreachable => SocketError::HostUnreachable,
        };
        let way = self.routes.lookup(&flow).map_err(refused)?;
        let mtu = match &way {
            Destination::Local { .. } => {
                self.interfaces.get(DeviceIndex::LOOPBACK).map_or(65536, |lo| lo.mtu())
            }
            Destination::Unicast(hop) => {
                let interface = self.interfaces.get(hop.device).ok_or(SocketError::NetworkUnreachable)?;
                hop.metrics.mtu.unwrap_or(u32::MAX).min(interface.mtu())
            }
            Destination::Broadcast(_) => return Err(SocketError::InvalidArgument),
        };
        Ok((self.source_by(flow.destination, &way).ok_or(SocketError::NetworkUnreachable)?, mtu))
    }

    /// As [`Stack::tcp_connect`], with data for the SYN; answers how much was taken. Linux: `MSG_FASTOPEN`.
    pub fn tcp_connect_with_data(
        &mut self,
        handle: TcpHandle,
        remote: SocketAddr,
        data: &[u8],
        now: Instant,
    ) -> Result<usize, SocketError> {
        let (source, mtu) = self.way_to_peer(handle, remote)?;
        self.tcp_call(now, |tcp, env| tcp.connect_with_data(env, handle, source, remote, mtu, data))
    }

    /// Signs segments to the peers in `peer`/`prefix_len`; an empty key ends that. Linux: `TCP_MD5SIG_EXT`.
    pub fn tcp_add_md5_key(
        &mut self,
        handle: TcpHandle,
        peer: IpAddr,
        prefix_len: u8,
        key: &[u8],
    ) -> Result<(), SocketError> {
        self.tcp.add_md5_key(handle, peer, prefix_len, key)
    }

    /// The headers of the SYN that opened an accepted connection, once. Linux: `TCP_SAVED_SYN`.
    pub fn tcp_saved_syn(&mut self, handle: TcpHandle) -> Option<Box<[u8]>> {
        self.tcp.saved_syn(handle)
    }

    /// How a connection attempt went: [`SocketError::WouldBlock`] while it runs, an error once if it failed.
    pub fn tcp_connect_result(&mut self, handle: TcpHandle) -> Result<(), SocketError> {
        self.tcp.connect_result(handle)
    }

    /// Takes the connection that waits longest; [`SocketError::WouldBlock`] if none does.
    pub fn tcp_accept(&mut self, handle: TcpHandle) -> Result<TcpHandle, SocketError> {
        self.tcp.accept(handle)
    }

    /// How many bytes [`Stack::tcp_send`] takes now, 0 if the writer has to wait; an error once sending is over.
    pub fn tcp_send_space(&self, handle: TcpHandle) -> Result<usize, SocketError> {
        self.tcp.send_space(handle)
    }

    /// Takes bytes to be sent: as many as there is room for, or [`SocketError::WouldBlock`].
    pub fn tcp_send(&mut self, handle: TcpHandle, data: &[u8], now: Instant) -> Result<usize, SocketError> {
        self.tcp_send_with(handle, data, SendFlags::default(), now)
    }

    /// As [`Stack::tcp_send`], with a say in how the bytes leave.
    pub fn tcp_send_with(
        &mut self,
        handle: TcpHandle,
        data: &[u8],
        flags: SendFlags,
        now: Instant,
    ) -> Result<usize, SocketError> {
        // One buffer at a time, and what it lets leave leaves before the next is filled, as in `tcp_sendmsg_locked`.
        let mut taken = 0;
        loop {
            let rest = data.get(taken..).unwrap_or_default();
            match self.tcp_call(now, |tcp, env| tcp.send_with(env, handle, rest, flags)) {
                Ok(0) => return Ok(taken),
                Ok(count) => taken += count,
                Err(error) if taken == 0 => return Err(error),
                Err(_) => {
                    self.tcp_call(now, |tcp, env| tcp.push(env, handle));
                    return Ok(taken);
                }
            }
            // A connection that only begins with this write takes what its SYN takes, and no more is waiting.
            if taken == data.len() || self.tcp.state(handle) == Some(TcpState::SynSent) {
                return Ok(taken);
            }
        }
    }

    /// How many bytes, a FIN counted as one, were taken and are not acknowledged. Linux: `SIOCOUTQ`.
    pub fn tcp_unacknowledged(&self, handle: TcpHandle) -> usize {
        self.tcp.unacknowledged(handle)
    }

    /// How many bytes can be read. Linux: `SIOCINQ`.
    pub fn tcp_queued_input(&self, handle: TcpHandle) -> usize {
        self.tcp.queued_input(handle)
    }

    /// What [`Stack::tcp_receive`] would give, left where it is.
    pub fn tcp_peek(&self, handle: TcpHandle, max: usize) -> Result<Received, SocketError> {
        self.tcp.peek(handle, max)
    }

    /// The error that the connection met, once. Linux: `SO_ERROR`.
    pub fn tcp_take_error(&mut self, handle: TcpHandle) -> Option<SocketError> {
        self.tcp.take_error(handle)
    }

    /// Whether acknowledgements leave at once for now. Linux: reading `TCP_QUICKACK`.
    pub fn tcp_is_quick_ack(&self, handle: TcpHandle) -> bool {
        self.tcp.is_quick_ack(handle)
    }

    /// What the connection or the listener tells of itself; none of a handle that was given up. Linux: `TCP_INFO`.
    pub fn tcp_info(&self, handle: TcpHandle, now: Instant) -> Option<TcpInfo> {
        self.tcp.info(handle, now)
    }

    /// What the congestion control of a connection tells of itself; none of other sockets. Linux: `TCP_CC_INFO`.
    pub fn tcp_congestion_info(&self, handle: TcpHandle) -> Option<CongestionInfo> {
        self.tcp.congestion_info(handle, self.now)
    }

    /// Lets a program of classic BPF look at each segment from its TCP header on.
    pub fn tcp_attach_filter(
        &mut self,
        handle: TcpHandle,
        program: &[Instruction],
    ) -> Result<(), FilterError> {
        self.tcp.attach_filter(handle, program)
    }

    /// Takes the filter away.
    pub fn tcp_detach_filter(&mut self, handle: TcpHandle) -> Result<(), FilterError> {
        self.tcp.detach_filter(handle)
    }

    /// The filter can no longer be changed or taken away.
    pub fn tcp_lock_filter(&mut self, handle: TcpHandle) -> Result<(), FilterError> {
        self.tcp.lock_filter(handle)
    }

    /// How many bytes were taken and have not left yet.
    pub fn tcp_unsent(&self, handle: TcpHandle) -> usize {
        self.tcp.unsent(handle)
    }

    /// Takes at most `max` bytes that arrived, or [`SocketError::WouldBlock`].
    pub fn tcp_receive(
        &mut self,
        handle: TcpHandle,
        max: usize,
        now: Instant,
    ) -> Result<Received, SocketError> {
        self.tcp_call(now, |tcp, env| tcp.receive(env, handle, max))
    }

    /// Ends one side of a connection, or both.
    pub fn tcp_shutdown(
        &mut self,
        handle: TcpHandle,
        how: Shutdown,
        now: Instant,
    ) -> Result<(), SocketError> {
        self.tcp_call(now, |tcp, env| tcp.shutdown(env, handle, how))
    }

    /// Gives a socket up. What was sent still arrives; data that was never read resets the connection.
    pub fn tcp_close(&mut self, handle: TcpHandle, now: Instant) {
        self.tcp_call(now, |tcp, env| tcp.close(env, handle));
    }

    /// Gives a socket up at once: its connection is reset.
    pub fn tcp_abort(&mut self, handle: TcpHandle, now: Instant) {
        self.tcp_call(now, |tcp, env| tcp.abort_socket(env, handle));
    }

    /// Our end's address, none if the socket has none.
    pub fn tcp_local_address(&self, handle: TcpHandle) -> Option<SocketAddr> {
        self.tcp.local_address(handle)
    }

    /// The peer's address, also after the connection has ended; none if there never was one.
    pub fn tcp_remote_address(&self, handle: TcpHandle) -> Option<SocketAddr> {
        self.tcp.remote_address(handle)
    }

    /// The state; none of a handle that was given up.
    pub fn tcp_state(&self, handle: TcpHandle) -> Option<TcpState> {
        self.tcp.state(handle)
    }

    /// What the socket's owner could do now without waiting.
    pub fn tcp_readiness(&self, handle: TcpHandle) -> TcpReadiness {
        self.tcp.readiness(handle)
    }

    /// The settings in force.
    pub fn tcp_options(&self, handle: TcpHandle) -> Option<&TcpOptions> {
        self.tcp.options(handle)
    }

    /// Changes a setting: 0 is refused where it means nothing, other values are brought into their range.
    pub fn tcp_set_option(&mut self, handle: TcpHandle, option: TcpOption) -> Result<(), SocketError> {
        let now = self.now;
        self.tcp_call(now, |tcp, env| tcp.set_option(env, handle, option))
    }

    /// How many hops the packets of a socket may take: as many as its owner chose, or as the route, the device or the
    /// settings say; none of a handle that was given up. Linux: reading `IP_TTL`, `IPV6_UNICAST_HOPS`.
    pub fn tcp_hop_limit(&self, handle: TcpHandle) -> Option<u8> {
        let chosen = self.tcp.options(handle)?.hop_limit;
        let ends = self.tcp.remote_address(handle).or(self.tcp.local_address(handle));
        Some(chosen.unwrap_or_else(|| self.default_hop_limit(ends)))
    }

    /// Linux: `ip4_dst_hoplimit`, `ip6_dst_hoplimit`.
    pub(super) fn default_hop_limit(&self, remote: Option<SocketAddr>) -> u8 {
        let hop = remote.and_then(|remote| match self.routes.lookup(&FlowKey::towards(remote)) {
            Ok(Destination::Unicast(hop)) => Some(hop),
            _ => None,
        });
        let of_route = hop.and_then(|hop| hop.metrics.hop_limit);
        let of_settings = || match (remote, hop) {
            (Some(SocketAddr::V6(_)), Some(hop)) => self.sysctl.ipv6.of(hop.device.0).hop_limit,
            (Some(SocketAddr::V6(_)), None) => self.sysctl.ipv6.all.hop_limit,
            _ => self.sysctl.ip_default_ttl,
        };
        of_route.unwrap_or_else(|| of_settings() as u8)
    }

    /// Whether changes of sockets' states are kept for [`Stack::tcp_take_state_changes`]. Linux: the tracepoint
    /// `sock:inet_sock_set_state`.
    pub fn tcp_trace_states(&mut self, on: bool) {
        self.tcp.trace_states(on);
    }

    /// Whether changes of sockets' states are kept.
    pub fn tcp_traces_states(&self) -> bool {
        self.tcp.traces_states()
    }

    /// The changes of sockets' states since the last time, oldest first.
    pub fn tcp_take_state_changes(&mut self) -> Vec<StateChange> {
        self.tcp.take_state_changes()
    }
}
