//! The host's own files and environment: the one place that uses the ambient authority of the process. A guest gets
//! nothing of it but the directories and variables that it was given.

use crate::failure::Failure;
use cap_std::ambient_authority;
use cap_std::fs::{Dir, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The bytes of a file.
///
/// # Errors
/// What the operating system says.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open_ambient(path, ambient_authority())?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// An empty file to write to; one that exists is emptied.
///
/// # Errors
/// What the operating system says.
pub fn create(path: &Path) -> io::Result<File> {
    File::create_ambient(path, ambient_authority())
}

/// A directory with all that is in it.
///
/// # Errors
/// What the operating system says.
pub fn open_directory(path: &Path) -> io::Result<Dir> {
    Dir::open_ambient_dir(path, ambient_authority())
}

/// The directories that a command line gives to a guest, each with its path in the guest.
pub(crate) fn directories(named: &[(PathBuf, String)]) -> Result<Vec<(Dir, String)>, Failure> {
    let open = |(host, path): &(PathBuf, String)| match open_directory(host) {
        Ok(directory) => Ok((directory, path.clone())),
        Err(error) => Err(Failure::host(format!("--dir {}: {error}", host.display()))),
    };
    named.iter().map(open).collect()
}

/// The variables that a command line gives to a guest; those without a value are copied from this process's
/// environment, if they are set there.
pub(crate) fn environment(named: &[(String, Option<String>)]) -> Vec<(String, String)> {
    let variable = |(name, value): &(String, Option<String>)| {
        let value = value.clone().or_else(|| std::env::var(name).ok())?;
        Some((name.clone(), value))
    };
    named.iter().filter_map(variable).collect()
}
