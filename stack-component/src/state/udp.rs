//! UDP sockets as wasi:sockets sees them, over the core's.

use super::State;
use super::family::Family;
use super::pollables::PollableHandle;
use alloc::vec::Vec;
use core::net::SocketAddr;
use stack_core::socket::SocketError;
use stack_core::stack::{SocketHandle, Stack};
use stack_core::time::Instant;
use stack_core::udp::{UdpHandle, UdpOption};

/// Most datagrams of one `receive`, and what `check-send` permits.
pub(crate) const MAX_BATCH: usize = 64;

/// Bytes of data after which one `receive` takes no further datagram: they are copied twice.
const MAX_BATCH_BYTES: usize = 256 * 1024;

/// What is known of a socket beside what the core knows.
pub(super) struct Socket {
    family: Family,
    state: UdpState,
    /// How many resources stand for it: itself and its streams. The last one closes it.
    owners: u32,
    /// The pollables that the host waits for.
    pub(super) armed: Vec<PollableHandle>,
}

/// Where a socket is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum UdpState {
    /// New.
    Unbound,
    /// `start-bind` has succeeded; `finish-bind` will.
    BindInProgress,
    /// It has a local address.
    Bound,
}

/// A datagram that a guest sends: its data, and to whom if not to the stream's peer.
pub(crate) type Outgoing = (Vec<u8>, Option<SocketAddr>);

/// The calls of interface `udp`, in its order.
impl State {
    /// A new socket, with one owner.
    pub(crate) fn create_udp_socket(&mut self, family: Family) -> Result<UdpHandle, SocketError> {
        let handle = self.stack.udp_open()?;
        let socket = Socket { family, state: UdpState::Unbound, owners: 1, armed: Vec::new() };
        self.udps.insert(handle, socket);
        Ok(handle)
    }

    pub(crate) fn udp_start_bind(&mut self, handle: UdpHandle, local: SocketAddr) -> Result<(), SocketError> {
        let (stack, socket) = self.udp(handle)?;
        match socket.state {
            UdpState::Unbound => {}
            UdpState::BindInProgress => return Err(SocketError::ConcurrencyConflict),
            UdpState::Bound => return Err(SocketError::InvalidState),
        }
        stack.udp_bind(handle, socket.family.own_version(local)?)?;
        socket.state = UdpState::BindInProgress;
        Ok(())
    }

    /// Binding was done at once.
    pub(crate) fn udp_finish_bind(&mut self, handle: UdpHandle) -> Result<(), SocketError> {
        let (_, socket) = self.udp(handle)?;
        if socket.state != UdpState::BindInProgress {
            return Err(SocketError::NotInProgress);
        }
        socket.state = UdpState::Bound;
        Ok(())
    }

    /// Talks to `remote` alone, or to everybody; the two streams are owners, too. What waits from others than `remote`
    /// is dropped.
    pub(crate) fn udp_stream(
        &mut self,
        handle: UdpHandle,
        remote: Option<SocketAddr>,
    ) -> Result<(), SocketError> {
        let (stack, socket) = self.udp(handle)?;
        match socket.state {
            UdpState::Bound => {}
            UdpState::BindInProgress => return Err(SocketError::ConcurrencyConflict),
            UdpState::Unbound => return Err(SocketError::InvalidState),
        }
        let remote = remote.map(|remote| socket.family.peer(remote)).transpose()?;
        if stack.udp_remote_address(handle).is_some() {
            stack.udp_disconnect(handle)?;
        }
        if let Some(remote) = remote {
            stack.udp_connect(handle, remote)?;
            stack.udp_forget_strangers(handle);
        }
        socket.owners += 2;
        self.wake(SocketHandle::Udp(handle));
        Ok(())
    }

    pub(crate) fn udp_local_address(&mut self, handle: UdpHandle) -> Result<SocketAddr, SocketError> {
        let (stack, socket) = self.udp(handle)?;
        let bound = stack.udp_local_address(handle).filter(|_| socket.state == UdpState::Bound);
        bound.ok_or(SocketError::InvalidState)
    }

    pub(crate) fn udp_remote_address(&mut self, handle: UdpHandle) -> Result<SocketAddr, SocketError> {
        self.stack.udp_remote_address(handle).ok_or(SocketError::InvalidState)
    }

    /// The family of a socket; a stale handle's is IPv4, for the calls that tell it cannot fail.
    pub(crate) fn udp_family(&self, handle: UdpHandle) -> Family {
        self.udps.get(&handle).map_or(Family::V4, |socket| socket.family)
    }

    /// Bytes of the receive and the send buffer.
    pub(crate) fn udp_buffers(&self, handle: UdpHandle) -> Result<(u32, u32), SocketError> {
        let options = self.stack.udp_options(handle).ok_or(SocketError::InvalidState)?;
        Ok((options.receive_buffer, options.send_buffer))
    }

    pub(crate) fn udp_set_option(&mut self, handle: UdpHandle, option: UdpOption) -> Result<(), SocketError> {
        self.stack.udp_set_option(handle, option)
    }

    /// At most `max` datagrams in the order they came, or the error that happened; none is no error.
    pub(crate) fn udp_receive(
        &mut self,
        handle: UdpHandle,
        max: u64,
    ) -> Result<Vec<(Vec<u8>, SocketAddr)>, SocketError> {
        let max = usize::try_from(max).unwrap_or(MAX_BATCH).min(MAX_BATCH);
        let (mut datagrams, mut bytes) = (Vec::new(), 0);
        while datagrams.len() < max && bytes < MAX_BATCH_BYTES {
            match self.stack.udp_receive_from(handle) {
                Ok(datagram) => {
                    bytes += datagram.0.len();
                    datagrams.push(datagram);
                }
                Err(SocketError::WouldBlock) => break,
                // The core tells an error before the datagrams: none is lost.
                Err(error) => return Err(error),
            }
        }
        Ok(datagrams)
    }

    /// Sends in order; answers how many went, or why the first one did not.
    pub(crate) fn udp_send(
        &mut self,
        handle: UdpHandle,
        datagrams: &[Outgoing],
        now: Instant,
    ) -> Result<usize, SocketError> {
        for (sent, (data, remote)) in datagrams.iter().enumerate() {
            let (stack, socket) = self.udp(handle)?;
            if sent > 0 && stack.udp_has_error(handle) {
                // What went before has been refused already, as over loopback: the next call tells it.
                return Ok(sent);
            }
            let remote = remote.map(|remote| socket.family.peer(remote)).transpose();
            match remote.and_then(|remote| stack.udp_send_to(handle, data, remote, now)) {
                Ok(()) => {}
                Err(error) if sent == 0 => return Err(error),
                Err(_) => return Ok(sent),
            }
        }
        Ok(datagrams.len())
    }

    /// One owner was dropped. With the last one the socket closes; a pollable that outlives it is ready.
    pub(crate) fn udp_release(&mut self, handle: UdpHandle) {
        let Some(socket) = self.udps.get_mut(&handle) else { return };
        socket.owners = socket.owners.saturating_sub(1);
        if socket.owners > 0 {
            return;
        }
        while let Some(&pollable) = self.udps.get(&handle).and_then(|socket| socket.armed.last()) {
            self.fire(pollable);
        }
        self.udps.remove(&handle);
        self.stack.udp_close(handle);
    }

    fn udp(&mut self, handle: UdpHandle) -> Result<(&mut Stack, &mut Socket), SocketError> {
        let socket = self.udps.get_mut(&handle).ok_or(SocketError::InvalidState)?;
        Ok((&mut self.stack, socket))
    }
}
