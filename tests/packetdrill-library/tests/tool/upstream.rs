//! Our scripts, played by the tool.

use crate::Outcome;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The options with which the tool's own runner plays scripts.
const OPTIONS: [&str; 5] = [
    "--ip_version=ipv4",
    "--local_ip=192.168.0.1",
    "--gateway_ip=192.168.0.2",
    "--netmask_ip=255.255.0.0",
    "--remote_ip=192.0.2.1",
];

pub(crate) fn our_scripts_pass_with_the_upstream_tool() -> Outcome {
    let Some(tool) = std::env::var_os("PACKETDRILL") else {
        return Ok(Some("PACKETDRILL does not name the program packetdrill".to_string()));
    };
    let library = crate::library()?;
    let mut scripts = Vec::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packetdrill/scripts");
    find(&folder, &mut scripts).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut failures = Vec::new();
    for script in &scripts {
        let played = Command::new(&tool)
            .args(OPTIONS)
            .arg(format!("--so_filename={}", library.display()))
            .arg(script)
            .env("LD_PRELOAD", &library)
            .output()
            .map_err(|error| format!("{}: {error}", tool.display()))?;
        if !played.status.success() {
            failures.push(format!("{}: {}", script.display(), String::from_utf8_lossy(&played.stderr)));
        }
    }
    if failures.is_empty() { Ok(None) } else { Err(failures.join("\n")) }
}

/// The scripts below `folder` that the tool can play: it knows nothing of ours that are meant to fail.
fn find(folder: &Path, scripts: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in folder.read_dir()? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, scripts)?;
        } else if path.extension().is_some_and(|extension| extension == "pkt") {
            scripts.push(path);
        }
    }
    Ok(())
}
