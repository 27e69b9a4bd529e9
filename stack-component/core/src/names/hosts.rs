//! Names that are known without asking. Linux: `/etc/hosts`.

use crate::wire::dns::Name;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;

/// Most names of a table.
const MAX_ENTRIES: usize = 4096;

/// Names with their addresses, in the order of the file.
#[derive(Clone, Debug, Default)]
pub struct Hosts {
    entries: Vec<(Name, IpAddr)>,
}

impl Hosts {
    /// Adds a name. Answers false if there is no room for it.
    pub fn add(&mut self, name: Name, address: IpAddr) -> bool {
        let room = self.entries.len() < MAX_ENTRIES;
        if room {
            self.entries.push((name, address));
        }
        room
    }

    /// All names with their addresses.
    pub fn entries(&self) -> &[(Name, IpAddr)] {
        &self.entries
    }

    /// The table that a file's text writes: on each line an address, names, and perhaps `#` and words for people
    /// (`hosts(5)`). The error names the line.
    pub fn parse(text: &str) -> Result<Hosts, String> {
        let mut hosts = Hosts::default();
        for (number, line) in (1..).zip(text.lines()) {
            let wrong = |what: &str| alloc::format!("line {number}: {what}");
            let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
            let Some(address) = words.next() else { continue };
            let address = address.parse().map_err(|_| wrong(&alloc::format!("{address:?} is no address")))?;
            for word in words {
                let name = Name::from_text(word);
                let name = name.ok_or_else(|| wrong(&alloc::format!("{word:?} is no name")))?;
                if !hosts.add(name, address) {
                    return Err(wrong(&alloc::format!("more than {MAX_ENTRIES} names")).to_string());
                }
            }
        }
        Ok(hosts)
    }

    /// The first name of an address. Linux: `gethostbyaddr` by `/etc/hosts`.
    pub(super) fn host(&self, address: IpAddr) -> Option<&Name> {
        self.entries.iter().find(|(_, known)| *known == address).map(|(name, _)| name)
    }

    /// The addresses of a name; none if it is not in the table.
    pub(super) fn addresses(&self, name: &Name) -> Vec<IpAddr> {
        self.entries.iter().filter(|(of, _)| of == name).map(|(_, address)| *address).collect()
    }
}
