//! Whose the sockets are, which the stack does not know. Linux: what `ss -p` finds in /proc/PID/fd.
//!
//! The gate says what a guest has and by which addresses; an entry goes with its [`Ownership`]. It takes about 200 bytes.

use super::bindings::exports::wasi::sockets::network::IpSocketAddress;
use super::bindings::exports::wnet::stack::sockets::SocketProtocol;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The number of a guest's first socket: behind the standard streams, as if sockets were descriptors.
const FIRST_NUMBER: u32 = 3;

/// All guests' sockets.
#[derive(Clone, Default)]
pub(crate) struct Owners(Arc<Inner>);

#[derive(Default)]
struct Inner {
    guests: AtomicU32,
    /// By guest and number.
    sockets: Mutex<BTreeMap<(u32, u32), OwnedSocket>>,
}

/// A guest, as far as it owns sockets.
pub(crate) struct Owner {
    owners: Owners,
    name: Arc<str>,
    guest: u32,
    next: AtomicU32,
}

/// A socket that a guest has.
#[derive(Clone)]
pub(crate) struct OwnedSocket {
    pub(crate) name: Arc<str>,
    pub(crate) protocol: SocketProtocol,
    /// None: not bound yet.
    pub(crate) local: Option<IpSocketAddress>,
    pub(crate) remote: Option<IpSocketAddress>,
}

/// That a guest has a socket; it ends when this is dropped.
pub(crate) struct Ownership {
    owner: Arc<Owner>,
    number: u32,
    protocol: SocketProtocol,
}

impl Owners {
    /// One more guest, whose program is called `name`.
    pub(crate) fn guest(&self, name: &str) -> Arc<Owner> {
        let guest = self.0.guests.fetch_add(1, Ordering::Relaxed) + 1;
        Arc::new(Owner { owners: self.clone(), name: name.into(), guest, next: AtomicU32::new(FIRST_NUMBER) })
    }

    /// The sockets that have addresses, with the numbers of their guests and their own.
    pub(crate) fn all(&self) -> Vec<((u32, u32), OwnedSocket)> {
        let sockets = self.sockets();
        let bound = sockets.iter().filter(|(_, socket)| socket.local.is_some_and(|local| port(local) != 0));
        bound.map(|(key, socket)| (*key, socket.clone())).collect()
    }

    fn sockets(&self) -> MutexGuard<'_, BTreeMap<(u32, u32), OwnedSocket>> {
        self.0.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Owner {
    /// It has one more socket.
    pub(crate) fn takes(self: &Arc<Self>, protocol: SocketProtocol) -> Ownership {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let socket = OwnedSocket { name: Arc::clone(&self.name), protocol, local: None, remote: None };
        self.owners.sockets().insert((self.guest, number), socket);
        Ownership { owner: Arc::clone(self), number, protocol }
    }
}

impl Ownership {
    /// The same guest has one more socket of this kind.
    pub(crate) fn another(&self) -> Ownership {
        self.owner.takes(self.protocol)
    }

    /// What addresses the socket was told to have.
    pub(crate) fn told(&self) -> (Option<IpSocketAddress>, Option<IpSocketAddress>) {
        let sockets = self.owner.owners.sockets();
        sockets
            .get(&(self.owner.guest, self.number))
            .map_or((None, None), |known| (known.local, known.remote))
    }

    /// What addresses the socket has now.
    pub(crate) fn tell(&self, local: Option<IpSocketAddress>, remote: Option<IpSocketAddress>) {
        if let Some(socket) = self.owner.owners.sockets().get_mut(&(self.owner.guest, self.number)) {
            (socket.local, socket.remote) = (local, remote);
        }
    }
}

fn port(address: IpSocketAddress) -> u16 {
    match address {
        IpSocketAddress::Ipv4(v4) => v4.port,
        IpSocketAddress::Ipv6(v6) => v6.port,
    }
}

impl Drop for Ownership {
    fn drop(&mut self) {
        self.owner.owners.sockets().remove(&(self.owner.guest, self.number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::bindings::exports::wasi::sockets::network::Ipv4SocketAddress;

    #[test]
    fn sockets_are_told_while_they_have_an_address_and_an_owner() {
        let address = |port| IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address: (127, 0, 0, 1) });
        let owners = Owners::default();
        let (first, second) = (owners.guest("first"), owners.guest("second"));
        let listener = first.takes(SocketProtocol::Tcp);
        assert!(owners.all().is_empty());
        listener.tell(Some(address(7)), None);
        let accepted = listener.another();
        accepted.tell(Some(address(7)), Some(address(4000)));
        let unbound = second.takes(SocketProtocol::Ping);
        unbound.tell(Some(address(0)), None);
        assert!(unbound.told().0.is_some());
        let datagrams = second.takes(SocketProtocol::Udp);
        datagrams.tell(Some(address(53)), None);
        let told = || -> Vec<_> {
            let line = |(key, socket): ((u32, u32), OwnedSocket)| {
                (key, socket.name.to_string(), socket.remote.is_some())
            };
            owners.all().into_iter().map(line).collect()
        };
        let (one, two) = ("first".to_owned(), "second".to_owned());
        assert_eq!(
            told(),
            [((1, 3), one.clone(), false), ((1, 4), one.clone(), true), ((2, 4), two.clone(), false)]
        );
        drop(accepted);
        assert_eq!(told(), [((1, 3), one, false), ((2, 4), two, false)]);
    }
}
