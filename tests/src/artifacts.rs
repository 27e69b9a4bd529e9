//! What was built beforehand: the command `wnet` and the components.
//!
//! They are looked for where `cargo xtask build` leaves them in the target folder that this program itself
//! was built in. The variables `WNET` (the command's file) and `WNET_COMPONENTS` (a folder) say otherwise,
//! so that the same cases can judge another build or another stack.

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context, Result, bail};

use crate::needs::Skip;

/// The command `wnet`.
///
/// # Errors
/// If it was not built.
pub fn wnet() -> Result<PathBuf> {
    match env::var_os("WNET") {
        Some(file) => built(file.into()),
        None => built(profile_folder()?.join("wnet")),
    }
}

/// The file of the component `name`: "stack", "echo-server", or "test/NAME" for guests that tests alone use.
///
/// # Errors
/// If it was not built.
pub fn component(name: &str) -> Result<PathBuf> {
    built(components()?.join(name).with_extension("wasm"))
}

/// The bytes of the component `name`.
///
/// # Errors
/// If it was not built or cannot be read.
pub fn component_bytes(name: &str) -> Result<Vec<u8>> {
    let file = component(name)?;
    fs::read(&file).with_context(|| format!("cannot read {}", file.display()))
}

/// The guest `name` of `guest-apps/languages`, which the tools of `language` build ("c", "javascript", "python", "rust").
///
/// # Errors
/// [`Skip`] if it was not built, for want of a tool or of the command.
pub fn language_guest(language: &str, name: &str) -> Result<PathBuf> {
    component(&format!("language/{name}")).map_err(|_| {
        let note =
            components().map(|folder| folder.join("language").join(language).with_extension("missing"));
        let missing = note.and_then(|file| Ok(fs::read_to_string(file)?));
        Skip::because(missing.unwrap_or_else(|_| "needs what `cargo xtask languages` builds".into()))
    })
}

/// The stack's contract.
pub fn wit_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit")
}

/// The folder of the components.
fn components() -> Result<PathBuf> {
    match env::var_os("WNET_COMPONENTS") {
        Some(folder) => Ok(folder.into()),
        None => Ok(profile_folder()?.parent().context("a target folder")?.join("components")),
    }
}

/// `target/debug`: where `target/debug/bench-linux` lies, and `target/debug/deps/conformance-0123456789abcdef` is
/// a folder deeper.
fn profile_folder() -> Result<PathBuf> {
    let program = env::current_exe().context("cannot find the path of this program")?;
    let folder =
        program.parent().map(|folder| if folder.ends_with("deps") { folder.parent() } else { Some(folder) });
    Ok(folder.flatten().context("this program lies in no target folder")?.to_owned())
}

fn built(file: PathBuf) -> Result<PathBuf> {
    if !file.is_file() {
        bail!("there is no {}: run `cargo xtask build` first", file.display());
    }
    Ok(file)
}
