//! Python's own servers and clients, by componentize-py from PyPI.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::say;
use super::tools::{self, Missing, folder, installed, make_once, run, sources, wasi_wit};
use crate::build::Built;
use crate::workspace::Workspace;

/// The tool's name, on PyPI as well.
const TOOL: &str = "componentize-py";

pub(super) fn build(workspace: &Workspace, built: &Built) -> Result<()> {
    let sources = sources(workspace, "python");
    let requirements = fs::read_to_string(sources.join("requirements.txt"))?;
    let tool = tool(workspace, &requirements)?;
    let wit = wasi_wit(workspace)?;
    let component = workspace.component("language/python");
    let source = fs::read_to_string(sources.join("app.py"))?;
    make_once(&component, &format!("{requirements}\n{}\n{source}", wit.display()), || {
        say("building the guest in Python");
        // Compiled modules are left beside the source.
        let copy = folder(workspace, "python").join("source");
        fs::create_dir_all(&copy)?;
        fs::write(copy.join("app.py"), &source)?;
        let mut componentize = Command::new(&tool);
        componentize.arg("-d").arg(&wit).args(["-w", "wasi:cli/command@0.2.12", "componentize", "-p"]);
        componentize.arg(&copy).args(["app", "-o"]).arg(&component);
        run(workspace, "python", &mut componentize)
    })?;
    // 24 MB with all of Python: compiled now, so that no case has to wait for it.
    let mut wnet = Command::new(&built.host);
    wnet.args(["run", "--nic", "none"]).arg(&component).arg("help");
    run(workspace, "python", &mut wnet)
}

/// The tool in a virtual environment.
fn tool(workspace: &Workspace, requirements: &str) -> Result<PathBuf> {
    let python = installed("python3", "python3-venv")?;
    let environment = folder(workspace, "python").join("venv");
    let tool = environment.join("bin").join(TOOL);
    make_once(&tool, requirements, || {
        say(&format!("fetching {TOOL} from PyPI"));
        let mut make = Command::new(&python);
        make.args(["-m", "venv", "--clear"]).arg(&environment);
        tools::run(workspace, "python", &mut make).map_err(|error| {
            Missing::not_fetched("python3 -m venv", "Debian package python3-venv", &error)
        })?;
        let mut pip = Command::new(environment.join("bin/pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check", "--retries", "1", "--timeout", "20"]);
        pip.args(requirements.split_whitespace());
        tools::run(workspace, "python", &mut pip)
            .map_err(|error| Missing::not_fetched(TOOL, "PyPI package componentize-py", &error))
    })?;
    Ok(tool)
}
