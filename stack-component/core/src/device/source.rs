//! Which of our addresses a packet comes from.

use super::{Address, Interface, Interfaces};
use crate::ip::v6::source::{self, Candidate};
use crate::packet::DeviceIndex;
use crate::route::Scope;
use crate::sysctl::Sysctl;
use crate::wire::address::needs_scope;
use core::net::{IpAddr, Ipv6Addr};

impl Interfaces {
    /// The address that a packet to `destination` comes from when it leaves by `device`: with IPv4 one of the network
    /// of the `neighbour` that it is handed to, by a route of this scope, with IPv6 as RFC 6724 has it. Linux: `inet_select_addr`,
    /// `ipv6_dev_get_saddr`.
    pub fn source_for(
        &self,
        sysctl: &Sysctl,
        device: DeviceIndex,
        (neighbour, scope): (IpAddr, Scope),
        destination: IpAddr,
    ) -> Option<IpAddr> {
        match destination {
            IpAddr::V4(_) => self.get(device)?.source_for(neighbour, scope),
            IpAddr::V6(to) => self.source_v6(sysctl, device, to).map(IpAddr::V6),
        }
    }

    fn source_v6(&self, sysctl: &Sysctl, device: DeviceIndex, destination: Ipv6Addr) -> Option<Ipv6Addr> {
        let conf = sysctl.ipv6.of(device.0);
        let of_device_only = needs_scope(destination.into()) || conf.use_oif_addrs_only;
        let considered = |interface: &&Interface| !of_device_only || interface.index() == device;
        let candidates = self.iter().filter(considered).flat_map(|interface| {
            let of_device = interface.index() == device;
            let usable = interface.addresses().iter().filter(|address| address.is_usable());
            usable.filter_map(move |address| candidate(address, of_device, conf.use_optimistic))
        });
        source::select(destination, candidates, conf.use_tempaddr >= 2)
    }
}

fn candidate(address: &Address, of_device: bool, use_optimistic: bool) -> Option<Candidate> {
    Some(Candidate {
        // From ::1 nothing goes anywhere, and what goes to it comes from it without being asked.
        address: address.v6().filter(|address| !address.is_loopback())?,
        prefix_len: address.cidr.prefix_len(),
        deprecated: address.is_deprecated() || (address.is_optimistic() && !use_optimistic),
        optimistic: address.is_optimistic(),
        temporary: address.flags.temporary,
        of_device,
    })
}
