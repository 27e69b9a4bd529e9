//! The data of a guest's Store: what a process has.

use super::memory::Memory;
use super::{GuestConfig, GuestError};
use crate::gate::{GateHost, GateView, GuestNetwork};
use crate::kernel::Kernel;
use cap_std::fs::Dir;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::Arc;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::filesystem::FsPerms;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

/// Entries of a guest's resource table: sockets, streams, pollables, files.
const MAX_RESOURCES: usize = 1_000_000;

/// A guest's files, arguments, streams and network. The fields are dropped in this order, so that the
/// network goes when its handles have gone.
pub(super) struct Process {
    table: ResourceTable,
    wasi: WasiCtx,
    network: GuestNetwork,
    pub(super) memory: Memory,
}

impl Process {
    /// What `config` grants.
    pub(super) fn new(config: GuestConfig, kernel: Arc<Kernel>) -> Result<Self, GuestError> {
        let program = program(&config);
        let mut wasi = WasiCtxBuilder::new();
        wasi.args(&config.arguments).envs(&config.environment);
        config.streams.give_to(&mut wasi);
        for (directory, path) in &config.directories {
            preopen(&mut wasi, directory, path)
                .map_err(|error| GuestError::Directory { path: path.clone(), why: format!("{error:#}") })?;
        }
        let mut table = ResourceTable::new();
        table.set_max_capacity(MAX_RESOURCES);
        let GuestConfig { grants, interrupt, policy, limits, .. } = config;
        Ok(Process {
            table,
            wasi: wasi.build(),
            network: GuestNetwork::new(kernel, &program, grants, interrupt, policy, limits),
            memory: Memory::new(limits.memory),
        })
    }
}

/// The name of the guest's program: the file's, without what comes before and behind it. Linux: `comm`.
fn program(config: &GuestConfig) -> String {
    let path = config.arguments.first().unwrap_or(&config.name);
    let stem = Path::new(path).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    stem.unwrap_or_else(|| config.name.clone())
}

/// Gives a directory to the guest. wasmtime-wasi opens directories by path, so it is given the path of the
/// descriptor: the directory is the one that was opened, whatever its name has come to mean since.
fn preopen(wasi: &mut WasiCtxBuilder, directory: &Dir, path: &str) -> wasmtime::Result<()> {
    let descriptor = format!("/proc/self/fd/{}", directory.as_raw_fd());
    wasi.preopened_dir(descriptor, path, FsPerms::ReadWrite)?;
    Ok(())
}

impl WasiView for Process {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl GateHost for Process {
    fn gate(&mut self) -> GateView<'_> {
        GateView { table: &mut self.table, network: &mut self.network }
    }
}
