//! What a guest sets at a TCP socket, and how large its buffers may be.

use super::super::answer::answered;
use super::options::TcpOption;
use super::socket::TcpSocket;
use crate::gate::buffers::{Buffers, Reserved};
use crate::gate::error::SocketResult;

impl TcpSocket {
    /// Sets an option, and remembers it. Buffers are as large as the guest may have them.
    pub(in crate::gate) fn set(&mut self, option: TcpOption) -> SocketResult<()> {
        let option = self.reserved.as_ref().map_or(option, |reserved| option.within(reserved));
        self.call(|stack, handle| option.set(stack, handle))?;
        self.options.remember(option);
        self.count_buffers()
    }

    /// Fixes the buffers at their sizes and reserves those, where the guest's are limited.
    pub(in crate::gate) fn reserve_buffers(&mut self, buffers: &Buffers) -> SocketResult<()> {
        if !buffers.are_limited() {
            return Ok(());
        }
        let (receive, send) = self.buffer_sizes()?;
        self.reserved = Some(buffers.reserve((receive, send))?);
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

    fn buffer_sizes(&mut self) -> SocketResult<(u64, u64)> {
        self.call(|stack, handle| {
            let tcp = stack.stack.wasi_sockets_tcp().tcp_socket();
            let receive = answered!(tcp.call_receive_buffer_size(&mut *stack.store, handle));
            let send = answered!(tcp.call_send_buffer_size(&mut *stack.store, handle));
            Ok(Ok((receive, send)))
        })
    }
}
