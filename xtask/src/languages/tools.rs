//! What builds guests of other languages, and where it comes from.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::say;
use crate::process::{read_output, run_logged};
use crate::setup::apt::{Archive, Package, Suites};
use crate::workspace::{Workspace, find_program, json_string};

/// Longest time for a fetch from a package registry, and for a build with what came.
const LIMIT: Duration = Duration::from_secs(600);

/// A tool that is not there and not to be had: what it is, and which package has it.
#[derive(Debug)]
pub(super) struct Missing(String);

impl Missing {
    /// `package` says the registry, too: "Debian package clang".
    pub(super) fn tool(tool: &str, package: &str) -> anyhow::Error {
        Self(format!("needs {tool} ({package})")).into()
    }

    /// The same, with what went wrong when it was fetched.
    pub(super) fn not_fetched(tool: &str, package: &str, error: &anyhow::Error) -> anyhow::Error {
        say(&format!("{tool} could not be fetched: {error:#}"));
        Self::tool(tool, package)
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Missing {}

/// An installed program, or which Debian package would install it.
pub(super) fn installed(program: &str, package: &str) -> Result<PathBuf> {
    find_program(program).ok_or_else(|| Missing::tool(program, &format!("Debian package {package}")))
}

/// The sources of a language's guests.
pub(super) fn sources(workspace: &Workspace, language: &str) -> PathBuf {
    workspace.root.join("guest-apps/languages").join(language)
}

/// The folder of a fetched tool, there or not.
pub(super) fn folder(workspace: &Workspace, tool: &str) -> PathBuf {
    workspace.target.join("tools").join(tool)
}

/// Runs `command`, with what it writes in a file of the tool's folder.
///
/// # Errors
/// If it fails or does not end; the message has the last lines that it wrote.
pub(super) fn run(workspace: &Workspace, tool: &str, command: &mut Command) -> Result<()> {
    let folder = folder(workspace, tool);
    fs::create_dir_all(&folder)?;
    run_logged(command, LIMIT, &folder.join("log"))
}

/// Makes `product` by `make` unless it was made of `ingredients` already: texts of sources, versions of tools. What it was
/// made of stands in a file beside it.
///
/// # Errors
/// Those of `make`, and if it left no product.
pub(super) fn make_once(product: &Path, ingredients: &str, make: impl FnOnce() -> Result<()>) -> Result<()> {
    let note = PathBuf::from(format!("{}.from", product.display()));
    if product.exists() && fs::read_to_string(&note).is_ok_and(|old| old == ingredients) {
        return Ok(());
    }
    // A build that is broken off leaves no note, and so is begun again.
    let _ = fs::remove_file(&note);
    make()?;
    anyhow::ensure!(product.exists(), "the build left no {}", product.display());
    fs::write(&note, ingredients).with_context(|| format!("cannot write {}", note.display()))
}

/// The folder `usr` of wasi-libc: headers and libraries for `wasm32-wasip2`, unpacked from the Debian archive.
///
/// # Errors
/// [`Missing`] if the archive is out of reach or has none new enough.
pub(super) fn wasi_libc(workspace: &Workspace) -> Result<PathBuf> {
    let usr = folder(workspace, "wasi-libc").join("usr");
    if !usr.join("lib/wasm32-wasip2/libc.a").is_file() {
        fetch_wasi_libc(workspace).map_err(|error| {
            Missing::not_fetched("wasi-libc of April 2026 or newer", "Debian package wasi-libc", &error)
        })?;
    }
    Ok(usr)
}

/// The day of the first wasi-libc whose fcntl(2) makes an accepted socket non-blocking: tokio relies on that.
const OLDEST_WASI_LIBC: u32 = 20260401;

fn fetch_wasi_libc(workspace: &Workspace) -> Result<()> {
    say("fetching wasi-libc from the Debian archive");
    let folder = folder(workspace, "wasi-libc");
    let state = folder.join("apt");
    let archive = Archive::open(state.clone(), Suites::All)?;
    let newest = archive.versions("wasi-libc")?.into_iter().find(|package| day(package) >= OLDEST_WASI_LIBC);
    archive.unpack(&[newest.context("no Debian suite has one new enough")?], &folder)?;
    Ok(fs::remove_dir_all(state)?)
}

/// The day that a version of wasi-libc is of: 20260423 of `0.0~git20260423.161b319-2`.
fn day(package: &Package) -> u32 {
    let day = package.version.split_once("git").and_then(|(_, rest)| rest.get(..8)?.parse().ok());
    day.unwrap_or(0)
}

/// The folder of WASI's own WIT, which the crate `wasmtime-wasi` brings.
///
/// # Errors
/// If cargo does not know the crate.
pub(super) fn wasi_wit(workspace: &Workspace) -> Result<PathBuf> {
    let mut cargo = workspace.cargo();
    cargo.args(["metadata", "--format-version", "1", "--offline"]).args(workspace.locked());
    let metadata = read_output(&mut cargo)?;
    let start = metadata.find("{\"name\":\"wasmtime-wasi\",\"version\":").context("no wasmtime-wasi")?;
    let manifest = metadata.get(start..).and_then(|rest| json_string(rest, "manifest_path"));
    let manifest = PathBuf::from(manifest.context("cargo metadata names no manifest of wasmtime-wasi")?);
    Ok(manifest.with_file_name("src").join("p2/wit"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn days_of_wasi_libc() {
        let package =
            |version: &str| Package { name: String::new(), version: version.into(), suite: String::new() };
        assert_eq!(day(&package("0.0~git20260423.161b319-2")), 20260423);
        assert_eq!(day(&package("34.0-1")), 0);
    }

    #[test]
    fn a_product_is_made_again_for_other_ingredients_alone() {
        let scratch = Scratch::new("make-once");
        let product = scratch.path().join("x.wasm");
        let mut made = 0;
        for (ingredients, expected) in [("a", 1), ("a", 1), ("b", 2)] {
            let make = || {
                made += 1;
                Ok(fs::write(&product, ingredients)?)
            };
            make_once(&product, ingredients, make).unwrap();
            assert_eq!(made, expected, "{ingredients}");
        }
        assert!(make_once(&product, "c", || anyhow::bail!("no")).is_err());
        assert!(make_once(&product, "b", || anyhow::bail!("no")).is_err(), "half a product may lie there");
    }

    #[test]
    fn the_wit_of_wasi_is_found() {
        let wit = wasi_wit(&Workspace::find().unwrap()).unwrap();
        assert!(wit.join("deps/cli.wit").is_file(), "{}", wit.display());
    }
}
