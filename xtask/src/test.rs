//! `cargo xtask test`: everything that is checked, cheap first, and what was skipped and why.

mod report;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::build::{self, Profile, cargo::Build};
use crate::languages;
use crate::needs;
use crate::setup::{self, TARGET, Toolchain, Way};
use crate::workspace::Workspace;
use report::{Counts, Outcome, Report};

/// What to test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Formatting and the crates that build in seconds.
    Quick,
    /// Everything, but what needs the distribution's archive.
    All,
    /// That too.
    AllAndSetupWays,
}

/// The crates that need neither wasmtime nor a component. Not `packetdrill`, whose tests go with the packet scripts.
const SMALL: [&str; 13] = [
    "e1000-regs",
    "ip",
    "nstat",
    "ping",
    "resolvectl",
    "ss",
    "stack-component",
    "stack-core",
    "sysctl",
    "tcpdump",
    "tool-common",
    "traceroute",
    "xtask",
];

/// The crates of the packet scripts.
const SCRIPTS: [&str; 3] = ["packetdrill", build::PACKETDRILL[0], build::PACKETDRILL[1]];

/// The package of the conformance tests.
const CONFORMANCE: &str = "conformance";

/// Runs the tests and prints a summary.
///
/// # Errors
/// If something cannot be built, or a test fails.
pub(crate) fn run(workspace: &Workspace, scope: Scope) -> Result<()> {
    let begun = Instant::now();
    let mut report = Report::default();
    report.add("formatting", formatting(workspace)?);
    if scope == Scope::Quick {
        cargo_test(workspace, &mut report, "small crates", &SMALL)?;
    } else {
        everything(workspace, &mut report)?;
        let ways = match scope {
            Scope::AllAndSetupWays => setup_ways(workspace)?,
            _ => Outcome::Skipped("needs the distribution's archive; --setup-ways does it".into()),
        };
        report.add("set-up ways 2 and 3", ways);
    }
    for line in report.lines() {
        println!("test: {line}");
    }
    println!("test: {} in all", build::cargo::format_duration(begun.elapsed()));
    if report.has_failed() { bail!("tests failed, see above") } else { Ok(()) }
}

fn everything(workspace: &Workspace, report: &mut Report) -> Result<()> {
    for program in needs::missing_programs() {
        let line = format!("{} is not installed (package {})", program.name, program.package);
        report.add(program.used_for, Outcome::Skipped(line));
    }
    if !needs::may_administrate_networks() {
        report.add("TAP devices", Outcome::Skipped("needs root or CAP_NET_ADMIN".into()));
    }
    let built = build::everything(workspace, Profile::Debug)?;
    for (language, outcome) in languages::build_all(workspace, &built)? {
        let outcome = match outcome {
            languages::Outcome::Built => Outcome::Passed(String::new()),
            languages::Outcome::Missing(why) => Outcome::Skipped(why),
            languages::Outcome::Failed(why) => Outcome::Failed(why),
        };
        report.add(&format!("guests in {language}"), outcome);
    }
    cargo_test(workspace, report, "unit tests", &[&SMALL[..], &[build::HOST]].concat())?;
    cargo_test(workspace, report, "packet scripts", &SCRIPTS)?;
    cargo_test(workspace, report, "conformance", &[CONFORMANCE])?;
    report.add("clippy", clippy(workspace, &built.toolchain)?);
    Ok(())
}

/// Whether cargo has the subcommand `name`.
fn has(workspace: &Workspace, name: &str) -> bool {
    workspace.cargo().args([name, "--version"]).output().is_ok_and(|output| output.status.success())
}

fn formatting(workspace: &Workspace) -> Result<Outcome> {
    if !has(workspace, "fmt") {
        return Ok(Outcome::Skipped("rustfmt is not installed (rustup component add rustfmt)".into()));
    }
    let status = workspace.cargo().args(["fmt", "--all", "--check"]).status()?;
    let guests = workspace.root.join("guest-apps/languages/rust");
    let beside = workspace.cargo().current_dir(guests).args(["fmt", "--check"]).status()?;
    Ok(Outcome::of(status.success() && beside.success(), "run `cargo fmt`"))
}

fn clippy(workspace: &Workspace, toolchain: &Toolchain) -> Result<Outcome> {
    if !has(workspace, "clippy") {
        return Ok(Outcome::Skipped("clippy is not installed (rustup component add clippy)".into()));
    }
    let mut native = workspace.cargo();
    native.args(["clippy", "--all-targets"]).args(workspace.locked());
    let mut checked = lint(native, "checking the native crates");
    // Clippy belongs to one compiler, and cannot read what another one has compiled.
    if toolchain.rustc.is_none() {
        let mut wasm = workspace.cargo();
        wasm.args(["clippy", "--release", "--target", TARGET]).args(workspace.locked());
        wasm.arg("--target-dir").arg(workspace.target.join("wasm"));
        for package in build::wasm_packages() {
            wasm.args(["-p", package]);
        }
        toolchain.apply(&mut wasm);
        checked &= lint(wasm, "checking the Wasm crates");
        let guests = languages::rust::cargo(workspace, toolchain, "clippy");
        checked &= lint(guests, "checking the guests on tokio, hyper and redis");
    }
    Ok(Outcome::of(checked, "see above"))
}

fn lint(mut cargo: Command, title: &str) -> bool {
    cargo.args(["--message-format=json-render-diagnostics", "--", "-D", "warnings"]);
    Build::new(title, cargo).run().is_ok()
}

/// Builds and runs the tests of `packages`, and reports them as `part`.
fn cargo_test(workspace: &Workspace, report: &mut Report, part: &str, packages: &[&str]) -> Result<()> {
    let command = || {
        let mut cargo = workspace.cargo();
        cargo.arg("test").args(workspace.locked());
        for package in packages {
            cargo.args(["-p", package]);
        }
        build::tell_where_the_stack_is(workspace, &mut cargo);
        cargo
    };
    let mut compile = command();
    compile.args(["--no-run", "--message-format=json-render-diagnostics"]);
    if let Err(error) = Build::new(&format!("building {part}"), compile).run() {
        report.add(part, Outcome::Failed(format!("{error:#}")));
        return Ok(());
    }
    let mut cargo = command();
    let mut child = cargo.arg("--no-fail-fast").stdout(Stdio::piped()).spawn().context("cannot run cargo")?;
    let mut counts = Counts::default();
    for line in BufReader::new(child.stdout.take().context("cargo has an output")?).lines() {
        let line = line?;
        println!("{line}");
        counts.note(&line);
    }
    report.add_tests(part, counts, child.wait()?.success());
    Ok(())
}

/// Goes the ways that need the distribution's archive, and builds all components with what they yield.
fn setup_ways(workspace: &Workspace) -> Result<Outcome> {
    for way in [Way::DistributionSources, Way::MatchedPair] {
        let built = setup::try_way(workspace, way).and_then(|toolchain| {
            let output = workspace.setup().join(format!("try-{}/components", way.number()));
            build::compile_components(workspace, &toolchain, &output)
        });
        if let Err(error) = built {
            return Ok(Outcome::Failed(format!("way {}: {error:#}", way.number())));
        }
    }
    Ok(Outcome::Passed(String::new()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    /// Whether Rust below `folder`, but not in a package of its own there, has tests.
    fn has_tests(folder: &Path) -> bool {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
        let mut files =
            files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs"));
        files.any(|file| fs::read_to_string(file).is_ok_and(|text| text.contains("#[test]\n")))
            || folders.iter().any(|folder| !folder.join("Cargo.toml").exists() && has_tests(folder))
    }

    #[test]
    fn every_crate_with_tests_is_tested() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
        let members = manifest.split_once("members = [").unwrap().1.split_once(']').unwrap().0;
        let mut with_tests = 0;
        for member in members.split('"').skip(1).step_by(2) {
            let folder = root.join(member);
            let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
            let name = manifest.split_once("name = \"").unwrap().1.split_once('"').unwrap().0;
            let tested = [&SMALL[..], &SCRIPTS, &[build::HOST, CONFORMANCE]].concat().contains(&name);
            if has_tests(&folder) {
                with_tests += 1;
                assert!(tested, "{name} has tests that `cargo xtask test` does not run");
            }
        }
        assert!(with_tests > 10, "{with_tests} crates with tests");
    }
}
