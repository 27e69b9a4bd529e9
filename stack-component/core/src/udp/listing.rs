//! All sockets as somebody sees them who looks at the stack from outside. Linux: `net/ipv4/udp_diag.c`.

use super::{Udp, UdpHandle};
use core::net::SocketAddr;

/// A socket that is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub handle: UdpHandle,
    /// Our end.
    pub local: SocketAddr,
    /// The one peer that it talks to.
    pub remote: Option<SocketAddr>,
    /// Bytes of memory in datagrams to be read. Linux: `sk_rmem_alloc`.
    pub held: usize,
}

impl Udp {
    /// The sockets that are bound, in no order that means anything.
    pub fn listing(&self) -> impl Iterator<Item = Listed> {
        let bound = self.sockets.iter().filter(|(_, socket)| socket.local.port() != 0);
        bound.map(|(handle, socket)| Listed {
            handle,
            local: socket.local,
            remote: socket.remote,
            held: socket.queued_bytes(),
        })
    }
}
