//! The host's own files: the one place that uses the ambient authority of the process. A guest gets nothing
//! of it but the directories that it was given.

use cap_std::ambient_authority;
use cap_std::fs::{Dir, File};
use std::io::{self, Read};
use std::path::Path;

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
