//! A board with one controller: the bus that the driver sees on one side, the wire on the other.

use e1000_regs::{Register, Statistic};
use stack_core::device::NetDevice;
use stack_core::driver::e1000::{Bus, BusError, E1000 as Driver, Options, Region, RegionId, Span, Store};
use stack_core::packet::Packet;
use stack_core::time::Instant;
use std::sync::{Arc, Mutex, MutexGuard};
use wnet::e1000::{Config, Dma, DmaError, E1000 as Device, Frame, ReceiveOutcome, WireFrame};

pub(crate) const MAC: [u8; 6] = [0x52, 0x54, 0x00, 0x12, 0x34, 0x56];
pub(crate) const PEER: [u8; 6] = [0x02, 0x00, 0x00, 0x00, 0x00, 0x01];

/// Regions start this far apart, so that running past one hits nothing.
const REGION_DISTANCE: u64 = 1 << 24;

/// DMA memory.
#[derive(Default)]
struct Memory(Vec<Vec<u8>>);

impl Memory {
    fn slice(&mut self, address: u64, len: usize) -> Result<&mut [u8], DmaError> {
        let region = (address / REGION_DISTANCE).checked_sub(1).ok_or(DmaError)?;
        let start = (address % REGION_DISTANCE) as usize;
        let bytes = self.0.get_mut(region as usize).ok_or(DmaError)?;
        bytes.get_mut(start..start + len).ok_or(DmaError)
    }
}

impl Dma for Memory {
    fn read(&mut self, address: u64, into: &mut [u8]) -> Result<(), DmaError> {
        into.copy_from_slice(self.slice(address, into.len())?);
        Ok(())
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), DmaError> {
        self.slice(address, bytes.len())?.copy_from_slice(bytes);
        Ok(())
    }
}

struct State {
    device: Device,
    memory: Memory,
    now: u64,
    crossings: u64,
}

/// The board, held by the driver and by the test.
#[derive(Clone)]
pub(crate) struct Board(Arc<Mutex<State>>);

impl Board {
    pub(crate) fn new() -> Self {
        let device = Device::new(Config::new(MAC));
        Board(Arc::new(Mutex::new(State { device, memory: Memory::default(), now: 0, crossings: 0 })))
    }

    /// A board and a started driver with rings of these lengths.
    pub(crate) fn with_driver(receive_ring: u16, transmit_ring: u16) -> (Board, Driver<Board>) {
        let board = Board::new();
        let options = Options { receive_ring, transmit_ring };
        let driver = Driver::probe(board.clone(), options).expect("the model is an 82540EM");
        board.state().crossings = 0;
        (board, driver)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no thread panicked")
    }

    /// Calls of the driver since the last time this was asked.
    pub(crate) fn take_crossings(&self) -> u64 {
        std::mem::take(&mut self.state().crossings)
    }

    pub(crate) fn interrupt(&self) -> bool {
        self.state().device.interrupt_asserted()
    }

    pub(crate) fn can_receive(&self) -> bool {
        self.state().device.can_receive()
    }

    pub(crate) fn generation(&self) -> u64 {
        self.state().device.generation()
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.state().device.drops().total()
    }

    pub(crate) fn statistic(&self, statistic: Statistic) -> u32 {
        self.state().device.mmio_read(Register::Statistic(statistic).offset())
    }

    /// A frame from the wire.
    pub(crate) fn wire_in(&self, frame: WireFrame<'_>) -> ReceiveOutcome {
        let mut state = self.state();
        let State { device, memory, now, .. } = &mut *state;
        device.receive(memory, frame, *now)
    }

    /// The frames on the wire since the last time.
    pub(crate) fn wire_out(&self) -> Vec<Frame> {
        self.state().device.take_transmitted().collect()
    }

    /// Lets the device go on with what waited.
    pub(crate) fn tick(&self) {
        let mut state = self.state();
        let State { device, memory, now, .. } = &mut *state;
        *now += 1_000;
        device.tick(memory, *now);
    }

    pub(crate) fn plug(&self, up: bool) {
        let mut state = self.state();
        let now = state.now;
        state.device.set_link(up, now);
    }
}

impl Bus for Board {
    fn config_read(&mut self, offset: u16) -> u32 {
        self.state().device.config_read(offset)
    }

    fn config_write(&mut self, offset: u16, value: u32) {
        self.state().device.config_write(offset, value);
    }

    fn register_read(&mut self, offset: u32) -> u32 {
        let mut state = self.state();
        state.crossings += 1;
        state.device.mmio_read(offset)
    }

    fn register_write(&mut self, offset: u32, value: u32) {
        let mut state = self.state();
        state.crossings += 1;
        let State { device, memory, now, .. } = &mut *state;
        device.mmio_write(memory, offset, value, *now);
    }

    fn dma_alloc(&mut self, len: u32) -> Result<Region, BusError> {
        let mut state = self.state();
        let index = state.memory.0.len();
        state.memory.0.push(vec![0; len as usize]);
        Ok(Region { id: RegionId(index as u32), bus_address: (index as u64 + 1) * REGION_DISTANCE })
    }

    fn dma_read(&mut self, region: RegionId, spans: &[Span]) -> Result<Vec<Vec<u8>>, BusError> {
        let mut state = self.state();
        state.crossings += 1;
        let memory = state.memory.0.get(region.0 as usize).ok_or(BusError::OutOfBounds)?;
        spans
            .iter()
            .map(|span| memory.get(span.offset as usize..(span.offset + span.len) as usize))
            .map(|bytes| bytes.map(<[u8]>::to_vec).ok_or(BusError::OutOfBounds))
            .collect()
    }

    fn dma_write(&mut self, region: RegionId, stores: &[Store<'_>]) -> Result<(), BusError> {
        let mut state = self.state();
        state.crossings += 1;
        let memory = state.memory.0.get_mut(region.0 as usize).ok_or(BusError::OutOfBounds)?;
        for store in stores {
            let start = store.offset as usize;
            let target = memory.get_mut(start..start + store.bytes.len()).ok_or(BusError::OutOfBounds)?;
            target.copy_from_slice(store.bytes);
        }
        Ok(())
    }
}

/// Polls as a stack does: while the line is asserted or frames are left, at most `budget` at a time.
pub(crate) fn poll_all(board: &Board, driver: &mut Driver<Board>, budget: usize) -> Vec<Packet> {
    let mut frames = Vec::new();
    let mut more = false;
    while more || board.interrupt() {
        more = driver.poll(Instant::ZERO, budget, &mut frames);
    }
    frames
}

/// Numbers that look random and are the same each time.
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Noise(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// A frame of 60 to 1514 bytes.
    pub(crate) fn frame(&mut self, destination: [u8; 6], source: [u8; 6]) -> Vec<u8> {
        let len = 60 + self.below(1455);
        self.frame_of(len, destination, source)
    }

    /// A frame of `len` bytes, at least 14.
    pub(crate) fn frame_of(&mut self, len: usize, destination: [u8; 6], source: [u8; 6]) -> Vec<u8> {
        let mut bytes = [destination, source].concat();
        bytes.extend([0x88, 0xB5]);
        while bytes.len() < len {
            bytes.extend(self.next().to_le_bytes());
        }
        bytes.truncate(len);
        bytes
    }
}
