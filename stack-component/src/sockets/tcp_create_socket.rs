//! Interface `tcp-create-socket`.

use super::addresses::family;
use super::errors::error_code;
use super::tcp;
use crate::Component;
use crate::bindings::exports::wasi::sockets::network::{ErrorCode, IpAddressFamily};
use crate::bindings::exports::wasi::sockets::tcp::TcpSocket;
use crate::bindings::exports::wasi::sockets::tcp_create_socket::Guest;
use crate::entry::enter;

impl Guest for Component {
    fn create_tcp_socket(address_family: IpAddressFamily) -> Result<TcpSocket, ErrorCode> {
        let family = family(address_family);
        let handle = enter(|state, _| state.create_tcp_socket(family)).map_err(error_code)?;
        Ok(TcpSocket::new(tcp::TcpSocket::of(handle)))
    }
}
