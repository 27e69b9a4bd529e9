//! `cargo xtask setup`: makes the target wasm32-wasip2 available, in one of three ways.
//!
//! 1. `rustup target add`, the ordinary way.
//! 2. Where rustup cannot download: the standard library is built from the distribution's sources of exactly
//!    our compiler, with the distribution's wasi-libc.
//! 3. Where the distribution has no sources of that version: its own pair of compiler and sources, unpacked
//!    privately and used for the Wasm crates alone.
//!
//! Nothing is installed on the machine and no toolchain changes, but that the target's own folder is added
//! to the toolchain in use by ways 1 and 2.

pub(crate) mod apt;
mod matched_pair;
mod rustup;
mod standard_library;
mod sysroot;
mod toolchain;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

pub(crate) use sysroot::{Compiler, TARGET};
pub(crate) use toolchain::Toolchain;

use crate::workspace::Workspace;

/// One way to the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Rustup,
    DistributionSources,
    MatchedPair,
}

impl Way {
    /// All, in the order in which they are tried.
    pub(crate) const ALL: [Self; 3] = [Self::Rustup, Self::DistributionSources, Self::MatchedPair];

    /// The number users know it by, 1 to 3.
    pub(crate) fn number(self) -> usize {
        self as usize + 1
    }

    /// What the user is told before it is tried.
    fn describe(self) -> &'static str {
        match self {
            Self::Rustup => "rustup target add wasm32-wasip2",
            Self::DistributionSources => {
                "build the standard library from the distribution's sources of this compiler, with its wasi-libc"
            }
            Self::MatchedPair => {
                "use the distribution's pair rustc-web and rust-web-src, unpacked privately, for the Wasm crates"
            }
        }
    }
}

/// Says one line about the set-up.
pub(crate) fn say(line: &str) {
    eprintln!("setup: {line}");
}

/// What is needed to build Wasm crates.
#[derive(Debug)]
pub(crate) struct Ready {
    /// What builds them.
    pub(crate) toolchain: Toolchain,
    /// The target of this machine's own programs.
    pub(crate) machine: String,
}

/// Makes sure that Wasm crates can be built and says with which toolchain.
///
/// Says nothing when that is so already, one line with `explicit`; otherwise tries the ways in turn and says so.
///
/// # Errors
/// If all ways fail: what each met, and what to do.
pub(crate) fn ensure(workspace: &Workspace, explicit: bool) -> Result<Ready> {
    let folder = workspace.setup();
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let _one_at_a_time = lock(&folder)?;
    let compiler = Compiler::in_use(&workspace.root)?;
    let record = folder.join("wasm-toolchain");
    if let Some((toolchain, why)) = ready(&compiler, &record) {
        if explicit {
            say(&why);
        }
        return Ok(Ready { toolchain, machine: compiler.host });
    }
    say(&format!("{TARGET} is not in the toolchain {}", compiler.sysroot.display()));
    let mut failures = String::new();
    for way in Way::ALL {
        say(&format!("way {} of {}: {}", way.number(), Way::ALL.len(), way.describe()));
        let private = folder.join(format!("way-{}", way.number()));
        match take(way, workspace, &compiler, &private, false) {
            Ok(toolchain) => {
                toolchain.save(&record, &compiler.identity)?;
                say(&format!("{TARGET} is ready (way {})", way.number()));
                return Ok(Ready { toolchain, machine: compiler.host });
            }
            Err(error) => {
                say(&format!("way {} does not work here: {error:#}", way.number()));
                failures.push_str(&format!("\n  way {}: {error:#}", way.number()));
            }
        }
    }
    bail!(
        "the target {TARGET} is needed and could not be made available:{failures}\n\
         What to do: on a machine with access run `rustup target add {TARGET}`, or copy the folder \
         lib/rustlib/{TARGET} of such a machine's toolchain {} to {}, then try again.",
        compiler.release,
        compiler.target_folder().display()
    )
}

/// Tries one way for real, whatever is there already.
///
/// Ways 2 and 3 work in a private folder and leave toolchain and record alone; way 1 is rustup's own doing.
///
/// # Errors
/// If the way does not lead to a working target.
pub(crate) fn try_way(workspace: &Workspace, way: Way) -> Result<Toolchain> {
    let private = workspace.setup().join(format!("try-{}", way.number()));
    fs::create_dir_all(workspace.setup())?;
    let _one_at_a_time = lock(&workspace.setup())?;
    let compiler = Compiler::in_use(&workspace.root)?;
    say(&format!("trying way {}: {}", way.number(), way.describe()));
    take(way, workspace, &compiler, &private, true)
}

/// The toolchain that earlier set-ups, or nobody, left behind ready for use, and a line that says so.
fn ready(compiler: &Compiler, record: &Path) -> Option<(Toolchain, String)> {
    if sysroot::is_complete(&compiler.target_folder()) {
        let line = format!("{TARGET} is there: {}", compiler.target_folder().display());
        return Some((Toolchain::default(), line));
    }
    let toolchain = Toolchain::load(record, &compiler.identity)?;
    (toolchain != Toolchain::default() && sysroot::is_complete(&toolchain.target_folder()?)).then(|| {
        (toolchain, format!("{TARGET} is there, by a private toolchain noted in {}", record.display()))
    })
}

/// Goes one way and proves that it worked. With `trial` the toolchain in use stays as it is.
fn take(
    way: Way,
    workspace: &Workspace,
    compiler: &Compiler,
    private: &Path,
    trial: bool,
) -> Result<Toolchain> {
    let toolchain = match way {
        Way::Rustup => {
            rustup::add_target(&rustup::Rustup::of_this_machine(&workspace.root), compiler)?;
            Toolchain::default()
        }
        Way::DistributionSources => {
            start_over(private)?;
            standard_library::for_compiler_in_use(compiler, private, trial)?
        }
        Way::MatchedPair => {
            start_over(private)?;
            matched_pair::unpack(compiler, private)?
        }
    };
    toolchain.prove(compiler, &workspace.setup())?;
    tidy(private)?;
    Ok(toolchain)
}

/// Removes the hundreds of megabytes that only the way itself needed.
fn tidy(private: &Path) -> Result<()> {
    for name in ["apt", "apt-own", "apt-all", "target", "root/usr/src"] {
        let folder = private.join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
    }
    Ok(())
}

fn start_over(private: &Path) -> Result<()> {
    if private.exists() {
        fs::remove_dir_all(private).with_context(|| format!("cannot remove {}", private.display()))?;
    }
    fs::create_dir_all(private).with_context(|| format!("cannot create {}", private.display()))
}

/// Two set-ups at once would download into the same folders: the second waits.
fn lock(folder: &Path) -> Result<fs::File> {
    let file = fs::File::create(folder.join("lock"))?;
    if file.try_lock().is_err() {
        say("waiting for another set-up to end");
        file.lock()?;
    }
    Ok(file)
}
