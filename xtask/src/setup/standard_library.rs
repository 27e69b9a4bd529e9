//! Way 2: the standard library for the Wasm target, built from the distribution's sources.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::apt::{Archive, Package, Suites};
use super::sysroot::{Compiler, TARGET, install_target, is_writable, link_sysroot};
use super::{Toolchain, say};
use crate::process::run_logged;

/// Longest time that building the standard library may take; two cores need less than a minute.
const BUILD_LIMIT: Duration = Duration::from_secs(1800);

/// Builds the library for `compiler` and adds it to its sysroot; if that may not be written, or with `trial`,
/// to a copy of it under `private`.
///
/// # Errors
/// If the archive has no sources of that version, or the build fails.
pub(crate) fn for_compiler_in_use(compiler: &Compiler, private: &Path, trial: bool) -> Result<Toolchain> {
    let archive = Archive::open(private.join("apt"), Suites::All)?;
    let sources = archive
        .versions("rust-src")?
        .into_iter()
        .find(|package| package.upstream() == compiler.release)
        .with_context(|| {
            format!("no Debian suite has the sources of rustc {} (rust-src)", compiler.release)
        })?;
    let wasi_libc = choose_wasi_libc(&archive, &sources.suite)?;
    let built = build(&archive, &[sources, wasi_libc], compiler, &Toolchain::default(), private)?;
    let (sysroot, toolchain) = if trial || !is_writable(&compiler.sysroot) {
        let copy = private.join("sysroot");
        say(&format!("the target goes into a private copy of the toolchain, {}", copy.display()));
        link_sysroot(&compiler.sysroot, &copy)?;
        (copy.clone(), Toolchain { sysroot: Some(copy), ..Toolchain::default() })
    } else {
        say(&format!(
            "the target goes to {} (remove that folder before a later `rustup target add`)",
            compiler.target_folder().display()
        ));
        (compiler.sysroot.clone(), Toolchain::default())
    };
    install_target(&sysroot, &built.rlibs, &built.wasi_libc)?;
    Ok(toolchain)
}

/// What a build of the library leaves.
#[derive(Debug)]
pub(crate) struct Built {
    /// The folder of the compiled crates.
    pub(crate) rlibs: PathBuf,
    /// The folder of wasi-libc's files.
    pub(crate) wasi_libc: PathBuf,
}

/// The wasi-libc of `suite`, made with those sources in mind; else the newest.
pub(crate) fn choose_wasi_libc(archive: &Archive, suite: &str) -> Result<Package> {
    let versions = archive.versions("wasi-libc")?;
    let same = versions.iter().find(|package| package.suite == suite);
    same.or(versions.first()).cloned().context("no Debian suite has wasi-libc")
}

/// Unpacks `packages` (sources and wasi-libc) under `private` and builds the library with `toolchain`, whose
/// compiler is `compiler`.
///
/// # Errors
/// If a download or the build fails.
pub(crate) fn build(
    archive: &Archive,
    packages: &[Package],
    compiler: &Compiler,
    toolchain: &Toolchain,
    private: &Path,
) -> Result<Built> {
    for package in packages {
        say(&format!("unpacking {} {} privately ({})", package.name, package.version, package.suite));
    }
    let root = private.join("root");
    archive.unpack(packages, &root)?;
    let library = find_library(&root)?;
    let wasi_libc = root.join("usr/lib").join(TARGET);
    if !wasi_libc.is_dir() {
        bail!("this wasi-libc is not built for {TARGET}");
    }
    say(&format!("building the standard library for rustc {}, about a minute", compiler.release));
    let output = private.join("target");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    crate::workspace::forget_our_cargo(&mut cargo);
    cargo
        .current_dir(library)
        .args(["build", "--release", "--target", TARGET, "-p", "sysroot"])
        .args(["--features", "compiler-builtins-mem", "--target-dir"])
        .arg(&output)
        .env("RUSTC", &compiler.command)
        // The library uses unstable features and must be marked as the compiler's own.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("__CARGO_DEFAULT_LIB_METADATA", "stablestd")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env(
            "RUSTFLAGS",
            format!("-Zforce-unstable-if-unmarked -Cembed-bitcode=yes -L native={}", wasi_libc.display()),
        );
    toolchain.apply(&mut cargo);
    run_logged(&mut cargo, BUILD_LIMIT, &private.join("standard-library.log"))?;
    Ok(Built { rlibs: output.join(TARGET).join("release/deps"), wasi_libc })
}

/// The folder `library` of the unpacked sources: packages differ in what they call the folder above.
fn find_library(root: &Path) -> Result<PathBuf> {
    let sources = root.join("usr/src");
    for entry in fs::read_dir(&sources).with_context(|| format!("cannot read {}", sources.display()))? {
        let library = entry?.path().join("library");
        if library.join("sysroot/Cargo.toml").is_file() {
            return Ok(library);
        }
    }
    bail!("the unpacked sources hold no standard library")
}
