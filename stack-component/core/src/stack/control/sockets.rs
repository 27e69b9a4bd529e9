//! The sockets of a stack. Linux: `SOCK_DIAG_BY_FAMILY`.

use super::super::{SocketHandle, Stack};
use super::plain_sockets::{PlainKind, PlainListed};
use crate::tcp::{self, TcpInfo, TcpState};
use crate::time::Instant;
use crate::udp;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::SocketAddr;

/// Most sockets that are told at once.
const MOST: usize = 4096;

/// Which protocols' sockets are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Protocols {
    /// TCP sockets, half-open connections and those in TIME-WAIT.
    pub tcp: bool,
    /// UDP sockets that are bound.
    pub udp: bool,
    /// Ping sockets that have an identifier.
    pub ping: bool,
    /// Raw sockets.
    pub raw: bool,
    /// Packet sockets.
    pub packet: bool,
}

/// What is special to a protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListingState {
    /// A TCP socket, with what TCP_INFO tells of it and the name of its congestion control.
    Tcp(tcp::Listed, Option<(Box<TcpInfo>, &'static str)>),
    /// A UDP socket, and bytes that it may hold to be read.
    Udp(udp::Listed, u32),
    /// A raw, ping or packet socket.
    Plain(PlainListed),
}

/// A socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// A number that no other socket has; 0: nobody owns it.
    pub inode: u64,
    /// The rest.
    pub state: ListingState,
}

impl Listing {
    /// Our end and the peer's.
    pub fn ends(&self) -> (SocketAddr, Option<SocketAddr>) {
        match &self.state {
            ListingState::Tcp(listed, _) => (listed.local, listed.remote),
            ListingState::Udp(listed, _) => (listed.local, listed.remote),
            ListingState::Plain(listed) => (listed.local, listed.remote),
        }
    }

    /// Its state, that of others in the words of TCP. Linux: `idiag_state`.
    pub fn state(&self) -> TcpState {
        match (&self.state, self.ends()) {
            (ListingState::Tcp(listed, _), _) => listed.state,
            (_, (_, Some(_))) => TcpState::Established,
            (_, (_, None)) => TcpState::Close,
        }
    }
}

impl Stack {
    /// At most `max` sockets (and never more than 4096) of these protocols from number `start` on.
    pub fn sockets(&self, protocols: Protocols, start: usize, max: usize, now: Instant) -> Vec<Listing> {
        let tcp = protocols.tcp.then(|| self.tcp.listing(now)).into_iter().flatten().map(Found::Tcp);
        let udp = protocols.udp.then(|| self.udp.listing()).into_iter().flatten().map(Found::Udp);
        let plain = self.listed_raw().chain(self.listed_packet()).filter(|listed| match listed.kind {
            PlainKind::Ping => protocols.ping,
            PlainKind::Raw => protocols.raw,
            PlainKind::Packet => protocols.packet,
        });
        let page = tcp.chain(udp).chain(plain.map(Found::Plain)).skip(start).take(max.min(MOST));
        page.map(|found| self.told(found, now)).collect()
    }

    fn told(&self, found: Found, now: Instant) -> Listing {
        // The lowest two bits tell the protocols apart; 0 is nobody.
        let inode = |bits: u64, of: u64| bits.wrapping_add(1) << 2 | of;
        match found {
            Found::Tcp(listed) => {
                let handle = listed.handle;
                let info = handle.and_then(|handle| {
                    let congestion = self.tcp.options(handle)?.congestion.name();
                    Some((Box::new(self.tcp.info(handle, now)?), congestion))
                });
                let inode = handle.map_or(0, |handle| inode(handle.to_bits(), 0));
                Listing { inode, state: ListingState::Tcp(listed, info) }
            }
            Found::Udp(listed) => {
                let buffer = self.udp.options(listed.handle).map_or(0, |options| options.receive_buffer);
                let inode = inode(listed.handle.to_bits(), 1);
                Listing { inode, state: ListingState::Udp(listed, buffer) }
            }
            Found::Plain(listed) => {
                let inode = match listed.handle {
                    SocketHandle::Packet(handle) => inode(handle.to_bits(), 3),
                    SocketHandle::Raw(handle) => inode(handle.to_bits(), 2),
                    _ => 0,
                };
                Listing { inode, state: ListingState::Plain(listed) }
            }
        }
    }
}

/// A socket that is to be told of.
enum Found {
    Tcp(tcp::Listed),
    Udp(udp::Listed),
    Plain(PlainListed),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;

    const BOTH: Protocols = Protocols { tcp: true, udp: true, ping: false, raw: false, packet: false };

    fn loopback() -> Stack {
        Stack::new(Box::new(SeededRandom::new(1)))
    }

    fn states(stack: &Stack) -> Vec<&'static str> {
        let mut names: Vec<_> =
            stack.sockets(BOTH, 0, 100, Instant::ZERO).iter().map(|listing| listing.state().name()).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn sockets_are_told_in_every_state() {
        let mut stack = loopback();
        let now = Instant::ZERO;
        let listener = stack.tcp_open().unwrap();
        assert_eq!(states(&stack), [""; 0], "a socket that is not bound is nothing to be seen");
        let server = "127.0.0.1:80".parse().unwrap();
        stack.tcp_bind(listener, server).unwrap();
        stack.tcp_listen(listener).unwrap();
        let client = stack.tcp_open().unwrap();
        stack.tcp_connect(client, server, now).unwrap();
        while stack.poll(now, 100) {}
        assert_eq!(states(&stack), ["ESTAB", "ESTAB", "LISTEN"]);
        stack.tcp_send(client, b"four", now).unwrap();
        while stack.poll(now, 100) {}
        let waiting = stack.sockets(BOTH, 0, 100, now).into_iter().find_map(|listing| match listing.state {
            ListingState::Tcp(listed, Some((_, congestion))) if listed.receive_queue == 4 => Some(congestion),
            _ => None,
        });
        assert_eq!(waiting, Some("cubic"), "four bytes wait for the server");
        let udp = stack.udp_open().unwrap();
        stack.udp_bind(udp, "0.0.0.0:53".parse().unwrap()).unwrap();
        assert_eq!(states(&stack), ["ESTAB", "ESTAB", "LISTEN", "UNCONN"]);
        let all = stack.sockets(BOTH, 0, 100, now);
        let mut inodes: Vec<_> = all.iter().map(|listing| listing.inode).collect();
        inodes.sort_unstable();
        inodes.dedup();
        assert_eq!(inodes.len(), 4, "each has a number of its own");
        let pages: Vec<_> = (0..5).flat_map(|start| stack.sockets(BOTH, start, 1, now)).collect();
        assert_eq!(pages, all);
    }
}
