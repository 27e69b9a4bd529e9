//! Guests on the usual libraries of Rust.

use std::process::Command;

use anyhow::Result;

use super::tools::{sources, wasi_libc};
use crate::build::cargo::Build;
use crate::build::{Built, copy_if_changed};
use crate::setup::{TARGET, Toolchain};
use crate::workspace::Workspace;

/// Programs of the package in `guest-apps/languages/rust`.
const PROGRAMS: [&str; 3] = ["hyper-files", "redis-client", "tokio-echo"];

/// A cargo command in that package, which is a workspace of its own.
pub(crate) fn cargo(workspace: &Workspace, toolchain: &Toolchain, action: &str) -> Command {
    let mut cargo = workspace.cargo();
    cargo.current_dir(sources(workspace, "rust")).args([action, "--release"]).args(workspace.locked());
    cargo.arg("--target-dir").arg(workspace.target.join("languages/rust"));
    // Flags meant for native code would hide those of the package's configuration.
    cargo.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    toolchain.apply(&mut cargo);
    cargo
}

pub(super) fn build(workspace: &Workspace, built: &Built) -> Result<()> {
    // The wasi-libc that the toolchain brings has no fcntl(2) for sockets; a newer one is linked in its place.
    let library = wasi_libc(workspace)?.join("lib").join(TARGET);
    let mut cargo = cargo(workspace, &built.toolchain, "build");
    cargo.arg("--config").arg(format!("target.{TARGET}.rustflags=['-Lnative={}']", library.display()));
    cargo.arg("--message-format=json-render-diagnostics");
    Build::new("building guests on tokio, hyper and redis", cargo).run()?;
    let compiled = workspace.target.join("languages/rust").join(TARGET).join("release");
    for program in PROGRAMS {
        let component = workspace.component(&format!("language/{program}"));
        copy_if_changed(&compiled.join(program).with_extension("wasm"), &component)?;
    }
    Ok(())
}
