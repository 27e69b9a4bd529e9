//! `wasi:sockets/tcp-create-socket`.

use super::GateView;
use super::bindings::wasi::sockets::network::IpAddressFamily;
use super::bindings::wasi::sockets::tcp_create_socket::Host;
use super::error::SocketResult;
use super::tcp::TcpSocket;
use wasmtime::component::Resource;

impl Host for GateView<'_> {
    fn create_tcp_socket(&mut self, family: IpAddressFamily) -> SocketResult<Resource<TcpSocket>> {
        Ok(self.table.push(self.network.create_tcp(family)?)?)
    }
}
