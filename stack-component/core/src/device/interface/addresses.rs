//! The addresses of an interface. Linux: `struct in_device`, `struct inet6_dev`.

use super::Interface;
use crate::device::primary::place_of;
use crate::device::{Address, AddressKey, AddressScope, AddressState};
use crate::journal::Event;
use crate::route::Scope;
use crate::wire::cidr::IpCidr;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

impl Interface {
    /// Its addresses in the order in which they are considered; the first IPv4 one is the primary one.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// Its addresses, to be changed.
    pub(crate) fn addresses_mut(&mut self) -> &mut [Address] {
        if self.journal.is_heard() && self.before.is_none() {
            self.before = Some(self.addresses.clone());
        }
        &mut self.addresses
    }

    /// The record of one of its addresses; of several that differ in their networks the first.
    pub fn address(&self, ip: IpAddr) -> Option<&Address> {
        self.addresses.iter().find(|address| address.ip() == ip)
    }

    /// Gives it one more address; an IPv4 one is announced when the link is up.
    pub(crate) fn add_address(&mut self, address: Address) {
        self.addresses.insert(place_of(&address, &self.addresses), address);
        // One that the stack makes itself is told of when it is ours. Linux: `inet6_addr_add`, `addrconf_dad_begin`.
        let by_hand = !address.flags.dynamic && address.scope == AddressScope::GLOBAL;
        if by_hand || address.state != AddressState::Tentative {
            self.journal.note(Event::New, || address);
        }
        if let IpAddr::V4(ip) = address.ip()
            && !self.is_loopback()
            && !ip.is_loopback()
        {
            self.announcements.push(ip);
        }
    }

    /// Takes an address away, if it has it.
    pub(crate) fn remove_address(&mut self, key: AddressKey) -> Option<Address> {
        let place = self.addresses.iter().position(|address| address.is_at(key))?;
        let address = self.addresses.remove(place);
        if self.address(address.ip()).is_none() {
            self.announcements.retain(|announced| IpAddr::V4(*announced) != address.ip());
        }
        self.journal.note(Event::Gone, || address);
        Some(address)
    }

    /// Lets an address be the primary one of its network. Linux: `__inet_del_ifa`.
    pub(crate) fn promote(&mut self, key: AddressKey) {
        let Some(place) = self.addresses.iter().position(|address| address.is_at(key)) else { return };
        let mut address = self.addresses.remove(place);
        address.flags.secondary = false;
        self.addresses.insert(place_of(&address, &self.addresses), address);
        self.journal.note(Event::New, || address);
    }

    /// Its address that means something on its link alone, once it may be used. Linux: `ipv6_get_lladdr`.
    pub fn link_local(&self) -> Option<Ipv6Addr> {
        let usable = self.addresses.iter().filter(|address| address.is_usable());
        usable.filter_map(Address::v6).find(Ipv6Addr::is_unicast_link_local)
    }

    /// Lets all its IPv4 addresses be announced, for the first time or once more. Linux: `arp_notify`.
    pub(crate) fn announce_all(&mut self) {
        if self.is_loopback() {
            return;
        }
        let all = self.addresses.iter().filter_map(|address| match address.ip() {
            IpAddr::V4(ip) => Some(ip),
            IpAddr::V6(_) => None,
        });
        self.announcements = all.collect();
    }

    /// The addresses still to be announced, handed out once, when the link is up.
    pub(crate) fn take_announcements(&mut self) -> Vec<Ipv4Addr> {
        if self.link_up() { core::mem::take(&mut self.announcements) } else { Vec::new() }
    }

    /// The IPv4 address to ask with for `neighbour`: one of the same network, or the primary one, that means something as
    /// far as the way goes. Linux: `inet_select_addr`.
    pub(in crate::device) fn source_for(&self, neighbour: IpAddr, scope: Scope) -> Option<IpAddr> {
        // What means something here alone may be told on the link. Linux: `localnet_scope`.
        let reaches = |address: &&Address| address.scope.min(AddressScope::HOST) <= AddressScope(scope as u8);
        let mut usable = self.addresses.iter().filter(|a| a.cidr.is_ipv4() && a.is_usable()).filter(reaches);
        let near = usable.clone().find(|address| address.network().contains(neighbour));
        near.or_else(|| usable.next()).map(Address::ip)
    }

    /// Whether `address` is in a network of this link.
    pub fn is_on_link(&self, address: Ipv4Addr) -> bool {
        self.addresses.iter().any(|ours| ours.network().contains(address.into()))
    }

    /// Whether two addresses are in one network of this link. Linux: `inet_addr_onlink`.
    pub fn has_both_on_link(&self, one: Ipv4Addr, other: Ipv4Addr) -> bool {
        let has = |network: IpCidr| network.contains(one.into()) && network.contains(other.into());
        self.addresses.iter().any(|ours| has(ours.network()))
    }
}
