//! The settings of devices: which tables there are, under which names, and what follows when one changes.

use super::name::swapped;
use super::per_device::{Inheritance, PerDevice, Table, Whose};
use super::{Ipv4Conf, Ipv6Conf, NeighbourConf, Sysctl};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The number of the loopback device.
const LOOPBACK: u32 = 1;

const IPV4_CONF: &str = "net.ipv4.conf.";
const IPV6_CONF: &str = "net.ipv6.conf.";
const ARP: &str = "net.ipv4.neigh.";
const ND: &str = "net.ipv6.neigh.";

/// Linux: `ipv4_devconf`, `ipv4_devconf_dflt`.
pub(super) fn conf4() -> PerDevice<Ipv4Conf> {
    let all = Ipv4Conf { accept_source_route: false, ..Ipv4Conf::default() };
    let mut conf = PerDevice::new(all, Ipv4Conf::default(), Inheritance::UntilSet);
    conf.add(LOOPBACK);
    conf
}

/// Linux: `ipv6_devconf`, `ipv6_devconf_dflt`, and `ipv6_add_dev` for what is special to loopback.
pub(super) fn conf6() -> PerDevice<Ipv6Conf> {
    let all = Ipv6Conf { accept_dad: 0, ..Ipv6Conf::default() };
    let mut conf = PerDevice::new(all, Ipv6Conf::default(), Inheritance::AtCreation);
    conf.add(LOOPBACK);
    let loopback = conf.of_mut(LOOPBACK);
    loopback.accept_dad = -1;
    loopback.use_tempaddr = -1;
    loopback.mtu = 65_536;
    conf
}

/// Linux: `arp_tbl.parms`.
pub(super) fn neighbours4() -> PerDevice<NeighbourConf> {
    neighbours(NeighbourConf::default())
}

/// Linux: `nd_tbl.parms`.
pub(super) fn neighbours6() -> PerDevice<NeighbourConf> {
    neighbours(NeighbourConf { locktime: 0, ..NeighbourConf::default() })
}

fn neighbours(default: NeighbourConf) -> PerDevice<NeighbourConf> {
    let mut conf = PerDevice::new(default.clone(), default, Inheritance::UntilSet);
    conf.add(LOOPBACK);
    conf
}

/// The devices' names by their numbers.
#[derive(Clone, Debug)]
pub struct Names(BTreeMap<u32, String>);

impl Default for Names {
    fn default() -> Self {
        Names([(LOOPBACK, String::from("lo"))].into())
    }
}

impl Names {
    /// Who `word` means in the name of a setting. There is no `all` for neighbours.
    fn whose(&self, prefix: &str, word: &str) -> Option<Whose> {
        match word {
            "all" if prefix == ARP || prefix == ND => None,
            "all" => Some(Whose::All),
            "default" => Some(Whose::Default),
            word => {
                let name = swapped(word);
                self.0.iter().find(|(_, known)| **known == name).map(|(device, _)| Whose::Device(*device))
            }
        }
    }

    /// Everybody who has a value in a table, and how the name says it.
    fn everybody(&self, prefix: &'static str) -> impl Iterator<Item = (Whose, String)> {
        let fixed = [(Whose::All, "all"), (Whose::Default, "default")];
        let fixed =
            fixed.into_iter().filter_map(move |(_, word)| Some((self.whose(prefix, word)?, word.into())));
        fixed.chain(self.0.iter().map(|(device, name)| (Whose::Device(*device), swapped(name))))
    }
}

impl Sysctl {
    /// A device came: its settings are those for new devices. Linux: `inetdev_init`, `ipv6_add_dev`.
    pub fn add_device(&mut self, device: u32, name: &str) {
        self.names.0.insert(device, name.into());
        for (_, table) in self.tables_mut() {
            table.add(device);
        }
    }

    /// A device has another name now.
    pub fn rename_device(&mut self, device: u32, name: &str) {
        self.names.0.insert(device, name.into());
    }

    /// A device went, and its settings with it.
    pub fn remove_device(&mut self, device: u32) {
        self.names.0.remove(&device);
        for (_, table) in self.tables_mut() {
            table.remove(device);
        }
    }

    fn tables(&self) -> [(&'static str, &dyn Table); 4] {
        [(IPV4_CONF, &self.ipv4), (IPV6_CONF, &self.ipv6), (ARP, &self.arp), (ND, &self.nd)]
    }

    fn tables_mut(&mut self) -> [(&'static str, &mut dyn Table); 4] {
        [(IPV4_CONF, &mut self.ipv4), (IPV6_CONF, &mut self.ipv6), (ARP, &mut self.arp), (ND, &mut self.nd)]
    }

    /// All settings of devices.
    pub(super) fn devices_settings(&self) -> Vec<(String, String)> {
        let mut all = Vec::new();
        for (prefix, table) in self.tables() {
            for (whose, word) in self.names.everybody(prefix) {
                let values = table.leaves().iter().filter_map(|leaf| Some((leaf, table.read(whose, leaf)?)));
                all.extend(values.map(|(leaf, value)| (format!("{prefix}{word}.{leaf}"), value)));
            }
        }
        all
    }

    /// The setting of a device by its name with dots.
    pub(super) fn read_device(&self, name: &str) -> Option<String> {
        let (prefix, whose, leaf) = self.parse(name)?;
        self.tables().into_iter().find(|(known, _)| *known == prefix)?.1.read(whose, leaf)
    }

    /// Sets the setting of a device, and what follows.
    pub(super) fn write_device(&mut self, name: &str, value: &str) -> Option<Result<(), &'static str>> {
        let (prefix, whose, leaf) = self.parse(name)?;
        let forwarded = self.ipv4.all.forwarding;
        let table = self.tables_mut().into_iter().find(|(known, _)| *known == prefix)?.1;
        let written = table.write(whose, leaf, value)?;
        if written.is_ok() && prefix == IPV6_CONF && leaf == "stable_secret" {
            self.use_secret(whose);
        }
        if written.is_ok() && whose == Whose::All {
            self.follow(prefix, leaf, forwarded);
        }
        Some(written)
    }

    /// The parts of a setting's name: its table, whose it is, and what.
    fn parse<'a>(&self, name: &'a str) -> Option<(&'static str, Whose, &'a str)> {
        let (prefix, rest) =
            [IPV4_CONF, IPV6_CONF, ARP, ND].into_iter().find_map(|p| Some((p, name.strip_prefix(p)?)))?;
        let (word, leaf) = rest.split_once('.')?;
        Some((prefix, self.names.whose(prefix, word)?, leaf))
    }

    /// Who has a secret uses it. Linux: `addrconf_sysctl_stable_secret`.
    fn use_secret(&mut self, whose: Whose) {
        /// Linux: `IN6_ADDR_GEN_MODE_STABLE_PRIVACY`.
        const STABLE: u32 = 2;
        match whose {
            Whose::Device(device) => self.ipv6.of_mut(device).addr_gen_mode = STABLE,
            Whose::Default => self.ipv6.everyone().for_each(|conf| conf.addr_gen_mode = STABLE),
            Whose::All => {}
        }
    }

    /// A value for all devices changed, and some are written to each. Linux: `inet_forward_change`,
    /// `addrconf_forward_change`, `addrconf_disable_change`.
    fn follow(&mut self, prefix: &str, leaf: &str, forwarded: bool) {
        match (prefix, leaf) {
            (IPV4_CONF, "forwarding") if self.ipv4.all.forwarding != forwarded => {
                let on = self.ipv4.all.forwarding;
                self.ipv4.all.accept_redirects = !on;
                self.ipv4.everyone().for_each(|conf| conf.forwarding = on);
            }
            (IPV6_CONF, "forwarding") => {
                let on = self.ipv6.all.forwarding;
                self.ipv6.everyone().for_each(|conf| conf.forwarding = on);
            }
            (IPV6_CONF, "disable_ipv6") => {
                let on = self.ipv6.all.disable_ipv6;
                self.ipv6.everyone().for_each(|conf| conf.disable_ipv6 = on);
            }
            _ => {}
        }
    }
}
