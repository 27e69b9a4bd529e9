//! Names that are known without asking. Linux: `/etc/hosts`.

use crate::wire::dns::Name;
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

    /// A table of these, each a name and an address.
    #[cfg(test)]
    pub(crate) fn of(entries: &[(&str, &str)]) -> Hosts {
        let entry =
            |(name, address): &(&str, &str)| (Name::from_text(name).unwrap(), address.parse().unwrap());
        Hosts { entries: entries.iter().map(entry).collect() }
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
