//! Who may have which address: binding, and who listens where. Linux: `inet_csk_get_port`,
//! `__inet_lookup_listener`.

use super::handle::TcpHandle;
use super::open::port_range;
use super::sharing::Sharing;
use super::table::{Entry, Role, Socket, Tcp};
use super::{Env, FourTuple, SocketError};
use crate::packet::DeviceIndex;
use crate::wire::address::unspecified_like;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Whether packets to one address may also be to the other; sockets of one version get none of the other's
/// (`IPV6_V6ONLY`). Linux: `inet_rcv_saddr_equal`.
fn overlap(one: IpAddr, other: IpAddr) -> bool {
    let same_version = one.is_ipv4() == other.is_ipv4();
    one == other || (same_version && (one.is_unspecified() || other.is_unspecified()))
}

impl Tcp {
    /// Binds to `local`, which is one of our addresses or none in particular; port 0 lets the stack choose.
    /// [`SocketError::AddressInUse`] if somebody is in the way who does not share. Linux: `inet_csk_get_port`.
    pub fn bind(
        &mut self,
        env: &mut Env<'_>,
        handle: TcpHandle,
        local: SocketAddr,
    ) -> Result<(), SocketError> {
        let socket = self.sockets.get(handle).ok_or(SocketError::InvalidState)?;
        if socket.local.is_some() || !matches!(socket.role, Role::Idle) {
            return Err(SocketError::InvalidState);
        }
        let local = match local.port() {
            0 => SocketAddr::new(local.ip(), self.free_port(env)?),
            _ if self.binding_conflicts(handle, local) => return Err(SocketError::AddressInUse),
            _ => local,
        };
        if let Some(socket) = self.sockets.get_mut(handle) {
            socket.local = Some(local);
            self.bound.entry(local.port()).or_default().push(handle);
        }
        Ok(())
    }

    /// Whether somebody does not let the socket have the address: bound sockets, and connections whichever way
    /// they were opened. Linux: `inet_csk_bind_conflict`.
    pub(super) fn binding_conflicts(&self, handle: TcpHandle, local: SocketAddr) -> bool {
        let Some(socket) = self.sockets.get(handle) else { return false };
        let sharing = Sharing::of(&socket.options);
        let holders = self.bound.get(&local.port()).map(Vec::as_slice).unwrap_or_default();
        let by_binding = holders.iter().filter(|&&holder| holder != handle).any(|&holder| {
            self.sockets.get(holder).is_some_and(|other| {
                let listens = matches!(other.role, Role::Listener(_));
                other.local.is_some_and(|other| overlap(other.ip(), local.ip()))
                    && sharing.conflicts(Sharing::of(&other.options), listens)
            })
        });
        by_binding || self.connection_conflicts(handle, sharing, local)
    }

    fn connection_conflicts(&self, handle: TcpHandle, sharing: Sharing, local: SocketAddr) -> bool {
        let here =
            |tuple: &&FourTuple| tuple.local.port() == local.port() && overlap(tuple.local.ip(), local.ip());
        self.connections.iter().filter(|(tuple, _)| here(tuple)).any(|(_, entry)| {
            let other = match *entry {
                Entry::Connection(other) if other == handle => None,
                Entry::Connection(other) => self.sockets.get(other).map(|s| Sharing::of(&s.options)),
                Entry::TimeWait(wait) => self.time_waits.get(wait).map(|wait| wait.sharing),
                // It is its listener's.
                Entry::Request(_) => None,
            };
            other.is_some_and(|other| sharing.conflicts(other, false))
        })
    }

    /// A port nobody is bound to and no connection uses. Linux: `inet_csk_find_open_port`.
    fn free_port(&mut self, env: &mut Env<'_>) -> Result<u16, SocketError> {
        // No remote address is known; a random one makes the choice unpredictable.
        let remote = SocketAddr::new(IpAddr::V4(Ipv4Addr::from(env.random.next_u32())), 0);
        let mut used = [0u64; 1024];
        for tuple in self.connections.keys() {
            let port = tuple.local.port();
            if let Some(word) = used.get_mut(usize::from(port >> 6)) {
                *word |= 1 << (port & 63);
            }
        }
        let in_use =
            |port: u16| used.get(usize::from(port >> 6)).is_some_and(|w| w & (1 << (port & 63)) != 0);
        let bound = &self.bound;
        let is_free = |port| !bound.contains_key(&port) && !in_use(port);
        let port = self.ephemeral.choose(IpAddr::V4(Ipv4Addr::UNSPECIFIED), remote, port_range(env), is_free);
        port.ok_or(SocketError::AddressInUse)
    }

    /// The listener for a connection's first segment, which came by `device`: one bound to the device before one
    /// that is not, one on exactly this address before one on all; of several that share an address one by a hash
    /// of the connection. Linux: `__inet_lookup_listener`, `reuseport_select_sock`.
    pub(super) fn listener(&self, tuple: &FourTuple, device: Option<DeviceIndex>) -> Option<TcpHandle> {
        let holders = self.listeners.get(&tuple.local.port())?;
        let best = |address: IpAddr| {
            let mut best: Option<(TcpHandle, &Socket)> = None;
            for &handle in holders {
                let Some(socket) = self.sockets.get(handle).filter(|s| listens_on(s, address, device)) else {
                    continue;
                };
                if best.is_none_or(|(_, other)| {
                    socket.options.device.is_some() && other.options.device.is_none()
                }) {
                    best = Some((handle, socket));
                }
            }
            best
        };
        let (handle, socket) = best(tuple.local.ip()).or_else(|| best(unspecified_like(tuple.local.ip())))?;
        if !socket.options.reuse_port {
            return Some(handle);
        }
        let same = |other: &Socket| {
            other.local == socket.local
                && other.options.reuse_port
                && other.options.device == socket.options.device
        };
        let group = || holders.iter().filter(|&&h| self.sockets.get(h).is_some_and(same));
        let share = self.secrets.share(tuple, group().count());
        group().nth(share).copied().or(Some(handle))
    }
}

/// Linux: `compute_score`.
fn listens_on(socket: &Socket, address: IpAddr, device: Option<DeviceIndex>) -> bool {
    socket.local.is_some_and(|local| local.ip() == address)
        && (socket.options.device.is_none() || socket.options.device == device)
}
