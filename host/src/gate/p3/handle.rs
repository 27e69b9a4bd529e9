//! The resource `tcp-socket`.

#![allow(unreachable_pub, reason = "the bindings re-export the types of resources")]

use super::shared::Shared;
use crate::gate::GuestNetwork;
use crate::gate::tcp::{TcpInput, TcpOutput, TcpSocket};

/// The resource `tcp-socket`.
pub struct TcpHandle {
    pub(super) socket: Shared,
    /// The streams of a connection, until the guest asks for them.
    pub(super) input: Option<TcpInput>,
    pub(super) output: Option<TcpOutput>,
}

impl TcpHandle {
    /// Of a socket that is no connection yet.
    pub(super) fn unconnected(socket: TcpSocket) -> Self {
        TcpHandle { socket: Shared::new(socket), input: None, output: None }
    }

    /// A connection's.
    pub(super) fn connected(
        network: &mut GuestNetwork,
        socket: TcpSocket,
        input: TcpInput,
        output: TcpOutput,
    ) -> Self {
        let mut handle = Self::unconnected(socket);
        handle.connect(network, input, output);
        handle
    }

    /// Is a connection from now on.
    pub(super) fn connect(&mut self, network: &mut GuestNetwork, input: TcpInput, output: TcpOutput) {
        network.shared.remember(&self.socket);
        (self.input, self.output) = (Some(input), Some(output));
    }
}
