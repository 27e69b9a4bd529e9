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

use std::path::{Path, PathBuf};

use super::config::Config;
use super::failure::Failure;
use super::runner::Runner;
use crate::machine::Machine;
use words::Simple;

/// What commands remember from one to the next.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// Counters as `nstat` last showed them.
    counters: Vec<(String, u64)>,
}

/// Does a command of a shim for somebody who has a machine and no script. No time passes.
pub fn answer(machine: &mut dyn Machine, memory: &mut Memory, words: Vec<String>) -> Reply {
    let simple = Simple { words, ..Simple::default() };
    if !known::is_known(&simple) {
        return Reply::error(127, format!("{:?} is not understood\n", simple.words));
    }
    let config = Config::default();
    let mut runner = Runner::new(&config, Path::new("."), machine);
    runner.counters = std::mem::take(&mut memory.counters);
    let reply = runner.known(&simple);
    memory.counters = std::mem::take(&mut runner.counters);
    reply
}

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

/// Whether a text needs a shell as a whole because constructs in it go over lines. Otherwise a shell gets the lines
/// alone that need it.
fn goes_over_lines(text: &str) -> bool {
    let compound = ["do", "done", "then", "fi", "esac", "{", "}", "<<"];
    text.contains("\\\n")
        || text.split_whitespace().any(|word| compound.contains(&word.trim_end_matches(';')))
}

/// Scripts that call scripts end somewhere.
const MOST_NESTED: usize = 8;

impl Runner<'_> {
    pub(super) fn command(&mut self, text: &str) -> Result<(), Failure> {
        if let Some(name) = known::foreign_sysctl(text) {
            return Err(Failure::skip(format!("needs FreeBSD's sysctl {name}")));
        }
        let mut reply = Reply::default();
        let whole = self.simple_lines(text, 0).is_some() || goes_over_lines(text);
        let pieces = if whole { vec![text] } else { text.lines().collect() };
        for piece in pieces {
            if piece.trim().is_empty() {
                continue;
            }
            let next = match self.simple_lines(piece, 0) {
                Some(lines) => self.lines(&lines),
                None => self.shell(piece)?,
            };
            reply.status = next.status;
            reply.output.push_str(&next.output);
            reply.errors.push_str(&next.errors);
        }
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
                match self.script_file(program) {
                    Some(script) => all.extend(self.simple_lines(&script, nested + 1)?),
                    None => all.push(simple),
                }
            } else {
                return None;
            }
        }
        Some(all)
    }

    /// A script of commands. Suites that are run from their topmost directory name it from there.
    fn script_file(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.directory_of(name).join(name)).ok()
    }

    /// The script's directory, or the nearest above it in which a file that the text names is there.
    fn directory_of(&self, text: &str) -> PathBuf {
        let here = if self.directory.as_os_str().is_empty() { Path::new(".") } else { self.directory };
        let Ok(here) = here.canonicalize() else { return here.to_owned() };
        let named: Vec<&str> = text.split_whitespace().filter(|word| word.contains('/')).collect();
        let has =
            |above: &&Path| named.iter().any(|word| !word.starts_with('/') && above.join(word).is_file());
        here.ancestors().take(MOST_NESTED).find(has).unwrap_or(&here).to_owned()
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
