//! A setting as it was told, and whose it is.

use crate::kernel::bindings::exports::wnet::stack::links::Link;
use std::collections::HashSet;

/// Longest name of a setting, in bytes.
pub(in crate::kernel) const LONGEST_NAME: usize = 256;

/// Longest value of a setting, in bytes, without the spaces around it. Linux: less than `PAGE_SIZE`.
pub(in crate::kernel) const LONGEST_VALUE: usize = 4095;

/// A setting with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// As it was told: the first of dots and slashes in it stands between its parts.
    pub(crate) name: String,
    /// Without spaces around it.
    pub(crate) value: String,
    /// The number of the device whose setting it is. A device may get another name.
    device: Option<u32>,
}

impl Setting {
    /// What was told just now.
    pub(crate) fn new(name: &str, value: &str) -> Self {
        Setting { name: name.to_owned(), value: value.trim().to_owned(), device: None }
    }

    /// Whether it may be one of a device's own.
    pub(super) fn is_of_a_device(&self) -> bool {
        device_part(&self.name).is_some()
    }

    /// With the number of its device, which is among `links`.
    pub(super) fn of(self, links: &[Link]) -> Self {
        let device = device_part(&self.name).map(|(_, name, _)| name);
        let link = device.and_then(|name| links.iter().find(|link| link.name == name));
        Setting { device: link.map(|link| link.index), ..self }
    }

    /// Under the name that its device has now; none: the device is gone.
    fn under(self, links: &[Link]) -> Option<Self> {
        let Some(number) = self.device else { return Some(self) };
        let link = links.iter().find(|link| link.index == number)?;
        let (before, _, behind) = device_part(&self.name)?;
        let device = link.name.replace('.', "/");
        Some(Setting { name: format!("{before}.{device}.{behind}"), ..self })
    }
}

/// Each setting once, with its last value and under the name that its device has now.
pub(super) fn condensed(told: impl DoubleEndedIterator<Item = Setting>, links: &[Link]) -> Vec<Setting> {
    let mut seen = HashSet::new();
    let mut last: Vec<_> = told
        .rev()
        .filter_map(|setting| setting.under(links))
        .filter(|setting| seen.insert(parts(&setting.name)))
        .collect();
    last.reverse();
    last
}

/// The parts of a name. procps: `slashdot`.
fn parts(name: &str) -> Vec<String> {
    let between = name.chars().find(|c| matches!(c, '.' | '/')).unwrap_or('.');
    let within = |part: &str| if between == '.' { part.replace('/', ".") } else { part.to_owned() };
    name.split(between).map(within).collect()
}

/// What stands before a device's name in the name of a setting of its own, with dots; that name; what stands behind it.
fn device_part(name: &str) -> Option<(String, String, String)> {
    match &parts(name)[..] {
        [net, version, table, device, leaf] if matches!(table.as_str(), "conf" | "neigh") => {
            Some((format!("{net}.{version}.{table}"), device.clone(), leaf.clone()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::bindings::exports::wnet::stack::links::{
        LinkFlags, LinkKind, LinkStatistics, OperationalState,
    };

    fn link(index: u32, name: &str) -> Link {
        let none = LinkStatistics {
            rx_packets: 0,
            rx_bytes: 0,
            rx_errors: 0,
            rx_dropped: 0,
            rx_missed: 0,
            rx_multicast: 0,
            tx_packets: 0,
            tx_bytes: 0,
            tx_errors: 0,
            tx_dropped: 0,
            tx_carrier: 0,
            collisions: 0,
        };
        Link {
            index,
            name: name.into(),
            kind: LinkKind::Dummy,
            flags: LinkFlags::empty(),
            mtu: 1500,
            min_mtu: 0,
            max_mtu: 0,
            qdisc: "noop".into(),
            queue_length: 1000,
            operational_state: OperationalState::Down,
            address: vec![0; 6],
            broadcast: vec![0xff; 6],
            parent: None,
            vlan_id: None,
            statistics: none,
        }
    }

    fn kept(told: &[Setting], links: &[Link]) -> Vec<String> {
        let kept = condensed(told.iter().cloned(), links).into_iter();
        kept.map(|setting| format!("{}={}", setting.name, setting.value)).collect()
    }

    #[test]
    fn a_setting_is_kept_once_whatever_stands_between_its_parts() {
        let told = [Setting::new("a.b", "1"), Setting::new("c.d", " 2\n"), Setting::new("a/b", "3")];
        assert_eq!(kept(&told, &[]), ["c.d=2", "a/b=3"]);
    }

    #[test]
    fn a_setting_follows_the_name_of_its_device() {
        let before = [link(4, "white"), link(5, "eth0.7"), link(6, "red")];
        let told = [
            "net.ipv4.conf.white.rp_filter",
            "net/ipv4/conf/eth0.7/rp_filter",
            "net.ipv6.neigh.red.mcast_solicit",
            "net.ipv4.conf.all.rp_filter",
        ]
        .map(|name| Setting::new(name, "1").of(&before));
        let now = [link(4, "green"), link(5, "eth0.8")];
        assert_eq!(
            kept(&told, &now),
            [
                "net.ipv4.conf.green.rp_filter=1",
                "net.ipv4.conf.eth0/8.rp_filter=1",
                "net.ipv4.conf.all.rp_filter=1"
            ],
            "red is gone"
        );
        let again = [&told[..1], &[Setting::new("net.ipv4.conf.green.rp_filter", "2").of(&now)]].concat();
        assert_eq!(kept(&again, &now), ["net.ipv4.conf.green.rp_filter=2"], "it is the same setting");
    }
}
