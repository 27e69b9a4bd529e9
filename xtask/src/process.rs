//! Running other programs: with their output kept, and with a limit on how long they may show nothing.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How often a running program is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How a watched program ended.
#[derive(Debug)]
pub(crate) enum Ending {
    /// By itself.
    Exited(ExitStatus),
    /// By us: it showed no activity for the whole limit.
    Stalled,
}

/// Runs `command` and ends it when `activity` has returned the same number for `limit`.
///
/// Returns how it ended and what it wrote, standard output and standard error together.
///
/// # Errors
/// If the program cannot be started or waited for.
pub(crate) fn run_watched(
    command: &mut Command,
    limit: Duration,
    mut activity: impl FnMut() -> u64,
) -> Result<(Ending, String)> {
    let mut child = spawn_piped(command)?;
    let written = Arc::default();
    let readers = [collect(child.stdout.take(), &written), collect(child.stderr.take(), &written)];
    let mut last_seen = activity();
    let mut since = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            for reader in readers.into_iter().flatten() {
                let _ = reader.join();
            }
            return Ok((Ending::Exited(status), text(&written)));
        }
        let seen = activity();
        if seen != last_seen {
            (last_seen, since) = (seen, Instant::now());
        }
        if since.elapsed() >= limit {
            // The readers are not waited for: a grandchild may hold the pipes for as long as it likes.
            child.kill()?;
            child.wait()?;
            return Ok((Ending::Stalled, text(&written)));
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// Runs `command` to its end and writes all its output to the file `log`.
///
/// # Errors
/// If it cannot be started, takes longer than `limit`, or fails; the message ends with the last lines it wrote.
pub(crate) fn run_logged(command: &mut Command, limit: Duration, log: &Path) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let (ending, output) = run_watched(command, limit, || 0)?;
    std::fs::write(log, &output).with_context(|| format!("cannot write {}", log.display()))?;
    let what = match ending {
        Ending::Exited(status) if status.success() => return Ok(()),
        Ending::Exited(status) => format!("failed ({status})"),
        Ending::Stalled => format!("did not end within {} s", limit.as_secs()),
    };
    bail!("{name} {what}; all it wrote is in {}, the last of it:\n{}", log.display(), last_lines(&output, 6))
}

/// Runs `command` and returns its standard output.
///
/// # Errors
/// If it cannot be started or fails; the message holds the last line of its standard error.
pub(crate) fn read_output(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {name}"))?;
    if !output.status.success() {
        bail!(
            "{name} failed ({}): {}",
            output.status,
            last_lines(&String::from_utf8_lossy(&output.stderr), 1)
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The last `count` lines of `text` that are not empty.
pub(crate) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

fn spawn_piped(command: &mut Command) -> Result<Child> {
    let name = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().with_context(|| format!("cannot run {name}"))
}

fn collect(pipe: Option<impl Read + Send + 'static>, into: &Arc<Mutex<Vec<u8>>>) -> Option<JoinHandle<()>> {
    let mut pipe = pipe?;
    let into = Arc::clone(into);
    Some(thread::spawn(move || {
        let mut chunk = [0; 4096];
        while let Ok(count @ 1..) = pipe.read(&mut chunk) {
            into.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&chunk[..count]);
        }
    }))
}

fn text(written: &Mutex<Vec<u8>>) -> String {
    String::from_utf8_lossy(&written.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn output_and_status_arrive() {
        let limit = Duration::from_secs(60);
        let (ending, output) =
            run_watched(&mut shell("echo out; echo err >&2; exit 3"), limit, || 0).unwrap();
        assert!(matches!(ending, Ending::Exited(status) if status.code() == Some(3)));
        assert!(output.contains("out") && output.contains("err"));
    }

    #[test]
    fn a_program_that_shows_nothing_is_ended() {
        let begun = Instant::now();
        let (ending, output) =
            run_watched(&mut shell("echo begun; exec sleep 600"), Duration::from_millis(200), || 0).unwrap();
        assert!(matches!(ending, Ending::Stalled));
        assert_eq!(output, "begun\n");
        assert!(begun.elapsed() < Duration::from_secs(60));
    }

    #[test]
    fn activity_puts_the_limit_off() {
        let mut calls = 0;
        let limit = Duration::from_millis(100);
        let (ending, _) = run_watched(&mut shell("sleep 0.3"), limit, || {
            calls += 1;
            calls
        })
        .unwrap();
        assert!(matches!(ending, Ending::Exited(status) if status.success()));
    }

    #[test]
    fn last_lines_skips_empty_ones() {
        assert_eq!(last_lines("a\nb\n\nc\n\n", 2), "b\nc");
        assert_eq!(last_lines("a", 5), "a");
        assert_eq!(last_lines("", 1), "");
    }
}
