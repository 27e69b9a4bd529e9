//! What a client wants done.

use super::Lease;
use crate::time::Instant;
use alloc::vec::Vec;
use core::net::Ipv4Addr;

/// What a client wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Something is to be sent.
    Output(Output),
    /// The device's configuration changes.
    Change(Change),
}

/// What is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send this to the servers' port, from the clients' port.
    Send {
        /// The message.
        message: Vec<u8>,
        /// The address it has, or the unspecified one.
        source: Ipv4Addr,
        /// The server, or everybody.
        destination: Ipv4Addr,
    },
    /// Ask everybody who has this address, as one who has none.
    Probe(Ipv4Addr),
}

/// A change of a device's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Use this.
    Bind(Lease),
    /// Use `lease`, which is of the same address and network as `before`, in the place of that. It may be the same
    /// altogether: then a server has said so after the link was lost.
    Amend {
        /// What was in use.
        before: Lease,
        /// What is.
        lease: Lease,
    },
    /// The address in use is granted until then; none: for ever.
    Until(Ipv4Addr, Option<Instant>),
    /// Use this no more.
    Unbind(Lease),
}
