//! What a resolver, which has no sockets, wants done.

use alloc::vec::Vec;
use core::net::SocketAddr;

/// Names a message that waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExchangeId(pub(super) u64);

/// What is to be done for a resolver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send a message from a new socket, and tell what comes back.
    Ask {
        /// Which it is.
        exchange: ExchangeId,
        /// To whom.
        server: SocketAddr,
        /// By TCP rather than UDP.
        stream: bool,
        /// What, without its length.
        message: Vec<u8>,
    },
    /// Close the socket.
    Forget {
        /// Whose.
        exchange: ExchangeId,
    },
}
