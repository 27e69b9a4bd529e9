//! Frames that the gateway makes without its stack.

use stack_core::wire::ethernet::{self, EtherType, MacAddress};
use stack_core::wire::protocol::Protocol;
use stack_core::wire::{ipv4, ipv6};
use std::net::IpAddr;

/// What stands around a message: from whom it is, and for whom. Both addresses are of one version.
#[derive(Clone, Copy, Debug)]
pub(super) struct Envelope {
    pub(super) stations: (MacAddress, MacAddress),
    pub(super) addresses: (IpAddr, IpAddr),
    pub(super) protocol: Protocol,
    pub(super) hop_limit: u8,
}

/// The hop limit of what need not say where it comes from.
pub(super) const HOP_LIMIT: u8 = ipv6::DEFAULT_HOP_LIMIT;

impl Envelope {
    /// The frame with `message`, which is complete with its checksum; none if it is too long.
    pub(super) fn around(&self, message: &[u8]) -> Option<Vec<u8>> {
        let (source, destination) = self.stations;
        let ether_type = if self.addresses.0.is_ipv4() { EtherType::IPV4 } else { EtherType::IPV6 };
        let mut frame = vec![0; ethernet::HEADER_LEN];
        ethernet::Fields { destination, source, ether_type }.emit(&mut frame);
        frame.extend(self.heading(message.len())?);
        frame.extend(message);
        Some(frame)
    }

    /// The IP header before `length` bytes.
    fn heading(&self, length: usize) -> Option<Vec<u8>> {
        match self.addresses {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                let total_len = u16::try_from(ipv4::HEADER_LEN + length).ok()?;
                let mut header = vec![0; ipv4::HEADER_LEN];
                ipv4::Fields {
                    tos: 0,
                    total_len,
                    identification: 0,
                    dont_fragment: true,
                    ttl: self.hop_limit,
                    protocol: self.protocol,
                    source,
                    destination,
                }
                .emit(&mut header);
                Some(header)
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                let payload_len = u16::try_from(length).ok()?;
                let mut header = vec![0; ipv6::HEADER_LEN];
                ipv6::Fields {
                    traffic_class: 0,
                    flow_label: 0,
                    payload_len,
                    next_header: self.protocol,
                    hop_limit: self.hop_limit,
                    source,
                    destination,
                }
                .emit(&mut header);
                Some(header)
            }
            _ => None,
        }
    }
}
