//! What the command line says as a whole.

use super::RunArguments;
use super::cards::{self, Card, Places};
use super::guests::{self, Guest};
use crate::instance::InstanceName;
use crate::kernel::NameSettings;
use crate::policy::Rules;
use std::path::PathBuf;

/// What `wnet run` or `wnet up` is to do.
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
    /// A file with more names that nobody needs to be asked about. Linux: `/etc/hosts`.
    pub hosts_file: Option<PathBuf>,
    /// What the guests may reach, be reached by, and look up.
    pub rules: Rules,
    /// Where the cards' frames are captured.
    pub pcap: Option<PathBuf>,
    /// The programs, at least one.
    pub guests: Vec<Guest>,
}

/// Fits the arguments together. The error is one line.
pub(super) fn from_arguments(arguments: RunArguments, places: &Places) -> Result<Config, String> {
    let cards = cards::from_arguments(&arguments, places)?;
    if cards.is_empty() && arguments.pcap.is_some() {
        return Err("--pcap: there is nothing to capture with --nic none".into());
    }
    let given = Guest {
        environment: arguments.environment,
        directories: arguments.directories,
        grants: arguments.grants.into_iter().collect(),
        limits: arguments.limits.limits(),
        ..Guest::default()
    };
    Ok(Config {
        name: arguments.name,
        stack: arguments.stack,
        rules: arguments.policy.rules(&cards),
        cards,
        sysctls: arguments.sysctls,
        hosts_file: arguments.hosts_file,
        names: arguments.names.settings(),
        pcap: arguments.pcap,
        guests: guests::from_words(arguments.guests, &given)?,
    })
}
