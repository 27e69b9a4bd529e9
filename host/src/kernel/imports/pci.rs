//! `wnet:nic/pci`: the hardware as the stack's driver sees it.
//!
//! `dma-write` is defined by hand (see [`link_dma_write`]): generated bindings would copy the bytes once more
//! than needed. The other functions come from the generated trait.

use super::super::bindings::wnet::nic::pci::{Error, Host, HostDmaRegion, HostFunction, Span};
use super::super::dma::{self, OutOfBounds, OutOfMemory};
use super::super::nic::{Attention, Nic};
use super::super::resources::{DmaRegion, Function, Pollable};
use super::super::state::StackState;
use std::sync::MutexGuard;
use wasmtime::component::{ComponentType, Lift, Linker, Resource, WasmList};
use wasmtime::{Result, StoreContextMut, bail};

/// The name under which the interface is linked.
pub(in crate::kernel) const INTERFACE: &str = "wnet:nic/pci@0.1.0";

impl StackState {
    fn function(&self, function: &Resource<Function>) -> Result<MutexGuard<'_, Nic>> {
        self.nic(function.rep() as usize)
    }
}

impl Host for StackState {
    fn functions(&mut self) -> Result<Vec<Resource<Function>>> {
        let count = u32::try_from(self.nics.len())?;
        Ok((0..count).map(Resource::new_own).collect())
    }
}

impl HostDmaRegion for StackState {
    fn bus_address(&mut self, region: Resource<DmaRegion>) -> Result<u64> {
        Ok(self.table.get(&region)?.address)
    }

    fn len(&mut self, region: Resource<DmaRegion>) -> Result<u32> {
        Ok(self.table.get(&region)?.len)
    }

    fn drop(&mut self, region: Resource<DmaRegion>) -> Result<()> {
        let DmaRegion { nic, address, .. } = self.table.delete(region)?;
        self.nic(nic)?.dma.free(address);
        Ok(())
    }
}

impl HostFunction for StackState {
    fn config_read(&mut self, function: Resource<Function>, offset: u16) -> Result<u32> {
        Ok(self.function(&function)?.config_read(offset))
    }

    fn config_write(&mut self, function: Resource<Function>, offset: u16, value: u32) -> Result<()> {
        self.function(&function)?.config_write(offset, value);
        Ok(())
    }

    fn register_read(&mut self, function: Resource<Function>, offset: u32) -> Result<u32> {
        Ok(self.function(&function)?.register_read(offset))
    }

    fn register_write(&mut self, function: Resource<Function>, offset: u32, value: u32) -> Result<()> {
        let now = self.clock.now();
        let Attention(attention) = self.function(&function)?.register_write(offset, value, now);
        self.notices.attention |= attention;
        Ok(())
    }

    fn dma_alloc(
        &mut self,
        function: Resource<Function>,
        len: u32,
    ) -> Result<Result<Resource<DmaRegion>, Error>> {
        let allocated = self.function(&function)?.dma.allocate(len);
        let address = match allocated {
            Ok(address) => address,
            Err(OutOfMemory) => return Ok(Err(Error::OutOfMemory)),
        };
        let nic = function.rep() as usize;
        Ok(Ok(self.table.push(DmaRegion { nic, address, len })?))
    }

    fn dma_read(
        &mut self,
        _: Resource<Function>,
        region: Resource<DmaRegion>,
        spans: Vec<Span>,
    ) -> Result<Result<Vec<Vec<u8>>, Error>> {
        let DmaRegion { nic, address, .. } = *self.table.get(&region)?;
        let nic = self.nic(nic)?;
        Ok(read(nic.dma.region(address), &spans, nic.dma.limit()))
    }

    fn dma_write(
        &mut self,
        _: Resource<Function>,
        _: Resource<DmaRegion>,
        _: Vec<super::super::bindings::wnet::nic::pci::Store>,
    ) -> Result<Result<(), Error>> {
        bail!("dma-write is linked by link_dma_write")
    }

    fn interrupt(&mut self, function: Resource<Function>) -> Result<Resource<Pollable>> {
        Ok(self.table.push(Pollable::Interrupt(function.rep() as usize))?)
    }

    fn drop(&mut self, _: Resource<Function>) -> Result<()> {
        Ok(())
    }
}

/// Copies `spans` out of `region`, `limit` bytes in all at most, since spans may overlap.
fn read(region: &[u8], spans: &[Span], limit: u64) -> Result<Vec<Vec<u8>>, Error> {
    let mut total = 0u64;
    for span in spans {
        dma::part(region, u64::from(span.offset), span.len as usize)
            .map_err(|OutOfBounds| Error::OutOfBounds)?;
        total = total.saturating_add(u64::from(span.len));
    }
    if total > limit {
        return Err(Error::OutOfMemory);
    }
    let copy = |span: &Span| dma::part(region, u64::from(span.offset), span.len as usize).map(<[u8]>::to_vec);
    spans.iter().map(copy).collect::<Result<_, _>>().map_err(|OutOfBounds| Error::OutOfBounds)
}

/// Copies `stores` into `region`, in order; nothing is written unless all of them fit.
fn write(region: &mut [u8], stores: &[(u32, &[u8])]) -> Result<(), Error> {
    for (offset, bytes) in stores {
        dma::part(region, u64::from(*offset), bytes.len()).map_err(|OutOfBounds| Error::OutOfBounds)?;
    }
    for (offset, bytes) in stores {
        if let Ok(part) = dma::part_mut(region, u64::from(*offset), bytes.len()) {
            part.copy_from_slice(bytes);
        }
    }
    Ok(())
}

/// `store` with its bytes left where they are, in the stack's memory.
#[derive(ComponentType, Lift)]
#[component(record)]
struct BorrowedStore {
    #[component(name = "offset")]
    offset: u32,
    #[component(name = "bytes")]
    bytes: WasmList<u8>,
}

type DmaWrite = (Resource<Function>, Resource<DmaRegion>, Vec<BorrowedStore>);

/// Replaces the generated `dma-write` by one that copies once, from the stack's memory into the region.
/// That a region's memory lies outside of the Store's data makes it possible: both are borrowed at once.
pub(super) fn link_dma_write(linker: &mut Linker<StackState>) -> Result<()> {
    linker.allow_shadowing(true);
    linker.instance(INTERFACE)?.func_wrap(
        "[method]function.dma-write",
        |store: StoreContextMut<'_, StackState>, (_, region, stores): DmaWrite| {
            let state = store.data();
            let DmaRegion { nic, address, .. } = *state.table.get(&region)?;
            let stores: Vec<_> =
                stores.iter().map(|item| (item.offset, item.bytes.as_le_slice(&store))).collect();
            let mut nic = state.nic(nic)?;
            Ok((write(nic.dma.region_mut(address), &stores),))
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_in_order_and_all_or_nothing() {
        let region: Vec<u8> = (0..32).collect();
        let span = |offset, len| Span { offset, len };
        assert_eq!(
            read(&region, &[span(30, 2), span(0, 1), span(5, 0)], 64).unwrap(),
            [vec![30, 31], vec![0], vec![]]
        );
        assert_eq!(read(&region, &[span(0, 1), span(31, 2)], 64).unwrap_err(), Error::OutOfBounds);
        assert_eq!(read(&region, &[span(u32::MAX, u32::MAX)], 64).unwrap_err(), Error::OutOfBounds);
        assert_eq!(
            read(&region, &[span(0, 32); 3], 64).unwrap_err(),
            Error::OutOfMemory,
            "spans may overlap"
        );
    }

    #[test]
    fn writes_are_in_order_and_all_or_nothing() {
        let mut region = [0; 8];
        assert_eq!(write(&mut region, &[(0, &[1, 2, 3]), (1, &[9]), (8, &[])]), Ok(()));
        assert_eq!(region, [1, 9, 3, 0, 0, 0, 0, 0]);
        let before = region;
        for stores in [&[(0, &[7][..]), (8, &[7][..])][..], &[(0, &[7][..]), (u32::MAX, &[7][..])][..]] {
            assert_eq!(write(&mut region, stores), Err(Error::OutOfBounds));
            assert_eq!(region, before);
        }
    }
}
