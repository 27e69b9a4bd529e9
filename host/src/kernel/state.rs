//! What the stack's Store carries for the functions that the stack imports.

use super::clock::Clock;
use super::linear_memory::LinearMemory;
use super::nic::Nic;
use super::notices::Notices;
use super::random::RandomSource;
use std::sync::{Arc, Mutex, MutexGuard};
use wasmtime::component::ResourceTable;
use wasmtime::{Result, format_err};

/// What a stack runs on. Clones are the same.
#[derive(Clone)]
pub(super) struct Hardware {
    pub(super) nics: Arc<[Mutex<Nic>]>,
    pub(super) clock: Clock,
    pub(super) random: RandomSource,
}

/// What inert interfaces remember: the unfinished lines of standard output and standard error.
#[derive(Debug, Default)]
pub(super) struct Inert {
    pub(super) lines: [Vec<u8>; 2],
}

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
    pub(super) memory: LinearMemory,
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
            memory: LinearMemory::default(),
        }
    }

    /// The controller with this index.
    pub(super) fn nic(&self, index: usize) -> Result<MutexGuard<'_, Nic>> {
        let nic = self.nics.get(index).ok_or_else(|| format_err!("no controller {index}"))?;
        Ok(super::unpoisoned(nic.lock()))
    }
}
