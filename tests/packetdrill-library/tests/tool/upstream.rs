//! Our scripts, played by the tool.

use crate::Outcome;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;

/// The options with which the tool's own runner plays scripts.
const OPTIONS: [&str; 15] = [
    "--ip_version=ipv4",
    "--local_ip=192.168.0.1",
    "--gateway_ip=192.168.0.2",
    "--netmask_ip=255.255.0.0",
    "--remote_ip=192.0.2.1",
    "-D",
    "TFO_COOKIE=3021b9d889017eeb",
    "-D",
    "TFO_COOKIE_ZERO=b7c12350a90dc8f5",
    "-D",
    "CODE=host_unreachable",
    "-D",
    "CMSG_LEVEL_IP=SOL_IP",
    "-D",
    "CMSG_TYPE_RECVERR=IP_RECVERR",
];

/// What the tool says of scripts that use more of the language than it knows.
const LIMITS: [&str; 8] = [
    "unknown symbol",
    "Bad type; actual:",
    "syntax error",
    "unsupported getsockopt value type",
    "does not match length of expected optval string",
    // It compares an int that a call that failed does not fill in.
    "Bad ioctl optval",
    // It takes part in the time of the computer when a call blocks at the end of a script.
    "exiting while a blocking system call is in progress",
    // It has no such counters.
    "can't find getsockopt",
];

/// Scripts with this in a remark are not for the tool, and the remark says why.
const MARK: &str = "Not for the upstream tool";

pub(crate) fn our_scripts_pass_with_the_upstream_tool() -> Outcome {
    let Some(tool) = std::env::var_os("PACKETDRILL") else {
        return Ok(Some("PACKETDRILL does not name the program packetdrill".to_string()));
    };
    let library = crate::library()?;
    let mut scripts = Vec::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packetdrill/scripts");
    find(&folder, &mut scripts).map_err(|error| format!("{}: {error}", folder.display()))?;
    let (left, failures) = (Mutex::new(scripts), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(script) = take(&left) {
                    if let Err(error) = play(&tool, &library, &script) {
                        locked(&failures).push(format!("{}: {error}", script.display()));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    if failures.is_empty() { Ok(None) } else { Err(failures.join("\n")) }
}

fn take(left: &Mutex<Vec<PathBuf>>) -> Option<PathBuf> {
    locked(left).pop()
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Plays a script, unless it is not for the tool.
fn play(tool: &OsStr, library: &Path, script: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(script).map_err(|error| error.to_string())?;
    if text.contains(MARK) {
        return Ok(());
    }
    let played = Command::new(tool)
        .args(OPTIONS)
        .arg(format!("--so_filename={}", library.display()))
        .arg(script)
        .env("LD_PRELOAD", library)
        .output()
        .map_err(|error| format!("{}: {error}", tool.display()))?;
    let errors = String::from_utf8_lossy(&played.stderr);
    let is_beyond_it = LIMITS.iter().any(|limit| errors.contains(limit));
    if played.status.success() || is_beyond_it { Ok(()) } else { Err(errors.into_owned()) }
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
