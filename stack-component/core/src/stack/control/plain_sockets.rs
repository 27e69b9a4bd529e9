//! Raw, ping and packet sockets as somebody sees them who looks at the stack from outside. Linux: `net/ipv4/raw_diag.c`,
//! `net/packet/diag.c`.

use super::super::{SocketHandle, Stack};
use crate::packet::DeviceIndex;
use crate::packet_socket::PacketHandle;
use crate::raw::{Family, Kind, RawHandle};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// What kind of socket it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainKind {
    /// A ping socket that has an identifier.
    Ping,
    /// A raw socket.
    Raw,
    /// A packet socket.
    Packet,
}

/// A socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainListed {
    /// Its name.
    pub handle: SocketHandle,
    /// What it is.
    pub kind: PlainKind,
    /// Our end. The port is the protocol that it hears, or a ping socket's identifier. Linux: `inet_num`.
    pub local: SocketAddr,
    /// The one peer that it talks to, without a port.
    pub remote: Option<SocketAddr>,
    /// The only device that it uses.
    pub device: Option<DeviceIndex>,
    /// Mark of what it sends.
    pub mark: u32,
    /// Bytes of memory in what waits to be read. Linux: `sk_rmem_alloc`.
    pub held: usize,
    /// Bytes that it may hold. Linux: `sk_rcvbuf`.
    pub buffer: usize,
    /// What there was no room for. Linux: `sk_drops`.
    pub dropped: u64,
}

impl Stack {
    /// The raw and ping sockets.
    pub(super) fn listed_raw(&self) -> impl Iterator<Item = PlainListed> {
        self.raw.iter().filter_map(|(handle, _)| self.raw_listed(handle))
    }

    fn raw_listed(&self, handle: RawHandle) -> Option<PlainListed> {
        let socket = self.raw.get(handle)?;
        let (kind, port) = match (socket.kind(), socket.identifier()) {
            // Linux: a ping socket is in no table before it is bound.
            (Kind::Ping, 0) => return None,
            (Kind::Ping, identifier) => (PlainKind::Ping, identifier),
            (Kind::Raw(protocol), _) => (PlainKind::Raw, protocol.0.into()),
        };
        let nobody: IpAddr = match socket.family() {
            Family::V4 => Ipv4Addr::UNSPECIFIED.into(),
            Family::V6 => Ipv6Addr::UNSPECIFIED.into(),
        };
        let (held, buffer) = socket.memory();
        Some(PlainListed {
            handle: SocketHandle::Raw(handle),
            kind,
            local: SocketAddr::new(socket.local().unwrap_or(nobody), port),
            remote: socket.remote().map(|remote| SocketAddr::new(remote, 0)),
            device: socket.device(),
            mark: socket.mark(),
            held,
            buffer,
            dropped: socket.dropped(),
        })
    }

    /// The packet sockets.
    pub(super) fn listed_packet(&self) -> impl Iterator<Item = PlainListed> {
        self.packet_sockets.iter().filter_map(|(handle, _)| self.packet_listed(handle))
    }

    fn packet_listed(&self, handle: PacketHandle) -> Option<PlainListed> {
        let socket = self.packet_sockets.get(handle)?;
        let (held, buffer) = socket.memory();
        Some(PlainListed {
            handle: SocketHandle::Packet(handle),
            kind: PlainKind::Packet,
            local: SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), socket.protocols().number()),
            remote: None,
            device: socket.device(),
            mark: 0,
            held,
            buffer,
            dropped: socket.dropped(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet_socket::{Form, Protocols as Wanted};
    use crate::random::SeededRandom;
    use crate::stack::control::{ListingState, Protocols};
    use crate::time::Instant;
    use crate::wire::protocol::Protocol;
    use alloc::boxed::Box;
    use alloc::vec::Vec;

    fn listed(stack: &Stack, protocols: Protocols) -> Vec<(PlainKind, SocketAddr, Option<SocketAddr>)> {
        let all = stack.sockets(protocols, 0, 100, Instant::ZERO);
        let plain = all.into_iter().filter_map(|listing| match listing.state {
            ListingState::Plain(listed) => Some((listed.kind, listed.local, listed.remote)),
            _ => None,
        });
        plain.collect()
    }

    #[test]
    fn raw_ping_and_packet_sockets_are_told() {
        let mut stack = Stack::new(Box::new(SeededRandom::new(1)));
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let ospf = stack.raw_open(Family::V4, Kind::Raw(Protocol(89))).unwrap();
        stack.raw_connect(ospf, Some("127.0.0.2".parse().unwrap())).unwrap();
        let ping = stack.raw_open(Family::V6, Kind::Ping).unwrap();
        stack.packet_open(Form::Frames, Wanted::All).unwrap();
        let all = Protocols { ping: true, raw: true, packet: true, ..Protocols::default() };
        let raw = (PlainKind::Raw, address("0.0.0.0:89"), Some(address("127.0.0.2:0")));
        let packet = (PlainKind::Packet, address("0.0.0.0:3"), None);
        assert_eq!(listed(&stack, all), [raw, packet], "a ping socket is nothing before it is bound");
        stack.raw_bind(ping, Some("::1".parse().unwrap()), 7).unwrap();
        let pinging = (PlainKind::Ping, address("[::1]:7"), None);
        assert_eq!(listed(&stack, Protocols { ping: true, ..Protocols::default() }), [pinging]);
        assert_eq!(listed(&stack, Protocols { packet: true, ..Protocols::default() }), [packet]);
        let mut inodes: Vec<_> =
            stack.sockets(all, 0, 100, Instant::ZERO).iter().map(|listing| listing.inode).collect();
        inodes.dedup();
        assert_eq!(inodes.len(), 3, "each has a number of its own");
    }
}
