//! The driver's way to the hardware: interface `wnet:nic/pci`.

use crate::bindings::wnet::nic::pci::{self, DmaRegion, Function};
use alloc::vec::Vec;
use stack_core::driver::e1000::{Bus, BusError, Region, RegionId, Span, Store};

/// One controller with its DMA memory.
pub(crate) struct NicBus {
    /// Before the function: memory goes first when all is dropped.
    regions: Vec<DmaRegion>,
    function: Function,
}

impl NicBus {
    pub(crate) fn new(function: Function) -> Self {
        NicBus { regions: Vec::new(), function }
    }

    /// The region of a name; one that we never gave names memory out of bounds.
    fn region(&self, id: RegionId) -> Result<&DmaRegion, BusError> {
        usize::try_from(id.0).ok().and_then(|index| self.regions.get(index)).ok_or(BusError::OutOfBounds)
    }
}

impl Bus for NicBus {
    fn config_read(&mut self, offset: u16) -> u32 {
        self.function.config_read(offset)
    }

    fn config_write(&mut self, offset: u16, value: u32) {
        self.function.config_write(offset, value);
    }

    fn register_read(&mut self, offset: u32) -> u32 {
        self.function.register_read(offset)
    }

    fn register_write(&mut self, offset: u32, value: u32) {
        self.function.register_write(offset, value);
    }

    fn dma_alloc(&mut self, len: u32) -> Result<Region, BusError> {
        let region = self.function.dma_alloc(len).map_err(bus_error)?;
        let id = u32::try_from(self.regions.len()).map_err(|_| BusError::OutOfMemory)?;
        let bus_address = region.bus_address();
        self.regions.push(region);
        Ok(Region { id: RegionId(id), bus_address })
    }

    fn dma_read(&mut self, region: RegionId, spans: &[Span]) -> Result<Vec<Vec<u8>>, BusError> {
        let spans: Vec<_> =
            spans.iter().map(|span| pci::Span { offset: span.offset, len: span.len }).collect();
        self.function.dma_read(self.region(region)?, &spans).map_err(bus_error)
    }

    fn dma_write(&mut self, region: RegionId, stores: &[Store<'_>]) -> Result<(), BusError> {
        let stores: Vec<_> =
            stores.iter().map(|store| pci::Store { offset: store.offset, bytes: store.bytes }).collect();
        self.function.dma_write(self.region(region)?, &stores).map_err(bus_error)
    }
}

fn bus_error(error: pci::Error) -> BusError {
    match error {
        pci::Error::OutOfBounds => BusError::OutOfBounds,
        pci::Error::OutOfMemory => BusError::OutOfMemory,
    }
}
