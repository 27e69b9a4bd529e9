//! DMA memory: what a device may reach, and its driver too.
//!
//! Regions lie at 32-bit bus addresses, page-aligned, with an unmapped page behind each, so that an overrun
//! hits nothing. Nothing else has a bus address: a device cannot be made to reach registers, the host's
//! memory or another device's.

use crate::e1000::{Dma, DmaError};
use std::collections::BTreeMap;

/// Alignment of regions, the granularity of the limit, and the gap between regions, in bytes.
pub(super) const PAGE: u64 = 4096;

/// DMA memory that one controller may have, in bytes.
pub(super) const DEFAULT_LIMIT: u64 = 64 << 20;

/// Bus addresses of regions. Small numbers stay unmapped: null and stray indices are refused.
const ADDRESSES: std::ops::Range<u64> = 0x0010_0000..1 << 32;

/// A region cannot be had: the limit is reached, or its length is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OutOfMemory;

/// Bytes that are not all in one region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OutOfBounds;

/// The DMA memory of one controller.
#[derive(Debug)]
pub(super) struct DmaSpace {
    /// By bus address.
    regions: BTreeMap<u64, Vec<u8>>,
    /// Bytes in use, whole pages.
    used: u64,
    limit: u64,
}

impl DmaSpace {
    /// No memory yet, and at most `limit` bytes of it.
    pub(super) fn new(limit: u64) -> Self {
        DmaSpace { regions: BTreeMap::new(), used: 0, limit }
    }

    /// Most bytes that there may be.
    pub(super) fn limit(&self) -> u64 {
        self.limit
    }

    /// Allocates a zeroed region of `len` bytes and answers its bus address.
    pub(super) fn allocate(&mut self, len: u32) -> Result<u64, OutOfMemory> {
        let size = pages(u64::from(len));
        if len == 0 || self.limit.saturating_sub(self.used) < size {
            return Err(OutOfMemory);
        }
        let address = self.gap(size).ok_or(OutOfMemory)?;
        self.used += size;
        self.regions.insert(address, vec![0; len as usize]);
        Ok(address)
    }

    /// Gives a region back. An address that is no region's is ignored.
    pub(super) fn free(&mut self, address: u64) {
        if let Some(bytes) = self.regions.remove(&address) {
            self.used = self.used.saturating_sub(pages(bytes.len() as u64));
        }
    }

    /// The first place where `size` bytes and an unmapped page fit.
    fn gap(&self, size: u64) -> Option<u64> {
        let mut start = ADDRESSES.start;
        for (address, bytes) in &self.regions {
            if address.saturating_sub(start) >= size + PAGE {
                return Some(start);
            }
            start = address + pages(bytes.len() as u64) + PAGE;
        }
        (ADDRESSES.end.saturating_sub(start) >= size + PAGE).then_some(start)
    }

    /// The bytes of the region at `address`.
    pub(super) fn region(&self, address: u64) -> &[u8] {
        self.regions.get(&address).map_or(&[], Vec::as_slice)
    }

    /// The bytes of the region at `address`, to be written.
    pub(super) fn region_mut(&mut self, address: u64) -> &mut [u8] {
        self.regions.get_mut(&address).map_or(&mut [], Vec::as_mut_slice)
    }

    /// The region that holds `address`, and the offset of `address` in it.
    fn containing(&mut self, address: u64) -> Result<(&mut Vec<u8>, u64), DmaError> {
        let (start, bytes) = self.regions.range_mut(..=address).next_back().ok_or(DmaError)?;
        Ok((bytes, address - start))
    }
}

/// Rounds up to whole pages.
fn pages(len: u64) -> u64 {
    len.next_multiple_of(PAGE)
}

/// The part of `region` that starts at `offset` and is `len` bytes long.
pub(super) fn part(region: &[u8], offset: u64, len: usize) -> Result<&[u8], OutOfBounds> {
    let start = usize::try_from(offset).map_err(|_| OutOfBounds)?;
    let end = start.checked_add(len).ok_or(OutOfBounds)?;
    region.get(start..end).ok_or(OutOfBounds)
}

/// Like [`part`], to be written.
pub(super) fn part_mut(region: &mut [u8], offset: u64, len: usize) -> Result<&mut [u8], OutOfBounds> {
    let start = usize::try_from(offset).map_err(|_| OutOfBounds)?;
    let end = start.checked_add(len).ok_or(OutOfBounds)?;
    region.get_mut(start..end).ok_or(OutOfBounds)
}

impl Dma for DmaSpace {
    fn read(&mut self, address: u64, into: &mut [u8]) -> Result<(), DmaError> {
        let (region, offset) = self.containing(address)?;
        into.copy_from_slice(part(region, offset, into.len()).map_err(|OutOfBounds| DmaError)?);
        Ok(())
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), DmaError> {
        let (region, offset) = self.containing(address)?;
        part_mut(region, offset, bytes.len()).map_err(|OutOfBounds| DmaError)?.copy_from_slice(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_zeroed_aligned_and_apart() {
        let mut space = DmaSpace::new(DEFAULT_LIMIT);
        let first = space.allocate(1).unwrap();
        let second = space.allocate(4097).unwrap();
        let third = space.allocate(4096).unwrap();
        for address in [first, second, third] {
            assert_eq!(address % PAGE, 0);
            assert!(space.region(address).iter().all(|byte| *byte == 0));
        }
        assert_eq!(space.region(first).len(), 1);
        assert!(second >= first + 2 * PAGE, "a page lies unmapped behind a region");
        assert!(third >= second + 3 * PAGE);
    }

    #[test]
    fn the_limit_counts_pages_and_is_given_back() {
        let mut space = DmaSpace::new(2 * PAGE);
        assert_eq!(space.allocate(0), Err(OutOfMemory));
        let first = space.allocate(1).unwrap();
        let second = space.allocate(1).unwrap();
        assert_eq!(space.allocate(1), Err(OutOfMemory));
        assert_eq!(space.allocate(u32::MAX), Err(OutOfMemory));
        space.free(first);
        space.free(first);
        assert_eq!(space.allocate(4096), Ok(first), "the gap is used again");
        space.free(second);
        assert_eq!(space.allocate(4097), Err(OutOfMemory));
    }

    #[test]
    fn the_device_reaches_regions_and_nothing_else() {
        let mut space = DmaSpace::new(DEFAULT_LIMIT);
        let a = space.allocate(100).unwrap();
        let b = space.allocate(100).unwrap();
        let mut bytes = [0xff; 4];
        for (address, len, allowed) in [
            (a, 4, true),
            (a + 96, 4, true),
            (a + 97, 4, false),
            (a + 100, 0, true),
            (a + 101, 0, false),
            (0, 4, false),
            (a - 1, 4, false),
            (a + PAGE, 4, false),
            (b + 96, 4, true),
            (u64::MAX, 4, false),
            (u64::MAX - 3, 4, false),
        ] {
            assert_eq!(space.read(address, &mut bytes[..len]).is_ok(), allowed, "read {len} at {address:#x}");
            assert_eq!(space.write(address, &bytes[..len]).is_ok(), allowed, "write {len} at {address:#x}");
        }
        space.free(b);
        assert_eq!(space.read(b, &mut bytes), Err(DmaError), "a freed region is out of reach");
    }

    #[test]
    fn parts_are_checked_without_overflow() {
        let region = [0; 16];
        for (offset, len, allowed) in [
            (0, 16, true),
            (16, 0, true),
            (17, 0, false),
            (0, 17, false),
            (8, usize::MAX, false),
            (u64::MAX, 1, false),
        ] {
            assert_eq!(part(&region, offset, len).is_ok(), allowed, "{len} at {offset}");
        }
    }
}
