//! What the layers know of a packet beside its bytes.

/// Which device a packet came from or goes to. Linux: `ifindex`; 1 is the loopback device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceIndex(pub u32);

impl DeviceIndex {
    /// The loopback device, which always exists.
    pub const LOOPBACK: DeviceIndex = DeviceIndex(1);

    /// What the device is, by Linux's numbers: the loopback device, or Ethernet. Linux: `ARPHRD_LOOPBACK`, `ARPHRD_ETHER`.
    pub const fn hardware_type(self) -> u16 {
        if self.0 == Self::LOOPBACK.0 { 772 } else { 1 }
    }
}

/// Whom a received frame was addressed to. Linux: `skb->pkt_type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkDestination {
    /// To this device's own address, or sent by this stack.
    #[default]
    Host,
    /// To everybody.
    Broadcast,
    /// To a group.
    Multicast,
    /// To somebody else; seen only by a device that takes everything.
    OtherHost,
    /// To everybody or to a group that we are in, and sent by ourselves: no frame. Linux: `PACKET_LOOPBACK`.
    Looped,
}

/// What is known of the checksum of the transport header. Linux: `skb->ip_summed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Checksum {
    /// Nothing: receive verifies, transmit has filled it in. Linux: `CHECKSUM_NONE`.
    #[default]
    None,
    /// The device (or the stack itself, over loopback) vouches for it. Linux: `CHECKSUM_UNNECESSARY`.
    Verified,
    /// Transmit: the checksum field holds the folded pseudo-header sum; whoever sends the frame sums the
    /// bytes from `start` to the end and puts the complement into the 16 bits at `start + offset`. `start`
    /// counts from the packet's end backwards: it is the number of bytes that are summed, so that headers
    /// pushed before them do not move it. Linux: `CHECKSUM_PARTIAL`.
    Partial {
        /// How many bytes at the packet's end are summed.
        length: u32,
        /// Where in those bytes the checksum field is.
        offset: u16,
    },
}

/// What the layers know of a packet beside its bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Metadata {
    /// The device it came from, or leaves by.
    pub device: DeviceIndex,
    /// Whom the frame was addressed to.
    pub destination: LinkDestination,
    /// What is known of its transport checksum.
    pub checksum: Checksum,
    /// Mark of policy routing and filters. Linux: `skb->mark`.
    pub mark: u32,
    /// The peer has answered lately, so the way to the next hop works. Linux: `skb->dst_pending_confirm`.
    pub confirms_neighbour: bool,
    /// If it goes to a group or to everybody, this host gets no copy of it. Linux: `mc_loop` of the socket being 0.
    pub unlooped: bool,
    /// The TCP socket that a received segment was found to be for, as a number. Linux: `skb->sk`.
    pub socket: Option<u64>,
    /// The packet socket that a frame was sent by, as a number: it is not shown its own. Linux: `skb->sk`.
    pub sent_by: Option<u64>,
    /// Bytes of IPv4 options that the payload of a packet to be sent begins with, a multiple of 4 up to 40. Linux: `IPCB(skb)->opt`.
    pub options: u8,
    /// Priority band for the queueing discipline, 0 being best effort. Linux: `skb->priority`.
    pub priority: u32,
}
