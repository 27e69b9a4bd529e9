//! `wasi:sockets/udp-create-socket`.

use super::GateView;
use super::bindings::wasi::sockets::network::IpAddressFamily;
use super::bindings::wasi::sockets::udp_create_socket::Host;
use super::error::SocketResult;
use super::udp::UdpSocket;
use wasmtime::component::Resource;

impl Host for GateView<'_> {
    fn create_udp_socket(&mut self, family: IpAddressFamily) -> SocketResult<Resource<UdpSocket>> {
        Ok(self.table.push(self.network.create_udp(family)?)?)
    }
}
