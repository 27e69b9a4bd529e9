//! Interface `udp-create-socket`.

use super::addresses::family;
use super::errors::error_code;
use super::udp;
use crate::Component;
use crate::bindings::exports::wasi::sockets::network::{ErrorCode, IpAddressFamily};
use crate::bindings::exports::wasi::sockets::udp::UdpSocket;
use crate::bindings::exports::wasi::sockets::udp_create_socket::Guest;
use crate::entry::enter;

impl Guest for Component {
    fn create_udp_socket(address_family: IpAddressFamily) -> Result<UdpSocket, ErrorCode> {
        let family = family(address_family);
        let handle = enter(|state, _| state.create_udp_socket(family)).map_err(error_code)?;
        Ok(UdpSocket::new(udp::UdpSocket::of(handle)))
    }
}
