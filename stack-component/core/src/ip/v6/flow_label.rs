//! Flow labels: what packets of one flow have in common, so that whoever spreads flows over links need not look behind
//! the IPv6 header (RFC 6437, RFC 6438).

use crate::keyed_hash::KeyedHash;
use crate::random::Random;
use crate::wire::protocol::Protocol;
use core::hash::BuildHasher;
use core::net::Ipv6Addr;

/// Labels are 20 bits. Linux: `IPV6_FLOWLABEL_MASK`.
const MASK: u32 = 0xf_ffff;

/// Makes the labels: a hash under a secret key, so that nobody outside can tell what another flow's is.
#[derive(Clone, Debug)]
pub struct FlowLabels(KeyedHash);

impl FlowLabels {
    /// Labels by a key drawn from `random`.
    pub fn new(random: &mut dyn Random) -> Self {
        FlowLabels(KeyedHash::new(random))
    }

    /// The label of the flow that a packet of ours belongs to: by addresses, protocol and ports, which the payload
    /// begins with in all protocols that have some. Linux: `ip6_make_flowlabel`.
    pub fn label(&self, source: Ipv6Addr, destination: Ipv6Addr, protocol: Protocol, payload: &[u8]) -> u32 {
        let has_ports = matches!(protocol, Protocol::TCP | Protocol::UDP);
        let ports = payload.first_chunk::<4>().filter(|_| has_ports);
        let hash = self.0.hash_one((source, destination, protocol, ports));
        (hash as u32) & MASK
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;

    #[test]
    fn one_label_for_each_flow() {
        let labels = FlowLabels::new(&mut SeededRandom::new(1));
        let (a, b) = (Ipv6Addr::LOCALHOST, Ipv6Addr::UNSPECIFIED);
        let label = |protocol, payload: &[u8]| labels.label(a, b, protocol, payload);
        let of_a_flow = label(Protocol::TCP, b"\x00\x50\x12\x34one");
        assert_eq!(of_a_flow, label(Protocol::TCP, b"\x00\x50\x12\x34another"));
        assert_ne!(of_a_flow, label(Protocol::TCP, b"\x00\x50\x12\x35one"));
        assert_ne!(of_a_flow, label(Protocol::UDP, b"\x00\x50\x12\x34one"));
        assert_ne!(of_a_flow, labels.label(b, a, Protocol::TCP, b"\x00\x50\x12\x34one"));
        assert_eq!(label(Protocol::ICMPV6, b"\x80\0\0\0"), label(Protocol::ICMPV6, b"\x81\0\0\0"));
        let others = FlowLabels::new(&mut SeededRandom::new(2));
        assert_ne!(of_a_flow, others.label(a, b, Protocol::TCP, b"\x00\x50\x12\x34one"));
        assert!(of_a_flow <= MASK);
    }
}
