//! `cargo xtask languages`: the guests of `guest-apps/languages`, each built by the tools of its language.
//!
//! What package registries have is fetched into `target/tools`; what would have to be installed is named with its
//! package, and the language is left out. The conformance cases then say the same: a note lies beside the components.

mod c;
mod javascript;
mod python;
pub(crate) mod rust;
mod tools;

use std::fs;

use anyhow::{Context, Result, bail};

use crate::build::Built;
use crate::workspace::Workspace;
use tools::Missing;

/// A language: what it is called, the name of its note, and what builds its guests.
struct Language {
    title: &'static str,
    name: &'static str,
    build: fn(&Workspace, &Built) -> Result<()>,
}

const LANGUAGES: [Language; 4] = [
    Language { title: "Rust", name: "rust", build: rust::build },
    Language { title: "C", name: "c", build: c::build },
    Language { title: "Python", name: "python", build: python::build },
    Language { title: "JavaScript", name: "javascript", build: javascript::build },
];

/// What became of a language's guests.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// They are there.
    Built,
    /// A tool is not, and this says which.
    Missing(String),
    /// The tools are there, and could not build them.
    Failed(String),
}

/// Says one line about these builds.
fn say(line: &str) {
    eprintln!("languages: {line}");
}

/// Builds the guests of all languages: `components/language/NAME.wasm` in the target folder. Answers what became of each.
///
/// # Errors
/// If the target folder cannot be written.
pub(crate) fn build_all(workspace: &Workspace, built: &Built) -> Result<Vec<(&'static str, Outcome)>> {
    let folder = workspace.components().join("language");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let mut outcomes = Vec::new();
    for Language { title, name, build } in LANGUAGES {
        let outcome = match build(workspace, built) {
            Ok(()) => Outcome::Built,
            Err(error) => match error.downcast_ref::<Missing>() {
                Some(missing) => Outcome::Missing(missing.to_string()),
                None => Outcome::Failed(format!("{error:#}")),
            },
        };
        let note = folder.join(name).with_extension("missing");
        match &outcome {
            Outcome::Missing(why) => fs::write(note, why)?,
            _ if note.exists() => fs::remove_file(note)?,
            _ => {}
        }
        outcomes.push((title, outcome));
    }
    Ok(outcomes)
}

/// The same as a command of its own.
///
/// # Errors
/// If guests could not be built whose tools are there.
pub(crate) fn run(workspace: &Workspace, built: &Built) -> Result<()> {
    let mut failed = false;
    for (title, outcome) in build_all(workspace, built)? {
        match outcome {
            Outcome::Built => say(&format!("guests in {title} are up to date")),
            Outcome::Missing(why) => say(&format!("no guests in {title}: {why}")),
            Outcome::Failed(why) => {
                say(&format!("guests in {title} could not be built: {why}"));
                failed = true;
            }
        }
    }
    if failed { bail!("not all guests could be built, see above") } else { Ok(()) }
}
