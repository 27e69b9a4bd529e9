//! A descriptor ring: base, length, head and tail, as both units have them.

use super::DmaError;
use e1000_regs::descriptors::DESCRIPTOR_LEN;

/// Writable bits of RDLEN and TDLEN: a multiple of 128 bytes, at most 65528 descriptors.
const LENGTH_MASK: u32 = 0x000F_FF80;

/// The registers of one ring. Head and tail hold what was written; every use reduces them modulo the ring's
/// length, so no value of a register leads outside of the ring.
#[derive(Debug, Default)]
pub(super) struct Ring {
    base: u64,
    length: u32,
    head: u16,
    tail: u16,
}

impl Ring {
    pub(super) fn base_low(&self) -> u32 {
        self.base as u32
    }

    pub(super) fn base_high(&self) -> u32 {
        (self.base >> 32) as u32
    }

    pub(super) fn length(&self) -> u32 {
        self.length
    }

    pub(super) fn head(&self) -> u32 {
        self.head.into()
    }

    pub(super) fn tail(&self) -> u32 {
        self.tail.into()
    }

    pub(super) fn set_base_low(&mut self, value: u32) {
        self.base = (self.base & !0xFFFF_FFFF) | u64::from(value & !0xF);
    }

    pub(super) fn set_base_high(&mut self, value: u32) {
        self.base = (self.base & 0xFFFF_FFFF) | (u64::from(value) << 32);
    }

    pub(super) fn set_length(&mut self, value: u32) {
        self.length = value & LENGTH_MASK;
    }

    pub(super) fn set_head(&mut self, value: u32) {
        self.head = value as u16;
    }

    pub(super) fn set_tail(&mut self, value: u32) {
        self.tail = value as u16;
    }

    /// How many descriptors the ring has; 0 disables it.
    pub(super) fn descriptors(&self) -> u32 {
        self.length / DESCRIPTOR_LEN as u32
    }

    /// How many descriptors are the device's: from head up to tail, none if they are equal.
    pub(super) fn available(&self) -> u32 {
        match self.descriptors() {
            0 => 0,
            count => (count + self.reduced(self.tail) - self.reduced(self.head)) % count,
        }
    }

    /// How many of the available descriptors lie in one piece from the head on, before the ring wraps.
    pub(super) fn contiguous(&self) -> u32 {
        self.available().min(self.descriptors().saturating_sub(self.reduced(self.head)))
    }

    /// Bus address of the descriptor `ahead` places after the head.
    pub(super) fn address(&self, ahead: u32) -> Result<u64, DmaError> {
        let count = self.descriptors().max(1);
        let index = (self.reduced(self.head) + ahead % count) % count;
        self.base.checked_add(u64::from(index) * DESCRIPTOR_LEN as u64).ok_or(DmaError)
    }

    /// Moves the head past `count` descriptors.
    pub(super) fn advance(&mut self, count: u32) {
        let descriptors = self.descriptors().max(1);
        self.head = ((self.reduced(self.head) + count % descriptors) % descriptors) as u16;
    }

    fn reduced(&self, index: u16) -> u32 {
        u32::from(index) % self.descriptors().max(1)
    }
}
