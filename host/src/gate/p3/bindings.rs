//! wasmtime's bindings to `wasi:sockets` 0.3, the guest's side of it.

#![allow(missing_docs, unreachable_pub)]

wasmtime::component::bindgen!({
    path: "wit",
    world: "wasi:sockets/imports@0.3.0",
    imports: {
        "wasi:sockets/types.[method]tcp-socket.listen": store | trappable,
        "wasi:sockets/types.[method]tcp-socket.send": store | trappable,
        "wasi:sockets/types.[method]tcp-socket.receive": store | trappable,
        default: trappable,
    },
    require_store_data_send: true,
    with: {
        "wasi:clocks/types": wasmtime_wasi::p3::bindings::clocks::types,
        "wasi:sockets/types.tcp-socket": crate::gate::p3::handle::TcpHandle,
        "wasi:sockets/types.udp-socket": crate::gate::p3::udp::UdpHandle,
    },
    trappable_error_type: {
        "wasi:sockets/types.error-code" => crate::gate::error::SocketError,
        "wasi:sockets/ip-name-lookup.error-code" => crate::gate::error::SocketError,
    },
});
