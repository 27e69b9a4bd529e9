//! `wnet up FILE`: what the options of `wnet run` say, in a TOML file. The keys are the options' names, and their values
//! are read by the options' own parsers.

mod network;
mod table;
#[cfg(test)]
mod tests;

use super::Config;
use crate::failure::HOST_FAILED;
use crate::files;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use table::{Source, Table};
use toml::de::DeTable;

/// Why a file of `wnet up` cannot be used. Each reads as one line.
#[derive(Debug)]
pub enum FileError {
    /// It cannot be read.
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// What the operating system said.
        error: io::Error,
    },
    /// What it says is wrong: the file's name, the line's number, and why.
    Wrong(String),
}

impl FileError {
    /// 2, as for a wrong command line; 125 for a file that cannot be read.
    pub fn exit_code(&self) -> u8 {
        match self {
            FileError::Unreadable { .. } => HOST_FAILED,
            FileError::Wrong(_) => super::WRONG_USAGE,
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileError::Unreadable { file, error } => write!(f, "cannot read {}: {error}", file.display()),
            FileError::Wrong(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for FileError {}

/// Reads what `wnet up` is to do. Paths in the file begin at the file's folder.
///
/// # Errors
/// If the file cannot be read, or does not say what it should.
pub fn read(file: &Path) -> Result<Config, FileError> {
    let bytes = files::read(file).map_err(|error| FileError::Unreadable { file: file.to_owned(), error })?;
    let name = file.display().to_string();
    let text = String::from_utf8(bytes).map_err(|_| FileError::Wrong(format!("{name}: it is not UTF-8")))?;
    let folder = file.parent().unwrap_or(Path::new(""));
    parse(&Source { name: &name, text: &text }, folder).map_err(FileError::Wrong)
}

/// Reads a file's text; `folder` is where its paths begin.
fn parse(source: &Source<'_>, folder: &Path) -> Result<Config, String> {
    let parsed = DeTable::parse(source.text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        source.error(at, error.message().lines().next().unwrap_or("this is no TOML"))
    })?;
    network::config(Table::new(source, parsed.get_ref(), 0), folder)
}
