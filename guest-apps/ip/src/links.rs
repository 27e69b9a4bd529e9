//! The devices of the stack, by number and by name.

use tool_common::Exit;
use tool_common::control::links::{self, Link};

/// The devices as they were when they were asked for.
pub(crate) struct Links(pub(crate) Vec<Link>);

impl Links {
    /// Asks the stack.
    pub(crate) fn ask() -> Self {
        Links(links::links())
    }

    /// The name of a device; `if7` for one that is gone. iproute2: `ll_index_to_name`.
    pub(crate) fn name(&self, index: u32) -> String {
        let found = self.0.iter().find(|link| link.index == index);
        found.map_or_else(|| format!("if{index}"), |link| link.name.clone())
    }

    /// The device of this name.
    pub(crate) fn by_name(&self, name: &str) -> Option<&Link> {
        self.0.iter().find(|link| link.name == name)
    }

    /// The device that a command is to change. iproute2: `nodev`.
    pub(crate) fn find(&self, name: &str) -> Result<&Link, Exit> {
        self.by_name(name).ok_or_else(|| Exit::new(1, format!("Cannot find device \"{name}\"")))
    }

    /// The device that is to be shown.
    pub(crate) fn shown(&self, name: &str) -> Result<&Link, Exit> {
        self.by_name(name).ok_or_else(|| Exit::new(1, format!("Device \"{name}\" does not exist.")))
    }
}
