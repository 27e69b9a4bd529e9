//! Guests in C: clang compiles, and the linkers are those that come with Rust.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::tools::{installed, make_once, run, sources, wasi_libc};
use crate::build::Built;
use crate::setup::{Compiler, TARGET};
use crate::workspace::Workspace;

/// Programs of one file each.
const PROGRAMS: [&str; 2] = ["echo-poll", "echo-select"];

pub(super) fn build(workspace: &Workspace, built: &Built) -> Result<()> {
    let clang = installed("clang", "clang")?;
    let libc = wasi_libc(workspace)?;
    let rust = Compiler::in_use(&workspace.root)?;
    let builtins = builtins(&built.toolchain.target_folder().unwrap_or_else(|| rust.target_folder()))?;
    for program in PROGRAMS {
        let source = sources(workspace, "c").join(program).with_extension("c");
        let component = workspace.component(&format!("language/{program}"));
        let ingredients =
            format!("{}\n{}\n{}", clang.display(), builtins.display(), fs::read_to_string(&source)?);
        make_once(&component, &ingredients, || {
            let object = component.with_extension("o");
            let mut compile = Command::new(&clang);
            compile.args(["--target=wasm32-wasi", "-O2", "-Wall", "-Wextra", "-Werror", "-isystem"]);
            compile.arg(libc.join("include").join(TARGET)).arg("-c").arg(&source).arg("-o").arg(&object);
            run(workspace, "c", &mut compile)?;
            run(workspace, "c", &mut link(&rust.tools(), &libc, &object, &builtins, &component)?)?;
            Ok(fs::remove_file(object)?)
        })?;
    }
    Ok(())
}

/// Links a program of one object file with wasi-libc to a component.
fn link(tools: &Path, libc: &Path, object: &Path, builtins: &Path, component: &Path) -> Result<Command> {
    let libraries = libc.join("lib").join(TARGET);
    let mut link = Command::new(tools.join("wasm-component-ld"));
    // It calls wasm-ld.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = [tools.join("gcc-ld")].into_iter().chain(std::env::split_paths(&path));
    link.env("PATH", std::env::join_paths(folders)?);
    link.arg(libraries.join("crt1-command.o")).arg(object).arg(libraries.join("libc.a"));
    link.arg(builtins).arg("-o").arg(component);
    Ok(link)
}

/// The functions that compilers call for what the machine does not do itself, as Rust's standard library has them.
fn builtins(target_folder: &Path) -> Result<PathBuf> {
    let libraries = target_folder.join("lib");
    let files = fs::read_dir(&libraries).with_context(|| format!("cannot read {}", libraries.display()))?;
    let is_it = |name: &str| name.starts_with("libcompiler_builtins-") && name.ends_with(".rlib");
    let mut found = files.flatten().filter(|file| is_it(&file.file_name().to_string_lossy()));
    Ok(found.next().context("the standard library has no compiler_builtins")?.path())
}
