//! Why a guest did not run.

use crate::kernel::{LinkProblem, NotAComponent};
use std::fmt;

/// Why a guest did not run, or not to its end. Each reads as one line.
#[derive(Debug)]
pub enum GuestError {
    /// The file is no component.
    NotAComponent {
        /// Which guest.
        name: String,
        /// What the file is instead.
        why: NotAComponent,
    },
    /// It is no program, or imports what there is not.
    DoesNotLink {
        /// Which guest.
        name: String,
        /// What is wrong.
        problems: Vec<LinkProblem>,
    },
    /// A directory could not be given to it.
    Directory {
        /// Its path in the guest.
        path: String,
        /// Why not.
        why: String,
    },
    /// The host could not start it.
    Start(String),
    /// The network stack was given up, and the guest wanted to use it.
    StackFailed {
        /// Which guest.
        name: String,
        /// How the stack failed.
        why: String,
    },
}

impl fmt::Display for GuestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GuestError::NotAComponent { name, why } => write!(f, "{name} cannot be run: {why}"),
            GuestError::DoesNotLink { name, problems } => {
                write!(f, "{name} cannot be run: ")?;
                crate::kernel::component::write_problems(f, problems)
            }
            GuestError::Directory { path, why } => write!(f, "the directory {path} cannot be used: {why}"),
            GuestError::Start(why) => write!(f, "the guest cannot be started: {why}"),
            GuestError::StackFailed { name, why } => {
                write!(f, "{name} was ended because the network stack failed: {why}")
            }
        }
    }
}

impl std::error::Error for GuestError {}
