//! What the command line says as a whole.

use super::RunArguments;
use super::cards::{self, Card, Places};
use super::values::{DirectoryMapping, Variable};
use crate::gate::Grants;
use crate::instance::InstanceName;
use crate::kernel::NameSettings;
use crate::policy::Rules;
use std::ffi::OsString;
use std::path::PathBuf;

/// What `wnet run` is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// What the instance is called in the log, and by `wnet exec`.
    pub name: Option<InstanceName>,
    /// The stack component's file; none: the built-in one.
    pub stack: Option<PathBuf>,
    /// The network cards in order, eth0 first; none: the loopback device is all there is.
    pub cards: Vec<Card>,
    /// Settings of the stack, by their Linux names.
    pub sysctls: Vec<(String, String)>,
    /// What names are looked up by; none: as the stack does by itself.
    pub names: Option<NameSettings>,
    /// What the guest may reach, be reached by, and look up.
    pub rules: Rules,
    /// Where the cards' frames are captured.
    pub pcap: Option<PathBuf>,
    /// The program.
    pub guest: Guest,
}

/// The guest program and what it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guest {
    /// The component's file.
    pub file: PathBuf,
    /// Its arguments without the program's name.
    pub arguments: Vec<String>,
    /// Its environment; a variable without a value is copied from this process's environment if it is set
    /// there.
    pub environment: Vec<(String, Option<String>)>,
    /// Directories of this machine, each with its path in the guest.
    pub directories: Vec<(PathBuf, String)>,
    /// What it may do beyond using its own sockets.
    pub grants: Grants,
}

/// Fits the arguments together. The error is one line.
pub(super) fn from_arguments(arguments: RunArguments, places: &Places) -> Result<Config, String> {
    let cards = cards::from_arguments(&arguments, places)?;
    if cards.is_empty() && arguments.pcap.is_some() {
        return Err("--pcap: there is nothing to capture with --nic none".into());
    }
    Ok(Config {
        name: arguments.name,
        stack: arguments.stack,
        rules: arguments.policy.rules(&cards),
        cards,
        sysctls: arguments.sysctls,
        names: arguments.names.settings(),
        pcap: arguments.pcap,
        guest: Guest {
            grants: arguments.grants.into_iter().collect(),
            ..guest(arguments.guest, arguments.environment, arguments.directories)?
        },
    })
}

fn guest(
    words: Vec<OsString>,
    environment: Vec<Variable>,
    directories: Vec<DirectoryMapping>,
) -> Result<Guest, String> {
    let mut words = words.into_iter();
    let file = words.next().ok_or("expected GUEST.wasm")?.into();
    let arguments = texts(words)?;
    Ok(Guest { file, arguments, environment, directories, grants: Grants::default() })
}

/// The arguments of a guest, which are texts for it.
pub(super) fn texts(words: impl IntoIterator<Item = OsString>) -> Result<Vec<String>, String> {
    let text =
        |word: OsString| word.into_string().map_err(|word| format!("the argument {word:?} is not UTF-8"));
    words.into_iter().map(text).collect()
}
