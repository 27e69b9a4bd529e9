//! Guests: programs that are components, each in a Store of its own.
//!
//! A guest gets WASI from wasmtime-wasi, except for the network, which it gets from the [gate](crate::gate). One that
//! knows nothing of WASI 0.3 gets 0.2 alone; any other gets both, on an engine with concurrency, and is started
//! through 0.3 if it can be. It runs as a future: it can wait, it gives way now and then even if it only
//! computes, and it ends when the future is dropped; its sockets are closed then.

mod error;
mod inherited;
mod linker;
mod memory;
mod process;
mod streams;
#[cfg(test)]
mod tests;

pub use crate::gate::{Grant, Grants, Interrupt, Limits};
pub use error::GuestError;
pub use streams::{Output, StandardPipes, StandardStreams};

use crate::gate::GateHost;
use crate::kernel::component::{compile, knows_wasi_0_3};
use crate::kernel::{Kernel, NotAComponent, StackDied, engine};
use crate::policy::Policy;
use cap_std::fs::Dir;
use linker::Command;
use process::Process;
use std::sync::Arc;
use wasmtime::component::Component;
use wasmtime::{Store, WasmBacktrace};
use wasmtime_wasi::I32Exit;

/// Handles of the component model that may live in a guest's Store.
const MAX_HANDLES: usize = 1_000_000;

/// Epochs after which a guest gives way to others, and can be ended.
const EPOCHS_PER_TURN: u64 = 1;

/// What a guest is started with.
pub struct GuestConfig {
    /// What it is called in messages.
    pub name: String,
    /// The component in its binary form.
    pub component: Vec<u8>,
    /// Its arguments, the program's name first.
    pub arguments: Vec<String>,
    /// Its environment.
    pub environment: Vec<(String, String)>,
    /// The directories that it may use, with all that is in them, and their paths in the guest.
    pub directories: Vec<(Dir, String)>,
    /// What it may do beyond using its own sockets.
    pub grants: Grants,
    /// How much it may take.
    pub limits: Limits,
    /// What it may reach, be reached by, and look up.
    pub policy: Arc<Policy>,
    /// How it is told that the user wants it to end.
    pub interrupt: Interrupt,
    /// Where its standard streams go.
    pub streams: StandardStreams,
}

/// How a guest ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GuestExit {
    /// By itself: 0 for success, 1 for failure, or the code that it gave to `exit`.
    Code(i32),
    /// By a trap: what it was, and where.
    Trap(String),
}

/// Runs a guest to its end, on this kernel's stack. Dropping the future ends it at its next wait, or at the
/// next epoch if it computes.
///
/// # Errors
/// When it could not be started, or when the stack was given up under it.
pub async fn run_guest(kernel: Arc<Kernel>, config: GuestConfig) -> Result<GuestExit, GuestError> {
    let name = config.name.clone();
    let loading = tokio::task::spawn_blocking(move || {
        let command = load(&config.name, &config.component, config.grants)?;
        let process = Process::new(config, kernel)?;
        Ok((command, process))
    });
    let (command, process) = loading.await.map_err(|error| GuestError::Start(error.to_string()))??;
    match run(command, process).await {
        Ok(exit) => Ok(exit),
        Err(StackFailed(why)) => Err(GuestError::StackFailed { name, why }),
    }
}

/// The stack was given up, and the guest wanted to use it.
struct StackFailed(String);

/// Compiles and links.
fn load(name: &str, bytes: &[u8], grants: Grants) -> Result<Command, GuestError> {
    let start = |error: wasmtime::Error| GuestError::Start(format!("{error:#}"));
    let engine = engine::guest_engine(true).map_err(start)?;
    let component = match compile(&engine, bytes) {
        Ok(component) if knows_wasi_0_3(&component) => Err(NotAComponent::Asynchronous),
        compiled => compiled,
    };
    let component = match component {
        Err(NotAComponent::Asynchronous) => {
            let engine = engine::concurrent_guest_engine(true).map_err(start)?;
            compile(&engine, bytes)
        }
        component => component,
    };
    let component: Component =
        component.map_err(|why| GuestError::NotAComponent { name: name.into(), why })?;
    linker::link(&component, grants)
        .map_err(|problems| GuestError::DoesNotLink { name: name.into(), problems })
}

/// A guest's Store. When it goes, however that comes, its guest has left.
struct Owned(Store<Process>);

impl Drop for Owned {
    fn drop(&mut self) {
        self.0.data_mut().gate().leave();
    }
}

/// Runs `wasi:cli/run`. The Store, and with it all that the guest had, is gone when this returns.
async fn run(command: Command, process: Process) -> Result<GuestExit, StackFailed> {
    let mut owned = Owned(Store::new(command.engine(), process));
    let store = &mut owned.0;
    store.set_max_component_handles(MAX_HANDLES);
    store.limiter(|process| &mut process.memory);
    store.set_epoch_deadline(EPOCHS_PER_TURN);
    store.epoch_deadline_async_yield_and_update(EPOCHS_PER_TURN);
    let error = match call_run(&command, store).await {
        Ok(Ok(())) => return Ok(GuestExit::Code(0)),
        Ok(Err(())) => return Ok(GuestExit::Code(1)),
        Err(error) => error,
    };
    if let Some(I32Exit(code)) = error.downcast_ref() {
        return Ok(GuestExit::Code(*code));
    }
    if let Some(StackDied::Failed(why)) = error.downcast_ref() {
        return Err(StackFailed(why.to_string()));
    }
    store.data_mut().gate().reset_connections();
    Ok(GuestExit::Trap(describe(&error)))
}

/// What a trap was, then where.
fn describe(error: &wasmtime::Error) -> String {
    match error.downcast_ref::<WasmBacktrace>() {
        Some(backtrace) => format!("{}\n{backtrace}", error.root_cause()),
        None => format!("{error:#}"),
    }
}

async fn call_run(command: &Command, store: &mut Store<Process>) -> wasmtime::Result<Result<(), ()>> {
    match command {
        Command::Wasi02(command) => {
            let instance = command.instantiate_async(&mut *store).await?;
            instance.wasi_cli_run().call_run(store).await
        }
        Command::Wasi03(command) => {
            let instance = command.instantiate_async(&mut *store).await?;
            store.run_concurrent(async |store| instance.wasi_cli_run().call_run(store).await).await?
        }
    }
}
