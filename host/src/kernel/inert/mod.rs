//! Inert WASI for stacks made by others: no files, no environment, standard output to the log.
//!
//! Our own stack imports none of this. A stack that some toolchain linked with a whole standard library does
//! import it, mostly without need. What can be answered harmlessly is; every other WASI function exists and
//! traps when it is called. Nothing here makes the Store asynchronous, and nothing waits.

mod cli;
mod io;

use super::component::{imports, is_wasi_0_2, split_version};
use super::state::StackState;
use wasmtime::component::types::{ComponentInstance, ComponentItem};
use wasmtime::component::{Component, Linker, Resource, ResourceType};
use wasmtime::{Engine, Result, bail};

/// Interfaces of WASI that are answered, here or by the contract itself, in version 0.2.12.
const ANSWERED: [&str; 18] = [
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure-seed",
    "wasi:random/random",
];

/// The type of every resource that never exists: descriptors, terminals, sockets.
enum Absent {}

/// Defines the inert interfaces, and functions that trap for the rest of WASI 0.2 that `component` imports.
pub(super) fn add_to_linker(linker: &mut Linker<StackState>, component: &Component) -> Result<()> {
    io::add_to_linker(linker)?;
    cli::add_to_linker(linker)?;
    let mut known = Vec::new();
    for (name, item) in imports(component) {
        let ComponentItem::ComponentInstance(interface) = item else { continue };
        let answered = !is_wasi_0_2(&name) || ANSWERED.contains(&split_version(&name).0);
        let resources = declared_resources(linker.engine(), &interface, &mut known);
        if !answered {
            trap_when_used(linker, &name, &interface, &resources)?;
        }
    }
    Ok(())
}

/// The resources that an interface declares: those that no interface before it exported, since an interface
/// that uses a resource of another one exports it too.
fn declared_resources(
    engine: &Engine,
    interface: &ComponentInstance,
    known: &mut Vec<ResourceType>,
) -> Vec<String> {
    let mut declared = Vec::new();
    for (name, export) in interface.exports(engine) {
        if let ComponentItem::Resource(resource) = export.ty
            && !known.contains(&resource)
        {
            known.push(resource);
            declared.push(name.to_string());
        }
    }
    declared
}

/// Defines an interface whose functions trap.
fn trap_when_used(
    linker: &mut Linker<StackState>,
    name: &str,
    interface: &ComponentInstance,
    resources: &[String],
) -> Result<()> {
    let engine = linker.engine().clone();
    let mut instance = linker.instance(name)?;
    for resource in resources {
        instance.resource(resource, ResourceType::host::<Absent>(), |_, _| Ok(()))?;
    }
    for (function, export) in interface.exports(&engine) {
        if let ComponentItem::ComponentFunc(_) = export.ty {
            let full_name = format!("{name}#{function}");
            instance.func_new(function, move |_, _, _, _| {
                bail!("the stack called {full_name}, which a stack does not get")
            })?;
        }
    }
    Ok(())
}

/// A handle to something of which there is one, so that nothing has to be kept of it.
fn only<T: 'static>() -> Resource<T> {
    Resource::new_own(0)
}
