//! Connections that a guest closed and that have something to send still. Their buffers count as its own until that is
//! gone. Linux: a socket's charge stays with its `sk_memcg` until `sk_destruct`.

use super::GuestNetwork;
use super::allowed::socket_address;
use super::bindings::wasi::sockets::network::{ErrorCode, IpSocketAddress};
use super::buffers::Reserved;
use super::error::{SocketError, SocketResult};
use crate::kernel::Kernel;
use crate::kernel::bindings::exports::wnet::stack::sockets::SocketProtocols;
use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long nobody asks again after nothing had changed: it costs the stack time, and a guest may try without end.
const PAUSE: Duration = Duration::from_millis(100);

/// Sockets that the stack tells of in one entry.
const PAGE: u32 = 512;

/// Both ends of a connection, ours first.
pub(super) type Ends = (SocketAddr, SocketAddr);

/// What a guest's closed connections have reserved.
#[derive(Clone, Debug, Default)]
pub(super) struct Closed(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    connections: Vec<(Ends, Reserved)>,
    /// When the stack was asked in vain.
    asked: Option<Instant>,
}

impl Closed {
    /// The connection with these ends is closed.
    pub(super) fn keep(&self, local: IpSocketAddress, remote: IpSocketAddress, reserved: Reserved) {
        let ends = (socket_address(local), socket_address(remote));
        self.lock().connections.push((ends, reserved));
    }

    /// Whether it is worth asking for those that have not sent all.
    fn may_ask(&self, now: Instant) -> bool {
        let inner = self.lock();
        let lately = inner.asked.is_some_and(|asked| now.saturating_duration_since(asked) < PAUSE);
        !inner.connections.is_empty() && !lately
    }

    /// Gives back what others than these reserved. The stack was asked at `now`.
    fn retain(&self, unfinished: &HashSet<Ends>, now: Instant) {
        let mut inner = self.lock();
        let before = inner.connections.len();
        inner.connections.retain(|(ends, _)| unfinished.contains(ends));
        inner.asked = (inner.connections.len() == before).then_some(now);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GuestNetwork {
    /// Reserves buffers; where there is no room, once more after what closed connections do not need any more was given
    /// back.
    pub(super) fn with_room<T>(&self, mut reserve: impl FnMut() -> SocketResult<T>) -> SocketResult<T> {
        match reserve() {
            Err(SocketError::Code(ErrorCode::OutOfMemory)) if self.closed.may_ask(Instant::now()) => {
                self.closed.retain(&unfinished(&self.kernel), Instant::now());
                reserve()
            }
            reserved => reserved,
        }
    }
}

/// The stack's connections with something to send. A stack that does not tell has none.
fn unfinished(kernel: &Kernel) -> HashSet<Ends> {
    let mut unfinished = HashSet::new();
    let mut start = 0;
    loop {
        let some = kernel.enter(|entered| match entered.stack.sockets() {
            Some(sockets) => sockets.call_sockets(&mut *entered.store, SocketProtocols::TCP, start, PAGE),
            None => Ok(Vec::new()),
        });
        let some = some.unwrap_or_default();
        let whole = some.len() >= PAGE as usize;
        start = start.saturating_add(PAGE);
        for socket in some.into_iter().filter(|socket| socket.send_queue > 0) {
            let Some(remote) = socket.remote else { continue };
            unfinished.insert((socket_address(socket.local.into()), socket_address(remote.into())));
        }
        if !whole {
            return unfinished;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::bindings::wasi::sockets::network::Ipv4SocketAddress;
    use crate::gate::buffers::Buffers;

    fn at(port: u16) -> IpSocketAddress {
        IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address: (127, 0, 0, 1) })
    }

    #[test]
    fn a_closed_connection_keeps_its_buffer_until_it_has_sent_all() {
        let (closed, buffers) = (Closed::default(), Buffers::new(Some(100)));
        let now = Instant::now();
        assert!(!closed.may_ask(now), "there is none");
        for port in [1, 2] {
            closed.keep(at(port), at(9), buffers.reserve((0, 50)).unwrap());
        }
        assert!(buffers.reserve((0, 1)).is_err());
        let ends = |port| (socket_address(at(port)), socket_address(at(9)));
        assert!(closed.may_ask(now));
        closed.retain(&HashSet::from([ends(1), ends(2)]), now);
        assert!(!closed.may_ask(now + PAUSE / 2), "asked in vain just now");
        assert!(closed.may_ask(now + PAUSE));
        closed.retain(&HashSet::from([ends(2)]), now + PAUSE);
        assert!(closed.may_ask(now + PAUSE), "that was worth it");
        assert!(buffers.reserve((25, 25)).is_ok());
        assert!(buffers.reserve((26, 25)).is_err());
    }
}
