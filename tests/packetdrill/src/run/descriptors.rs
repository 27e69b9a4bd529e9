//! Which descriptor of the machine a script's number stands for.

use super::failure::Failure;
use crate::machine::Fd;

/// A descriptor of the script.
#[derive(Clone, Copy, Debug)]
pub(super) struct Descriptor {
    pub(super) script: i32,
    pub(super) live: Fd,
}

/// All descriptors so far; closed ones stay, so that a script can use them wrongly.
#[derive(Debug, Default)]
pub(super) struct Descriptors(Vec<Descriptor>);

impl Descriptors {
    pub(super) fn add(&mut self, descriptor: Descriptor) {
        self.0.push(descriptor);
    }

    pub(super) fn find(&self, script: i64) -> Option<Descriptor> {
        self.0.iter().rev().find(|descriptor| i64::from(descriptor.script) == script).copied()
    }

    /// The machine's number.
    pub(super) fn live(&self, script: i64) -> Result<Fd, Failure> {
        match self.find(script) {
            Some(descriptor) => Ok(descriptor.live),
            None if script < 0 => Ok(-1),
            None => Err(Failure::new(format!("the script has no descriptor {script}"))),
        }
    }
}
