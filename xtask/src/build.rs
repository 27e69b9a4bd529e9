//! `cargo xtask build`: the Wasm components, then the host program.

pub(crate) mod cargo;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::setup::{self, Ready, TARGET, Toolchain};
use crate::workspace::Workspace;

/// How the host program is built. The components are optimised in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Debug,
    Release,
}

impl Profile {
    /// Its folder below the target folder.
    fn folder(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Release => "release",
        }
    }
}

/// The components: the package of each and the name it is known by.
const STACK: (&str, &str) = ("stack-component", "stack");
const GUESTS: [&str; 11] = [
    "echo-server",
    "echo-client",
    "echo-server-raw",
    "ip",
    "nstat",
    "ping",
    "resolvectl",
    "ss",
    "sysctl",
    "tcpdump",
    "traceroute",
];

/// The package of the programs that tests alone use, and their names; the components lie in a folder `test`.
const TEST_GUESTS: (&str, &[&str]) = (
    "test-guests",
    &[
        "bind-listen",
        "broadcast",
        "bulk",
        "control",
        "exit",
        "group-echo",
        "http-hello",
        "leave",
        "limits",
        "misuse",
        "model",
        "names",
        "patient-reader",
        "questions",
        "raw-groups",
        "socket-options",
        "spin",
        "stress",
        "surroundings",
        "trap",
        "udp-echo",
        "udp-flood",
        "udp-questions",
        "udp-refused",
        "wasi-0-3",
    ],
);

/// The package and program of the host.
pub(crate) const HOST: &str = "wnet";

/// The packages of the program that `wnet packetdrill` starts, and of the library that packetdrill itself loads.
pub(crate) const PACKETDRILL: [&str; 2] = ["packetdrill-machine", "packetdrill-library"];

/// What a whole build leaves.
#[derive(Debug)]
pub(crate) struct Built {
    /// The host program.
    pub(crate) host: PathBuf,
    /// What built the components.
    pub(crate) toolchain: Toolchain,
}

/// Says one line about the build.
pub(crate) fn say(line: &str) {
    eprintln!("build: {line}");
}

/// Builds all: `components/NAME.wasm` and `{debug,release}/wnet` in the target folder.
///
/// # Errors
/// If the Wasm target cannot be made available or a build fails; cargo has then said why.
pub(crate) fn everything(workspace: &Workspace, profile: Profile) -> Result<Built> {
    let Ready { toolchain, machine } = setup::ensure(workspace, false)?;
    fetch(workspace, &machine)?;
    components(workspace, &toolchain)?;
    let host = host(workspace, profile)?;
    Ok(Built { host, toolchain })
}

/// Downloads the crates beforehand, so that the time this takes is not mistaken for compiling.
fn fetch(workspace: &Workspace, machine: &str) -> Result<()> {
    let mut cargo = workspace.cargo();
    cargo.arg("fetch").args(workspace.locked()).args(["--target", TARGET, "--target", machine]);
    cargo::Build::new("fetching the crates", cargo).run()
}

/// The packages that are built for the Wasm target.
pub(crate) fn wasm_packages() -> impl Iterator<Item = &'static str> {
    [STACK.0].into_iter().chain(GUESTS).chain([TEST_GUESTS.0])
}

/// Compiles all components into the target folder `output`.
///
/// # Errors
/// If that fails; cargo has then said why.
pub(crate) fn compile_components(workspace: &Workspace, toolchain: &Toolchain, output: &Path) -> Result<()> {
    // One cargo call for the stack and one for the guests: in a common one the guests' features of a shared
    // dependency would reach the stack, which may import next to nothing.
    compile(workspace, toolchain, output, "building the stack component", &[STACK.0])?;
    let guests = [&GUESTS[..], &[TEST_GUESTS.0]].concat();
    compile(workspace, toolchain, output, "building the guest programs", &guests)
}

fn components(workspace: &Workspace, toolchain: &Toolchain) -> Result<()> {
    let output = workspace.target.join("wasm");
    compile_components(workspace, toolchain, &output)?;
    let compiled = output.join(TARGET).join("release");
    let mut changed = Vec::new();
    // Cargo names libraries with underscores and programs as they are.
    let stack = (STACK.0.replace('-', "_"), STACK.1.to_owned());
    let guests = GUESTS.map(|name| (name.to_owned(), name.to_owned()));
    let test_guests = TEST_GUESTS.1.iter().map(|name| ((*name).to_owned(), format!("test/{name}")));
    for (file, name) in [stack].into_iter().chain(guests).chain(test_guests) {
        if copy_if_changed(&compiled.join(file).with_extension("wasm"), &workspace.component(&name))? {
            changed.push(name);
        }
    }
    let folder = workspace.display(&workspace.components());
    match changed[..] {
        [] => say(&format!("components in {folder} are up to date")),
        _ => say(&format!("components in {folder}: {} new or changed", changed.join(", "))),
    }
    Ok(())
}

/// Compiles `packages` for the Wasm target, optimised.
fn compile(
    workspace: &Workspace,
    toolchain: &Toolchain,
    output: &Path,
    title: &str,
    packages: &[&str],
) -> Result<()> {
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--release", "--target", TARGET]).args(workspace.locked());
    // A folder of their own: native builds hold the lock of the common one for minutes.
    cargo.arg("--target-dir").arg(output);
    for package in packages {
        cargo.args(["-p", package]);
    }
    // Flags meant for native code would hide the toolchain's own and may not suit the target.
    cargo.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    cargo.env("CARGO_PROFILE_RELEASE_LTO", "fat").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1");
    // Names of functions stay, for backtraces; line tables would be most of the file.
    cargo.env("CARGO_PROFILE_RELEASE_STRIP", "debuginfo");
    toolchain.apply(&mut cargo);
    cargo::Build::new(title, cargo).counting(workspace, packages, Some(TARGET)).run()
}

fn host(workspace: &Workspace, profile: Profile) -> Result<PathBuf> {
    let mut cargo = workspace.cargo();
    let packages = [&[HOST], &PACKETDRILL[..]].concat();
    cargo.arg("build").args(workspace.locked());
    for package in &packages {
        cargo.args(["-p", package]);
    }
    if profile == Profile::Release {
        cargo.arg("--release");
    }
    tell_where_the_stack_is(workspace, &mut cargo);
    cargo::Build::new("building wnet", cargo).counting(workspace, &packages, None).run()?;
    let program = workspace.target.join(profile.folder()).join(HOST);
    say(&format!("{} is ready", workspace.display(&program)));
    Ok(program)
}

/// Builds the program `name` of the native package `package`, and answers its path.
///
/// # Errors
/// If that fails; cargo has then said why.
pub(crate) fn program(workspace: &Workspace, profile: Profile, package: &str, name: &str) -> Result<PathBuf> {
    let mut cargo = workspace.cargo();
    cargo.args(["build", "-p", package, "--bin", name]).args(workspace.locked());
    if profile == Profile::Release {
        cargo.arg("--release");
    }
    tell_where_the_stack_is(workspace, &mut cargo);
    cargo::Build::new(&format!("building {name}"), cargo).counting(workspace, &[package], None).run()?;
    Ok(workspace.target.join(profile.folder()).join(name))
}

/// Names the stack component to embed, where the host's build script would not find it by itself. Only there:
/// with a variable that comes and goes, plain `cargo build` and ours would each rebuild the other's host.
pub(crate) fn tell_where_the_stack_is(workspace: &Workspace, cargo: &mut std::process::Command) {
    if workspace.target != workspace.root.join("target") {
        cargo.env("WNET_STACK_COMPONENT", workspace.component(STACK.1));
    }
}

/// Copies `from` to `to` unless that is the same already: the host is rebuilt when its time changes.
///
/// # Errors
/// If `from` is not there, or `to` cannot be written.
pub(crate) fn copy_if_changed(from: &Path, to: &Path) -> Result<bool> {
    let fresh = fs::read(from).with_context(|| format!("the build left no {}", from.display()))?;
    if fs::read(to).is_ok_and(|old| old == fresh) {
        return Ok(false);
    }
    let folder = to.parent().context("components lie in a folder")?;
    fs::create_dir_all(folder)?;
    // Written beside and renamed: a host that starts meanwhile reads the old one or the new one.
    let beside = to.with_extension("wasm.new");
    fs::write(&beside, fresh).with_context(|| format!("cannot write {}", beside.display()))?;
    fs::rename(&beside, to).with_context(|| format!("cannot write {}", to.display()))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashMap};

    use super::*;
    use crate::process::read_output;
    use crate::scratch::Scratch;

    /// The packages of others with their sets of features (one that build scripts use as well may have two), as
    /// `packages` use them for these kinds of dependencies.
    fn features(packages: &[&str], kinds: &str) -> HashMap<String, BTreeSet<String>> {
        let mut tree = Workspace::find().unwrap().cargo();
        tree.args(["tree", "--offline", "--edges", kinds, "--prefix", "none", "--format", "{p}|{f}"]);
        for package in packages {
            tree.args(["-p", package]);
        }
        let list = read_output(&mut tree).unwrap();
        let mut all: HashMap<_, BTreeSet<_>> = HashMap::new();
        for (package, features) in
            list.lines().filter_map(|line| line.trim_end_matches(" (*)").split_once('|'))
        {
            // Packages of our own show their folder.
            if !package.contains(" (/") {
                all.entry(package.to_owned()).or_default().insert(features.to_owned());
            }
        }
        all
    }

    /// Cargo builds a crate again for every other set of features, and all crates that use it: with a feature
    /// that only tests want in one of wasmtime's dependencies, wasmtime would be built twice.
    #[test]
    fn tests_use_the_hosts_dependencies_as_the_host_does() {
        let host = features(&[HOST], "normal,build");
        assert!(host.keys().any(|package| package.starts_with("wasmtime v")));
        for (package, features) in features(&[HOST, "conformance"], "normal,build,dev") {
            if let Some(expected) = host.get(&package) {
                assert!(features.is_subset(expected), "{package}: {features:?}, the host: {expected:?}");
            }
        }
    }

    #[test]
    fn only_what_changed_is_copied() {
        let scratch = Scratch::new("copy");
        let (from, to) = (scratch.path().join("a"), scratch.path().join("components/b.wasm"));
        assert!(copy_if_changed(&from, &to).is_err());
        fs::write(&from, "one").unwrap();
        assert!(copy_if_changed(&from, &to).unwrap());
        assert!(!copy_if_changed(&from, &to).unwrap());
        fs::write(&from, "two").unwrap();
        assert!(copy_if_changed(&from, &to).unwrap());
        assert_eq!(fs::read_to_string(&to).unwrap(), "two");
    }
}
