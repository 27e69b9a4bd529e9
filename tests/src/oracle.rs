//! The same guests on sockets of this machine's kernel, as wasmtime-wasi gives them to guests: what our answers are compared
//! with. Only the loopback device is used.

use anyhow::{Context, Result};
use tokio::time::timeout;
use wasmtime::component::{Accessor, Component, Linker};
use wasmtime::{Config, Engine, Store};
use wasmtime_wasi::p2::bindings as p2;
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::p3::bindings as p3;
use wasmtime_wasi::{I32Exit, ResourceTable, WasiCtx, WasiCtxView, WasiView};
use wnet::guest::GuestExit;

use crate::artifacts;
use crate::deadline::PATIENCE;
use crate::world::{RUNTIME, Told};

/// What a guest may print, in bytes.
const MUCH: usize = 1 << 20;

/// A guest's surroundings.
struct Process {
    context: WasiCtx,
    table: ResourceTable,
}

impl WasiView for Process {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.context, table: &mut self.table }
    }
}

/// Runs a guest with these words, separated by spaces, to its end.
///
/// # Errors
/// If it was not built, does not run, or does not end within [`PATIENCE`].
pub fn ask(name: &str, words: &str) -> Result<Told> {
    let component = artifacts::component_bytes(name)?;
    let arguments: Vec<&str> = std::iter::once(name).chain(words.split_whitespace()).collect();
    let (output, error) = (MemoryOutputPipe::new(MUCH), MemoryOutputPipe::new(MUCH));
    let mut context = WasiCtx::builder();
    context.args(&arguments).stdout(output.clone()).stderr(error.clone());
    context.allow_tcp(true).allow_udp(true).inherit_network().allow_ip_name_lookup(true);
    let process = Process { context: context.build(), table: ResourceTable::new() };
    let run = async { timeout(PATIENCE, run(&component, process)).await };
    let text = |pipe: &MemoryOutputPipe| String::from_utf8_lossy(&pipe.contents()).into_owned();
    let ended = RUNTIME.block_on(run);
    let exit = ended.with_context(|| format!("{name} {words} still runs; it said {}", text(&output)))??;
    Ok(Told { exit, output: text(&output), error: text(&error) })
}

async fn run(component: &[u8], process: Process) -> Result<GuestExit> {
    let mut config = Config::new();
    config.concurrency_support(true);
    config.wasm_component_model_async(true);
    let engine = Engine::new(&config)?;
    let component = Component::new(&engine, component)?;
    let mut linker = Linker::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    let mut store = Store::new(&engine, process);
    let instance = linker.instantiate_async(&mut store, &component).await?;
    // A guest that exports both is started through 0.3, as our host does.
    let ended = match p3::Command::new(&mut store, &instance) {
        Ok(command) => {
            let run = async |store: &Accessor<Process>| command.wasi_cli_run().call_run(store).await;
            store.run_concurrent(run).await.flatten()
        }
        Err(_) => p2::Command::new(&mut store, &instance)?.wasi_cli_run().call_run(&mut store).await,
    };
    Ok(match ended {
        Ok(Ok(())) => GuestExit::Code(0),
        Ok(Err(())) => GuestExit::Code(1),
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(I32Exit(code)) => GuestExit::Code(*code),
            None => GuestExit::Trap(format!("{error:#}")),
        },
    })
}
