//! What the contract lets every stack import, one file per interface.

mod clock;
pub(super) mod notify;
pub(super) mod pci;
mod poll;
mod random;

use super::bindings::StackComplete;
use super::state::StackState;
use wasmtime::component::{HasSelf, Linker};

/// Defines all of it.
pub(super) fn add_to_linker(linker: &mut Linker<StackState>) -> wasmtime::Result<()> {
    StackComplete::add_to_linker::<StackState, HasSelf<StackState>>(linker, |state| state)?;
    pci::link_dma_write(linker)
}
