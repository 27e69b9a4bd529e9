//! Datagrams on the way in.

use super::counted::Counted;
use super::table::{Udp, UdpHandle};
use crate::counters::Counters;
use crate::drop_reason::DropReason;
use crate::packet::{Checksum, DeviceIndex, Packet};
use crate::socket::memory::Bounds;
use crate::sysctl::Sysctl;
use crate::wire::address::socket_address;
use crate::wire::udp::{HEADER_LEN, Header};
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

/// Bytes of a page, which `udp_mem` counts in.
const PAGE: usize = 4096;

/// What IP knows of a datagram that arrived.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// Who sent it.
    pub source: IpAddr,
    /// Which of our addresses, or which broadcast address, it was sent to.
    pub destination: IpAddr,
    /// The device it came by.
    pub device: DeviceIndex,
}

/// A datagram nobody takes, and why.
#[derive(Debug)]
pub struct Rejected {
    /// The datagram, from its UDP header on.
    pub packet: Packet,
    /// Why not.
    pub reason: DropReason,
}

impl Udp {
    /// Takes in the datagram that `packet` begins with. Linux: `udp_rcv`.
    pub fn input(
        &mut self,
        sysctl: &Sysctl,
        counters: &mut Counters,
        arrival: &Arrival,
        packet: Packet,
    ) -> Result<(), Rejected> {
        let (local, source, payload_len) = match counted_check(counters, arrival, &packet) {
            Ok(checked) => checked,
            Err(reason) => return Err(Rejected { packet, reason }),
        };
        let Some(handle) = self.find(local, source) else {
            counters.increment(Counted::of(arrival.source.is_ipv6()).no_ports);
            return Err(Rejected { packet, reason: DropReason::UdpNoSocket });
        };
        self.queue(sysctl, counters, handle, source, (packet, payload_len))
    }

    /// Takes in a datagram to a group or to everybody: each socket that receives there gets a copy, but those that
    /// `wants` says no of, which hears whether they take what others have joined. Linux: `__udp4_lib_mcast_deliver`,
    /// `__udp6_lib_mcast_deliver`.
    pub fn input_to_many(
        &mut self,
        sysctl: &Sysctl,
        counters: &mut Counters,
        arrival: &Arrival,
        packet: Packet,
        wants: impl Fn(UdpHandle, bool) -> bool,
    ) -> Result<(), Rejected> {
        let (local, source, payload_len) = match counted_check(counters, arrival, &packet) {
            Ok(checked) => checked,
            Err(reason) => return Err(Rejected { packet, reason }),
        };
        let mut reason = DropReason::UdpNoSocket;
        let mut takers = Vec::new();
        for (handle, socket) in self.all(local, source) {
            match wants(handle, socket.options.multicast.all) {
                true => takers.push(handle),
                false => reason = DropReason::GroupNotJoined,
            }
        }
        let Some(last) = takers.pop() else {
            counters.increment(Counted::of(arrival.source.is_ipv6()).ignored);
            return Err(Rejected { packet, reason });
        };
        for handle in takers {
            // The copy of one who has no room is counted, and the others get theirs.
            let _ = self.queue(sysctl, counters, handle, source, (packet.clone(), payload_len));
        }
        self.queue(sysctl, counters, last, source, (packet, payload_len))
    }

    /// Linux: `udp_queue_rcv_skb`, `__udp_enqueue_schedule_skb`.
    fn queue(
        &mut self,
        sysctl: &Sysctl,
        counters: &mut Counters,
        handle: UdpHandle,
        source: SocketAddr,
        (mut packet, payload_len): (Packet, usize),
    ) -> Result<(), Rejected> {
        // What is quoted in an error is quoted before this: a full buffer is not answered.
        let counted = Counted::of(source.is_ipv6());
        packet.pull(HEADER_LEN);
        packet.truncate(payload_len);
        let Some(socket) = self.sockets.get_mut(handle) else {
            return Err(Rejected { packet, reason: DropReason::UdpNoSocket });
        };
        let (held, more) = (socket.queued_bytes(), packet.memory());
        let refused = if socket.is_full() {
            Some((counted.full, DropReason::SocketReceiveBufferFull))
        } else if !self.memory.admits(bounds(sysctl), held, more) {
            Some((counted.no_memory, DropReason::ProtocolMemory))
        } else {
            None
        };
        if let Some((counter, reason)) = refused {
            counters.increment(counted.errors);
            counters.increment(counter);
            return Err(Rejected { packet, reason });
        }
        socket.push(source, packet);
        self.memory.change(held, held + more);
        counters.increment(counted.received);
        self.wake(handle);
        Ok(())
    }
}

/// Linux: `udp_mem`, `udp_rmem_min`.
fn bounds(sysctl: &Sysctl) -> Bounds {
    let [.., pages] = sysctl.udp_mem;
    let bytes = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    Bounds { most: bytes(pages).saturating_mul(PAGE), least: bytes(sysctl.udp_rmem_min) }
}

/// Checks a datagram, and counts one that is bad.
fn counted_check(
    counters: &mut Counters,
    arrival: &Arrival,
    packet: &Packet,
) -> Result<(SocketAddr, SocketAddr, usize), DropReason> {
    check(arrival, packet).inspect_err(|reason| {
        let counted = Counted::of(arrival.source.is_ipv6());
        counters.increment(counted.errors);
        if *reason == DropReason::UdpChecksum {
            counters.increment(counted.bad_checksums);
        }
    })
}

/// Whether the sum is still to be completed by a device that it never reaches.
fn partial(packet: &Packet) -> bool {
    matches!(packet.meta.checksum, Checksum::Partial { .. })
}

/// Checks lengths and checksum; answers both ends' addresses and the payload's length.
fn check(arrival: &Arrival, packet: &Packet) -> Result<(SocketAddr, SocketAddr, usize), DropReason> {
    let header = Header::parse(packet.data()).map_err(|_| DropReason::UdpMalformed)?;
    // Over IPv6 a datagram has a checksum (RFC 8200 section 8.1).
    if header.checksum() == 0 && arrival.source.is_ipv6() && !partial(packet) {
        return Err(DropReason::UdpChecksum);
    }
    let verified = packet.meta.checksum == Checksum::Verified;
    if !verified && !header.checksum_is_valid(arrival.source, arrival.destination) {
        return Err(DropReason::UdpChecksum);
    }
    let local = socket_address(arrival.destination, header.destination_port(), arrival.device.0);
    let source = socket_address(arrival.source, header.source_port(), arrival.device.0);
    Ok((local, source, header.payload().len()))
}
