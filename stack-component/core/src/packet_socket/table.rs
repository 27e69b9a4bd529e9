//! All packet sockets. Linux: `net->packet.sklist`, `ptype_all`, `ptype_base`.

use super::socket::Socket;
use super::{Form, Frame, PacketOption, Protocols, Received, Statistics};
use crate::arena::{Arena, Handle};
use crate::packet::DeviceIndex;
use crate::random::Random;
use crate::socket::SocketError;
use crate::socket::memory::{Bounds, Memory};
use alloc::vec::Vec;

/// The name of a packet socket.
pub type PacketHandle = Handle<Socket>;

/// Most sockets of a stack: each frame is shown to all of them.
pub(super) const MAX_SOCKETS: usize = 256;

/// What may wait in all of them. Linux has no such bound: whoever has them there has all memory.
const BOUNDS: Bounds = Bounds { most: 256 << 20, least: 4096 };

/// All packet sockets of a stack.
#[derive(Debug, Default)]
pub struct PacketSockets {
    sockets: Arena<Socket>,
    /// In the order in which they were made.
    handles: Vec<PacketHandle>,
    wakeups: Vec<PacketHandle>,
    memory: Memory,
}

impl PacketSockets {
    /// A new socket at all devices, whose frames may take `receive_buffer` bytes. Linux: `packet_create`.
    pub fn open(
        &mut self,
        form: Form,
        protocols: Protocols,
        receive_buffer: usize,
    ) -> Result<PacketHandle, SocketError> {
        if self.handles.len() >= MAX_SOCKETS {
            return Err(SocketError::NewSocketLimit);
        }
        let handle = self.sockets.insert(Socket::new(form, protocols, receive_buffer));
        self.handles.push(handle);
        Ok(handle)
    }

    /// Whether there is no socket: nothing has to be shown to anybody.
    pub fn is_empty(&self) -> bool {
        self.handles.is_empty()
    }

    /// Hears `device` alone from now on, or all of them, and these protocols. Linux: `packet_do_bind`.
    pub fn bind(
        &mut self,
        handle: PacketHandle,
        device: Option<DeviceIndex>,
        protocols: Protocols,
    ) -> Result<(), SocketError> {
        let socket = self.sockets.get_mut(handle).ok_or(SocketError::InvalidState)?;
        (socket.device, socket.protocols) = (device, protocols);
        Ok(())
    }

    /// Sets an option; `max_buffer` is the largest receive buffer in bytes that may be asked for.
    pub fn set(
        &mut self,
        handle: PacketHandle,
        option: PacketOption,
        max_buffer: usize,
    ) -> Result<(), SocketError> {
        self.sockets.get_mut(handle).ok_or(SocketError::InvalidState)?.set(option, max_buffer);
        Ok(())
    }

    /// Notes that the socket wants `device` promiscuous, or no more; answers whether that is news. Linux:
    /// `packet_mc_add`, `packet_mc_drop`.
    pub fn set_member(
        &mut self,
        handle: PacketHandle,
        device: DeviceIndex,
        member: bool,
    ) -> Result<bool, SocketError> {
        self.sockets.get_mut(handle).ok_or(SocketError::InvalidState)?.set_member(device, member)
    }

    /// The socket.
    pub fn get(&self, handle: PacketHandle) -> Option<&Socket> {
        self.sockets.get(handle)
    }

    /// All sockets in the order in which they were made.
    pub fn iter(&self) -> impl Iterator<Item = (PacketHandle, &Socket)> {
        self.handles.iter().filter_map(|&handle| Some((handle, self.sockets.get(handle)?)))
    }

    /// Shows a frame to the sockets that want all, but not to the one that sent it. Linux: `dev_queue_xmit_nit`, the
    /// first half of `__netif_receive_skb_core`.
    pub fn see(&mut self, frame: &Frame<'_>, sender: Option<PacketHandle>, random: &mut dyn Random) {
        self.offer(frame, random, |handle, socket| {
            socket.protocols == Protocols::All
                && socket.device.is_none_or(|device| device == frame.device)
                && sender != Some(handle)
                && !socket.ignores(frame)
        });
    }

    /// Shows a received frame to the sockets that want its protocol. One that a VLAN's frame is for may be bound to the
    /// device that it came by, too. Linux: the second half of `__netif_receive_skb_core`.
    pub fn see_protocol(&mut self, frame: &Frame<'_>, came_by: DeviceIndex, random: &mut dyn Random) {
        self.offer(frame, random, |_, socket| {
            socket.protocols == Protocols::Only(frame.protocol)
                && socket.device.is_none_or(|device| device == frame.device || device == came_by)
        });
    }

    /// Linux: `deliver_ptype_list_skb`.
    fn offer(
        &mut self,
        frame: &Frame<'_>,
        random: &mut dyn Random,
        wants: impl Fn(PacketHandle, &Socket) -> bool,
    ) {
        for &handle in &self.handles {
            let Some(socket) = self.sockets.get_mut(handle).filter(|socket| wants(handle, socket)) else {
                continue;
            };
            let (before, _) = socket.memory();
            let has_room = self.memory.admits(BOUNDS, before, frame.bytes.len());
            let taken = socket.take(frame, has_room, random);
            self.memory.change(before, socket.memory().0);
            if taken && !core::mem::replace(&mut socket.woken, true) {
                self.wakeups.push(handle);
            }
        }
    }

    /// The oldest frame, or [`SocketError::WouldBlock`].
    pub fn receive(&mut self, handle: PacketHandle) -> Result<Received, SocketError> {
        let socket = self.sockets.get_mut(handle).ok_or(SocketError::InvalidState)?;
        let (before, _) = socket.memory();
        let received = socket.pop().ok_or(SocketError::WouldBlock)?;
        self.memory.change(before, socket.memory().0);
        Ok(received)
    }

    /// Whether a frame waits.
    pub fn is_readable(&self, handle: PacketHandle) -> bool {
        self.sockets.get(handle).is_some_and(Socket::is_readable)
    }

    /// What was counted since the last time.
    pub fn statistics(&mut self, handle: PacketHandle) -> Result<Statistics, SocketError> {
        Ok(self.sockets.get_mut(handle).ok_or(SocketError::InvalidState)?.take_statistics())
    }

    /// Gives a socket up; answers the devices that it kept promiscuous. Linux: `packet_release`.
    pub fn close(&mut self, handle: PacketHandle) -> Vec<DeviceIndex> {
        self.handles.retain(|other| *other != handle);
        let Some(socket) = self.sockets.remove(handle) else { return Vec::new() };
        self.memory.change(socket.memory().0, 0);
        socket.memberships
    }

    /// A device is gone: who was bound to it hears nothing any more, and nobody keeps it promiscuous. Linux:
    /// `packet_notifier`.
    pub fn device_gone(&mut self, device: DeviceIndex) {
        for &handle in &self.handles {
            let Some(socket) = self.sockets.get_mut(handle) else { continue };
            socket.memberships.retain(|other| *other != device);
            if socket.device == Some(device) {
                (socket.device, socket.protocols) = (None, Protocols::Nothing);
            }
        }
    }

    /// Sockets whose readiness may have changed since the last time, each once.
    pub fn take_wakeups(&mut self) -> Vec<PacketHandle> {
        for &handle in &self.wakeups {
            if let Some(socket) = self.sockets.get_mut(handle) {
                socket.woken = false;
            }
        }
        core::mem::take(&mut self.wakeups)
    }
}
