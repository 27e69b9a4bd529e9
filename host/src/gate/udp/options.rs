//! The options that a guest set on a UDP socket, kept so that the socket can be made again.

use crate::gate::buffers::Reserved;
use crate::kernel::Entered;
use crate::kernel::bindings::exports::wasi::sockets::network::ErrorCode;
use wasmtime::component::ResourceAny;

/// An option as it was set. Sizes are in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gate) enum UdpOption {
    /// unicast-hop-limit.
    HopLimit(u8),
    /// receive-buffer-size.
    ReceiveBuffer(u64),
    /// send-buffer-size.
    SendBuffer(u64),
}

impl UdpOption {
    /// Sets it on the stack's socket.
    pub(super) fn set(
        self,
        stack: &mut Entered<'_>,
        socket: ResourceAny,
    ) -> wasmtime::Result<Result<(), ErrorCode>> {
        let udp = stack.stack.wasi_sockets_udp().udp_socket();
        let store = &mut *stack.store;
        match self {
            UdpOption::HopLimit(value) => udp.call_set_unicast_hop_limit(store, socket, value),
            UdpOption::ReceiveBuffer(value) => udp.call_set_receive_buffer_size(store, socket, value),
            UdpOption::SendBuffer(value) => udp.call_set_send_buffer_size(store, socket, value),
        }
    }

    /// The same, with buffers no larger than the guest may have them.
    pub(super) fn within(self, reserved: &Reserved) -> Self {
        match self {
            UdpOption::ReceiveBuffer(size) => UdpOption::ReceiveBuffer(size.min(reserved.largest_receive())),
            UdpOption::SendBuffer(size) => UdpOption::SendBuffer(size.min(reserved.largest_send())),
            option => option,
        }
    }
}
