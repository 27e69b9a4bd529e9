//! `cargo xtask soak` and `cargo xtask goodput`: two stacks over a simulated link, built for speed.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;

/// Runs as many seeds as wanted; each that fails prints its number and its last segments.
///
/// # Errors
/// If something cannot be built, or a run fails.
pub(crate) fn soak(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let mut command = simulate(workspace, "soak");
    command.args(arguments);
    if command.status().context("cannot run cargo")?.success() {
        return Ok(());
    }
    bail!("runs failed, see above")
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
