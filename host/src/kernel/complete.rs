//! What only our own stack exports, for those who run no other: `socket-options`, `control`, `abort`.

#![allow(missing_docs, unreachable_pub, dead_code)]

wasmtime::component::bindgen!({
    path: "../wit",
    inline: "
        package wnet:lab;
        world complete {
            include wnet:stack/stack@0.1.0;
            export wnet:stack/socket-options@0.1.0;
            export wnet:stack/control@0.1.0;
            export wnet:stack/abort@0.1.0;
        }
    ",
    world: "wnet:lab/complete",
    imports: { default: trappable },
    with: {
        "wasi:io/poll.pollable": crate::kernel::poll::Pollable,
        "wnet:nic/pci.function": crate::kernel::pci::Function,
        "wnet:nic/pci.dma-region": crate::kernel::pci::DmaRegion,
    },
});
