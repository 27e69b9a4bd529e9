//! A frame that passes a device, as sockets see it.

use crate::bpf::View;
use crate::packet::DeviceIndex;
use crate::time::Instant;
use crate::wire::ethernet::{EtherType, HEADER_LEN, Header, MacAddress};
use alloc::borrow::Cow;

/// What stands for the type of a frame that has a length in its place. Linux: `ETH_P_802_2`.
const IEEE_802_2: EtherType = EtherType(4);

/// Whom a frame is for, or that it goes out. The numbers are Linux's. Linux: `sll_pkttype`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketType {
    /// This device. Linux: `PACKET_HOST`.
    Host = 0,
    /// Everybody.
    Broadcast = 1,
    /// A group.
    Multicast = 2,
    /// Somebody else.
    OtherHost = 3,
    /// It leaves by this device.
    Outgoing = 4,
}

impl PacketType {
    /// That of a frame to `destination` that a device with the address `mac` received. Linux: `eth_skb_pkt_type`.
    pub fn received(destination: MacAddress, mac: MacAddress) -> Self {
        if destination == mac {
            PacketType::Host
        } else if destination.is_broadcast() {
            PacketType::Broadcast
        } else if destination.is_multicast() {
            PacketType::Multicast
        } else {
            PacketType::OtherHost
        }
    }
}

/// What is known of the transport checksum of a frame. Linux: `TP_STATUS_CSUM_VALID`, `TP_STATUS_CSUMNOTREADY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameChecksum {
    /// Nothing.
    Unknown,
    /// The device found it right.
    Valid,
    /// The device will fill it in, or nobody has to.
    NotReady,
}

/// A frame that passes a device. A tag of a VLAN is not in its bytes.
#[derive(Clone, Debug)]
pub struct Frame<'a> {
    /// From the Ethernet header on, which is there in full.
    pub bytes: Cow<'a, [u8]>,
    /// The tag that was taken off, 16 bits. Linux: `tp_vlan_tci`.
    pub vlan: Option<u16>,
    /// The device.
    pub device: DeviceIndex,
    /// Whom it is for.
    pub packet_type: PacketType,
    /// What it carries.
    pub protocol: EtherType,
    /// What is known of its checksum.
    pub checksum: FrameChecksum,
    /// Mark of policy routing and filters.
    pub mark: u32,
    /// When it passes.
    pub at: Instant,
}

/// What a frame of this type carries, for those who ask for a protocol. Linux: `eth_type_trans`.
pub fn protocol_of(ether_type: EtherType) -> EtherType {
    if ether_type.is_length() { IEEE_802_2 } else { ether_type }
}

impl Frame<'_> {
    /// Who sent it. Linux: `eth_header_parse`.
    pub fn source(&self) -> MacAddress {
        Header::parse(&self.bytes).map(|header| header.source()).unwrap_or_default()
    }

    /// What is behind the Ethernet header.
    pub fn payload(&self) -> &[u8] {
        self.bytes.get(HEADER_LEN..).unwrap_or_default()
    }

    /// What a program sees of it whose socket gets `data`.
    pub(super) fn view<'v>(&'v self, data: &'v [u8]) -> View<'v> {
        View {
            data,
            network: self.payload(),
            link: &self.bytes,
            protocol: self.protocol.0,
            packet_type: self.packet_type as u8,
            device: self.device.0,
            mark: self.mark,
            hardware_type: self.device.hardware_type(),
            vlan: self.vlan,
        }
    }
}
