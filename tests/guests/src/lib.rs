//! What test guests share with each other, and with who tests them.

pub mod bulk;
pub mod memory;
pub mod random;
#[cfg(target_os = "wasi")]
pub mod sockets;
pub mod way;

/// The `main` of a guest that is nothing but a component, where it is built as something else.
#[macro_export]
macro_rules! component_only {
    () => {
        #[cfg(not(target_os = "wasi"))]
        fn main() {
            let name = env!("CARGO_BIN_NAME");
            eprintln!("{name} is a WebAssembly component: build it with --target wasm32-wasip2");
        }
    };
}
