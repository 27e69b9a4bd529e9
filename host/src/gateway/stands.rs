//! Sockets of the gateway's stack that stand for remotes: bound to a remote's address, they speak in its name.

use stack_core::time::Instant;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::SocketAddr;
use std::time::Duration;

/// All of one transport.
#[derive(Debug)]
pub(super) struct Stands<S> {
    by_remote: HashMap<SocketAddr, Stand<S>>,
    remotes: HashMap<S, SocketAddr>,
}

/// One socket.
#[derive(Debug)]
struct Stand<S> {
    socket: S,
    since: Instant,
    /// How many connections or flows need it.
    users: usize,
}

impl<S> Default for Stands<S> {
    fn default() -> Self {
        Stands { by_remote: HashMap::new(), remotes: HashMap::new() }
    }
}

impl<S: Copy + Eq + Hash> Stands<S> {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.by_remote.len()
    }

    /// From now on `socket` stands for `remote`. Nobody needs it yet.
    pub(super) fn insert(&mut self, remote: SocketAddr, socket: S, now: Instant) {
        self.by_remote.insert(remote, Stand { socket, since: now, users: 0 });
        self.remotes.insert(socket, remote);
    }

    /// The socket that stands for `remote`.
    pub(super) fn socket(&self, remote: SocketAddr) -> Option<S> {
        self.by_remote.get(&remote).map(|stand| stand.socket)
    }

    /// For whom a socket stands.
    pub(super) fn remote(&self, socket: S) -> Option<SocketAddr> {
        self.remotes.get(&socket).copied()
    }

    /// One more needs the socket that stands for `remote`; whether there is one.
    pub(super) fn join(&mut self, remote: SocketAddr) -> bool {
        let stand = self.by_remote.get_mut(&remote);
        stand.map(|stand| stand.users += 1).is_some()
    }

    /// One less needs it.
    pub(super) fn leave(&mut self, remote: SocketAddr) {
        if let Some(stand) = self.by_remote.get_mut(&remote) {
            stand.users = stand.users.saturating_sub(1);
        }
    }

    /// Takes the socket that stands for `remote` out, if nobody needs it.
    pub(super) fn take_unused(&mut self, remote: SocketAddr) -> Option<S> {
        self.by_remote.get(&remote).filter(|stand| stand.users == 0)?;
        let socket = self.by_remote.remove(&remote)?.socket;
        self.remotes.remove(&socket);
        Some(socket)
    }

    /// Takes out the sockets that nobody needs and that are older than `age`, each with whom it stood for.
    pub(super) fn take_idle(&mut self, now: Instant, age: Duration) -> Vec<(SocketAddr, S)> {
        let idle = |stand: &Stand<S>| stand.users == 0 && stand.since + age <= now;
        let idle: Vec<_> =
            self.by_remote.iter().filter(|(_, stand)| idle(stand)).map(|(remote, _)| *remote).collect();
        idle.into_iter().filter_map(|remote| Some((remote, self.take_unused(remote)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_needed_stays() {
        let (one, two): (SocketAddr, SocketAddr) =
            ("192.0.2.1:7".parse().unwrap(), "[2001:db8::1]:7".parse().unwrap());
        let (age, second) = (Duration::from_secs(1), Instant::from_millis(1000));
        let mut stands = Stands::default();
        stands.insert(one, 'a', Instant::ZERO);
        stands.insert(two, 'b', second);
        assert!(stands.join(one) && stands.join(one) && !stands.join("192.0.2.1:8".parse().unwrap()));
        assert_eq!((stands.socket(one), stands.remote('b'), stands.len()), (Some('a'), Some(two), 2));
        stands.leave(one);
        assert_eq!(stands.take_unused(one), None);
        assert_eq!(stands.take_idle(second, age), [], "one is needed, and two is new");
        stands.leave(one);
        assert_eq!(stands.take_idle(second, age), [(one, 'a')]);
        assert_eq!((stands.socket(one), stands.remote('a')), (None, None));
        assert_eq!(stands.take_unused(two), Some('b'));
        assert_eq!(stands.len(), 0);
    }
}
