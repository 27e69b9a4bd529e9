//! One call of cargo, with a line that shows how far it is.
//!
//! Cargo's own progress bar needs a terminal; CI and logs have none, and wasmtime takes minutes.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::process::read_output;
use crate::workspace::{Workspace, json_string};

/// How often the line is drawn on a terminal, at least.
const REDRAW_EVERY: Duration = Duration::from_millis(500);

/// How often a line is printed where there is no terminal.
const PRINT_EVERY: Duration = Duration::from_secs(15);

/// What cargo says of each crate; our line says it shorter.
const STATUS_WORDS: [&str; 9] = [
    "Compiling",
    "Checking",
    "Fresh",
    "Finished",
    "Downloaded",
    "Running",
    "Executable",
    "Dirty",
    "Doc-tests",
];

/// A cargo call to make.
#[derive(Debug)]
pub(crate) struct Build {
    title: String,
    cargo: Command,
    /// Lists the crates that will be built, one a line.
    tree: Option<Command>,
}

/// What cargo sends while it works.
enum Event {
    /// A message in JSON.
    Message(String),
    /// A line for people.
    Line(String),
}

impl Build {
    /// Will run `cargo`; `title` is what it does, as in "building wnet".
    pub(crate) fn new(title: &str, cargo: Command) -> Self {
        Self { title: title.to_owned(), cargo, tree: None }
    }

    /// Counts the crates that `packages` need for `target` (this machine without), so that the line can say how many are left.
    pub(crate) fn counting(mut self, workspace: &Workspace, packages: &[&str], target: Option<&str>) -> Self {
        self.cargo.arg("--message-format=json-render-diagnostics");
        let mut tree = workspace.cargo();
        tree.args([
            "tree",
            "--offline",
            "--quiet",
            "--edges",
            "normal,build",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ]);
        if let Some(target) = target {
            tree.args(["--target", target]);
        }
        for package in packages {
            tree.args(["-p", package]);
        }
        self.tree = Some(tree);
        self
    }

    /// Runs it and shows its warnings and errors.
    ///
    /// # Errors
    /// If cargo cannot be started or fails.
    pub(crate) fn run(mut self) -> Result<()> {
        let terminal = std::io::stderr().is_terminal();
        self.cargo.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        self.cargo.env("CARGO_TERM_PROGRESS_WHEN", "never").env("CARGO_TERM_QUIET", "false");
        if terminal {
            self.cargo.env("CARGO_TERM_COLOR", "always");
        }
        let mut child = self.cargo.spawn().context("cannot run cargo")?;
        let (sender, events) = channel();
        forward(child.stdout.take(), sender.clone(), Event::Message);
        forward(child.stderr.take(), sender, Event::Line);
        let mut progress = Progress::new(self.title.clone(), terminal, self.tree);
        progress.follow(&events);
        let status = child.wait()?;
        if !status.success() {
            bail!("{} failed, see above", self.title);
        }
        Ok(())
    }
}

fn forward(pipe: Option<impl Read + Send + 'static>, sender: Sender<Event>, event: fn(String) -> Event) {
    let Some(pipe) = pipe else { return };
    thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            if sender.send(event(String::from_utf8_lossy(&line).into_owned())).is_err() {
                return;
            }
        }
    });
}

/// The line that shows how far a build is.
struct Progress {
    title: String,
    terminal: bool,
    tree: Option<Command>,
    total: Option<usize>,
    built: HashSet<String>,
    begun: Instant,
    printed: Instant,
    drawn: bool,
}

impl Progress {
    fn new(title: String, terminal: bool, tree: Option<Command>) -> Self {
        let now = Instant::now();
        Self {
            title,
            terminal,
            tree,
            total: None,
            built: HashSet::new(),
            begun: now,
            printed: now,
            drawn: false,
        }
    }

    /// Shows what arrives until cargo has closed its outputs.
    fn follow(&mut self, events: &Receiver<Event>) {
        loop {
            match events.recv_timeout(REDRAW_EVERY) {
                Ok(Event::Message(message)) => self.built.extend(built_crate(&message)),
                Ok(Event::Line(line)) if is_status(&line) => {}
                Ok(Event::Line(line)) => {
                    self.erase();
                    eprintln!("{line}");
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.erase(),
            }
            self.draw();
        }
    }

    fn draw(&mut self) {
        let every = if self.terminal { REDRAW_EVERY } else { PRINT_EVERY };
        if self.printed.elapsed() < every {
            return;
        }
        self.printed = Instant::now();
        // Asked for only now: most builds end before anybody wants to know.
        if let Some(mut tree) = self.tree.take() {
            self.total = read_output(&mut tree).ok().map(|list| count_crates(&list));
        }
        let line = describe(&self.title, self.built.len(), self.total, self.begun.elapsed());
        if self.terminal {
            eprint!("\r\x1b[K{line}");
            let _ = std::io::stderr().flush();
            self.drawn = true;
        } else {
            eprintln!("{line}");
        }
    }

    fn erase(&mut self) {
        if std::mem::take(&mut self.drawn) {
            eprint!("\r\x1b[K");
        }
    }
}

/// `building wnet: 143/420 crates, 2 min 10 s`
fn describe(title: &str, built: usize, total: Option<usize>, time: Duration) -> String {
    let crates = match total {
        Some(total) => format!("{built}/{} crates, ", total.max(built)),
        None if built > 0 => format!("{built} crates, "),
        None => String::new(),
    };
    format!("{title}: {crates}{}", format_duration(time))
}

/// `2 min 10 s`, or `10 s`.
pub(crate) fn format_duration(time: Duration) -> String {
    match (time.as_secs() / 60, time.as_secs() % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

/// The crate that a message of cargo says is built. Its build script, built before, does not count.
fn built_crate(message: &str) -> Option<String> {
    let is_artifact = message.starts_with(r#"{"reason":"compiler-artifact""#);
    (is_artifact && !message.contains(r#""kind":["custom-build"]"#))
        .then(|| json_string(message, "package_id"))
        .flatten()
}

fn count_crates(list: &str) -> usize {
    list.lines()
        .map(|line| line.trim_end_matches(" (*)"))
        .filter(|line| !line.is_empty())
        .collect::<HashSet<_>>()
        .len()
}

/// Whether a line of cargo only says which crate it is at.
fn is_status(line: &str) -> bool {
    let plain = strip_colours(line);
    let word = plain.trim_start().split(' ').next().unwrap_or_default();
    plain.starts_with(' ') && STATUS_WORDS.contains(&word)
}

/// `text` without the escape sequences that select colours.
fn strip_colours(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\x1b[") {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, after)| after);
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_how_far_and_how_long() {
        let time = Duration::from_secs(130);
        assert_eq!(
            describe("building wnet", 143, Some(420), time),
            "building wnet: 143/420 crates, 2 min 10 s"
        );
        assert_eq!(describe("building wnet", 9, Some(8), time), "building wnet: 9/9 crates, 2 min 10 s");
        assert_eq!(describe("x", 3, None, Duration::from_secs(9)), "x: 3 crates, 9 s");
        assert_eq!(describe("x", 0, None, Duration::ZERO), "x: 0 s");
    }

    #[test]
    fn crates_count_once_and_without_their_build_scripts() {
        let artifact = |kind: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","package_id":"registry+x#libc@1","target":{{"kind":["{kind}"]}}}}"#
            )
        };
        assert_eq!(built_crate(&artifact("lib")).as_deref(), Some("registry+x#libc@1"));
        assert_eq!(built_crate(&artifact("custom-build")), None);
        assert_eq!(built_crate(r#"{"reason":"build-finished","success":true}"#), None);
        assert_eq!(count_crates("a v1\nb v2\na v1 (*)\n\n"), 2);
    }

    #[test]
    fn status_lines_are_told_from_diagnostics() {
        assert!(is_status("   Compiling libc v0.2.1"));
        assert!(is_status("\x1b[1m\x1b[32m    Finished\x1b[0m `dev` profile in 1 s"));
        assert!(!is_status("    Blocking waiting for file lock on build directory"));
        assert!(!is_status("warning: unused variable"));
        assert!(!is_status("Compiling"));
    }
}
