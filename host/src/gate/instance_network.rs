//! `wasi:sockets/instance-network`.

use super::GateView;
use super::bindings::wasi::sockets::instance_network::Host;
use super::network::Network;
use wasmtime::Result;
use wasmtime::component::Resource;

impl Host for GateView<'_> {
    fn instance_network(&mut self) -> Result<Resource<Network>> {
        Ok(self.table.push(Network::new())?)
    }
}
