//! What the driver needs of the hardware: the trait that `wnet:nic/pci` is translated to.

use alloc::vec::Vec;
use core::fmt;

/// A PCI function as its driver sees it: configuration space, registers, DMA memory.
///
/// The interrupt line is not here: a driver is stepped when it is asserted, and never waits for it.
pub trait Bus {
    /// Reads the 32-bit word of configuration space that holds byte `offset`.
    fn config_read(&mut self, offset: u16) -> u32;

    /// Writes a 32-bit word of configuration space.
    fn config_write(&mut self, offset: u16, value: u32);

    /// Reads the 32-bit register at byte `offset` of BAR 0. Reading may have effects.
    fn register_read(&mut self, offset: u32) -> u32;

    /// Writes the 32-bit register at byte `offset` of BAR 0.
    fn register_write(&mut self, offset: u32, value: u32);

    /// Allocates DMA memory of `len` bytes: zeroed, contiguous in bus addresses, aligned to 4096 bytes. It
    /// lives as long as the bus.
    fn dma_alloc(&mut self, len: u32) -> Result<Region, BusError>;

    /// Copies spans out of a region, one vector for each, in order.
    fn dma_read(&mut self, region: RegionId, spans: &[Span]) -> Result<Vec<Vec<u8>>, BusError>;

    /// Copies stores into a region, in order.
    fn dma_write(&mut self, region: RegionId, stores: &[Store<'_>]) -> Result<(), BusError>;
}

/// Names a DMA region to the bus that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RegionId(pub u32);

/// A DMA region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Its name.
    pub id: RegionId,
    /// The address that the device knows its first byte by.
    pub bus_address: u64,
}

/// A piece of a region to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First byte, from the region's start.
    pub offset: u32,
    /// How many bytes.
    pub len: u32,
}

/// Bytes to write into a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Store<'a> {
    /// First byte, from the region's start.
    pub offset: u32,
    /// What to put there.
    pub bytes: &'a [u8],
}

/// Why the bus refused. Nothing was changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BusError {
    /// A span or a store reaches past the end of its region.
    OutOfBounds,
    /// No DMA memory is left for this function.
    OutOfMemory,
}

impl fmt::Display for BusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BusError::OutOfBounds => "access past the end of a DMA region",
            BusError::OutOfMemory => "no DMA memory left",
        })
    }
}

impl core::error::Error for BusError {}
