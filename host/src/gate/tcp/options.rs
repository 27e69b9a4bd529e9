//! The options that a guest set on a socket, kept so that the socket can be made again.

use crate::gate::buffers::Reserved;
use crate::kernel::Entered;
use crate::kernel::bindings::exports::wasi::sockets::network::ErrorCode;
use wasmtime::component::ResourceAny;

/// An option as it was set. Durations are nanoseconds, sizes bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TcpOption {
    /// listen-backlog-size.
    Backlog(u64),
    /// keep-alive-enabled.
    KeepAlive(bool),
    /// keep-alive-idle-time.
    KeepAliveIdle(u64),
    /// keep-alive-interval.
    KeepAliveInterval(u64),
    /// keep-alive-count.
    KeepAliveCount(u32),
    /// hop-limit.
    HopLimit(u8),
    /// receive-buffer-size.
    ReceiveBuffer(u64),
    /// send-buffer-size.
    SendBuffer(u64),
}

impl TcpOption {
    /// Sets it on the stack's socket.
    pub(super) fn set(
        self,
        stack: &mut Entered<'_>,
        socket: ResourceAny,
    ) -> wasmtime::Result<Result<(), ErrorCode>> {
        let tcp = stack.stack.wasi_sockets_tcp().tcp_socket();
        let store = &mut *stack.store;
        match self {
            TcpOption::Backlog(value) => tcp.call_set_listen_backlog_size(store, socket, value),
            TcpOption::KeepAlive(value) => tcp.call_set_keep_alive_enabled(store, socket, value),
            TcpOption::KeepAliveIdle(value) => tcp.call_set_keep_alive_idle_time(store, socket, value),
            TcpOption::KeepAliveInterval(value) => tcp.call_set_keep_alive_interval(store, socket, value),
            TcpOption::KeepAliveCount(value) => tcp.call_set_keep_alive_count(store, socket, value),
            TcpOption::HopLimit(value) => tcp.call_set_hop_limit(store, socket, value),
            TcpOption::ReceiveBuffer(value) => tcp.call_set_receive_buffer_size(store, socket, value),
            TcpOption::SendBuffer(value) => tcp.call_set_send_buffer_size(store, socket, value),
        }
    }

    /// The same, with buffers no larger than the guest may have them.
    pub(super) fn within(self, reserved: &Reserved) -> Self {
        match self {
            TcpOption::ReceiveBuffer(size) => TcpOption::ReceiveBuffer(size.min(reserved.largest_receive())),
            TcpOption::SendBuffer(size) => TcpOption::SendBuffer(size.min(reserved.largest_send())),
            option => option,
        }
    }
}
