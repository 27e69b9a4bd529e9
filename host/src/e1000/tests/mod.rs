//! The device under a driver made of bare register writes and descriptors: what a driver may rely on, and
//! what it cannot break.

mod address_filter;
mod documentation;
mod eeprom;
mod interrupts;
mod link;
mod malformed_rings;
mod pci;
mod receive;
mod registers;
mod segmentation;
mod statistics;
mod transmit;

use super::*;
use e1000_regs::descriptors::{
    DESCRIPTOR_LEN, DataDescriptor, LegacyDescriptor, ReceiveDescriptor, transmit_command as cmd,
};
use e1000_regs::receive::rctl;
use e1000_regs::registers::offset;
use e1000_regs::transmit::tctl;
use e1000_regs::{Register, Statistic, pci as pci_regs};

pub(super) const MAC: [u8; 6] = [0x52, 0x54, 0x00, 0x12, 0x34, 0x56];
pub(super) const PEER: [u8; 6] = [0x02, 0x00, 0x00, 0x00, 0x00, 0x01];
pub(super) const GROUP: [u8; 6] = [0x01, 0x00, 0x5E, 0x00, 0x00, 0xFB];

/// DMA memory lies above 4 GiB, so that the high halves of addresses count.
pub(super) const MEMORY: u64 = 0x1_0000_0000;
pub(super) const RECEIVE_RING: u64 = MEMORY;
pub(super) const TRANSMIT_RING: u64 = MEMORY + 0x1_0000;
pub(super) const RECEIVE_BUFFERS: u64 = MEMORY + 0x2_0000;
pub(super) const TRANSMIT_BUFFERS: u64 = MEMORY + 0x8_0000;
const MEMORY_LEN: usize = 0x10_0000;
/// What fresh memory holds, so that untouched bytes can be told from zeros.
pub(super) const FILL: u8 = 0xA5;

/// One DMA region. It counts accesses: a bound on them is a bound on the device's loops.
pub(super) struct Memory {
    bytes: Vec<u8>,
    pub(super) accesses: u64,
    /// Addresses written, in order.
    pub(super) writes: Vec<u64>,
}

impl Memory {
    fn range(&mut self, address: u64, len: usize) -> Result<std::ops::Range<usize>, DmaError> {
        self.accesses += 1;
        let start = address.checked_sub(MEMORY).ok_or(DmaError)? as usize;
        let end = start.checked_add(len).filter(|end| *end <= self.bytes.len()).ok_or(DmaError)?;
        Ok(start..end)
    }
}

impl Dma for Memory {
    fn read(&mut self, address: u64, into: &mut [u8]) -> Result<(), DmaError> {
        let range = self.range(address, into.len())?;
        into.copy_from_slice(&self.bytes[range]);
        Ok(())
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), DmaError> {
        let range = self.range(address, bytes.len())?;
        self.writes.push(address);
        self.bytes[range].copy_from_slice(bytes);
        Ok(())
    }
}

/// A device, its memory, and the time.
pub(super) struct Machine {
    pub(super) device: E1000,
    pub(super) memory: Memory,
    pub(super) now: Nanoseconds,
}

impl Machine {
    /// A device fresh from power-on that may access memory.
    pub(super) fn new() -> Self {
        Machine::with(Config::new(MAC))
    }

    pub(super) fn with(config: Config) -> Self {
        let mut device = E1000::new(config);
        let command = pci_regs::command::MEMORY | pci_regs::command::BUS_MASTER;
        device.config_write(pci_regs::offset::COMMAND_STATUS, command.into());
        Machine {
            device,
            memory: Memory { bytes: vec![FILL; MEMORY_LEN], accesses: 0, writes: Vec::new() },
            now: 0,
        }
    }

    /// A device that receives into a ring of `count` buffers of 2048 bytes, of which the driver keeps the
    /// last, and transmits from a ring of 64.
    pub(super) fn running(count: u32) -> Self {
        let mut machine = Machine::new();
        machine.start_receive(count, rctl::EN | rctl::BAM);
        machine.start_transmit(64);
        machine
    }

    pub(super) fn start_receive(&mut self, count: u32, rctl: u32) {
        let size = rctl::buffer_size(rctl) as u64;
        for index in 0..count {
            let address = RECEIVE_BUFFERS + u64::from(index) * size;
            self.put_receive(index, ReceiveDescriptor { address, ..ReceiveDescriptor::default() });
        }
        self.write(offset::RDBAL, RECEIVE_RING as u32);
        self.write(offset::RDBAH, (RECEIVE_RING >> 32) as u32);
        self.write(offset::RDLEN, count * DESCRIPTOR_LEN as u32);
        self.write(offset::RDH, 0);
        self.write(offset::RDT, count - 1);
        self.write(offset::RCTL, rctl);
    }

    pub(super) fn start_transmit(&mut self, count: u32) {
        self.write(offset::TDBAL, TRANSMIT_RING as u32);
        self.write(offset::TDBAH, (TRANSMIT_RING >> 32) as u32);
        self.write(offset::TDLEN, count * DESCRIPTOR_LEN as u32);
        self.write(offset::TCTL, tctl::EN | tctl::PSP);
    }

    pub(super) fn write(&mut self, offset: u32, value: u32) {
        self.device.mmio_write(&mut self.memory, offset, value, self.now);
    }

    pub(super) fn read(&mut self, offset: u32) -> u32 {
        self.device.mmio_read(offset)
    }

    pub(super) fn statistic(&mut self, statistic: Statistic) -> u32 {
        self.read(statistic.offset())
    }

    pub(super) fn load<const N: usize>(&mut self, address: u64) -> [u8; N] {
        let mut bytes = [0; N];
        self.memory.read(address, &mut bytes).expect("in the region");
        bytes
    }

    pub(super) fn store(&mut self, address: u64, bytes: &[u8]) {
        self.memory.write(address, bytes).expect("in the region");
    }

    pub(super) fn put_receive(&mut self, index: u32, descriptor: ReceiveDescriptor) {
        self.store(RECEIVE_RING + u64::from(index) * 16, &descriptor.to_bytes());
    }

    pub(super) fn receive_descriptor(&mut self, index: u32) -> ReceiveDescriptor {
        ReceiveDescriptor::from_bytes(self.load(RECEIVE_RING + u64::from(index) * 16))
    }

    pub(super) fn frame_in(&mut self, bytes: &[u8]) -> ReceiveOutcome {
        self.device.receive(&mut self.memory, WireFrame::new(bytes), self.now)
    }

    /// Puts raw descriptors into the transmit ring from index 0 on.
    pub(super) fn put_transmit(&mut self, descriptors: &[[u8; DESCRIPTOR_LEN]]) {
        for (index, bytes) in descriptors.iter().enumerate() {
            self.store(TRANSMIT_RING + index as u64 * 16, bytes);
        }
    }

    pub(super) fn transmit_status(&mut self, index: u32) -> u8 {
        self.load::<16>(TRANSMIT_RING + u64::from(index) * 16)[12]
    }

    /// Starts over at the ring's beginning, sends `descriptors`, and answers the frames on the wire.
    pub(super) fn send(&mut self, descriptors: &[[u8; DESCRIPTOR_LEN]]) -> Vec<Frame> {
        self.put_transmit(descriptors);
        self.write(offset::TDH, 0);
        self.write(offset::TDT, descriptors.len() as u32);
        self.device.take_transmitted().collect()
    }
}

/// A frame of `len` bytes with a recognisable pattern behind the Ethernet header.
pub(super) fn frame(destination: [u8; 6], len: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..len).map(|index| (index % 251) as u8).collect();
    let header = [destination, PEER].concat();
    let header_len = header.len().min(len);
    bytes[..header_len].copy_from_slice(&header[..header_len]);
    if len >= 14 {
        bytes[12..14].copy_from_slice(&[0x88, 0xB5]);
    }
    bytes
}

/// An IPv4 packet with a TCP or UDP header in an Ethernet frame; all checksums and lengths as given.
pub(super) struct Packet {
    pub(super) protocol: u8,
    pub(super) payload: Vec<u8>,
}

impl Packet {
    pub(super) const TRANSPORT: usize = 34;

    pub(super) fn tcp(payload: usize) -> Self {
        Packet { protocol: 6, payload: (0..payload).map(|index| index as u8).collect() }
    }

    pub(super) fn udp(payload: usize) -> Self {
        Packet { protocol: 17, ..Packet::tcp(payload) }
    }

    pub(super) fn header_len(&self) -> usize {
        Self::TRANSPORT + if self.protocol == 6 { 20 } else { 8 }
    }

    pub(super) fn checksum_offset(&self) -> usize {
        Self::TRANSPORT + if self.protocol == 6 { 16 } else { 6 }
    }

    fn transport_len(&self) -> usize {
        self.header_len() - Self::TRANSPORT + self.payload.len()
    }

    /// The frame with all checksums zero.
    pub(super) fn unsummed(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.header_len()];
        bytes[..6].copy_from_slice(&PEER);
        bytes[6..12].copy_from_slice(&MAC);
        bytes[12..14].copy_from_slice(&[0x08, 0x00]);
        let ip_len = (20 + self.transport_len()) as u16;
        bytes[14] = 0x45;
        bytes[16..18].copy_from_slice(&ip_len.to_be_bytes());
        bytes[18..20].copy_from_slice(&[0x12, 0xFF]);
        bytes[22..24].copy_from_slice(&[64, self.protocol]);
        bytes[26..34].copy_from_slice(&[198, 51, 100, 1, 198, 51, 100, 2]);
        bytes[34..38].copy_from_slice(&[0x30, 0x39, 0x00, 0x50]);
        if self.protocol == 6 {
            bytes[38..42].copy_from_slice(&0xFFFF_FF00u32.to_be_bytes());
            bytes[46] = 0x50;
            bytes[47] = 0x19; // ACK, PSH, FIN
        } else {
            bytes[38..40].copy_from_slice(&(self.transport_len() as u16).to_be_bytes());
        }
        bytes.extend_from_slice(&self.payload);
        bytes
    }

    /// The frame as a driver with checksum offload hands it over: the transport's field holds the folded
    /// sum of the pseudo-header, with the transport length or without (segmentation).
    pub(super) fn offloaded(&self, with_length: bool) -> Vec<u8> {
        let mut bytes = self.unsummed();
        let length = if with_length { self.transport_len() as u64 } else { 0 };
        let sum = naive_sum(&bytes[26..34]) + u64::from(self.protocol) + length;
        let at = self.checksum_offset();
        bytes[at..at + 2].copy_from_slice(&naive_fold(sum).to_be_bytes());
        bytes
    }
}

/// Written apart from the device's own, so that they can disagree.
fn naive_sum(bytes: &[u8]) -> u64 {
    let mut sum = 0u64;
    for (index, byte) in bytes.iter().enumerate() {
        sum += u64::from(*byte) << if index % 2 == 0 { 8 } else { 0 };
    }
    sum
}

fn naive_fold(sum: u64) -> u16 {
    (sum % 0xFFFF) as u16
}

/// Whether an IPv4 frame's header checksum is right.
pub(super) fn ip_checksum_good(frame: &[u8]) -> bool {
    naive_sum(&frame[14..34]).is_multiple_of(0xFFFF)
}

/// Whether its TCP or UDP checksum is right, over the length that the IP header states.
pub(super) fn transport_checksum_good(frame: &[u8]) -> bool {
    let end = 14 + usize::from(u16::from_be_bytes([frame[16], frame[17]]));
    let segment = &frame[34..end];
    let pseudo = naive_sum(&frame[26..34]) + u64::from(frame[23]) + segment.len() as u64;
    (pseudo + naive_sum(segment)).is_multiple_of(0xFFFF)
}

/// A legacy descriptor for `len` bytes at the start of the transmit buffers, with EOP, IFCS and RS.
pub(super) fn legacy(len: usize) -> LegacyDescriptor {
    LegacyDescriptor {
        address: TRANSMIT_BUFFERS,
        length: len as u16,
        command: cmd::EOP | cmd::IFCS | cmd::RS,
        ..LegacyDescriptor::default()
    }
}

/// The same as a data descriptor.
pub(super) fn data(len: usize) -> DataDescriptor {
    DataDescriptor {
        address: TRANSMIT_BUFFERS,
        length: len as u32,
        command: cmd::EOP | cmd::IFCS | cmd::RS,
        ..DataDescriptor::default()
    }
}
