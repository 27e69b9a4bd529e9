//! `sysctl`: the settings of a stack, shown and set as procps's tool of this name does.

mod options;
mod settings;

use options::{Options, USAGE};
use settings::{Assignment, Shown};
use std::process::ExitCode;
use tool_common::control::control::{self, SysctlError};
use tool_common::{Exit, finish};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    finish(run(&words))
}

/// Does what the words say; answers what is to be shown.
fn run(words: &[String]) -> Result<String, Exit> {
    let options = Options::parse(words)?;
    if options.help || options.version {
        return Ok(match options.version {
            true => format!("sysctl from wnet-{}\n", env!("CARGO_PKG_VERSION")),
            false => USAGE.to_owned() + "\n",
        });
    }
    let mut job = Job { options: &options, shown: String::new(), complaints: Vec::new() };
    if options.all {
        job.show_all();
    }
    for file in &options.files {
        job.load(file)?;
    }
    for word in &options.names {
        job.one(word);
    }
    match job.complaints.is_empty() {
        true => Ok(job.shown),
        false => Err(Exit { code: 1, text: job.complaints.join("\n"), shown: job.shown }),
    }
}

/// What was shown and what went wrong so far: the rest is done all the same.
struct Job<'a> {
    options: &'a Options,
    shown: String,
    complaints: Vec<String>,
}

impl Job<'_> {
    fn show_all(&mut self) {
        let mut all = control::sysctls();
        all.sort_by_key(|sysctl| settings::path(&sysctl.name));
        for sysctl in all.iter().filter(|sysctl| self.options.is_meant(&sysctl.name)) {
            self.show(&sysctl.name, &sysctl.value);
        }
    }

    /// Settings of a file: lines of NAME=VALUE, `#` and `;` begin remarks, `-` before a name: no complaint about it.
    fn load(&mut self, file: &str) -> Result<(), Exit> {
        let opened = if file == "-" {
            std::io::read_to_string(std::io::stdin())
        } else {
            std::fs::read_to_string(file)
        };
        let text =
            opened.map_err(|error| Exit::new(1, format!("sysctl: cannot open \"{file}\": {error}")))?;
        for (number, line) in (1..).zip(text.lines()) {
            match settings::line(line) {
                None => {}
                Some(Ok((assignment, quietly))) => {
                    let before = self.complaints.len();
                    self.set(&assignment);
                    if quietly {
                        self.complaints.truncate(before);
                    }
                }
                Some(Err(())) => {
                    self.complaints.push(format!("sysctl: {file}({number}): invalid syntax, continuing..."))
                }
            }
        }
        Ok(())
    }

    fn one(&mut self, word: &str) {
        match Assignment::parse(word) {
            Some(assignment) => self.set(&assignment),
            None if self.options.write => {
                self.complaints.push(format!("sysctl: \"{word}\" must be of the form name=value"));
            }
            None => self.read(word),
        }
    }

    fn read(&mut self, name: &str) {
        match control::get_sysctl(name) {
            Ok(value) => self.show(&settings::dotted(name), &value),
            Err(error) => {
                // A folder stands for what is in it.
                let folder = settings::dotted(name.trim_end_matches(['/', '.'])) + ".";
                let within = control::sysctls().into_iter().filter(|sysctl| sysctl.name.starts_with(&folder));
                let within: Vec<_> = within.collect();
                within.iter().for_each(|sysctl| self.show(&sysctl.name, &sysctl.value));
                if within.is_empty() {
                    self.complain(name, &error);
                }
            }
        }
    }

    fn set(&mut self, assignment: &Assignment) {
        match control::set_sysctl(&assignment.name, &assignment.value) {
            Ok(()) if self.options.quiet => {}
            Ok(()) => self.show(&settings::dotted(&assignment.name), &assignment.value),
            Err(error) => self.complain(&assignment.name, &error),
        }
    }

    fn show(&mut self, name: &str, value: &str) {
        let shown = match (self.options.values_only, self.options.names_only) {
            (_, true) => Shown::Name,
            (true, _) => Shown::Value { newline: !self.options.bare },
            _ => Shown::Both,
        };
        self.shown += &settings::shown(name, value, shown);
    }

    fn complain(&mut self, name: &str, error: &SysctlError) {
        match error {
            SysctlError::Unknown(_) if self.options.ignore => {}
            SysctlError::Unknown(near) => {
                let path = settings::path(name);
                let near = near.as_ref().map(|near| format!(" (did you mean {near}?)")).unwrap_or_default();
                self.complaints
                    .push(format!("sysctl: cannot stat /proc/sys/{path}: No such file or directory{near}"));
            }
            SysctlError::ReadOnly => {
                let name = settings::dotted(name);
                self.complaints.push(format!("sysctl: permission denied on key \"{name}\""));
            }
            SysctlError::Invalid(expected) => {
                let name = settings::dotted(name);
                self.complaints
                    .push(format!("sysctl: setting key \"{name}\": Invalid argument (it takes {expected})"));
            }
        }
    }
}
