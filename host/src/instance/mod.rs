//! Named instances: how `wnet exec` reaches a machine that runs.
//!
//! `wnet run --name NAME` listens at a UNIX socket with a pathname, so that it is reached across network
//! namespaces: `NAME.sock` in a [folder](Folder) that only its owner can enter. Whoever runs it holds the lock of
//! `NAME.lock` beside it; a socket whose lock nobody holds was left by a dead process, and is replaced.
//!
//! One connection is one tool: the client sends a [request](request) with the tool's file, its standard streams and
//! its directories as [descriptors](descriptors), and waits for the [`Reply`](request::Reply). A connection that ends before
//! ends the tool.

pub mod client;
mod descriptors;
mod folder;
mod listener;
mod name;
mod request;
mod serve;

pub use folder::Folder;
pub use listener::Listener;
pub use name::InstanceName;
pub use request::Reply;
pub use serve::serve;

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why an instance cannot be named so, or not be reached. Each reads as one line.
#[derive(Debug)]
pub enum InstanceError {
    /// The folder of the sockets cannot be used.
    Folder {
        /// Its path.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// An instance of this name runs.
    InUse(InstanceName),
    /// No instance of this name runs.
    NotRunning {
        /// The name that was asked for.
        name: InstanceName,
        /// Those that run.
        running: Vec<InstanceName>,
    },
    /// What is at the other end is not of the same user.
    NotOwner,
    /// The tool cannot be asked for.
    Request(String),
    /// The instance ended, and the tool with it.
    Ended,
    /// The operating system refused something.
    Io {
        /// What was tried.
        what: &'static str,
        /// What it said.
        error: io::Error,
    },
}

impl InstanceError {
    fn io(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |error| InstanceError::Io { what, error }
    }
}

impl fmt::Display for InstanceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InstanceError::Folder { path, why } => {
                write!(f, "cannot use the folder {}: {why}", path.display())
            }
            InstanceError::InUse(name) => write!(f, "an instance with the name {name} is running already"),
            InstanceError::NotRunning { name, running } => {
                write!(f, "no instance with the name {name} is running ({})", list(running))
            }
            InstanceError::NotOwner => f.write_str("the control socket is of another user"),
            InstanceError::Request(why) => f.write_str(why),
            InstanceError::Ended => f.write_str("the instance has ended, and the tool with it"),
            InstanceError::Io { what, error } => write!(f, "cannot {what}: {error}"),
        }
    }
}

impl std::error::Error for InstanceError {}

/// The names that run, for a message.
pub fn list(running: &[InstanceName]) -> String {
    match running {
        [] => "none is running; `wnet run --name NAME` gives one a name".into(),
        names => {
            let names: Vec<_> = names.iter().map(InstanceName::as_str).collect();
            format!("running: {}", names.join(", "))
        }
    }
}
