//! The interfaces, generated from `wit/`. A program imports those whose functions it calls.

// Generated: the canonical ABI is raw pointers.
#![allow(unsafe_code, missing_docs, unreachable_pub, clippy::undocumented_unsafe_blocks)]

wit_bindgen::generate!({
    path: "../../wit",
    inline: "
        package wnet:tools;
        world tool {
            import wnet:stack/control@0.1.0;
            import wnet:stack/links@0.1.0;
            import wnet:stack/addresses@0.1.0;
            import wnet:stack/neighbours@0.1.0;
            import wnet:stack/routing@0.1.0;
            import wnet:stack/route-lookup@0.1.0;
            import wnet:stack/changes@0.1.0;
            import wnet:stack/resolvers@0.1.0;
            import wnet:stack/names@0.1.0;
            import wnet:stack/reverse-names@0.1.0;
            import wnet:stack/sockets@0.1.0;
            import wnet:stack/socket-owners@0.1.0;
            import wnet:stack/raw-sockets@0.1.0;
            import wnet:stack/raw-groups@0.1.0;
            import wnet:stack/raw-fields@0.1.0;
            import wnet:stack/packet-sockets@0.1.0;
            import wnet:stack/interrupt@0.1.0;
            import wasi:clocks/monotonic-clock@0.2.12;
            import wasi:cli/exit@0.2.12;
        }
        package wasi:cli@0.2.12 {
            interface exit {
                exit: func(status: result);
                exit-with-code: func(status-code: u8);
            }
        }
    ",
    generate_all,
});
