//! What `std` would have brought along and needs `unsafe`: the allocator, the canonical ABI's `cabi_realloc`,
//! and a cell for the instance's state. The crate's only unsafe code beside the generated bindings.
//!
//! `cabi_realloc` and post-return functions may not call imports: nothing here logs.

#![allow(unsafe_code)]

use alloc::alloc::{Layout, alloc, realloc};
use core::cell::RefCell;

/// The allocator that Rust's own `std` uses on this target.
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

// The C library's memcmp and memcpy, which the compiler calls: `std` would have named it. No other part of it
// is linked.
#[link(name = "c")]
unsafe extern "C" {}

/// Memory for arguments that come in: the host puts lists and strings there before it makes the call, and the
/// bindings take it over as a `Vec` or `String`.
///
/// # Safety
///
/// As the canonical ABI has it: `align` is a power of two, and if `old_len` is not 0, then `old` came from here
/// with this length and alignment. Called by the host's glue code alone.
#[unsafe(no_mangle)]
unsafe extern "C" fn cabi_realloc(old: *mut u8, old_len: usize, align: usize, new_len: usize) -> *mut u8 {
    if new_len == 0 {
        // Never read or freed: an address that is aligned and not null.
        return core::ptr::without_provenance_mut(align);
    }
    let memory = if old_len == 0 {
        let Ok(layout) = Layout::from_size_align(new_len, align) else { core::arch::wasm32::unreachable() };
        // SAFETY: the layout's size is not 0.
        unsafe { alloc(layout) }
    } else {
        let Ok(layout) = Layout::from_size_align(old_len, align) else { core::arch::wasm32::unreachable() };
        // SAFETY: `old` has this layout by our own contract, and `new_len` is not 0.
        unsafe { realloc(old, layout, new_len) }
    };
    if memory.is_null() {
        core::arch::wasm32::unreachable();
    }
    memory
}

/// A value for a `static`, borrowed by one call at a time.
pub(crate) struct SingleThreaded<T>(RefCell<T>);

// SAFETY: the component is built without threads: its instance runs one call at a time, on the host's thread.
// A call that came in during another would find the `RefCell` borrowed and panic.
unsafe impl<T> Sync for SingleThreaded<T> {}

impl<T> SingleThreaded<T> {
    pub(crate) const fn new(value: T) -> Self {
        SingleThreaded(RefCell::new(value))
    }

    /// Lends the value to `f`.
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.0.borrow_mut())
    }
}
