//! JavaScript in QuickJS, by componentize-qjs from the npm registry.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::say;
use super::tools::{Missing, folder, installed, make_once, run, sources, wasi_wit};
use crate::build::Built;
use crate::workspace::Workspace;

/// The tool's name, in the registry as well.
const TOOL: &str = "componentize-qjs";

pub(super) fn build(workspace: &Workspace, _built: &Built) -> Result<()> {
    let sources = sources(workspace, "javascript");
    let package = fs::read_to_string(sources.join("package.json"))?;
    let tool = tool(workspace, &package)?;
    let wit = wasi_wit(workspace)?;
    let (source, component) = (sources.join("echo.js"), workspace.component("language/javascript"));
    let text = fs::read_to_string(&source)?;
    make_once(&component, &format!("{package}\n{}\n{text}", wit.display()), || {
        say("building the guest in JavaScript");
        let mut componentize = Command::new(&tool);
        // Without the engine's other half, which wants WASI 0.3.
        componentize.args(["--sync", "--world", "wasi:cli/command@0.2.12", "--wit"]).arg(&wit);
        componentize.arg("--js").arg(&source).arg("--output").arg(&component);
        run(workspace, "javascript", &mut componentize)
    })
}

/// The tool in a folder of packages of its own.
fn tool(workspace: &Workspace, package: &str) -> Result<PathBuf> {
    installed("node", "nodejs")?;
    let npm = installed("npm", "npm")?;
    let folder = folder(workspace, "javascript");
    let tool = folder.join("node_modules/.bin").join(TOOL);
    make_once(&tool, package, || {
        say(&format!("fetching {TOOL} from the npm registry"));
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("package.json"), package)?;
        let mut install = Command::new(&npm);
        install.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1"]);
        run(workspace, "javascript", install.current_dir(&folder))
            .map_err(|error| Missing::not_fetched(TOOL, "npm package componentize-qjs", &error))
    })?;
    Ok(tool)
}
