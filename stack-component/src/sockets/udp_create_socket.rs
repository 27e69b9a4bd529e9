//! Interface `udp-create-socket`: no UDP sockets yet.

use crate::Component;
use crate::bindings::exports::wasi::sockets::network::{ErrorCode, IpAddressFamily};
use crate::bindings::exports::wasi::sockets::udp::UdpSocket;
use crate::bindings::exports::wasi::sockets::udp_create_socket::Guest;

impl Guest for Component {
    fn create_udp_socket(_: IpAddressFamily) -> Result<UdpSocket, ErrorCode> {
        Err(ErrorCode::NotSupported)
    }
}
