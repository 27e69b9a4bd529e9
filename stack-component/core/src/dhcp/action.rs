//! What a client wants done.

use super::Lease;
use crate::time::Instant;
use alloc::vec::Vec;
use core::net::Ipv4Addr;

/// What the client wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
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
