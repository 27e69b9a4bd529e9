//! The compiler in use and the folder of the Wasm target inside its sysroot.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::read_output;

/// The target of all Wasm crates.
pub(crate) const TARGET: &str = "wasm32-wasip2";

/// What the target needs from wasi-libc, in the folder `self-contained`.
const SELF_CONTAINED: [&str; 3] = ["crt1-command.o", "crt1-reactor.o", "libc.a"];

/// The compiler that cargo would use.
#[derive(Debug)]
pub(crate) struct Compiler {
    /// How it is called.
    pub(crate) command: OsString,
    /// The folder of its libraries.
    pub(crate) sysroot: PathBuf,
    /// The machine's own target.
    pub(crate) host: String,
    /// Its version without date and commit: `1.95.0`.
    pub(crate) release: String,
    /// Everything that it says about itself: two compilers that differ here share no libraries.
    pub(crate) identity: String,
}

impl Compiler {
    /// Asks the compiler that cargo would use in `folder`.
    ///
    /// # Errors
    /// If there is none, or it says something unexpected.
    pub(crate) fn in_use(folder: &Path) -> Result<Self> {
        let command = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        Self::ask(command, folder, |_| ())
    }

    /// Asks `command`, prepared by `prepare` (search paths for instance).
    pub(crate) fn ask(command: OsString, folder: &Path, prepare: impl Fn(&mut Command)) -> Result<Self> {
        let question = |arguments: &[&str]| {
            let mut rustc = Command::new(&command);
            rustc.args(arguments).current_dir(folder);
            prepare(&mut rustc);
            read_output(&mut rustc)
        };
        let verbose = question(&["-vV"])?;
        let field = |name: &str| {
            let line = verbose.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.map(str::to_owned).with_context(|| format!("rustc -vV names no {name}"))
        };
        let (host, release) = (field("host")?, field("release")?);
        let sysroot = question(&["--print", "sysroot"])?.trim().into();
        let identity = verbose.lines().map(str::trim).collect::<Vec<_>>().join(", ");
        Ok(Self { command, sysroot, host, release, identity })
    }

    /// The Wasm target's folder in the sysroot, there or not.
    pub(crate) fn target_folder(&self) -> PathBuf {
        target_folder(&self.sysroot)
    }

    /// The folder of the linkers that came with the compiler.
    pub(crate) fn tools(&self) -> PathBuf {
        self.sysroot.join("lib/rustlib").join(&self.host).join("bin")
    }
}

/// The Wasm target's folder in any sysroot.
pub(crate) fn target_folder(sysroot: &Path) -> PathBuf {
    sysroot.join("lib/rustlib").join(TARGET)
}

/// Whether a target folder holds the standard library and what it takes from wasi-libc.
pub(crate) fn is_complete(target_folder: &Path) -> bool {
    let library = target_folder.join("lib");
    let has_std = fs::read_dir(&library).is_ok_and(|entries| {
        entries.flatten().any(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.starts_with("libstd-") && name.ends_with(".rlib")
        })
    });
    has_std && SELF_CONTAINED.iter().all(|file| library.join("self-contained").join(file).is_file())
}

/// Puts the target together in `sysroot`: the libraries in `rlibs` and the needed files of `wasi_libc`.
///
/// It is assembled beside its place and then renamed, so that nobody ever meets half a target.
///
/// # Errors
/// If the folder cannot be written; `sysroot` is then unchanged.
pub(crate) fn install_target(sysroot: &Path, rlibs: &Path, wasi_libc: &Path) -> Result<()> {
    let place = target_folder(sysroot);
    let fresh = place.with_file_name(format!(".{TARGET}-{}", std::process::id()));
    let result = assemble(&fresh, rlibs, wasi_libc).and_then(|()| {
        if place.exists() {
            fs::remove_dir_all(&place)?;
        }
        fs::rename(&fresh, &place).with_context(|| format!("cannot create {}", place.display()))
    });
    if result.is_err() {
        let _ = fs::remove_dir_all(&fresh);
    }
    result
}

fn assemble(folder: &Path, rlibs: &Path, wasi_libc: &Path) -> Result<()> {
    let self_contained = folder.join("lib/self-contained");
    fs::create_dir_all(&self_contained)
        .with_context(|| format!("cannot create {}", self_contained.display()))?;
    for entry in fs::read_dir(rlibs)? {
        let file = entry?.path();
        if let (Some(name), true) = (file.file_name(), file.extension().is_some_and(|end| end == "rlib")) {
            fs::copy(&file, folder.join("lib").join(name))?;
        }
    }
    for name in SELF_CONTAINED {
        let file = wasi_libc.join(name);
        fs::copy(&file, self_contained.join(name))
            .with_context(|| format!("cannot copy {}", file.display()))?;
    }
    if !is_complete(folder) {
        bail!("the build left no standard library in {}", rlibs.display());
    }
    Ok(())
}

/// A sysroot at `copy` that is `original` by symbolic links, but for the Wasm target, which is left out.
///
/// # Errors
/// If the links cannot be made.
pub(crate) fn link_sysroot(original: &Path, copy: &Path) -> Result<()> {
    let rustlib = copy.join("lib/rustlib");
    fs::create_dir_all(&rustlib)?;
    link_entries(&original.join("lib"), &copy.join("lib"), "rustlib")?;
    link_entries(&original.join("lib/rustlib"), &rustlib, TARGET)
}

fn link_entries(from: &Path, to: &Path, but: &str) -> Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        if entry.file_name() != but {
            symlink(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// Whether the target's folder can be made in `sysroot` by this user.
pub(crate) fn is_writable(sysroot: &Path) -> bool {
    let probe = sysroot.join("lib/rustlib").join(format!(".writable-{}", std::process::id()));
    let made = fs::create_dir(&probe).is_ok();
    made && fs::remove_dir(&probe).is_ok()
}
