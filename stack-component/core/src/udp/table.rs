//! All UDP sockets, by handle and by address. Linux: `udp_table`.

use super::options::UdpOptions;
use super::places::Places;
use super::socket::{Socket, UdpReadiness};
use crate::arena::{Arena, Handle};
use crate::icmp::{IcmpError, IcmpErrorKind};
use crate::random::Random;
use crate::socket::SocketError;
use crate::socket::memory::Memory;
use crate::socket::ports::EphemeralPorts;
use crate::sysctl::Sysctl;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The name of a UDP socket.
pub type UdpHandle = Handle<Socket>;

/// Most sockets of a stack.
const MAX_SOCKETS: usize = 1 << 20;

/// All UDP sockets of a stack.
#[derive(Debug)]
pub struct Udp {
    pub(super) sockets: Arena<Socket>,
    places: Places,
    ephemeral: EphemeralPorts,
    wakeups: Vec<UdpHandle>,
    /// What waits in all sockets. Linux: `udp_memory_allocated`.
    pub(super) memory: Memory,
}

impl Udp {
    /// No sockets; keys are drawn from `random`.
    pub fn new(random: &mut dyn Random) -> Self {
        Udp {
            sockets: Arena::new(),
            places: Places::new(random),
            ephemeral: EphemeralPorts::new(random),
            wakeups: Vec::new(),
            memory: Memory::default(),
        }
    }

    /// A new socket.
    pub fn open(&mut self, sysctl: &Sysctl) -> Result<UdpHandle, SocketError> {
        if self.sockets.len() >= MAX_SOCKETS {
            return Err(SocketError::NewSocketLimit);
        }
        Ok(self.sockets.insert(Socket::new(UdpOptions::new(sysctl))))
    }

    /// Binds to `local`, whose address is one of ours or the unspecified one; port 0 chooses one of `range`.
    /// Linux: `udp_lib_get_port`.
    pub fn bind(
        &mut self,
        random: &mut dyn Random,
        range: [u16; 2],
        handle: UdpHandle,
        local: SocketAddr,
    ) -> Result<(), SocketError> {
        let socket = self.sockets.get(handle).ok_or(SocketError::InvalidState)?;
        if socket.local.port() != 0 {
            return Err(SocketError::InvalidState);
        }
        let local = match local.port() {
            0 => SocketAddr::new(local.ip(), self.free_port(random, range, local.ip())?),
            _ if self.places.conflicts(local, socket.options.reuse_address) => {
                return Err(SocketError::AddressInUse);
            }
            _ => local,
        };
        if let Some(socket) = self.sockets.get_mut(handle) {
            socket.bound_address = local.ip();
        }
        self.place(handle, local);
        Ok(())
    }

    fn free_port(
        &mut self,
        random: &mut dyn Random,
        range: [u16; 2],
        local: IpAddr,
    ) -> Result<u16, SocketError> {
        // No remote address is known; a random one makes the choice unpredictable.
        let remote = SocketAddr::new(IpAddr::V4(Ipv4Addr::from_bits(random.next_u32())), 0);
        let places = &self.places;
        let port = self.ephemeral.choose(local, remote, range, |port| places.is_free(local, port));
        port.ok_or(SocketError::AddressInUse)
    }

    /// Puts a socket at an address that is free, taking it from where it was.
    fn place(&mut self, handle: UdpHandle, local: SocketAddr) {
        self.displace(handle);
        if let Some(socket) = self.sockets.get_mut(handle) {
            socket.local = local;
            self.places.add(handle, local, socket.options.reuse_address);
        }
    }

    fn displace(&mut self, handle: UdpHandle) {
        let Some(socket) = self.sockets.get_mut(handle) else { return };
        let local = core::mem::replace(&mut socket.local, Socket::UNBOUND);
        self.places.remove(handle, local, socket.options.reuse_address);
    }

    /// Talks to `remote` alone from now on, from our address `source` if it was bound to none in particular.
    /// The socket must be bound. Linux: `__ip4_datagram_connect`.
    pub fn connect(
        &mut self,
        handle: UdpHandle,
        source: IpAddr,
        remote: SocketAddr,
    ) -> Result<(), SocketError> {
        let socket = self.sockets.get_mut(handle).ok_or(SocketError::InvalidState)?;
        if socket.local.port() == 0 {
            return Err(SocketError::InvalidState);
        }
        socket.remote = Some(remote);
        socket.error = None;
        let port = socket.local.port();
        if socket.bound_address.is_unspecified() {
            self.place(handle, SocketAddr::new(source, port));
        }
        Ok(())
    }

    /// Drops what waits of others than the peer: Linux keeps it, `wasi:sockets` does not want it to be read.
    pub fn forget_strangers(&mut self, handle: UdpHandle) {
        if let Some(socket) = self.sockets.get_mut(handle) {
            let before = socket.queued_bytes();
            socket.forget_strangers();
            self.memory.change(before, socket.queued_bytes());
        }
    }

    /// Talks to everybody again. Linux: `__udp_disconnect`.
    pub fn disconnect(&mut self, handle: UdpHandle) -> Result<(), SocketError> {
        let socket = self.sockets.get_mut(handle).ok_or(SocketError::InvalidState)?;
        socket.remote = None;
        let home = SocketAddr::new(socket.bound_address, socket.local.port());
        if home.port() != 0 && home != socket.local {
            // While it was connected somebody may have bound the port on another of our addresses.
            let shares = socket.options.reuse_address;
            self.displace(handle);
            if self.places.conflicts(home, shares) {
                return Err(SocketError::AddressInUse);
            }
            self.place(handle, home);
        }
        Ok(())
    }

    /// The oldest datagram and its sender, or the error that happened. Linux: `udp_recvmsg`.
    pub fn receive_from(&mut self, handle: UdpHandle) -> Result<(Vec<u8>, SocketAddr), SocketError> {
        let socket = self.sockets.get_mut(handle).ok_or(SocketError::InvalidState)?;
        if let Some(error) = socket.error.take() {
            return Err(error);
        }
        let before = socket.queued_bytes();
        let (source, payload) = socket.pop().ok_or(SocketError::WouldBlock)?;
        self.memory.change(before, socket.queued_bytes());
        Ok((payload.into_data(), source))
    }

    /// Whether the next call will tell an error.
    pub fn has_error(&self, handle: UdpHandle) -> bool {
        self.sockets.get(handle).is_some_and(|socket| socket.error.is_some())
    }

    /// Gives a socket up. Linux: `udp_destroy_sock`.
    pub fn close(&mut self, handle: UdpHandle) {
        self.displace(handle);
        if let Some(socket) = self.sockets.remove(handle) {
            self.memory.change(socket.queued_bytes(), 0);
        }
    }

    /// Our end's address, none if the socket is not bound.
    pub fn local_address(&self, handle: UdpHandle) -> Option<SocketAddr> {
        Some(self.sockets.get(handle)?.local).filter(|local| local.port() != 0)
    }

    /// The peer's address, none if the socket is not connected.
    pub fn remote_address(&self, handle: UdpHandle) -> Option<SocketAddr> {
        self.sockets.get(handle)?.remote
    }

    /// What the owner could do now; everything, if the handle is stale: it would be told so.
    pub fn readiness(&self, handle: UdpHandle) -> UdpReadiness {
        let stale = UdpReadiness { readable: true, writable: true };
        self.sockets.get(handle).map_or(stale, Socket::readiness)
    }

    /// Whether a socket is there that can have sent the datagram that an ICMP message is about. Linux: `udp_err`'s
    /// look-up.
    pub fn sends(&self, about: &IcmpError) -> bool {
        self.find(about.local(), about.remote()).is_some()
    }

    /// Takes in an ICMP error about a datagram of ours. Only a connected socket's owner hears of it, and only
    /// of those that say that the peer cannot be had, or not with so large a datagram. Linux: `udp_err`.
    pub fn icmp_error(&mut self, error: &IcmpError) {
        let local = error.local();
        let remote = error.remote();
        let Some(handle) = self.find(local, remote) else { return };
        let Some(socket) = self.sockets.get_mut(handle).filter(|s| s.remote == Some(remote)) else { return };
        let too_large = matches!(error.kind, IcmpErrorKind::FragmentationNeeded { .. });
        if !error.kind.is_fatal() && !too_large {
            // Linux reports the others to those who asked for them (`IP_RECVERR`).
            return;
        }
        socket.error = Some(error.kind.socket_error());
        self.wake(handle);
    }

    /// The socket that receives at `local` what comes from `remote`: rather one that talks to it alone, and rather one
    /// on exactly this address than one on all. Linux: `__udp4_lib_lookup`, `compute_score`.
    pub(super) fn find(&self, local: SocketAddr, remote: SocketAddr) -> Option<UdpHandle> {
        let mut best = None;
        for handle in self.places.at(local) {
            let Some(socket) = self.sockets.get(handle).filter(|socket| socket.hears(remote)) else {
                continue;
            };
            if socket.remote.is_some() {
                return Some(handle);
            }
            best = best.or(Some(handle));
        }
        best
    }

    /// All sockets that receive at `local` what comes from `remote`.
    pub(super) fn all(
        &self,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> impl Iterator<Item = (UdpHandle, &Socket)> {
        let sockets = self.places.at(local).filter_map(|handle| Some((handle, self.sockets.get(handle)?)));
        sockets.filter(move |(_, socket)| socket.hears(remote))
    }

    pub(super) fn wake(&mut self, handle: UdpHandle) {
        if let Some(socket) = self.sockets.get_mut(handle)
            && !core::mem::replace(&mut socket.woken, true)
        {
            self.wakeups.push(handle);
        }
    }

    /// Sockets whose readiness may have changed since the last time, each once.
    pub fn take_wakeups(&mut self) -> Vec<UdpHandle> {
        let wakeups = core::mem::take(&mut self.wakeups);
        for &handle in &wakeups {
            if let Some(socket) = self.sockets.get_mut(handle) {
                socket.woken = false;
            }
        }
        wakeups
    }
}
