//! wasmtime's bindings to the contract in `wit/`: what a stack imports and what it exports.
//!
//! Imports are implemented on `StackState`, in `imports/`. Exports are
//! called through [`Entered`](super::Entered), by way of [`Stack`](super::exports::Stack), which knows that some
//! of them may be missing.

#![allow(missing_docs, unreachable_pub, dead_code)]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "wnet:stack/stack-complete",
    imports: { default: trappable },
    with: {
        "wasi:io/poll.pollable": crate::kernel::resources::Pollable,
        "wnet:nic/pci.function": crate::kernel::resources::Function,
        "wnet:nic/pci.dma-region": crate::kernel::resources::DmaRegion,
    },
});
