//! Way 1: `rustup target add`, and noticing soon that it cannot download.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::sysroot::{Compiler, TARGET, is_complete};
use crate::process::{Ending, last_lines, run_watched};
use crate::workspace::find_program;

/// How long a download may stand still. A slow line moves all the time, a closed one never.
const STANDSTILL: Duration = Duration::from_secs(20);

/// A rustup to call.
#[derive(Debug)]
pub(crate) struct Rustup {
    program: Option<OsString>,
    folder: PathBuf,
    /// Where it keeps its downloads: their growth is how we see that it gets on.
    home: Option<PathBuf>,
    standstill: Duration,
}

impl Rustup {
    /// The rustup in `PATH`, called in `folder`.
    pub(crate) fn of_this_machine(folder: &Path) -> Self {
        let home = std::env::var_os("RUSTUP_HOME")
            .map(PathBuf::from)
            .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".rustup")));
        let program = find_program("rustup").map(OsString::from);
        Self { program, folder: folder.to_owned(), home, standstill: STANDSTILL }
    }

    /// Bytes it has downloaded and not yet installed.
    fn downloaded(&self) -> u64 {
        let Some(home) = &self.home else { return 0 };
        ["downloads", "tmp"].iter().map(|name| size_of_files(&home.join(name))).sum()
    }
}

/// Lets rustup add the target to the toolchain of `compiler`.
///
/// # Errors
/// If there is no rustup, it fails, its download stands still, or the target is not there afterwards.
pub(crate) fn add_target(rustup: &Rustup, compiler: &Compiler) -> Result<()> {
    let program = rustup.program.as_ref().context("there is no rustup on this machine")?;
    let mut command = Command::new(program);
    command.args(["target", "add", TARGET]).current_dir(&rustup.folder).env_remove("RUST_BACKTRACE");
    let (ending, output) = run_watched(&mut command, rustup.standstill, || rustup.downloaded())?;
    match ending {
        Ending::Stalled => {
            bail!("rustup downloaded nothing for {} s and was ended", rustup.standstill.as_secs_f32())
        }
        Ending::Exited(status) if !status.success() => {
            bail!("rustup failed ({status}): {}", reason(&output))
        }
        Ending::Exited(_) if !is_complete(&compiler.target_folder()) => {
            bail!("rustup added the target to another toolchain than {}", compiler.sysroot.display())
        }
        Ending::Exited(_) => Ok(()),
    }
}

/// The line that tells most of what rustup wrote: its error, else its last line.
fn reason(output: &str) -> String {
    let error = output.lines().find_map(|line| line.strip_prefix("error: "));
    error.map_or_else(|| last_lines(output, 1), str::to_owned)
}

fn size_of_files(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries.flatten().filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.len()).sum()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::scratch::Scratch;

    /// A rustup that is a shell script, and a compiler whose sysroot is the script's variable `$SYSROOT`.
    fn fake(scratch: &Scratch, script: &str, standstill: Duration) -> (Rustup, Compiler) {
        let sysroot = scratch.path().join("sysroot");
        let home = scratch.path().join("home");
        fs::create_dir_all(sysroot.join("lib/rustlib")).unwrap();
        fs::create_dir_all(home.join("downloads")).unwrap();
        let variables = format!("SYSROOT='{}'\nHOME='{}'\n", sysroot.display(), home.display());
        let program = scratch.program("rustup", &format!("{variables}{script}"));
        let rustup = Rustup {
            program: Some(program.into()),
            folder: scratch.path().into(),
            home: Some(home),
            standstill,
        };
        let compiler = Compiler {
            command: "rustc".into(),
            sysroot,
            host: "host".into(),
            release: "1.95.0".into(),
            identity: "fake".into(),
        };
        (rustup, compiler)
    }

    const ADD: &str = r#"[ "$*" = "target add wasm32-wasip2" ] || exit 9
        lib="$SYSROOT/lib/rustlib/wasm32-wasip2/lib"
        mkdir -p "$lib/self-contained"
        touch "$lib/libstd-0.rlib"
        for file in crt1-command.o crt1-reactor.o libc.a; do touch "$lib/self-contained/$file"; done"#;

    /// Far more than a shell needs to start, on the busiest machine.
    const AMPLE: Duration = Duration::from_secs(20);

    #[test]
    fn success_is_believed_when_the_files_are_there() {
        let scratch = Scratch::new("rustup-success");
        let (rustup, compiler) = fake(&scratch, ADD, AMPLE);
        add_target(&rustup, &compiler).unwrap();
        assert!(is_complete(&compiler.target_folder()));
    }

    #[test]
    fn success_without_the_files_is_another_toolchain() {
        let scratch = Scratch::new("rustup-elsewhere");
        let (rustup, compiler) = fake(&scratch, "exit 0", AMPLE);
        let error = add_target(&rustup, &compiler).unwrap_err();
        assert!(error.to_string().contains("another toolchain"), "{error}");
    }

    #[test]
    fn failure_at_once_is_told_with_rustups_own_words() {
        let scratch = Scratch::new("rustup-failure");
        let script =
            "echo 'info: downloading component' >&2; echo 'error: no route' >&2; echo trace >&2; exit 1";
        let (rustup, compiler) = fake(&scratch, script, AMPLE);
        let error = add_target(&rustup, &compiler).unwrap_err().to_string();
        assert!(error.contains("no route") && !error.contains("trace"), "{error}");
    }

    #[test]
    fn a_rustup_that_hangs_is_ended_after_the_limit() {
        let scratch = Scratch::new("rustup-hang");
        let (rustup, compiler) = fake(&scratch, "exec sleep 600", Duration::from_millis(100));
        let begun = Instant::now();
        let error = add_target(&rustup, &compiler).unwrap_err().to_string();
        assert!(error.contains("downloaded nothing"), "{error}");
        assert!(begun.elapsed() < AMPLE);
        assert!(STANDSTILL <= Duration::from_secs(20));
    }

    #[test]
    fn a_slow_download_is_let_go_on() {
        let scratch = Scratch::new("rustup-slow");
        let trickle = "for i in 1 2 3 4 5 6 7 8; do sleep 0.25; printf x >> \"$HOME/downloads/part\"; done";
        let (rustup, compiler) = fake(&scratch, &format!("{trickle}\n{ADD}"), Duration::from_millis(1500));
        add_target(&rustup, &compiler).unwrap();
    }

    #[test]
    fn no_rustup_is_told() {
        let scratch = Scratch::new("rustup-none");
        let (mut rustup, compiler) = fake(&scratch, "", AMPLE);
        rustup.program = None;
        assert!(add_target(&rustup, &compiler).unwrap_err().to_string().contains("no rustup"));
    }
}
