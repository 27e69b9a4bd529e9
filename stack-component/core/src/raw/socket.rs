//! One raw or ping socket, and what waits in it.

use super::{Options, Report};
use crate::packet::DeviceIndex;
use crate::time::Instant;
use crate::wire::protocol::Protocol;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::net::IpAddr;

/// Most errors that wait in a socket.
pub(super) const MAX_REPORTS: usize = 64;

/// Which version of IP a socket speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// The version of an address.
    pub const fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Family::V4,
            IpAddr::V6(_) => Family::V6,
        }
    }

    /// Its ICMP.
    pub const fn icmp(self) -> Protocol {
        match self {
            Family::V4 => Protocol::ICMP,
            Family::V6 => Protocol::ICMPV6,
        }
    }
}

/// What a socket carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// ICMP echo requests and the replies to them. Linux: `SOCK_DGRAM`, `IPPROTO_ICMP`.
    Ping,
    /// Packets of this protocol. Linux: `SOCK_RAW`.
    Raw(Protocol),
}

/// What IP knows of a packet that arrived.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// Who sent it.
    pub source: IpAddr,
    /// Which of our addresses, of everybody's, or of a group's, it was sent to.
    pub destination: IpAddr,
    /// What it carries.
    pub protocol: Protocol,
    /// The time to live, or hop limit, that was left.
    pub hop_limit: u8,
    /// Type of service, or traffic class.
    pub traffic_class: u8,
    /// The device that it came by.
    pub device: DeviceIndex,
    /// When.
    pub at: Instant,
    /// Whether the checksum of what it carries was found right, or never has to be.
    pub verified: bool,
}

/// A packet that waits for the socket's owner.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// What is known of it.
    pub arrival: Arrival,
    /// Raw IPv4: from its IP header on; else what the IP header carries.
    pub data: Vec<u8>,
    /// A ping socket of IPv4: the options of the IP header with our address and time in them; else empty. Linux:
    /// `IP_RECVOPTS`.
    pub options: Vec<u8>,
}

/// What a socket's owner could do now without being told to wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RawReadiness {
    /// A packet waits.
    pub readable: bool,
    /// An error waits.
    pub reported: bool,
}

/// A raw or ping socket. Linux: `struct raw_sock`, `struct inet_sock` of a ping socket.
#[derive(Debug)]
pub struct Socket {
    pub(super) family: Family,
    pub(super) kind: Kind,
    /// Our address that it was bound to.
    pub(super) local: Option<IpAddr>,
    /// The one peer that it was connected to.
    pub(super) remote: Option<IpAddr>,
    /// A ping socket's identifier; 0 until it is bound. Linux: `inet_num`.
    pub(super) identifier: u16,
    pub(super) options: Options,
    /// It stands in the list of sockets to be woken.
    pub(super) woken: bool,
    /// Packets and errors for which there was no room.
    pub(super) dropped: u64,
    queue: VecDeque<Incoming>,
    queued_bytes: usize,
    reports: VecDeque<Report>,
}

impl Socket {
    pub(super) fn new(family: Family, kind: Kind, options: Options) -> Self {
        Socket {
            family,
            kind,
            local: None,
            remote: None,
            identifier: 0,
            options,
            woken: false,
            dropped: 0,
            queue: VecDeque::new(),
            queued_bytes: 0,
            reports: VecDeque::new(),
        }
    }

    /// Which version of IP it speaks.
    pub fn family(&self) -> Family {
        self.family
    }

    /// Our address that it is bound to.
    pub fn local(&self) -> Option<IpAddr> {
        self.local
    }

    /// The peer that it is connected to.
    pub fn remote(&self) -> Option<IpAddr> {
        self.remote
    }

    /// A ping socket's identifier, 0 if it has none yet.
    pub fn identifier(&self) -> u16 {
        self.identifier
    }

    /// The only device that it sends and receives by.
    pub fn device(&self) -> Option<DeviceIndex> {
        self.options.device
    }

    /// The only device that what it sends to `destination` leaves by; none: that of the route.
    pub fn device_to(&self, destination: IpAddr) -> Option<DeviceIndex> {
        let of_groups = self.options.multicast.device.filter(|_| destination.is_multicast());
        self.options.device.or(of_groups)
    }

    /// Whether members on this host hear what it sends to groups. Linux: `IP_MULTICAST_LOOP`.
    pub fn loops(&self) -> bool {
        self.options.multicast.loops
    }

    /// Whether what it sends goes to neighbours alone.
    pub fn to_neighbours(&self) -> bool {
        self.options.neighbours && self.family == Family::V4
    }

    /// Whether it may send to everybody.
    pub fn may_broadcast(&self) -> bool {
        self.options.broadcast
    }

    /// Whether what it sends has its IP header already.
    pub fn includes_header(&self) -> bool {
        self.options.header_included
    }

    /// Mark of what it sends.
    pub fn mark(&self) -> u32 {
        self.options.mark
    }

    /// Whether what it gets must have a right checksum. Linux: `rp->checksum` of a raw IPv6 socket.
    pub(super) fn checks(&self) -> bool {
        let icmp = self.kind == Kind::Raw(Protocol::ICMPV6);
        self.family == Family::V6 && (icmp || self.options.checksum_offset.is_some())
    }

    /// What it carries.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Bytes of packets that wait, and how many may.
    pub fn memory(&self) -> (usize, usize) {
        (self.queued_bytes, self.options.receive_buffer)
    }

    /// Packets and errors for which there was no room.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Whether the socket hears what `remote` sends to `local` by `device`. Linux: `raw_v4_match`.
    pub(super) fn matches(&self, local: IpAddr, remote: IpAddr, device: DeviceIndex) -> bool {
        self.matches_ends(local, remote) && self.options.hears(device)
    }

    /// The same wherever it comes by.
    pub(super) fn matches_ends(&self, local: IpAddr, remote: IpAddr) -> bool {
        let is = |ours: Option<IpAddr>, theirs| ours.is_none_or(|ours| ours == theirs);
        self.family == Family::of(local) && is(self.local, local) && is(self.remote, remote)
    }

    /// Queues a packet; answers whether there was room. Linux: `sock_queue_rcv_skb`.
    pub(super) fn push(&mut self, incoming: Incoming) -> bool {
        if self.queued_bytes > self.options.receive_buffer {
            self.dropped += 1;
            return false;
        }
        self.queued_bytes += memory(&incoming);
        self.queue.push_back(incoming);
        true
    }

    /// The oldest packet.
    pub(super) fn pop(&mut self) -> Option<Incoming> {
        let incoming = self.queue.pop_front()?;
        self.queued_bytes = self.queued_bytes.saturating_sub(memory(&incoming));
        Some(incoming)
    }

    /// Queues an error; answers whether it was wanted and there was room.
    pub(super) fn push_report(&mut self, report: Report) -> bool {
        if !self.options.reports {
            return false;
        }
        if self.reports.len() >= MAX_REPORTS {
            self.dropped += 1;
            return false;
        }
        self.reports.push_back(report);
        true
    }

    /// The oldest error.
    pub(super) fn pop_report(&mut self) -> Option<Report> {
        self.reports.pop_front()
    }

    pub(super) fn readiness(&self) -> RawReadiness {
        RawReadiness { readable: !self.queue.is_empty(), reported: !self.reports.is_empty() }
    }
}

fn memory(incoming: &Incoming) -> usize {
    incoming.data.capacity() + incoming.options.capacity() + size_of::<Incoming>()
}
