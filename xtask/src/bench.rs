//! `cargo xtask bench`: what is measured. The programs that measure are the tests'.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::build::{self, Profile};
use crate::workspace::Workspace;

/// The package and the program.
const LINUX: (&str, &str) = ("conformance", "bench-linux");

/// Builds for release and measures against Linux, with these options.
///
/// # Errors
/// If something cannot be built, or measured, or is less than was asked for.
pub(crate) fn linux(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    build::everything(workspace, Profile::Release)?;
    let program = build::program(workspace, Profile::Release, LINUX.0, LINUX.1)?;
    let status = Command::new(&program).args(arguments).status().context("cannot run what measures")?;
    ensure!(status.success(), "the measurement ended with {status}");
    Ok(())
}
