//! wasmtime's bindings to `wasi:sockets`, the guest's side of it.
//!
//! Streams, pollables and errors are those of wasmtime-wasi-io, so that a guest polls sockets, files and
//! timers alike. All functions are synchronous: none of them waits.

#![allow(missing_docs, unreachable_pub)]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "wasi:sockets/imports@0.2.12",
    imports: { default: trappable },
    require_store_data_send: true,
    with: {
        "wasi:io/error": wasmtime_wasi_io::bindings::wasi::io::error,
        "wasi:io/poll": wasmtime_wasi_io::bindings::wasi::io::poll,
        "wasi:io/streams": wasmtime_wasi_io::bindings::wasi::io::streams,
        "wasi:clocks/monotonic-clock": wasmtime_wasi::p2::bindings::clocks::monotonic_clock,
        "wasi:sockets/network.network": crate::gate::network::Network,
        "wasi:sockets/tcp.tcp-socket": crate::gate::tcp::TcpSocket,
        "wasi:sockets/udp.udp-socket": crate::gate::udp::UdpSocket,
        "wasi:sockets/udp.incoming-datagram-stream": crate::gate::udp::IncomingDatagramStream,
        "wasi:sockets/udp.outgoing-datagram-stream": crate::gate::udp::OutgoingDatagramStream,
        "wasi:sockets/ip-name-lookup.resolve-address-stream": crate::gate::ip_name_lookup::ResolveAddressStream,
    },
    trappable_error_type: {
        "wasi:sockets/network.error-code" => crate::gate::error::SocketError,
    },
});
