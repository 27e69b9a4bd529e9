//! The options that a guest set on a socket, kept so that the socket can be made again.

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
}

/// What was set, each option once, in the order in which they were last set.
#[derive(Clone, Debug, Default)]
pub(crate) struct TcpOptions(Vec<TcpOption>);

impl TcpOptions {
    /// Remembers an option that the stack accepted.
    pub(super) fn remember(&mut self, option: TcpOption) {
        self.0.retain(|earlier| std::mem::discriminant(earlier) != std::mem::discriminant(&option));
        self.0.push(option);
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = TcpOption> + '_ {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_of_each_option_is_kept() {
        let mut options = TcpOptions::default();
        for option in [
            TcpOption::HopLimit(1),
            TcpOption::KeepAlive(true),
            TcpOption::HopLimit(2),
            TcpOption::Backlog(9),
        ] {
            options.remember(option);
        }
        let kept: Vec<_> = options.iter().collect();
        assert_eq!(kept, [TcpOption::KeepAlive(true), TcpOption::HopLimit(2), TcpOption::Backlog(9)]);
    }
}
