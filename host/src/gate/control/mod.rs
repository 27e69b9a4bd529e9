//! The interfaces by which the whole stack is seen and changed, for guests that were granted `control`.
//!
//! The stack's own types are passed through: the interfaces are the same on both sides. A stack that does not have one of
//! them has nothing to show, and changes nothing.

mod addresses;
mod changes;
mod links;
mod names;
mod neighbours;
mod resolvers;
mod route_lookup;
mod routing;
mod settings;
mod socket_owners;
mod sockets;

use super::GateHost;
use crate::kernel::bindings::exports::wnet::stack::control_types::{Errno, Failure};
use crate::kernel::exports::Stack;
use crate::kernel::{Kernel, StackDied, StackState, Told};
use std::sync::Arc;
use wasmtime::component::{ComponentNamedList, Lift, Linker, LinkerInstance, Lower};
use wasmtime::{Result, Store, StoreContextMut};

/// The interfaces' names. The types that they share are nothing to be granted.
pub(crate) const INTERFACES: [&str; 11] = [
    settings::INTERFACE,
    links::INTERFACE,
    addresses::INTERFACE,
    neighbours::INTERFACE,
    routing::INTERFACE,
    route_lookup::INTERFACE,
    changes::INTERFACE,
    resolvers::INTERFACE,
    names::INTERFACE,
    sockets::INTERFACE,
    socket_owners::INTERFACE,
];

/// Interfaces whose types the others share; their functions are for nobody.
pub(crate) const TYPES: [&str; 1] = ["wnet:stack/control-types@0.1.0"];

/// Defines the interfaces.
pub(crate) fn add_to_linker<T: GateHost>(linker: &mut Linker<T>) -> Result<()> {
    settings::add_to_linker(linker)?;
    links::add_to_linker(linker)?;
    addresses::add_to_linker(linker)?;
    neighbours::add_to_linker(linker)?;
    routing::add_to_linker(linker)?;
    route_lookup::add_to_linker(linker)?;
    changes::add_to_linker(linker)?;
    resolvers::add_to_linker(linker)?;
    names::add_to_linker(linker)?;
    sockets::add_to_linker(linker)?;
    socket_owners::add_to_linker(linker)
}

/// What a stack says that does not have the interface.
fn not_supported() -> Failure {
    Failure { errno: Errno::NotSupported, text: "this stack cannot do that".into() }
}

/// Defines a function of the interface.
fn define<T: GateHost, P, R>(
    control: &mut LinkerInstance<'_, T>,
    name: &str,
    f: impl Fn(&Kernel, P) -> Result<R> + Send + Sync + 'static,
) -> Result<()>
where
    P: ComponentNamedList + Lift + 'static,
    R: Lower + Send + Sync + 'static,
    (R,): ComponentNamedList + Lower + 'static,
{
    control.func_wrap(name, move |mut store: StoreContextMut<'_, T>, params: P| {
        let kernel = Arc::clone(&store.data_mut().gate().network.kernel);
        Ok((f(&kernel, params)?,))
    })
}

/// What is said of a change over which the stack died, and the one in its place, too.
fn died_of_it() -> Failure {
    Failure { errno: Errno::Busy, text: "the stack died of it, and was started again".into() }
}

/// A function that answers a failure when the stack died of it twice; without any stack the guest ends.
fn or_failure<R>(
    answer: std::result::Result<std::result::Result<R, Failure>, StackDied>,
) -> Result<std::result::Result<R, Failure>> {
    match answer {
        Err(StackDied::Restarted) => Ok(Err(died_of_it())),
        answer => Ok(answer?),
    }
}

/// Has the stack change something, and takes note of it for one that is started in its place.
fn tell<G, R>(
    kernel: &Kernel,
    interface: impl Fn(&Stack) -> Option<&G>,
    f: impl Fn(&G, &mut Store<StackState>) -> Result<std::result::Result<R, Failure>>,
    told: impl Fn(&R) -> Told,
) -> Result<std::result::Result<R, Failure>> {
    or_failure(kernel.enter_again(|entered| {
        let stack = entered.stack;
        let Some(interface) = interface(stack) else { return Ok(Err(not_supported())) };
        entered.tell(|entered| f(interface, &mut *entered.store), &told)
    }))
}

/// Asks an interface of the stack something that may have no answer.
fn find<G, R>(
    kernel: &Kernel,
    interface: impl Fn(&Stack) -> Option<&G>,
    f: impl Fn(&G, &mut Store<StackState>) -> Result<std::result::Result<R, Failure>>,
) -> Result<std::result::Result<R, Failure>> {
    or_failure(kernel.enter_again(|entered| {
        let stack = entered.stack;
        interface(stack).map_or(Ok(Err(not_supported())), |interface| f(interface, &mut *entered.store))
    }))
}

/// Asks an interface of the stack; `None`: it has no such interface.
fn ask<G, R>(
    kernel: &Kernel,
    interface: impl Fn(&Stack) -> Option<&G>,
    f: impl Fn(&G, &mut Store<StackState>) -> Result<R>,
) -> Result<Option<R>> {
    let answer = kernel.enter_again(|entered| {
        let stack = entered.stack;
        interface(stack).map(|interface| f(interface, &mut *entered.store)).transpose()
    });
    Ok(answer?)
}
