//! One UDP socket and the datagrams that wait in it.

use super::options::UdpOptions;
use crate::packet::Packet;
use crate::socket::SocketError;
use alloc::collections::VecDeque;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};

/// A UDP socket. Linux: `struct udp_sock`.
#[derive(Debug)]
pub struct Socket {
    /// Where it receives; port 0 until it is bound.
    pub(super) local: SocketAddr,
    /// The address its owner bound it to, to which it returns when it is disconnected.
    pub(super) bound_address: IpAddr,
    /// The one peer it talks to, if it is connected.
    pub(super) remote: Option<SocketAddr>,
    /// What went wrong since the owner last asked. Linux: `sk_err`.
    pub(super) error: Option<SocketError>,
    /// It stands in the list of sockets to be woken.
    pub(super) woken: bool,
    pub(super) options: UdpOptions,
    queue: VecDeque<(SocketAddr, Packet)>,
    queued_bytes: usize,
}

/// What a socket's owner could do now without being told to wait. Linux: `udp_poll`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UdpReadiness {
    /// Receiving answers at once: with a datagram or an error.
    pub readable: bool,
    /// Sending answers at once.
    pub writable: bool,
}

impl Socket {
    pub(super) const UNBOUND: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

    pub(super) fn new(options: UdpOptions) -> Self {
        Socket {
            local: Self::UNBOUND,
            bound_address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            remote: None,
            error: None,
            woken: false,
            options,
            queue: VecDeque::new(),
            queued_bytes: 0,
        }
    }

    /// Whether a datagram from `source` is for this socket.
    pub(super) fn hears(&self, source: SocketAddr) -> bool {
        self.remote.is_none_or(|remote| remote == source)
    }

    /// Whether the queue holds as much memory as it may.
    pub(super) fn is_full(&self) -> bool {
        self.queued_bytes > self.options.receive_buffer as usize
    }

    /// Queues a datagram.
    pub(super) fn push(&mut self, source: SocketAddr, payload: Packet) {
        self.queued_bytes += payload.memory();
        self.queue.push_back((source, payload));
    }

    /// The oldest datagram.
    pub(super) fn pop(&mut self) -> Option<(SocketAddr, Packet)> {
        let (source, payload) = self.queue.pop_front()?;
        self.queued_bytes = self.queued_bytes.saturating_sub(payload.memory());
        Some((source, payload))
    }

    /// Drops the datagrams that wait of everybody but the peer.
    pub(super) fn forget_strangers(&mut self) {
        let Some(peer) = self.remote else { return };
        self.queue.retain(|(source, _)| *source == peer);
        self.queued_bytes = self.queue.iter().map(|(_, payload)| payload.memory()).sum();
    }

    /// Bytes of memory in datagrams that wait.
    pub(super) fn queued_bytes(&self) -> usize {
        self.queued_bytes
    }

    pub(super) fn readiness(&self) -> UdpReadiness {
        // Sending never waits: what the queue of the device does not take is dropped and counted.
        UdpReadiness { readable: !self.queue.is_empty() || self.error.is_some(), writable: true }
    }
}
