//! The proof that a packet passed PostRouting.

use crate::packet::Packet;
use alloc::vec::Vec;

/// An IP packet that may leave: the neighbour layer and the devices take no other. Only
/// [`Hooks::post_routing`](super::Hooks::post_routing) makes one.
#[derive(Debug)]
pub struct EgressChecked(Packet);

impl EgressChecked {
    pub(super) fn new(packet: Packet) -> Self {
        EgressChecked(packet)
    }

    /// A packet for tests of what comes behind the hooks.
    #[cfg(test)]
    pub(crate) fn for_test(packet: Packet) -> Self {
        EgressChecked(packet)
    }

    /// The packet, from its IP header on.
    pub fn packet(&self) -> &Packet {
        &self.0
    }

    /// The packet with its transport checksum, which `complete` puts in place.
    pub fn with_checksum(mut self, complete: impl FnOnce(&mut Packet)) -> Self {
        complete(&mut self.0);
        self
    }

    /// The pieces that `cut` makes of the packet, which may leave as it may; none if `cut` can make none.
    pub fn cut(self, cut: impl FnOnce(&Packet) -> Option<Vec<Packet>>) -> Option<Vec<EgressChecked>> {
        Some(cut(&self.0)?.into_iter().map(EgressChecked).collect())
    }

    /// Gives the packet up to the device, or to whoever reports that it could not be sent.
    pub fn into_packet(self) -> Packet {
        self.0
    }
}
