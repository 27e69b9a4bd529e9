//! What the stack's Store carries for the functions that the stack imports.

use super::clock::Clock;
use super::image::Hardware;
use super::inert::Inert;
use super::nic::Nic;
use super::notify::Notices;
use super::random::RandomSource;
use std::sync::{Arc, Mutex};
use wasmtime::component::{HasSelf, Linker, ResourceTable};

/// The data of the stack's Store.
pub struct StackState {
    /// The controllers. Each has a lock of its own only because their DMA memory is written while the
    /// Store is borrowed; the big lock keeps everybody else away.
    pub(super) nics: Arc<[Mutex<Nic>]>,
    pub(super) random: RandomSource,
    pub(super) table: ResourceTable,
    pub(super) notices: Notices,
    pub(super) clock: Clock,
    pub(super) inert: Inert,
}

impl StackState {
    /// The data of a new Store.
    pub(super) fn new(hardware: Hardware) -> Self {
        let Hardware { nics, clock, random } = hardware;
        StackState {
            nics,
            random,
            table: ResourceTable::new(),
            notices: Notices::default(),
            clock,
            inert: Inert::default(),
        }
    }
}

/// Defines what the contract lets every stack import.
pub(super) fn add_to_linker(linker: &mut Linker<StackState>) -> wasmtime::Result<()> {
    super::bindings::StackComplete::add_to_linker::<StackState, HasSelf<StackState>>(linker, |state| state)?;
    super::pci::link_dma_write(linker)
}
