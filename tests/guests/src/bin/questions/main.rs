//! `questions ABOUT 4|6`: asks wasi:sockets what the standard leaves no doubt about, and what it leaves to hosts; prints
//! one line for each answer. The same answers are expected from every host, so nothing is printed that chance decides.

#[cfg(target_os = "wasi")]
mod program;

#[cfg(target_os = "wasi")]
fn main() {
    program::main();
}

test_guests::component_only!();
