//! Calls that look at a socket without changing the connection, and its filter. Linux: `tcp_ioctl`, `MSG_PEEK`,
//! `SO_ERROR`, `SO_ATTACH_FILTER`.

use super::connection::Fin;
use super::filter::FilterError;
use super::handle::TcpHandle;
use super::sockets::Received;
use super::table::{Role, Socket, Tcp};
use super::{CongestionInfo, SocketError, TcpState};
use crate::bpf::Instruction;
use crate::time::Instant;

impl Tcp {
    /// What [`Tcp::receive`] would give, left where it is. Linux: `tcp_recvmsg` with `MSG_PEEK`.
    pub fn peek(&self, handle: TcpHandle, max: usize) -> Result<Received, SocketError> {
        let socket = self.sockets.get(handle).ok_or(SocketError::InvalidState)?;
        let connection = socket.connection().ok_or(SocketError::InvalidState)?;
        if connection.receive.queue.len() > 0 {
            return Ok(Received::Data(connection.receive.queue.peek(max)));
        }
        connection.nothing_to_read()
    }

    /// The error that the connection met, once. Linux: `SO_ERROR`, `sock_error`.
    pub fn take_error(&mut self, handle: TcpHandle) -> Option<SocketError> {
        match &mut self.sockets.get_mut(handle)?.role {
            Role::Connection(connection) => connection.error.take(),
            _ => None,
        }
    }

    /// Whether acknowledgements leave at once for now. Linux: reading `TCP_QUICKACK`.
    pub fn is_quick_ack(&self, handle: TcpHandle) -> bool {
        self.sockets.get(handle).and_then(Socket::connection).is_none_or(|c| c.ack.pingpong == 0)
    }

    /// What the congestion control of a connection tells of itself; none of other sockets. Linux: `TCP_CC_INFO`.
    pub fn congestion_info(&self, handle: TcpHandle, now: Instant) -> Option<CongestionInfo> {
        let connection = self.sockets.get(handle).and_then(Socket::connection)?;
        Some(connection.control.info(&connection.path(now)))
    }

    /// How many bytes can be read. Linux: `SIOCINQ`, `tcp_inq`.
    pub fn queued_input(&self, handle: TcpHandle) -> usize {
        self.sockets.get(handle).and_then(Socket::connection).map_or(0, |c| c.receive.queue.len())
    }

    /// How many bytes were handed in and are not acknowledged, a FIN counted as one. Linux: `SIOCOUTQ`.
    pub fn unacknowledged(&self, handle: TcpHandle) -> usize {
        let Some(connection) = self.sockets.get(handle).and_then(Socket::connection) else { return 0 };
        let fin_acknowledged = match connection.send.fin {
            Fin::No => true,
            Fin::Queued => false,
            Fin::Sent => connection.send.una == connection.send.next,
        };
        match connection.state {
            TcpState::SynSent | TcpState::SynRecv | TcpState::Close => 0,
            _ => connection.send.queue.len() + usize::from(!fin_acknowledged),
        }
    }

    /// Lets a program of classic BPF look at each segment, from its TCP header on, before the connection or the
    /// listener does: it answers how many bytes of the segment stay, none drops it. Connections that a listener
    /// accepts inherit its filter. Linux: `SO_ATTACH_FILTER`, `sk_attach_filter`.
    pub fn attach_filter(&mut self, handle: TcpHandle, program: &[Instruction]) -> Result<(), FilterError> {
        self.sockets.get_mut(handle).ok_or(FilterError::NoSocket)?.filter.attach(program)
    }

    /// Takes the filter away. Linux: `SO_DETACH_FILTER`.
    pub fn detach_filter(&mut self, handle: TcpHandle) -> Result<(), FilterError> {
        self.sockets.get_mut(handle).ok_or(FilterError::NoSocket)?.filter.detach()
    }

    /// The filter can no longer be changed or taken away. Linux: `SO_LOCK_FILTER`.
    pub fn lock_filter(&mut self, handle: TcpHandle) -> Result<(), FilterError> {
        self.sockets.get_mut(handle).ok_or(FilterError::NoSocket)?.filter.lock();
        Ok(())
    }
}

impl super::connection::Connection {
    /// What a reader hears who finds no data.
    pub(super) fn nothing_to_read(&self) -> Result<Received, SocketError> {
        match (self.state, self.ended_by) {
            // After the peer's FIN there is nothing that a reset could take away. Linux: `SOCK_DONE` in `tcp_recvmsg_locked`.
            _ if self.receive.shutdown || self.receive.finished => Ok(Received::End),
            (TcpState::Close, Some(error)) => Err(error),
            (TcpState::Close, None) => Ok(Received::End),
            _ => Err(SocketError::WouldBlock),
        }
    }
}
