//! What interface `socket-options` sets and asks of a socket, over the core's.

use super::State;
use super::family::Family;

use super::tcp_state::Call;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};
use stack_core::bpf::Instruction;
use stack_core::packet::DeviceIndex;
use stack_core::socket::SocketError;
use stack_core::tcp::{
    CongestionInfo, FilterError, Received, SendFlags, TcpHandle, TcpInfo, TcpOptions, TcpState,
};
use stack_core::time::{Duration, Instant};
use stack_core::wire::cidr::IpCidr;

/// Most bytes of one look at what waits to be read.
const MAX_PEEK: u64 = 1024 * 1024;

/// The options of a socket as they are in force, the settings of the stack standing in for what was not chosen.
pub(crate) struct InForce {
    pub(crate) options: TcpOptions,
    pub(crate) quick_ack: bool,
    /// The name of the device that it is bound to.
    pub(crate) device: String,
    pub(crate) syn_count: u8,
    /// None: an orphan does not wait at all.
    pub(crate) fin_timeout: Option<Duration>,
    pub(crate) rto_min: Duration,
    pub(crate) rto_max: Duration,
}

/// The calls of interface `socket-options`. But for setting, they are good in every state.
impl State {
    /// The options in force.
    pub(crate) fn in_force(&self, handle: TcpHandle) -> Result<InForce, SocketError> {
        let sysctl = self.stack.sysctl();
        let options = self.stack.tcp_options(handle).ok_or(SocketError::InvalidState)?.clone();
        let device = options.device.and_then(|device| self.stack.interfaces().get(device));
        let fin_timeout = options.fin_timeout.unwrap_or(Duration::from_secs(sysctl.tcp_fin_timeout.into()));
        let syn_retries = u8::try_from(sysctl.tcp_syn_retries).unwrap_or(u8::MAX);
        Ok(InForce {
            quick_ack: self.stack.tcp_is_quick_ack(handle),
            device: device.map(|device| String::from(device.name())).unwrap_or_default(),
            syn_count: options.syn_count.unwrap_or(syn_retries),
            fin_timeout: Some(fin_timeout).filter(|time| *time != Duration::ZERO),
            rto_min: options.least_timeout(sysctl),
            rto_max: options.longest_timeout(sysctl),
            options,
        })
    }

    /// The device of this name; none for the empty one.
    pub(crate) fn device_named(&self, name: &str) -> Result<Option<DeviceIndex>, SocketError> {
        if name.is_empty() {
            return Ok(None);
        }
        let device = self.stack.interfaces().by_name(name).ok_or(SocketError::InvalidArgument)?;
        Ok(Some(device.index()))
    }

    /// The state of the connection.
    pub(crate) fn tcp_state(&self, handle: TcpHandle) -> TcpState {
        self.stack.tcp_state(handle).unwrap_or_default()
    }

    /// What the connection or the listener tells of itself.
    pub(crate) fn info(&self, handle: TcpHandle, now: Instant) -> Result<TcpInfo, SocketError> {
        self.stack.tcp_info(handle, now).ok_or(SocketError::InvalidState)
    }

    /// What its congestion control tells of itself.
    pub(crate) fn congestion_info(&self, handle: TcpHandle) -> CongestionInfo {
        self.stack.tcp_congestion_info(handle).unwrap_or_default()
    }

    /// At most `max` of the bytes that wait to be read (and at most 1 MiB); they stay.
    pub(crate) fn peek(&self, handle: TcpHandle, max: u64) -> Result<Vec<u8>, SocketError> {
        let max = usize::try_from(max.min(MAX_PEEK)).unwrap_or(usize::MAX);
        match self.stack.tcp_peek(handle, max)? {
            Received::Data(data) => Ok(data),
            Received::End => Ok(Vec::new()),
        }
    }

    /// Hands in bytes beside the output stream. The room that the stream was promised is left to it.
    pub(crate) fn send(
        &mut self,
        handle: TcpHandle,
        data: &[u8],
        flags: SendFlags,
        now: Instant,
    ) -> Result<usize, SocketError> {
        let socket = self.sockets.get(&handle).ok_or(SocketError::InvalidState)?;
        let space = self.stack.tcp_send_space(handle)?;
        if socket.output_closed {
            return Err(SocketError::InvalidState);
        }
        let ours = if socket.permit == 0 { data.len() } else { space.saturating_sub(socket.permit) };
        if ours == 0 && !data.is_empty() {
            return Err(SocketError::WouldBlock);
        }
        let cut = ours < data.len();
        let flags = SendFlags { end_of_record: flags.end_of_record && !cut, ..flags };
        let data = data.get(..ours).unwrap_or(data);
        self.stack.tcp_send_with(handle, data, flags, now)
    }

    /// The error that waits to be told, by Linux's number; 0: there is none.
    pub(crate) fn take_error(&mut self, handle: TcpHandle) -> u32 {
        self.stack.tcp_take_error(handle).map_or(0, error_number)
    }

    /// Starts to connect; `data` goes with the SYN if it may. Answers how much was taken.
    pub(crate) fn connect_with_data(
        &mut self,
        handle: TcpHandle,
        remote: SocketAddr,
        data: &[u8],
        now: Instant,
    ) -> Result<usize, SocketError> {
        self.call(handle, Call::StartConnect, |stack, socket| {
            stack.tcp_connect_with_data(handle, socket.family.unicast(remote)?, data, now)
        })
    }

    /// Signs segments to the peers in `peer`/`prefix_len`.
    pub(crate) fn add_md5_key(
        &mut self,
        handle: TcpHandle,
        peer: IpAddr,
        prefix_len: u8,
        key: &[u8],
    ) -> Result<(), SocketError> {
        self.check_peer(handle, peer)?;
        if key.is_empty() {
            return Err(SocketError::InvalidArgument);
        }
        self.stack.tcp_add_md5_key(handle, peer, prefix_len, key)
    }

    /// A socket's peers are of its family.
    fn check_peer(&self, handle: TcpHandle, peer: IpAddr) -> Result<(), SocketError> {
        let same = peer.is_ipv4() == (self.family(handle) == Family::V4);
        if same { Ok(()) } else { Err(SocketError::InvalidArgument) }
    }

    /// Forgets a key.
    pub(crate) fn remove_md5_key(
        &mut self,
        handle: TcpHandle,
        peer: IpAddr,
        prefix_len: u8,
    ) -> Result<(), SocketError> {
        self.check_peer(handle, peer)?;
        if IpCidr::new(peer, prefix_len).is_none() {
            return Err(SocketError::InvalidArgument);
        }
        self.stack.tcp_add_md5_key(handle, peer, prefix_len, &[]).map_err(|error| match error {
            SocketError::InvalidArgument => SocketError::NotInProgress,
            error => error,
        })
    }

    /// Lets a program look at each segment.
    pub(crate) fn attach_filter(
        &mut self,
        handle: TcpHandle,
        program: &[Instruction],
    ) -> Result<(), SocketError> {
        self.stack.tcp_attach_filter(handle, program).map_err(filter_error)
    }

    /// Takes the program away.
    pub(crate) fn detach_filter(&mut self, handle: TcpHandle) -> Result<(), SocketError> {
        self.stack.tcp_detach_filter(handle).map_err(filter_error)
    }

    /// Lets nobody change it any more.
    pub(crate) fn lock_filter(&mut self, handle: TcpHandle) -> Result<(), SocketError> {
        self.stack.tcp_lock_filter(handle).map_err(filter_error)
    }
}

/// Linux keeps `SO_LINGER` in seconds; part of a second counts as a whole one.
pub(crate) fn whole_seconds(nanos: u64) -> Duration {
    Duration::from_secs(nanos.div_ceil(1_000_000_000))
}

/// Linux keeps `TCP_USER_TIMEOUT` in milliseconds; part of one counts as a whole one.
pub(crate) fn whole_millis(nanos: u64) -> Duration {
    Duration::from_millis(nanos.div_ceil(1_000_000))
}

fn filter_error(error: FilterError) -> SocketError {
    match error {
        FilterError::NoSocket => SocketError::InvalidState,
        FilterError::InvalidProgram => SocketError::InvalidArgument,
        FilterError::Locked => SocketError::AccessDenied,
        FilterError::NotAttached => SocketError::NotInProgress,
    }
}

/// Linux's number of an error that a connection can meet. Linux: `asm-generic/errno.h`.
fn error_number(error: SocketError) -> u32 {
    match error {
        SocketError::AccessDenied => 13,
        SocketError::NotSupported => 95,
        SocketError::InvalidArgument => 22,
        SocketError::OutOfMemory => 12,
        SocketError::Timeout => 110,
        SocketError::ConcurrencyConflict => 114,
        SocketError::NotInProgress | SocketError::InvalidState => 107,
        SocketError::WouldBlock => 11,
        SocketError::NewSocketLimit => 24,
        SocketError::AddressNotBindable => 99,
        SocketError::AddressInUse => 98,
        SocketError::NetworkUnreachable => 101,
        SocketError::HostUnreachable => 113,
        SocketError::HostDown => 112,
        SocketError::HostIsolated => 64,
        SocketError::ProtocolUnavailable => 92,
        SocketError::ProtocolError => 71,
        SocketError::BrokenPipe => 32,
        SocketError::ConnectionRefused => 111,
        SocketError::ConnectionReset => 104,
        SocketError::ConnectionAborted => 103,
        SocketError::DatagramTooLarge => 90,
    }
}
