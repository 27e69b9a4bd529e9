//! Objects in flat arrays, named by index and generation, so that no handle outlives its object unnoticed
//! and all state can be written out as arrays.

use alloc::vec::Vec;
use core::marker::PhantomData;

/// The name of an object in an [`Arena`]: its place and which tenant of that place it is. `T` says what it names: the
/// type of the object, or one that stands for it.
pub struct Handle<T> {
    index: u32,
    generation: u32,
    kind: PhantomData<fn() -> T>,
}

impl<T> Handle<T> {
    /// The handle as a number, for tables that hold plain integers.
    pub const fn to_bits(self) -> u64 {
        (self.generation as u64) << 32 | self.index as u64
    }

    /// The handle that [`Handle::to_bits`] made `bits` of.
    pub const fn from_bits(bits: u64) -> Self {
        Handle { index: bits as u32, generation: (bits >> 32) as u32, kind: PhantomData }
    }
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Handle<T> {}
impl<T> PartialEq for Handle<T> {
    fn eq(&self, other: &Self) -> bool {
        self.to_bits() == other.to_bits()
    }
}
impl<T> Eq for Handle<T> {}
impl<T> PartialOrd for Handle<T> {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Handle<T> {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.to_bits().cmp(&other.to_bits())
    }
}
impl<T> core::hash::Hash for Handle<T> {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.to_bits().hash(state);
    }
}
impl<T> core::fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "#{}.{}", self.index, self.generation)
    }
}

#[derive(Debug)]
struct Slot<T> {
    generation: u32,
    value: Option<T>,
}

/// A table of objects with O(1) insertion, look-up and removal; places are used again, handles are not
/// (until a place has had 2^32 tenants).
#[derive(Debug)]
pub struct Arena<T, Name = T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
    len: usize,
    names: PhantomData<fn() -> Name>,
}

impl<T, Name> Default for Arena<T, Name> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, Name> Arena<T, Name> {
    /// An empty arena.
    pub const fn new() -> Self {
        Arena { slots: Vec::new(), free: Vec::new(), len: 0, names: PhantomData }
    }

    /// How many objects live in it.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether it holds no object.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Puts `value` in and names it.
    pub fn insert(&mut self, value: T) -> Handle<Name> {
        self.len += 1;
        match self.free.pop() {
            Some(index) => {
                let slot = &mut self.slots[index as usize];
                slot.value = Some(value);
                Handle { index, generation: slot.generation, kind: PhantomData }
            }
            None => {
                let index = self.slots.len() as u32;
                self.slots.push(Slot { generation: 0, value: Some(value) });
                Handle { index, generation: 0, kind: PhantomData }
            }
        }
    }

    /// Takes the object out; none if the handle is stale.
    pub fn remove(&mut self, handle: Handle<Name>) -> Option<T> {
        let slot = self.slots.get_mut(handle.index as usize)?;
        if slot.generation != handle.generation {
            return None;
        }
        let value = slot.value.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(handle.index);
        self.len -= 1;
        Some(value)
    }

    /// The object, if the handle is not stale.
    pub fn get(&self, handle: Handle<Name>) -> Option<&T> {
        let slot = self.slots.get(handle.index as usize)?;
        if slot.generation == handle.generation { slot.value.as_ref() } else { None }
    }

    /// The object, to be changed, if the handle is not stale.
    pub fn get_mut(&mut self, handle: Handle<Name>) -> Option<&mut T> {
        let slot = self.slots.get_mut(handle.index as usize)?;
        if slot.generation == handle.generation { slot.value.as_mut() } else { None }
    }

    /// All objects with their names, in order of place.
    pub fn iter(&self) -> impl Iterator<Item = (Handle<Name>, &T)> {
        self.slots.iter().enumerate().filter_map(|(index, slot)| {
            let value = slot.value.as_ref()?;
            Some((Handle { index: index as u32, generation: slot.generation, kind: PhantomData }, value))
        })
    }

    /// As [`Arena::iter`], to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (Handle<Name>, &mut T)> {
        self.slots.iter_mut().enumerate().filter_map(|(index, slot)| {
            let value = slot.value.as_mut()?;
            Some((Handle { index: index as u32, generation: slot.generation, kind: PhantomData }, value))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_handle_finds_nothing() {
        let mut arena: Arena<_> = Arena::new();
        let first = arena.insert("first");
        assert_eq!(arena.remove(first), Some("first"));
        let second = arena.insert("second");
        assert_eq!(arena.get(first), None);
        assert_eq!(arena.remove(first), None);
        assert_eq!(arena.get(second), Some(&"second"));
        assert_eq!(arena.len(), 1);
    }

    #[test]
    fn bits_round_trip() {
        let mut arena: Arena<_> = Arena::new();
        let handle = arena.insert(1);
        assert_eq!(Handle::from_bits(handle.to_bits()), handle);
    }
}
