//! `cargo xtask bench`: what is measured. The programs that measure are the tests'.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::build::{self, Profile};
use crate::workspace::Workspace;

/// The test of the core that measures look-ups of routes.
const LOOK_UPS: &str = "route::tests::what_a_look_up_costs_among_many_routes";

/// Measures what a look-up costs among 10 routes and among 100 000, to anywhere and through the destination cache.
///
/// # Errors
/// If it cannot be built, or many routes cost more than they may.
pub(crate) fn routes(workspace: &Workspace) -> Result<()> {
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--quiet", "--release", "-p", "stack-core", "--lib"]).args(workspace.locked());
    cargo.args(["--", "--exact", LOOK_UPS, "--ignored", "--nocapture"]);
    let output = cargo.stderr(Stdio::inherit()).output().context("cannot run cargo")?;
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    ensure!(output.status.success(), "the measurement ended with {}", output.status);
    // Cargo is content with a name that no test has.
    ensure!(text.contains("1 passed"), "there is no test {LOOK_UPS}");
    Ok(())
}

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
