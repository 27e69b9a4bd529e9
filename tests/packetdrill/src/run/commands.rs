//! Commands in backticks.
//!
//! Lines of simple commands (`sysctl`, `ip`, `tc`, `ethtool`, `nstat`, `sleep`, `echo N > /proc/sys/...`, and
//! scripts made of such lines) act on the machine directly. Everything else goes to `/bin/sh`, with shims for those
//! programs first in PATH, so that the settings of the computer itself are never touched.

mod known;
mod route;
pub mod shell;
pub mod shim;
mod words;

#[cfg(test)]
mod tests;

use std::path::Path;

use super::failure::Failure;
use super::runner::Runner;
use words::Simple;

/// What a command came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The exit status.
    pub status: i32,
    /// What it wrote.
    pub output: String,
    /// What it complained about.
    pub errors: String,
}

impl Reply {
    fn output(output: impl Into<String>) -> Reply {
        Reply { output: output.into(), ..Reply::default() }
    }

    fn error(status: i32, errors: impl Into<String>) -> Reply {
        Reply { status, errors: errors.into(), ..Reply::default() }
    }
}

/// Scripts that call scripts end somewhere.
const MOST_NESTED: usize = 8;

impl Runner<'_> {
    pub(super) fn command(&mut self, text: &str) -> Result<(), Failure> {
        let reply = match self.simple_lines(text, 0) {
            Some(lines) => self.lines(&lines),
            None => self.shell(text)?,
        };
        self.output.extend(reply.output.lines().map(str::to_owned));
        self.output.extend(reply.errors.lines().map(|line| format!("warning: {line}")));
        self.collect();
        match reply.status {
            0 => Ok(()),
            status => {
                let errors = reply.errors.trim_end();
                let separator = if errors.is_empty() { "" } else { ": " };
                Err(Failure::new(format!("the command ended with status {status}{separator}{errors}")))
            }
        }
    }

    /// The commands of a text, if all of them are understood here; scripts that it calls are put in their place.
    fn simple_lines(&self, text: &str, nested: usize) -> Option<Vec<Simple>> {
        let mut all = Vec::new();
        for simple in words::simple(text)? {
            let program = simple.words.first().map_or("", String::as_str);
            if known::is_known(&simple) {
                all.push(simple);
            } else if program.starts_with("/tmp/sysctl_restore_") {
                // Every script has a machine of its own: there is nothing to restore.
            } else if program.ends_with(".sh") && simple.words.len() == 1 && nested < MOST_NESTED {
                let script = std::fs::read_to_string(self.directory.join(Path::new(program))).ok()?;
                all.extend(self.simple_lines(&script, nested + 1)?);
            } else {
                return None;
            }
        }
        Some(all)
    }

    /// Runs commands one after another; as in a shell the last one's status counts.
    fn lines(&mut self, lines: &[Simple]) -> Reply {
        let mut all = Reply::default();
        let mut skip = false;
        for line in lines {
            if skip && line.only_after_success {
                continue;
            }
            let reply = self.known(line);
            skip = reply.status != 0;
            all.status = reply.status;
            if line.output_to.is_none() {
                all.output.push_str(&reply.output);
            }
            if !line.quiet_errors || reply.status != 0 {
                all.errors.push_str(&reply.errors);
            }
        }
        all
    }
}
