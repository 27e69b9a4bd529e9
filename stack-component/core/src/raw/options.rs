//! What the owner of a raw or ping socket can set.

use crate::ip::Cutting;
use crate::ip::v4::OwnOptions;
use crate::packet::DeviceIndex;
use crate::socket::{MulticastOption, MulticastOptions, SocketError};
use crate::wire::ipv6;

/// Least bytes of a receive buffer. Linux: `SOCK_MIN_RCVBUF`.
const MIN_RECEIVE_BUFFER: usize = 2304;

/// Least bytes of a send buffer. Linux: `SOCK_MIN_SNDBUF`.
const MIN_SEND_BUFFER: usize = 4608;

/// The kinds of ICMP messages that a raw socket does not want, by number. Linux: `ICMP_FILTER`, `ICMP6_FILTER`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IcmpFilter([u64; 4]);

impl IcmpFilter {
    /// A filter that blocks these kinds.
    pub fn blocking(kinds: impl IntoIterator<Item = u8>) -> Self {
        let mut filter = IcmpFilter::default();
        for kind in kinds {
            if let Some(word) = filter.0.get_mut(usize::from(kind >> 6)) {
                *word |= 1 << (kind & 63);
            }
        }
        filter
    }

    /// Whether messages of this kind are blocked.
    pub fn blocks(&self, kind: u8) -> bool {
        self.0.get(usize::from(kind >> 6)).is_some_and(|word| word & (1 << (kind & 63)) != 0)
    }
}

/// One option with its new value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawOption {
    /// Time to live, or hop limit, to one station; none: the default. Linux: `IP_TTL`, `IPV6_UNICAST_HOPS`.
    HopLimit(Option<u8>),
    /// What is about groups.
    Multicast(MulticastOption),
    /// Type of service, or traffic class. Linux: `IP_TOS`, `IPV6_TCLASS`.
    TrafficClass(u8),
    /// Whether packets may be cut. Linux: `IP_MTU_DISCOVER`.
    Cutting(Cutting),
    /// Bytes of memory for packets that wait, doubled as Linux doubles them. Linux: `SO_RCVBUF`.
    ReceiveBuffer(usize),
    /// The only device to send and receive by. Linux: `SO_BINDTODEVICE`.
    Device(Option<DeviceIndex>),
    /// Sending to everybody is permitted. Linux: `SO_BROADCAST`.
    Broadcast(bool),
    /// ICMP errors about what the socket sent are kept for its owner. Linux: `IP_RECVERR`.
    Reports(bool),
    /// Where in its payload a raw IPv6 socket's checksum stands, which the stack fills in and verifies; even.
    /// Linux: `IPV6_CHECKSUM`.
    ChecksumOffset(Option<u16>),
    /// Which ICMP messages a raw ICMP socket does not want.
    IcmpFilter(IcmpFilter),
    /// Mark of what it sends. Linux: `SO_MARK`.
    Mark(u32),
    /// What a raw socket's owner sends begins with its IP header. Linux: `IP_HDRINCL`, `IPV6_HDRINCL`.
    HeaderIncluded(bool),
    /// Options in the headers of what an IPv4 socket sends. Linux: `IP_OPTIONS`.
    Header(OwnOptions),
    /// Flow label of what an IPv6 socket sends, of 20 bits; none: as the stack chooses. Linux: `IPV6_FLOWLABEL_MGR`,
    /// `IPV6_FLOWINFO_SEND`.
    FlowLabel(Option<u32>),
    /// What an IPv4 socket sends goes to neighbours alone. Linux: `SO_DONTROUTE`.
    Neighbours(bool),
    /// Bytes of memory for what is being sent, doubled as Linux doubles them. Linux: `SO_SNDBUF`.
    SendBuffer(usize),
}

/// All options of a socket.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub(super) hop_limit: Option<u8>,
    pub(super) multicast: MulticastOptions,
    pub(super) traffic_class: u8,
    pub(super) cutting: Cutting,
    pub(super) receive_buffer: usize,
    pub(super) device: Option<DeviceIndex>,
    pub(super) broadcast: bool,
    pub(super) reports: bool,
    pub(super) checksum_offset: Option<u16>,
    pub(super) icmp_filter: IcmpFilter,
    pub(super) mark: u32,
    pub(super) header_included: bool,
    pub(super) header: Option<OwnOptions>,
    pub(super) flow_label: Option<u32>,
    pub(super) neighbours: bool,
    pub(super) send_buffer: usize,
}

impl Options {
    /// Those of a new socket with these buffers, in bytes.
    pub(super) fn new(receive_buffer: usize, send_buffer: usize) -> Self {
        Options {
            hop_limit: None,
            multicast: MulticastOptions::default(),
            traffic_class: 0,
            cutting: Cutting::Here,
            receive_buffer,
            device: None,
            broadcast: false,
            reports: false,
            checksum_offset: None,
            icmp_filter: IcmpFilter::default(),
            mark: 0,
            header_included: false,
            header: None,
            flow_label: None,
            neighbours: false,
            send_buffer,
        }
    }

    /// Sets one; `max_buffer` is the largest buffer in bytes that may be asked for. Linux: `net.core.rmem_max`,
    /// `net.core.wmem_max`.
    pub(super) fn set(&mut self, option: RawOption, max_buffer: usize) -> Result<(), SocketError> {
        match option {
            RawOption::HopLimit(Some(0)) => return Err(SocketError::InvalidArgument),
            RawOption::HopLimit(limit) => self.hop_limit = limit,
            RawOption::Multicast(option) => self.multicast.set(option),
            RawOption::TrafficClass(class) => self.traffic_class = class,
            RawOption::Cutting(cutting) => self.cutting = cutting,
            RawOption::ReceiveBuffer(bytes) => {
                self.receive_buffer = bytes.min(max_buffer).saturating_mul(2).max(MIN_RECEIVE_BUFFER);
            }
            RawOption::Device(device) => self.device = device,
            RawOption::Broadcast(permitted) => self.broadcast = permitted,
            RawOption::Reports(wanted) => self.reports = wanted,
            RawOption::ChecksumOffset(Some(offset)) if offset % 2 != 0 => {
                return Err(SocketError::InvalidArgument);
            }
            RawOption::ChecksumOffset(offset) => self.checksum_offset = offset,
            RawOption::IcmpFilter(filter) => self.icmp_filter = filter,
            RawOption::Mark(mark) => self.mark = mark,
            RawOption::HeaderIncluded(included) => self.header_included = included,
            RawOption::Header(options) => self.header = Some(options),
            RawOption::FlowLabel(Some(label)) if label > ipv6::MAX_FLOW_LABEL => {
                return Err(SocketError::InvalidArgument);
            }
            RawOption::FlowLabel(label) => self.flow_label = label,
            RawOption::Neighbours(alone) => self.neighbours = alone,
            RawOption::SendBuffer(bytes) => {
                self.send_buffer = bytes.min(max_buffer).saturating_mul(2).max(MIN_SEND_BUFFER);
            }
        }
        Ok(())
    }

    /// Whether the socket hears what comes by `device`.
    pub(super) fn hears(&self, device: DeviceIndex) -> bool {
        self.device.is_none_or(|only| only == device)
    }
}
