//! `cargo xtask soak` and `cargo xtask goodput`: two stacks over a simulated link, built for speed.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::build::{self, Profile};
use crate::workspace::Workspace;

/// Sequences of calls of wasi:sockets that a soak makes at random.
const SEQUENCES: &str = "100000";

/// Runs as many seeds as wanted; each that fails prints its number and its last segments. If nothing particular is
/// wanted, calls of wasi:sockets are made at random as well.
///
/// # Errors
/// If something cannot be built, or a run fails.
pub(crate) fn soak(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let mut command = simulate(workspace, "soak");
    command.args(arguments);
    if !command.status().context("cannot run cargo")?.success() {
        bail!("runs failed, see above")
    }
    match arguments {
        [] => calls(workspace),
        _ => Ok(()),
    }
}

/// The conformance case that makes calls at random, for longer.
fn calls(workspace: &Workspace) -> Result<()> {
    build::everything(workspace, Profile::Debug)?;
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--quiet", "-p", "conformance", "--test", "conformance"]).args(workspace.locked());
    cargo.args(["--", "calls_at_random"]).env("WNET_SEQUENCES", SEQUENCES);
    if !cargo.status().context("cannot run cargo")?.success() {
        bail!("calls were answered otherwise than the standard says, see above")
    }
    Ok(())
}

/// Measures, and writes `docs/goodput.md`.
///
/// # Errors
/// If something cannot be built, run or written.
pub(crate) fn goodput(workspace: &Workspace) -> Result<()> {
    let output =
        simulate(workspace, "goodput").stderr(Stdio::inherit()).output().context("cannot run cargo")?;
    if !output.status.success() {
        bail!("the measurement failed ({})", output.status);
    }
    let page = workspace.root.join("docs/goodput.md");
    fs::write(&page, output.stdout).with_context(|| format!("cannot write {}", page.display()))?;
    println!("wrote {}", page.display());
    Ok(())
}

fn simulate(workspace: &Workspace, what: &str) -> Command {
    let mut cargo = workspace.cargo();
    cargo.args(["run", "--release", "-p", "stack-core", "--features", "testing", "--example", "simulate"]);
    cargo.args(workspace.locked()).args(["--", what]);
    cargo
}
