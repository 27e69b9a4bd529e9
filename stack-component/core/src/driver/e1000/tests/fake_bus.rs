//! A bus with just enough of a device on it, and knobs to make it misbehave.

use super::super::{Bus, BusError, Region, RegionId, Span, Store};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use e1000_regs::control::{ctrl, eerd, mdic, status};
use e1000_regs::descriptors::{
    ContextDescriptor, DESCRIPTOR_LEN, ReceiveDescriptor, TransmitDescriptor, receive_status,
    transmit_command,
};
use e1000_regs::registers::offset;
use e1000_regs::{eeprom, interrupt, pci, phy};
use std::sync::{Arc, Mutex, MutexGuard};
use std::vec;

pub(super) const MAC: [u8; 6] = [0x52, 0x54, 0x00, 0xAB, 0xCD, 0xEF];
/// Regions lie this far apart in bus addresses.
const REGION_DISTANCE: u64 = 1 << 32;

/// One crossing of the boundary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Call {
    RegisterRead(u32),
    RegisterWrite(u32, u32),
    DmaRead { spans: usize },
    DmaWrite { stores: usize },
}

/// A frame that the device was told to send.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) bytes: Vec<u8>,
    /// POPTS, and the context in force.
    pub(super) options: u8,
    pub(super) context: Option<ContextDescriptor>,
}

pub(super) struct Device {
    pub(super) id: u32,
    pub(super) command: u32,
    pub(super) registers: BTreeMap<u32, u32>,
    pub(super) words: [u16; eeprom::WORDS],
    pub(super) phy_id: u32,
    pub(super) causes: u32,
    pub(super) mask: u32,
    pub(super) link_up: bool,
    /// CTRL.RST, EERD.DONE, MDIC.READY never come.
    pub(super) reset_hangs: bool,
    pub(super) eeprom_hangs: bool,
    pub(super) phy_hangs: bool,
    /// Descriptors are not worked through.
    pub(super) transmit_hangs: bool,
    /// DMA calls are refused.
    pub(super) refuses: bool,
    pub(super) memory_left: u32,
    pub(super) resets: u32,
    pub(super) sent: Vec<Sent>,
    pub(super) calls: Vec<Call>,
    context: Option<ContextDescriptor>,
    assembly: Vec<u8>,
    options: u8,
    regions: Vec<Vec<u8>>,
}

/// Both sides of the bus hold one of these.
#[derive(Clone)]
pub(super) struct FakeBus(Arc<Mutex<Device>>);

impl FakeBus {
    pub(super) fn new() -> Self {
        let mut words = [0; eeprom::WORDS];
        words[..3].copy_from_slice(&eeprom::address_words(MAC));
        let mut device = Device {
            id: u32::from(pci::VENDOR_ID) | (u32::from(pci::DEVICE_ID) << 16),
            command: 0,
            registers: BTreeMap::new(),
            words,
            phy_id: (u32::from(phy::ID1) << 16) | u32::from(phy::ID2),
            causes: 0,
            mask: 0,
            link_up: true,
            reset_hangs: false,
            eeprom_hangs: false,
            phy_hangs: false,
            transmit_hangs: false,
            refuses: false,
            memory_left: u32::MAX,
            resets: 0,
            sent: Vec::new(),
            calls: Vec::new(),
            context: None,
            assembly: Vec::new(),
            options: 0,
            regions: Vec::new(),
        };
        device.fix_checksum();
        FakeBus(Arc::new(Mutex::new(device)))
    }

    pub(super) fn device(&self) -> MutexGuard<'_, Device> {
        self.0.lock().expect("no test panics while holding it")
    }

    pub(super) fn forget_calls(&self) {
        self.device().calls.clear();
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.device().calls.clone()
    }

    /// Puts a good frame into the ring.
    pub(super) fn deliver(&self, bytes: &[u8]) {
        let status = receive_status::DD | receive_status::EOP | receive_status::IXSM;
        self.deliver_as(bytes, bytes.len() as u16, status, 0);
    }

    /// Puts a good frame into as many buffers as it fills.
    pub(super) fn deliver_long(&self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some((piece, behind)) = rest.split_at_checked(2048).filter(|(_, behind)| !behind.is_empty())
        {
            self.deliver_as(piece, 2048, receive_status::DD, 0);
            rest = behind;
        }
        self.deliver(rest);
    }

    /// Puts `bytes` into the next buffer and claims what a test wants about them.
    pub(super) fn deliver_as(&self, bytes: &[u8], length: u16, status: u8, errors: u8) {
        self.device().deliver(bytes, length, status, errors);
    }
}

impl Device {
    pub(super) fn fix_checksum(&mut self) {
        let sum = eeprom::sum(&self.words[..eeprom::word::CHECKSUM]);
        self.words[eeprom::word::CHECKSUM] = eeprom::SUM.wrapping_sub(sum);
    }

    pub(super) fn register(&self, offset: u32) -> u32 {
        self.registers.get(&offset).copied().unwrap_or(0)
    }

    /// The interrupt line.
    pub(super) fn asserted(&self) -> bool {
        self.causes & self.mask != 0
    }

    /// Free receive descriptors, as the device sees them.
    pub(super) fn free_buffers(&self) -> u32 {
        let count = self.register(offset::RDLEN) / DESCRIPTOR_LEN as u32;
        (count + self.register(offset::RDT) - self.register(offset::RDH)) % count
    }

    fn deliver(&mut self, bytes: &[u8], length: u16, status: u8, errors: u8) {
        assert!(self.free_buffers() > 0, "the test overran the ring");
        let head = self.register(offset::RDH);
        let base = self.address(offset::RDBAL, offset::RDBAH) + u64::from(head) * 16;
        let mut descriptor = ReceiveDescriptor::from_bytes(self.load(base).try_into().expect("16 bytes"));
        assert_eq!(descriptor.status, 0, "the driver gave back a descriptor that is still done");
        self.store(descriptor.address, bytes);
        (descriptor.length, descriptor.status, descriptor.errors) = (length, status, errors);
        self.store(base, &descriptor.to_bytes());
        let count = self.register(offset::RDLEN) / 16;
        self.registers.insert(offset::RDH, (head + 1) % count);
        self.causes |= interrupt::RXT0;
    }

    /// Works through the transmit ring like a device does.
    pub(super) fn transmit(&mut self) {
        while !self.transmit_hangs && self.register(offset::TDH) != self.register(offset::TDT) {
            let head = self.register(offset::TDH);
            let at = self.address(offset::TDBAL, offset::TDBAH) + u64::from(head) * 16;
            let mut bytes: [u8; 16] = self.load(at).try_into().expect("16 bytes");
            let descriptor = TransmitDescriptor::from_bytes(bytes);
            match descriptor {
                TransmitDescriptor::Context(context) => self.context = Some(context),
                TransmitDescriptor::Data(data) => {
                    let (region, start) = self.locate(data.address);
                    let piece = self.regions[region][start..start + data.length as usize].to_vec();
                    if self.assembly.is_empty() {
                        self.options = data.options;
                    }
                    self.assembly.extend(piece);
                    if data.command & transmit_command::EOP != 0 {
                        let bytes = core::mem::take(&mut self.assembly);
                        self.sent.push(Sent { bytes, options: self.options, context: self.context });
                    }
                }
                other => panic!("the driver wrote {other:?}"),
            }
            if descriptor.command() & transmit_command::RS != 0 {
                bytes[12] |= 1;
                self.store(at, &bytes);
                self.causes |= interrupt::TXDW;
            }
            let count = self.register(offset::TDLEN) / 16;
            self.registers.insert(offset::TDH, (head + 1) % count);
        }
    }

    fn address(&self, low: u32, high: u32) -> u64 {
        u64::from(self.register(low)) | (u64::from(self.register(high)) << 32)
    }

    fn locate(&self, address: u64) -> (usize, usize) {
        let region = (address / REGION_DISTANCE - 1) as usize;
        (region, (address % REGION_DISTANCE) as usize)
    }

    fn load(&self, address: u64) -> Vec<u8> {
        let (region, start) = self.locate(address);
        self.regions[region][start..start + DESCRIPTOR_LEN].to_vec()
    }

    pub(super) fn store(&mut self, address: u64, bytes: &[u8]) {
        let (region, start) = self.locate(address);
        self.regions[region][start..start + bytes.len()].copy_from_slice(bytes);
    }

    fn read(&mut self, at: u32) -> u32 {
        match at {
            offset::ICR => core::mem::take(&mut self.causes),
            offset::STATUS => u32::from(self.link_up) * status::LU,
            offset::EERD if self.eeprom_hangs => 0,
            offset::MDIC if self.phy_hangs => 0,
            _ => self.register(at),
        }
    }

    fn write(&mut self, at: u32, value: u32) {
        let value = match at {
            offset::IMS => {
                self.mask |= value;
                return;
            }
            offset::IMC => {
                self.mask &= !value;
                return;
            }
            offset::CTRL if value & ctrl::RST != 0 => {
                self.resets += 1;
                self.registers.clear();
                (self.mask, self.causes, self.context) = (0, 0, None);
                if self.reset_hangs { value } else { 0 }
            }
            offset::EERD => {
                let word = self.words[(value >> eerd::ADDR_SHIFT) as usize & 0x3F];
                (u32::from(word) << eerd::DATA_SHIFT) | eerd::DONE
            }
            offset::MDIC => {
                let number = (value >> mdic::REG_SHIFT) & 0x1F;
                let data = if number == 2 { self.phy_id >> 16 } else { self.phy_id & 0xFFFF };
                value | data | mdic::READY
            }
            _ => value,
        };
        self.registers.insert(at, value);
        if at == offset::TDT {
            self.transmit();
        }
    }
}

impl Bus for FakeBus {
    fn config_read(&mut self, offset: u16) -> u32 {
        let device = self.device();
        if offset == 0 { device.id } else { device.command }
    }

    fn config_write(&mut self, _offset: u16, value: u32) {
        self.device().command = value;
    }

    fn register_read(&mut self, offset: u32) -> u32 {
        let mut device = self.device();
        device.calls.push(Call::RegisterRead(offset));
        device.read(offset)
    }

    fn register_write(&mut self, offset: u32, value: u32) {
        let mut device = self.device();
        device.calls.push(Call::RegisterWrite(offset, value));
        device.write(offset, value);
    }

    fn dma_alloc(&mut self, len: u32) -> Result<Region, BusError> {
        let mut device = self.device();
        device.memory_left = device.memory_left.checked_sub(len).ok_or(BusError::OutOfMemory)?;
        device.regions.push(vec![0; len as usize]);
        let count = device.regions.len();
        Ok(Region { id: RegionId(count as u32 - 1), bus_address: count as u64 * REGION_DISTANCE })
    }

    fn dma_read(&mut self, region: RegionId, spans: &[Span]) -> Result<Vec<Vec<u8>>, BusError> {
        let mut device = self.device();
        device.calls.push(Call::DmaRead { spans: spans.len() });
        if device.refuses {
            return Err(BusError::OutOfBounds);
        }
        let memory = device.regions.get(region.0 as usize).ok_or(BusError::OutOfBounds)?;
        spans
            .iter()
            .map(|span| memory.get(span.offset as usize..(span.offset + span.len) as usize))
            .map(|bytes| bytes.map(<[u8]>::to_vec).ok_or(BusError::OutOfBounds))
            .collect()
    }

    fn dma_write(&mut self, region: RegionId, stores: &[Store<'_>]) -> Result<(), BusError> {
        let mut device = self.device();
        device.calls.push(Call::DmaWrite { stores: stores.len() });
        if device.refuses {
            return Err(BusError::OutOfBounds);
        }
        let memory = device.regions.get_mut(region.0 as usize).ok_or(BusError::OutOfBounds)?;
        for store in stores {
            let start = store.offset as usize;
            let target = memory.get_mut(start..start + store.bytes.len()).ok_or(BusError::OutOfBounds)?;
            target.copy_from_slice(store.bytes);
        }
        Ok(())
    }
}
