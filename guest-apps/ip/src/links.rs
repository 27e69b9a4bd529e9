//! The devices of the stack, by number and by name.

use std::cell::OnceCell;
use tool_common::Exit;
use tool_common::control::links::{self, Link};

/// The devices as they were when somebody first wanted to know.
pub(crate) struct Links(OnceCell<Vec<Link>>);

impl Links {
    /// Asks the stack when it has to.
    pub(crate) fn ask() -> Self {
        Links(OnceCell::new())
    }

    /// These.
    #[cfg(test)]
    pub(crate) fn known(all: Vec<Link>) -> Self {
        Links(OnceCell::from(all))
    }

    /// All of them, by number.
    pub(crate) fn all(&self) -> &[Link] {
        self.0.get_or_init(links::links)
    }

    /// Takes note of a device that is new or has changed. iproute2: `ll_remember_index`.
    pub(crate) fn remember(&mut self, link: &Link) {
        let mut all = self.0.take().unwrap_or_else(links::links);
        match all.iter_mut().find(|known| known.index == link.index) {
            Some(known) => *known = link.clone(),
            None => all.push(link.clone()),
        }
        self.0 = OnceCell::from(all);
    }

    /// The name of a device; `if7` for one that is gone. iproute2: `ll_index_to_name`.
    pub(crate) fn name(&self, index: u32) -> String {
        let found = self.all().iter().find(|link| link.index == index);
        found.map_or_else(|| format!("if{index}"), |link| link.name.clone())
    }

    /// The device of this name.
    pub(crate) fn by_name(&self, name: &str) -> Option<&Link> {
        self.all().iter().find(|link| link.name == name)
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
