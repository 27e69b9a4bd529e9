//! Which of a device's addresses stand for others: of the IPv4 ones of one network the first is the primary one, the
//! others go with it. Linux: `IFA_F_SECONDARY`.

use super::{Address, AddressKey, Interface};
use crate::wire::cidr::IpCidr;

impl Interface {
    /// The record of this address. One of IPv4 may be there several times, in different networks. Linux:
    /// `find_matching_ifa`, `ipv6_get_ifaddr`.
    pub fn record(&self, key: impl Into<AddressKey>) -> Option<&Address> {
        let key = key.into();
        self.addresses().iter().find(|address| address.is_at(key))
    }

    /// The primary address of an IPv4 network. Linux: `inet_ifa_byprefix`.
    pub(crate) fn primary_of(&self, network: IpCidr) -> Option<&Address> {
        let all = self.addresses().iter().filter(|address| !address.flags.secondary);
        all.filter(|address| address.cidr.is_ipv4()).find(|address| address.network() == network)
    }

    /// The addresses that go with the primary one of an IPv4 network.
    pub(crate) fn secondaries_of(&self, network: IpCidr) -> impl Iterator<Item = &Address> {
        let all = self.addresses().iter().filter(|address| address.flags.secondary);
        all.filter(move |address| address.network() == network)
    }
}

/// Where an address has its place among others. Of IPv4 the primary ones come first, those that mean more behind those
/// that mean less; of IPv6 those that mean more come first, and of these the newest. Linux: `__inet_insert_ifa`,
/// `ipv6_link_dev_addr`.
pub(super) fn place_of(address: &Address, all: &[Address]) -> usize {
    if address.cidr.is_ipv6() {
        let after = |other: &Address| other.cidr.is_ipv6() && address.scope <= other.scope;
        return all.iter().position(after).unwrap_or(all.len());
    }
    let before =
        |other: &Address| other.cidr.is_ipv4() && !other.flags.secondary && address.scope <= other.scope;
    if address.flags.secondary {
        return all.len();
    }
    let first = all.iter().position(|other| other.cidr.is_ipv4()).unwrap_or(all.len());
    all.iter().rposition(before).map_or(first, |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Instant;
    use alloc::format;
    use alloc::vec::Vec;
    use std::string::String;

    #[test]
    fn primary_addresses_stand_before_those_that_go_with_them() {
        let mut all: Vec<Address> = Vec::new();
        let rows = [
            ("10.0.0.1/24", false),
            ("fd00::1/64", false),
            ("10.0.0.2/24", true),
            ("10.1.0.1/16", false),
            ("169.254.0.1/16", false),
            ("fe80::1/64", false),
            ("10.0.0.3/24", true),
            ("fd00::2/64", false),
            ("10.2.0.1/16", false),
        ];
        for (cidr, secondary) in rows {
            let mut address = Address::new(cidr.parse().unwrap(), Instant::ZERO);
            address.flags.secondary = secondary;
            all.insert(place_of(&address, &all), address);
        }
        let of = |v6: bool| -> Vec<String> {
            let all = all.iter().filter(|address| address.cidr.is_ipv6() == v6);
            all.map(|address| format!("{}", address.ip())).collect()
        };
        let v4 = ["169.254.0.1", "10.0.0.1", "10.1.0.1", "10.2.0.1", "10.0.0.2", "10.0.0.3"];
        assert_eq!(
            (of(false), of(true)),
            (v4.map(String::from).to_vec(), ["fd00::2", "fd00::1", "fe80::1"].map(String::from).to_vec())
        );
    }
}
