//! The groups that a stack listens to. Linux: `/proc/net/igmp`, `/proc/net/igmp6`, `/proc/net/dev_mcast`.

use super::super::Stack;
use crate::ethernet::{multicast_mac, multicast_mac_v6};
use crate::multicast::Membership;
use crate::packet::DeviceIndex;
use crate::wire::ethernet::MacAddress;
use crate::wire::ipv6::{multicast_scope, scope_of_group};
use alloc::collections::BTreeMap;
use core::net::IpAddr;

/// A group of stations that a device listens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkMembership {
    /// The device.
    pub device: DeviceIndex,
    /// The group.
    pub station: MacAddress,
    /// How many IP groups are mapped to it.
    pub users: u32,
}

impl Stack {
    /// Every group that somebody here listens to, the stack itself included, by device. Linux: `ip maddress`.
    pub fn memberships(&self) -> impl Iterator<Item = Membership> {
        self.groups.memberships()
    }

    /// The stations' groups that these are mapped to. Linux: the lines `link` of `ip maddress`.
    pub fn link_memberships(&self) -> impl Iterator<Item = LinkMembership> {
        let mut users: BTreeMap<(DeviceIndex, [u8; 6]), u32> = BTreeMap::new();
        let on_wire = self.memberships().filter(|membership| membership.device != DeviceIndex::LOOPBACK);
        for (device, station) in on_wire.filter_map(|one| Some((one.device, station(one.group)?))) {
            *users.entry((device, station.0)).or_default() += 1;
        }
        users.into_iter().map(|((device, station), users)| LinkMembership {
            device,
            station: MacAddress(station),
            users,
        })
    }
}

/// The stations of a group; none of one that stays on an interface. Linux: `ip_eth_mc_map`, `ndisc_mc_map`.
fn station(group: IpAddr) -> Option<MacAddress> {
    match group {
        IpAddr::V4(group) => Some(multicast_mac(group)),
        IpAddr::V6(group) => scope_of_group(group)
            .is_some_and(|scope| scope > multicast_scope::INTERFACE)
            .then(|| multicast_mac_v6(group)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::multicast::{Filter, GroupChange};
    use crate::random::SeededRandom;
    use crate::stack::SocketHandle;
    use crate::time::Instant;
    use alloc::boxed::Box;
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    fn groups(stack: &Stack, device: DeviceIndex) -> Vec<(String, u32)> {
        let of_device = stack.memberships().filter(|membership| membership.device == device);
        of_device.map(|membership| (membership.group.to_string(), membership.users)).collect()
    }

    fn expected(rows: &[(&str, u32)]) -> Vec<(String, u32)> {
        rows.iter().map(|&(group, users)| (group.into(), users)).collect()
    }

    #[test]
    fn what_every_host_and_every_router_listens_to() {
        let mut stack = Stack::new(Box::new(SeededRandom::new(1)));
        let dummy = stack.add_dummy("dummy0").unwrap();
        let of_hosts = [("224.0.0.1", 1), ("ff01::1", 1), ("ff02::1", 1)];
        assert_eq!(groups(&stack, DeviceIndex::LOOPBACK), expected(&of_hosts));
        assert_eq!(groups(&stack, dummy), expected(&of_hosts));
        stack.set_sysctl("net.ipv6.conf.all.forwarding", "1").unwrap();
        let of_routers = [
            ("224.0.0.1", 1),
            ("ff01::1", 1),
            ("ff01::2", 1),
            ("ff02::1", 1),
            ("ff02::2", 1),
            ("ff05::2", 1),
        ];
        assert_eq!(groups(&stack, dummy), expected(&of_routers));
        stack.set_sysctl("net.ipv6.conf.all.forwarding", "0").unwrap();
        assert_eq!(groups(&stack, dummy), expected(&of_hosts));
        stack.delete_device(dummy).unwrap();
        assert_eq!(groups(&stack, dummy), []);
    }

    #[test]
    fn stations_hear_for_several_groups() {
        let mut stack = Stack::new(Box::new(SeededRandom::new(1)));
        let dummy = stack.add_dummy("dummy0").unwrap();
        for group in ["239.1.2.3", "239.129.2.3", "239.1.2.3"] {
            let socket = SocketHandle::Udp(stack.udp_open().unwrap());
            let group = group.parse().unwrap();
            stack
                .change_group(socket, Some(dummy), group, GroupChange::Join(Filter::EVERYBODY), Instant::ZERO)
                .unwrap();
        }
        assert!(groups(&stack, dummy).contains(&("239.1.2.3".into(), 2)));
        let stations: Vec<_> = stack.link_memberships().map(|one| (one.station.0, one.users)).collect();
        let expected =
            [([1, 0, 0x5e, 0, 0, 1], 1), ([1, 0, 0x5e, 1, 2, 3], 2), ([0x33, 0x33, 0, 0, 0, 1], 1)];
        assert_eq!(stations, expected);
    }
}
