//! Embeds the stack component, so that `wnet` is one file.
//!
//! It is taken from where `cargo xtask build` leaves it, or from where the variable WNET_STACK_COMPONENT
//! says. Without it the command is built all the same, and says at run time what is missing.

use std::path::PathBuf;
use std::{env, fs, io};

const VARIABLE: &str = "WNET_STACK_COMPONENT";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-env-changed={VARIABLE}");
    let component = match env::var_os(VARIABLE) {
        Some(path) => PathBuf::from(path),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/components/stack.wasm"),
    };
    // While the file does not exist this runs at each build: it may come to exist.
    println!("cargo::rerun-if-changed={}", component.display());
    let bytes = match fs::read(&component) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(io::Error::other(format!("{}: {error}", component.display()))),
    };
    let output = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("stack.wasm");
    fs::write(output, bytes)
}
