//! `model FIRST COUNT`: calls wasi:sockets at random, `COUNT` sequences of calls from number `FIRST` on, and knows what each
//! call must answer. Panics at the first answer that is another; its number plays the sequence again.

#[cfg(target_os = "wasi")]
mod program;

#[cfg(target_os = "wasi")]
fn main() {
    program::main();
}

test_guests::component_only!();
