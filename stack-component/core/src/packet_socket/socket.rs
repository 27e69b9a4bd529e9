//! One packet socket, and what waits in it.

use super::{Frame, FrameChecksum, PacketType};
use crate::bpf::Program;
use crate::packet::DeviceIndex;
use crate::random::Random;
use crate::socket::SocketError;
use crate::time::Instant;
use crate::wire::ethernet::{EtherType, MacAddress};
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Least bytes of a receive buffer. Linux: `SOCK_MIN_RCVBUF`.
const MIN_RECEIVE_BUFFER: usize = 2304;

/// Most devices that a socket keeps promiscuous.
const MAX_MEMBERSHIPS: usize = 64;

/// What a socket gets of a frame, and sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// All of it. Linux: `SOCK_RAW`.
    Frames,
    /// What is behind the Ethernet header, which the stack puts before what is sent. Linux: `SOCK_DGRAM`.
    Payloads,
}

/// Which frames a socket gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocols {
    /// None: it sends.
    Nothing,
    /// Everything, what goes out too. Linux: `ETH_P_ALL`.
    All,
    /// What comes in and has this type.
    Only(EtherType),
}

impl Protocols {
    /// What Linux's number means.
    pub const fn numbered(number: u16) -> Self {
        match number {
            0 => Protocols::Nothing,
            3 => Protocols::All,
            number => Protocols::Only(EtherType(number)),
        }
    }

    /// Linux's number.
    pub const fn number(self) -> u16 {
        match self {
            Protocols::Nothing => 0,
            Protocols::All => 3,
            Protocols::Only(EtherType(number)) => number,
        }
    }
}

/// One option with its new value.
#[derive(Clone, Debug)]
pub enum PacketOption {
    /// Bytes of memory for frames that wait, doubled as Linux doubles them. Linux: `SO_RCVBUF`.
    ReceiveBuffer(usize),
    /// Most bytes of a frame that are kept.
    SnapLength(usize),
    /// What goes out is not wanted. Linux: `PACKET_IGNORE_OUTGOING`.
    IgnoreOutgoing(bool),
    /// Which frames are wanted, and how much of them. Linux: `SO_ATTACH_FILTER`.
    Filter(Option<Program>),
}

/// A frame that waits for the socket's owner.
#[derive(Clone, Debug)]
pub struct Received {
    /// As much of it as is kept.
    pub data: Vec<u8>,
    /// Bytes that it had.
    pub length: usize,
    /// The device that it passed. Linux: `sll_ifindex`.
    pub device: DeviceIndex,
    /// Whom it is for.
    pub packet_type: PacketType,
    /// What it carries. Linux: `sll_protocol`.
    pub protocol: EtherType,
    /// Who sent it. Linux: `sll_addr`.
    pub source: MacAddress,
    /// The tag that it had.
    pub vlan: Option<u16>,
    /// What is known of its checksum.
    pub checksum: FrameChecksum,
    /// When.
    pub at: Instant,
}

/// What a socket counted since it was last asked. Linux: `struct tpacket_stats`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Frames that the filter let through, those dropped included.
    pub packets: u64,
    /// Frames for which there was no room.
    pub drops: u64,
}

/// A packet socket. Linux: `struct packet_sock`.
#[derive(Debug)]
pub struct Socket {
    pub(super) form: Form,
    pub(super) protocols: Protocols,
    /// The only device that it hears.
    pub(super) device: Option<DeviceIndex>,
    /// It stands in the list of sockets to be woken.
    pub(super) woken: bool,
    /// Devices that it keeps promiscuous. Linux: `packet_mclist`.
    pub(super) memberships: Vec<DeviceIndex>,
    /// All frames for which there was no room. Linux: `sk_drops`.
    dropped: u64,
    receive_buffer: usize,
    snap_length: usize,
    ignore_outgoing: bool,
    filter: Option<Program>,
    statistics: Statistics,
    queue: VecDeque<Received>,
    queued_bytes: usize,
}

impl Socket {
    pub(super) fn new(form: Form, protocols: Protocols, receive_buffer: usize) -> Self {
        Socket {
            form,
            protocols,
            device: None,
            woken: false,
            memberships: Vec::new(),
            dropped: 0,
            receive_buffer,
            snap_length: usize::MAX,
            ignore_outgoing: false,
            filter: None,
            statistics: Statistics::default(),
            queue: VecDeque::new(),
            queued_bytes: 0,
        }
    }

    /// What it gets of frames.
    pub fn form(&self) -> Form {
        self.form
    }

    /// What its frames carry.
    pub fn protocols(&self) -> Protocols {
        self.protocols
    }

    /// The only device that it hears.
    pub fn device(&self) -> Option<DeviceIndex> {
        self.device
    }

    /// Bytes of frames that wait, and how many may.
    pub fn memory(&self) -> (usize, usize) {
        (self.queued_bytes, self.receive_buffer)
    }

    /// All frames for which there was no room.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Sets an option; `max_buffer` is the largest receive buffer in bytes that may be asked for. Linux:
    /// `net.core.rmem_max`.
    pub(super) fn set(&mut self, option: PacketOption, max_buffer: usize) {
        match option {
            PacketOption::ReceiveBuffer(bytes) => {
                self.receive_buffer = bytes.min(max_buffer).saturating_mul(2).max(MIN_RECEIVE_BUFFER);
            }
            PacketOption::SnapLength(bytes) => self.snap_length = bytes,
            PacketOption::IgnoreOutgoing(ignore) => self.ignore_outgoing = ignore,
            PacketOption::Filter(program) => self.filter = program,
        }
    }

    /// Notes that it wants `device` promiscuous, or no more; answers whether that is news.
    pub(super) fn set_member(&mut self, device: DeviceIndex, member: bool) -> Result<bool, SocketError> {
        let place = self.memberships.iter().position(|other| *other == device);
        match (place, member) {
            (None, true) if self.memberships.len() >= MAX_MEMBERSHIPS => Err(SocketError::OutOfMemory),
            (None, true) => {
                self.memberships.push(device);
                Ok(true)
            }
            (Some(place), false) => {
                self.memberships.swap_remove(place);
                Ok(true)
            }
            (None, false) => Err(SocketError::AddressNotBindable),
            (Some(_), true) => Ok(false),
        }
    }

    pub(super) fn ignores(&self, frame: &Frame<'_>) -> bool {
        self.ignore_outgoing && frame.packet_type == PacketType::Outgoing
    }

    /// Queues what the filter leaves of a frame, if the sockets together have room; answers whether there is something new
    /// to be read. Linux: `packet_rcv`.
    pub(super) fn take(&mut self, frame: &Frame<'_>, has_room: bool, random: &mut dyn Random) -> bool {
        let data = match self.form {
            Form::Frames => &frame.bytes,
            Form::Payloads => frame.payload(),
        };
        let filter = self.filter.as_ref();
        let kept = filter.map_or(data.len(), |program| program.keep(&frame.view(data), random));
        if kept == 0 && self.filter.is_some() {
            return false;
        }
        self.statistics.packets += 1;
        if !has_room || self.queued_bytes > self.receive_buffer {
            self.statistics.drops += 1;
            self.dropped += 1;
            return false;
        }
        let received = Received {
            data: data.get(..kept.min(self.snap_length)).unwrap_or(data).to_vec(),
            length: data.len(),
            device: frame.device,
            packet_type: frame.packet_type,
            protocol: frame.protocol,
            source: frame.source(),
            vlan: frame.vlan,
            checksum: frame.checksum,
            at: frame.at,
        };
        self.queued_bytes += memory(&received);
        self.queue.push_back(received);
        true
    }

    /// The oldest frame.
    pub(super) fn pop(&mut self) -> Option<Received> {
        let received = self.queue.pop_front()?;
        self.queued_bytes = self.queued_bytes.saturating_sub(memory(&received));
        Some(received)
    }

    pub(super) fn is_readable(&self) -> bool {
        !self.queue.is_empty()
    }

    /// What was counted, which begins anew. Linux: `PACKET_STATISTICS`.
    pub(super) fn take_statistics(&mut self) -> Statistics {
        core::mem::take(&mut self.statistics)
    }
}

fn memory(received: &Received) -> usize {
    received.data.capacity() + size_of::<Received>()
}
