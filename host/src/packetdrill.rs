//! `wnet packetdrill`: starts the program `wnet-packetdrill` that lies beside this one, in its place.
//!
//! What it plays lies with the tests, and the host does not depend on them.

use crate::tell;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

/// The program, and the name that it goes by in messages.
const PROGRAM: &str = "wnet-packetdrill";

/// Exit code when it cannot be started: a failure of the host.
const CANNOT_START: u8 = 125;

/// Becomes `wnet-packetdrill` with `arguments`; returns an exit code only if that is not possible.
pub fn run(arguments: &[OsString]) -> u8 {
    let error = match beside() {
        Ok(program) => {
            let error = Command::new(&program).args(arguments).exec();
            format!("cannot start {}: {error}", program.display())
        }
        Err(error) => format!("cannot tell where this program lies: {error}"),
    };
    tell(format_args!("{error} (`cargo xtask build` builds it)"));
    CANNOT_START
}

fn beside() -> std::io::Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name(PROGRAM))
}
