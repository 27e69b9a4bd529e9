//! Whom names are asked of, and in which domains they are searched. Linux leaves that to programs such as
//! systemd-resolved; here is what they would be told.

use super::Stack;
use crate::packet::DeviceIndex;
use crate::time::Instant;
use alloc::string::String;
use core::net::IpAddr;

/// Who told of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A router's advertisement (RFC 8106).
    Router,
    /// A server of DHCP (RFC 2132, RFC 3397).
    Dhcp,
    /// A server of DHCPv6 (RFC 3646).
    Dhcp6,
}

/// Something that was learnt of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learnt<T> {
    /// What it is.
    pub what: T,
    /// The link's device, over which addresses of the link are reached.
    pub device: DeviceIndex,
    /// Who told of it.
    pub origin: Origin,
    /// Until when it may be used; none: until something else is told.
    pub expires: Option<Instant>,
}

impl Stack {
    /// The resolvers that routers and servers of DHCPv6 and DHCP told of and that may be asked at `now`, the first to be
    /// asked first.
    pub fn resolvers(&self, now: Instant) -> impl Iterator<Item = Learnt<IpAddr>> {
        let of_routers = self.autoconf.iter().flat_map(move |(device, state)| {
            state.resolvers.at(now).map(move |told| of_router(device, told.what.into(), told.expires))
        });
        let of_servers_v6 = self.inquiries.answers().flat_map(|(device, answer)| {
            answer.resolvers.iter().map(move |&address| of_dhcp6(device, address.into()))
        });
        let of_servers = self.dhcp.held().flat_map(|(device, lease, expires)| {
            lease.name_servers.iter().map(move |&address| of_dhcp(device, address.into(), expires))
        });
        of_routers.chain(of_servers_v6).chain(of_servers)
    }

    /// The domains that names are searched in, as the same told, the first to be searched first.
    pub fn search_domains(&self, now: Instant) -> impl Iterator<Item = Learnt<String>> {
        let of_routers = self.autoconf.iter().flat_map(move |(device, state)| {
            state.domains.at(now).map(move |told| of_router(device, told.what.clone(), told.expires))
        });
        let of_servers_v6 = self.inquiries.answers().flat_map(|(device, answer)| {
            answer.domains.iter().cloned().map(move |name| of_dhcp6(device, name))
        });
        let of_servers = self.dhcp.held().flat_map(|(device, lease, expires)| {
            lease.domains.iter().cloned().map(move |name| of_dhcp(device, name, expires))
        });
        of_routers.chain(of_servers_v6).chain(of_servers)
    }
}

fn of_router<T>(device: DeviceIndex, what: T, expires: Option<Instant>) -> Learnt<T> {
    Learnt { what, device, origin: Origin::Router, expires }
}

/// It holds until another answer comes (RFC 8415 section 21.23).
fn of_dhcp6<T>(device: DeviceIndex, what: T) -> Learnt<T> {
    Learnt { what, device, origin: Origin::Dhcp6, expires: None }
}

fn of_dhcp<T>(device: DeviceIndex, what: T, expires: Option<Instant>) -> Learnt<T> {
    Learnt { what, device, origin: Origin::Dhcp, expires }
}
