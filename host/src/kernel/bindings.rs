//! wasmtime's bindings to the contract in `wit/`: what a stack imports and what it exports.
//!
//! Imports are implemented on [`StackState`](super::state::StackState), one file per interface. Exports are
//! called through [`Entered`](super::Entered).

#![allow(missing_docs, unreachable_pub, dead_code)]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "wnet:stack/stack",
    imports: { default: trappable },
    with: {
        "wasi:io/poll.pollable": crate::kernel::poll::Pollable,
        "wnet:nic/pci.function": crate::kernel::pci::Function,
        "wnet:nic/pci.dma-region": crate::kernel::pci::DmaRegion,
    },
});

/// The optional interface with the counters, in a world of its own so that a stack may lack it.
pub mod optional {
    wasmtime::component::bindgen!({
        path: "../wit",
        inline: "
            package wnet:host;
            world with-counters { export wnet:stack/counters@0.1.0; }
        ",
    });
}
