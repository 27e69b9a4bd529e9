//! Where the stack component comes from.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use wnet::files;
use wnet::kernel::StackComponent;

/// There is no stack component.
#[derive(Debug)]
pub enum NoStack {
    /// The file that was named cannot be read.
    Unreadable(PathBuf, io::Error),
    /// None was named, and none was there when this was built.
    NotBuiltIn,
}

impl fmt::Display for NoStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoStack::Unreadable(file, error) => write!(f, "cannot read {}: {error}", file.display()),
            NoStack::NotBuiltIn => {
                f.write_str("it was built without a stack component; build it with `cargo xtask build`")
            }
        }
    }
}

impl std::error::Error for NoStack {}

/// The stack component in `file`, or the one that was built in.
///
/// # Errors
/// When the file cannot be read, or nothing was built in.
pub fn stack_component(file: Option<&Path>) -> Result<StackComponent, NoStack> {
    match file {
        Some(file) => {
            let bytes = files::read(file).map_err(|error| NoStack::Unreadable(file.to_path_buf(), error))?;
            Ok(StackComponent::new(file.display().to_string(), bytes))
        }
        None => StackComponent::built_in().ok_or(NoStack::NotBuiltIn),
    }
}
