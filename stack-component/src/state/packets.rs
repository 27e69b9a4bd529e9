//! Packet sockets.

use super::State;
use super::plain::send_in_order;
use alloc::vec::Vec;
use stack_core::packet_socket::{Form, PacketHandle, Protocols, Received};
use stack_core::socket::SocketError;
use stack_core::stack::{OutgoingFrame, SocketHandle};
use stack_core::time::Instant;

impl State {
    /// A new socket.
    pub(crate) fn create_packet_socket(
        &mut self,
        form: Form,
        protocols: Protocols,
    ) -> Result<PacketHandle, SocketError> {
        let handle = self.stack.packet_open(form, protocols)?;
        self.add_plain(SocketHandle::Packet(handle));
        Ok(handle)
    }

    /// Gives a socket up; who waits for it shall see.
    pub(crate) fn drop_packet_socket(&mut self, handle: PacketHandle) {
        self.forget_plain(SocketHandle::Packet(handle));
        self.stack.packet_close(handle);
    }

    /// Sends in order; answers how many went, or why the first one did not.
    pub(crate) fn send_frames(
        &mut self,
        handle: PacketHandle,
        frames: &[OutgoingFrame<'_>],
        now: Instant,
    ) -> Result<usize, SocketError> {
        send_in_order(frames, |frame| self.stack.packet_send(handle, frame, now))
    }

    /// At most `max` frames.
    pub(crate) fn receive_frames(
        &mut self,
        handle: PacketHandle,
        max: u64,
    ) -> Result<Vec<Received>, SocketError> {
        self.batch(max, |state| state.stack.packet_receive(handle))
    }
}
