//! `wasi:sockets/network`.

#![allow(unreachable_pub, reason = "the bindings re-export the types of resources")]

use super::GateView;
use super::bindings::wasi::sockets::network::{ErrorCode, Host, HostNetwork};
use super::error::{SocketError, StreamFailure};
use wasmtime::Result;
use wasmtime::component::Resource;

/// The resource `network`: the permission to use the guest's network, of which there is one.
pub struct Network(());

impl Network {
    pub(super) fn new() -> Self {
        Network(())
    }
}

/// The error code in the payload of a stream error, if one of our sockets' streams made it.
pub(super) fn error_code(error: &wasmtime::Error) -> Option<ErrorCode> {
    error.downcast_ref::<StreamFailure>().and_then(|failure| failure.code)
}

impl Host for GateView<'_> {
    fn convert_error_code(&mut self, error: SocketError) -> Result<ErrorCode> {
        match error {
            SocketError::Code(code) => Ok(code),
            SocketError::Trap(error) => Err(error),
        }
    }
}

impl HostNetwork for GateView<'_> {
    fn drop(&mut self, network: Resource<Network>) -> Result<()> {
        self.table.delete(network)?;
        Ok(())
    }
}
