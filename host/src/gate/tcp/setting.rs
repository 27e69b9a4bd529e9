//! What a guest sets at a TCP socket, and how large its buffers may be.

use super::super::answer::answered;
use super::options::TcpOption;
use super::socket::TcpSocket;
use crate::gate::buffers::{Buffers, Reserved};
use crate::gate::closed::Closed;
use crate::gate::error::SocketResult;

impl Drop for TcpSocket {
    /// What a limited guest's connection has still to send stays with what it reserved.
    fn drop(&mut self) {
        let (Some(mut reserved), Some(closed)) = (self.reserved.take(), self.closed.take()) else { return };
        let Some((local, remote)) = self.ends() else { return };
        let unsent = self.call(|stack, handle| match stack.stack.socket_options() {
            Some(options) => options.call_unacknowledged(&mut *stack.store, handle),
            None => Ok(Ok(0)),
        });
        if let Ok(unsent @ 1..) = unsent {
            reserved.resize((0, unsent));
            closed.keep(local, remote, reserved);
        }
    }
}

impl TcpSocket {
    /// Sets an option, and remembers it. Buffers are as large as the guest may have them.
    pub(in crate::gate) fn set(&mut self, option: TcpOption) -> SocketResult<()> {
        let option = self.reserved.as_ref().map_or(option, |reserved| option.within(reserved));
        self.call(|stack, handle| option.set(stack, handle))?;
        self.options.remember(option);
        self.count_buffers()
    }

    /// Fixes the buffers at their sizes and reserves those, where the guest's are limited. When the socket is `closed`, it
    /// keeps what it has still to send.
    pub(in crate::gate) fn reserve_buffers(
        &mut self,
        buffers: &Buffers,
        closed: &Closed,
    ) -> SocketResult<()> {
        if !buffers.are_limited() {
            return Ok(());
        }
        let (receive, send) = self.buffer_sizes()?;
        self.reserved = Some(buffers.reserve((receive, send))?);
        self.closed = Some(closed.clone());
        self.set(TcpOption::ReceiveBuffer(receive))?;
        self.set(TcpOption::SendBuffer(send))
    }

    /// Whether a socket with this one's buffers may be accepted.
    pub(super) fn has_room_for_another(&self) -> SocketResult<()> {
        self.reserved.as_ref().map_or(Ok(()), Reserved::has_room_for_another).map_err(Into::into)
    }

    /// What of the buffers is the guest's, where that is limited.
    pub(super) fn reserved(&self) -> Option<&Reserved> {
        self.reserved.as_ref()
    }

    /// Counts the buffers as the stack has them now.
    pub(super) fn count_buffers(&mut self) -> SocketResult<()> {
        if self.reserved.is_some() {
            let sizes = self.buffer_sizes()?;
            self.reserved.iter_mut().for_each(|reserved| reserved.resize(sizes));
        }
        Ok(())
    }

    /// How much its buffers may hold, or hold: to make them smaller empties none, and takes no permit back.
    fn buffer_sizes(&mut self) -> SocketResult<(u64, u64)> {
        let permitted = self.permit.left();
        self.call(|stack, handle| {
            let tcp = stack.stack.wasi_sockets_tcp().tcp_socket();
            let receive = answered!(tcp.call_receive_buffer_size(&mut *stack.store, handle));
            let send = answered!(tcp.call_send_buffer_size(&mut *stack.store, handle));
            let Some(options) = stack.stack.socket_options() else { return Ok(Ok((receive, send))) };
            // Who is no connection holds nothing.
            let unread = options.call_queued_input(&mut *stack.store, handle)?.unwrap_or(0);
            let unsent = options.call_unacknowledged(&mut *stack.store, handle)?.unwrap_or(0);
            Ok(Ok((receive.max(unread), send.max(unsent.saturating_add(permitted)))))
        })
    }
}
