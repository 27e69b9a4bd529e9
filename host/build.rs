//! Embeds the stack component and the tools, so that `wnet` is one file.
//!
//! The stack is taken from where `cargo xtask build` leaves it, or from where the variable WNET_STACK_COMPONENT
//! says; the tools lie beside it. Without them the command is built all the same, and says at run time what is
//! missing.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

const VARIABLE: &str = "WNET_STACK_COMPONENT";

/// Those of `src/tools.rs`.
const TOOLS: [&str; 8] = ["ip", "nstat", "ping", "resolvectl", "ss", "sysctl", "tcpdump", "traceroute"];

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-env-changed={VARIABLE}");
    // Asked now, not when this was compiled: checkouts may share a target folder.
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("..");
    let stack = match env::var_os(VARIABLE) {
        Some(path) => PathBuf::from(path),
        None => root.join("target/components/stack.wasm"),
    };
    embed(&stack, "stack", true)?;
    // A tool that nobody has written yet will come with a line in there.
    println!("cargo::rerun-if-changed={}", root.join("Cargo.toml").display());
    TOOLS.iter().try_for_each(|tool| {
        let is_written = root.join("guest-apps").join(tool).exists();
        embed(&stack.with_file_name(tool).with_extension("wasm"), tool, is_written)
    })
}

/// Leaves a component where `include_bytes!` finds it.
fn embed(component: &Path, name: &str, may_come: bool) -> io::Result<()> {
    // While the file does not exist this runs at each build: it may come to exist.
    if may_come {
        println!("cargo::rerun-if-changed={}", component.display());
    }
    let bytes = match fs::read(component) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(io::Error::other(format!("{}: {error}", component.display()))),
    };
    let output = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join(name);
    fs::write(output.with_extension("wasm"), bytes)
}
