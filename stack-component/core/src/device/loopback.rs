//! The loopback device: what the stack sends to itself waits here until the next receive round, so that
//! sending never recurses into receiving. Linux: `drivers/net/loopback.c` with the softnet backlog.

use crate::packet::{Checksum, DeviceIndex, LinkDestination, Packet};
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// The packets (IP packets without an Ethernet header) under way from the stack to itself.
#[derive(Debug, Default)]
pub struct Loopback {
    backlog: VecDeque<Packet>,
}

impl Loopback {
    /// Bytes of the largest IP packet. Linux gives `lo` the same.
    pub const MTU: u32 = 65_536;

    /// Takes a packet to be received later, or gives it back if `limit` packets wait already. A checksum
    /// that was not computed yet never will be: the bytes have not left memory.
    /// Linux: `loopback_xmit`, `enqueue_to_backlog`.
    pub fn transmit(&mut self, packet: Packet, limit: usize) -> Result<(), Packet> {
        self.queue(packet, DeviceIndex::LOOPBACK, LinkDestination::Host, limit)
    }

    /// The same with a copy of a packet to a group, which comes back by the device that it leaves by. Linux:
    /// `dev_loopback_xmit`.
    pub fn copy(&mut self, packet: Packet, device: DeviceIndex, limit: usize) -> Result<(), Packet> {
        self.queue(packet, device, LinkDestination::Looped, limit)
    }

    fn queue(
        &mut self,
        mut packet: Packet,
        device: DeviceIndex,
        destination: LinkDestination,
        limit: usize,
    ) -> Result<(), Packet> {
        if self.backlog.len() >= limit {
            return Err(packet);
        }
        if let Checksum::Partial { .. } = packet.meta.checksum {
            packet.meta.checksum = Checksum::Verified;
        }
        (packet.meta.device, packet.meta.destination) = (device, destination);
        self.backlog.push_back(packet);
        Ok(())
    }

    /// Moves at most `budget` packets to `packets`; answers whether some were left. Linux: `process_backlog`.
    pub fn receive(&mut self, budget: usize, packets: &mut Vec<Packet>) -> bool {
        let count = budget.min(self.backlog.len());
        packets.extend(self.backlog.drain(..count));
        !self.backlog.is_empty()
    }

    /// How many packets wait.
    pub fn len(&self) -> usize {
        self.backlog.len()
    }

    /// Whether no packet waits.
    pub fn is_empty(&self) -> bool {
        self.backlog.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_come_back_in_order_with_nothing_left_to_verify() {
        let mut loopback = Loopback::default();
        for name in 0..3 {
            let mut packet = Packet::from_payload(&[name]);
            packet.meta.checksum = Checksum::Partial { length: 1, offset: 0 };
            packet.meta.device = DeviceIndex(7);
            assert_eq!(loopback.transmit(packet, 2).is_ok(), name < 2);
        }
        let mut packets = Vec::new();
        assert!(loopback.receive(1, &mut packets));
        assert!(!loopback.receive(9, &mut packets));
        assert_eq!(packets.iter().map(|p| p.data()[0]).collect::<Vec<_>>(), [0, 1]);
        for packet in packets {
            assert_eq!(packet.meta.checksum, Checksum::Verified);
            assert_eq!(packet.meta.device, DeviceIndex::LOOPBACK);
        }
    }
}
