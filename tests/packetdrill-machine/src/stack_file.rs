//! Where the stack component comes from.

use anyhow::{Context, Result, bail};
use std::path::Path;
use wnet::files;
use wnet::kernel::StackComponent;

/// The stack component in `file`, or the one that was built in.
///
/// # Errors
/// When the file cannot be read, or nothing was built in.
pub fn stack_component(file: Option<&Path>) -> Result<StackComponent> {
    match file {
        Some(file) => {
            let name = file.display().to_string();
            let bytes = files::read(file).with_context(|| format!("cannot read {name}"))?;
            Ok(StackComponent::new(name, bytes))
        }
        None => match StackComponent::built_in() {
            Some(component) => Ok(component),
            None => bail!("it was built without a stack component; build it with `cargo xtask build`"),
        },
    }
}
