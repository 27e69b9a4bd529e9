//! `sysctl`: the settings of a stack, shown and set as procps's tool of this name does.

mod options;
mod settings;

use options::{Options, USAGE};
use regex_lite::Regex;
use settings::{Assignment, Shown};
use std::process::ExitCode;
use tool_common::control::control::{self, Sysctl, SysctlError};
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
            false => format!("{USAGE}\n\nFor more details see sysctl(8).\n"),
        });
    }
    let pattern = options.pattern()?;
    let mut job = Job { options: &options, pattern, shown: String::new(), complaints: Vec::new(), code: 0 };
    if options.all {
        let all = control::sysctls();
        job.show_several(all);
    }
    for file in &options.files {
        job.load(file)?;
    }
    for word in &options.names {
        job.one(word);
    }
    match job.code == 0 && job.complaints.is_empty() {
        true => Ok(job.shown),
        false => Err(Exit { code: job.code, text: job.complaints.join("\n"), shown: job.shown }),
    }
}

/// What was shown and what went wrong so far: the rest is done all the same.
struct Job<'a> {
    options: &'a Options,
    /// The names that are meant; none: all.
    pattern: Option<Regex>,
    shown: String,
    complaints: Vec<String>,
    /// What the program ends with.
    code: u8,
}

impl Job<'_> {
    fn show_several(&mut self, mut several: Vec<Sysctl>) {
        several.sort_by_cached_key(|sysctl| settings::parts(&sysctl.name));
        several.iter().for_each(|sysctl| self.show(&sysctl.name, &settings::kernels(&sysctl.value)));
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
                    let (before, code) = (self.complaints.len(), self.code);
                    self.set(&assignment);
                    if quietly {
                        self.complaints.truncate(before);
                        self.code = code;
                    }
                }
                Some(Err(())) => self.no_assignment(file, number),
            }
        }
        Ok(())
    }

    fn one(&mut self, word: &str) {
        match Assignment::parse(word) {
            Some(assignment) => self.set(&assignment),
            None if self.options.write => self.no_assignment("command line", 0),
            None => self.read(word),
        }
    }

    fn no_assignment(&mut self, place: &str, line: usize) {
        self.complaints
            .push(format!("sysctl: {place}({line}): invalid syntax, continuing... (NAME=VALUE is expected)"));
        self.code |= 1;
    }

    /// A setting, or all of a folder. Of several that are not there the codes add up, as in procps.
    fn read(&mut self, name: &str) {
        let dotted = settings::dotted(name);
        match control::get_sysctl(name) {
            Ok(value) => self.show(&dotted, &settings::kernels(&value)),
            Err(error) => {
                let folder = settings::dotted(name.trim_end_matches(['/', '.'])) + ".";
                let mut within = control::sysctls();
                within.retain(|sysctl| sysctl.name.starts_with(&folder));
                if within.is_empty() {
                    let code = self.code;
                    self.complain(name, &error);
                    self.code = code.saturating_add(u8::from(!self.is_ignored(&error)));
                }
                self.show_several(within);
            }
        }
    }

    fn set(&mut self, assignment: &Assignment) {
        let set = match self.options.dry_run {
            true => control::get_sysctl(&assignment.name).map(drop),
            false => control::set_sysctl(&assignment.name, &assignment.value),
        };
        match set {
            Ok(()) if self.options.quiet => {}
            Ok(()) => self.show(&settings::dotted(&assignment.name), &assignment.value),
            Err(error) => self.complain(&assignment.name, &error),
        }
    }

    fn show(&mut self, name: &str, value: &str) {
        if self.pattern.as_ref().is_some_and(|pattern| !pattern.is_match(name)) {
            return;
        }
        let shown = match (self.options.values_only, self.options.names_only) {
            (_, true) => Shown::Name,
            (true, _) => Shown::Value { newline: !self.options.bare },
            _ => Shown::Both,
        };
        self.shown += &settings::shown(name, value, shown);
    }

    fn is_ignored(&self, error: &SysctlError) -> bool {
        self.options.ignore && matches!(error, SysctlError::Unknown(_))
    }

    fn complain(&mut self, name: &str, error: &SysctlError) {
        if self.is_ignored(error) {
            return;
        }
        self.code |= 1;
        match error {
            SysctlError::Unknown(_) if name.chars().all(|c| c == '.' || c == '/') => {
                self.complaints.push(format!(
                    "sysctl: Path is not under /proc/sys/: /proc/sys/{}",
                    settings::path(name)
                ));
            }
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
