//! Which toolchain builds the Wasm crates: the one in use, or a private one that the set-up put together.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use super::sysroot::{Compiler, TARGET, target_folder};
use crate::process::read_output;

/// How a Wasm component begins: the magic number, then version 13 and layer 1.
const COMPONENT_HEADER: [u8; 8] = *b"\0asm\x0d\0\x01\0";

/// A program that needs all of the target: standard library, wasi-libc and the component linker.
const PROBE: &str = "fn main() { let _ = std::net::TcpListener::bind(\"127.0.0.1:0\"); }\n";

/// What differs from the toolchain in use. The default is that toolchain itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Toolchain {
    /// Another compiler.
    pub(crate) rustc: Option<PathBuf>,
    /// Another sysroot: of `rustc` if that is given, else for the compiler in use.
    pub(crate) sysroot: Option<PathBuf>,
    /// A folder of shared libraries that `rustc` needs.
    pub(crate) libraries: Option<PathBuf>,
    /// A folder of linkers that `rustc` does not bring.
    pub(crate) tools: Option<PathBuf>,
}

impl Toolchain {
    /// Sets `command` (cargo or rustc) up to use this toolchain for the Wasm target.
    pub(crate) fn apply(&self, command: &mut Command) {
        if let Some(rustc) = &self.rustc {
            command.env("RUSTC", rustc);
        } else if let Some(sysroot) = &self.sysroot {
            let target = TARGET.to_uppercase().replace('-', "_");
            command
                .env(format!("CARGO_TARGET_{target}_RUSTFLAGS"), format!("--sysroot={}", sysroot.display()));
        }
        if let Some(libraries) = &self.libraries {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        if let Some(tools) = &self.tools {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let folders =
                [tools.clone(), tools.join("gcc-ld")].into_iter().chain(std::env::split_paths(&path));
            if let Ok(joined) = std::env::join_paths(folders) {
                command.env("PATH", joined);
            }
        }
    }

    /// The Wasm target's folder, when it is not in the toolchain in use.
    pub(crate) fn target_folder(&self) -> Option<PathBuf> {
        self.sysroot.as_deref().map(target_folder)
    }

    /// Compiles and links a small program in `scratch`.
    ///
    /// # Errors
    /// If that fails or what comes out is no component.
    pub(crate) fn prove(&self, compiler: &Compiler, scratch: &Path) -> Result<()> {
        let (source, output) = (scratch.join("probe.rs"), scratch.join("probe.wasm"));
        fs::write(&source, PROBE)?;
        let mut rustc = match &self.rustc {
            Some(rustc) => Command::new(rustc),
            None => Command::new(&compiler.command),
        };
        self.apply(&mut rustc);
        if let (None, Some(sysroot)) = (&self.rustc, &self.sysroot) {
            rustc.arg("--sysroot").arg(sysroot);
        }
        rustc.args(["--edition", "2024", "--target", TARGET, "-o"]).arg(&output).arg(&source);
        read_output(&mut rustc).context("a small program does not build for the target")?;
        let header = fs::read(&output)?;
        ensure!(header.starts_with(&COMPONENT_HEADER), "the linker wrote something that is no component");
        let _ = (fs::remove_file(source), fs::remove_file(output));
        Ok(())
    }

    /// Writes a note for later builds; `identity` is that of the compiler in use.
    ///
    /// # Errors
    /// If the file cannot be written, or a path in it holds a line break.
    pub(crate) fn save(&self, file: &Path, identity: &str) -> Result<()> {
        let mut note = format!("for = {identity}\n");
        for (name, value) in self.fields() {
            if let Some(value) = value {
                let value = value.display().to_string();
                if value.contains('\n') {
                    bail!("a path holds a line break: {value:?}");
                }
                note.push_str(&format!("{name} = {value}\n"));
            }
        }
        fs::write(file, note).with_context(|| format!("cannot write {}", file.display()))
    }

    /// Reads such a note, unless it is missing, damaged, or was made for another compiler.
    pub(crate) fn load(file: &Path, identity: &str) -> Option<Self> {
        let note = fs::read_to_string(file).ok()?;
        let mut toolchain = Self::default();
        let mut made_for = None;
        for line in note.lines() {
            let (name, value) = line.split_once(" = ")?;
            match name {
                "for" => made_for = Some(value),
                "rustc" => toolchain.rustc = Some(value.into()),
                "sysroot" => toolchain.sysroot = Some(value.into()),
                "libraries" => toolchain.libraries = Some(value.into()),
                "tools" => toolchain.tools = Some(value.into()),
                _ => return None,
            }
        }
        (made_for == Some(identity)).then_some(toolchain)
    }

    fn fields(&self) -> [(&'static str, Option<&PathBuf>); 4] {
        [
            ("rustc", self.rustc.as_ref()),
            ("sysroot", self.sysroot.as_ref()),
            ("libraries", self.libraries.as_ref()),
            ("tools", self.tools.as_ref()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn notes_are_read_back_for_the_same_compiler_only() {
        let scratch = Scratch::new("toolchain");
        let file = scratch.path().join("note");
        let toolchain = Toolchain {
            rustc: Some("/a b/rustc".into()),
            sysroot: Some("/s".into()),
            libraries: None,
            tools: Some("/t".into()),
        };
        toolchain.save(&file, "rustc 1").unwrap();
        assert_eq!(Toolchain::load(&file, "rustc 1"), Some(toolchain));
        assert_eq!(Toolchain::load(&file, "rustc 2"), None);
        fs::write(&file, "for = rustc 1\nnonsense\n").unwrap();
        assert_eq!(Toolchain::load(&file, "rustc 1"), None);
        assert_eq!(Toolchain::load(&scratch.path().join("absent"), "rustc 1"), None);
    }

    #[test]
    fn a_private_sysroot_reaches_target_crates_alone() {
        let mut command = Command::new("cargo");
        Toolchain { sysroot: Some("/s".into()), ..Toolchain::default() }.apply(&mut command);
        let set: Vec<_> = command.get_envs().collect();
        assert_eq!(set.len(), 1);
        assert_eq!(set[0].0, "CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS");
    }
}
