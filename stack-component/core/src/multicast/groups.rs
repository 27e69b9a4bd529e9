//! All memberships of all sockets and of the stack itself, and the links they are on.

use super::link::Link;
use super::settings::{Language, Settings};
use super::{Filter, Query, Report};
use crate::packet::DeviceIndex;
use crate::random::Random;
use crate::sysctl::Sysctl;
use crate::time::Instant;
use crate::wire::{igmp, ipv6};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv6Addr};

/// Most IPv6 groups of one socket: what Linux's `net.core.optmem_max` of 20480 bytes has room for.
pub const MAX_MEMBERSHIPS_V6: usize = 320;

/// What every host listens to on every device. Linux: `ip_mc_init_dev`, `ipv6_add_dev`.
const OF_HOSTS: [IpAddr; 3] =
    [IpAddr::V4(igmp::ALL_HOSTS), IpAddr::V6(ipv6::ALL_NODES), IpAddr::V6(routers_or_nodes(1, 1))];

/// What a router does, too. Linux: `dev_forward_change`.
const OF_ROUTERS: [IpAddr; 3] =
    [IpAddr::V6(ipv6::ALL_ROUTERS), IpAddr::V6(routers_or_nodes(1, 2)), IpAddr::V6(routers_or_nodes(5, 2))];

/// All nodes (1) or all routers (2) of a scope (RFC 4291 section 2.7.1).
const fn routers_or_nodes(scope: u16, last: u16) -> Ipv6Addr {
    Ipv6Addr::new(0xff00 | scope, 0, 0, 0, 0, 0, 0, last)
}

/// Who listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Member {
    /// The stack, because it has the device.
    Device,
    /// The stack, because it has this address: whoever looks for it asks the group.
    Address(Ipv6Addr),
    /// The stack, because it answers for this address of another.
    Proxy(Ipv6Addr),
    /// The UDP socket of this number.
    Udp(u64),
    /// The raw socket of this number.
    Raw(u64),
}

impl Member {
    fn is_socket(self) -> bool {
        matches!(self, Member::Udp(_) | Member::Raw(_))
    }
}

/// Why a group was not joined or left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupError {
    /// The address is no group's, the sources are of the other version of IP, or the list of sources means something
    /// else. Linux: `EINVAL`.
    Invalid,
    /// There is no such device, or no way to the group. Linux: `ENODEV`.
    NoDevice,
    /// The member has joined it already. Linux: `EADDRINUSE`.
    Joined,
    /// The member has not joined it, or the source is not on its list, or is already. Linux: `EADDRNOTAVAIL`.
    NotJoined,
    /// The member has very many groups already, or names very many sources. Linux: `ENOBUFS`.
    TooMany,
    /// The socket is closed, or is one of TCP, which has no use for groups. Linux: `EBADF`, `EPROTO`.
    NoSocket,
}

/// A group that is listened to on a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The device.
    pub device: DeviceIndex,
    /// The group.
    pub group: IpAddr,
    /// How many listen: sockets, and the stack itself. Linux: `users`.
    pub users: u32,
    /// Whose packets are wanted by them together.
    pub filter: Filter,
}

/// How much a socket may ask for.
#[derive(Clone, Copy, Debug, Default)]
struct Limits {
    memberships: usize,
    sources: usize,
}

/// What is listened to.
#[derive(Debug, Default)]
pub struct Groups {
    links: BTreeMap<(DeviceIndex, Language), Link>,
    /// By link, group and member.
    members: BTreeMap<(DeviceIndex, IpAddr, Member), Filter>,
    of_member: BTreeMap<(Member, Language), BTreeSet<(DeviceIndex, IpAddr)>>,
    limits: [Limits; 2],
    /// Not later than when [`Groups::run`] has something to do.
    deadline: Option<Instant>,
}

impl Groups {
    /// A device came, which listens to what every host does. Linux: `ip_mc_init_dev`, `ipv6_mc_init_dev`.
    pub fn add_device(&mut self, device: DeviceIndex, sysctl: &Sysctl, now: Instant) {
        for (language, up) in [(Language::Igmp, true), (Language::Mld, false)] {
            self.links.insert((device, language), Link::new(Settings::of(sysctl, device, language), up));
        }
        for group in OF_HOSTS {
            // Nobody else has joined on a new device.
            let _ = self.join(Member::Device, device, group, Filter::EVERYBODY, now);
        }
        self.configure(sysctl, now);
    }

    /// A device went. Linux: `ip_mc_destroy_dev`, `ipv6_mc_destroy_dev`.
    pub fn remove_device(&mut self, device: DeviceIndex) {
        self.links.retain(|(other, _), _| *other != device);
        self.members.retain(|(other, _, _), _| *other != device);
        self.of_member.retain(|_, joined| {
            joined.retain(|(other, _)| *other != device);
            !joined.is_empty()
        });
    }

    /// The settings have changed: a router listens to all routers.
    pub fn configure(&mut self, sysctl: &Sysctl, now: Instant) {
        let limits = |memberships, sources: u32| Limits { memberships, sources: sources as usize };
        self.limits = [
            limits(sysctl.igmp_max_memberships as usize, sysctl.igmp_max_msf),
            limits(MAX_MEMBERSHIPS_V6, sysctl.mld_max_msf),
        ];
        for (&(device, language), link) in &mut self.links {
            link.querier.configure(Settings::of(sysctl, device, language));
        }
        let devices: Vec<DeviceIndex> = self.links.keys().map(|(device, _)| *device).collect();
        for device in devices.into_iter().filter(|device| *device != DeviceIndex::LOOPBACK) {
            for group in OF_ROUTERS {
                // Whoever has joined, or left, need not do it again.
                let _ = match sysctl.ipv6.of(device.0).forwarding {
                    true => self.join(Member::Device, device, group, Filter::EVERYBODY, now),
                    false => self.leave(Member::Device, device, group, now),
                };
            }
        }
    }

    /// Lets a member listen to a group on a link. Linux: `ip_mc_join_group`, `ipv6_sock_mc_join`.
    pub fn join(
        &mut self,
        member: Member,
        device: DeviceIndex,
        group: IpAddr,
        filter: Filter,
        now: Instant,
    ) -> Result<(), GroupError> {
        if !group.is_multicast() {
            return Err(GroupError::Invalid);
        }
        if !self.links.contains_key(&(device, Language::of(group))) {
            return Err(GroupError::NoDevice);
        }
        if self.members.contains_key(&(device, group, member)) {
            return Err(GroupError::Joined);
        }
        let place = (member, Language::of(group));
        let count = self.of_member.get(&place).map_or(0, BTreeSet::len);
        if member.is_socket() && count >= self.limits(group).memberships {
            return Err(GroupError::TooMany);
        }
        self.check(group, &filter)?;
        self.members.insert((device, group, member), filter);
        self.of_member.entry(place).or_default().insert((device, group));
        self.update(device, group, now);
        Ok(())
    }

    fn limits(&self, group: IpAddr) -> Limits {
        let [v4, v6] = self.limits;
        if group.is_ipv4() { v4 } else { v6 }
    }

    fn check(&self, group: IpAddr, filter: &Filter) -> Result<(), GroupError> {
        if filter.sources.iter().any(|source| source.is_ipv4() != group.is_ipv4()) {
            return Err(GroupError::Invalid);
        }
        if filter.sources.len() > self.limits(group).sources {
            return Err(GroupError::TooMany);
        }
        Ok(())
    }

    /// Changes whose packets a member wants; to want nobody's is to leave. Linux: `ip_mc_msfilter`,
    /// `ip6_mc_msfilter`.
    pub fn set_filter(
        &mut self,
        member: Member,
        device: DeviceIndex,
        group: IpAddr,
        filter: Filter,
        now: Instant,
    ) -> Result<(), GroupError> {
        self.check(group, &filter)?;
        if filter.is_nobody() {
            return self.leave(member, device, group, now);
        }
        *self.members.get_mut(&(device, group, member)).ok_or(GroupError::NotJoined)? = filter;
        self.update(device, group, now);
        Ok(())
    }

    /// Lets a member listen no more. Linux: `ip_mc_leave_group`, `ipv6_sock_mc_drop`.
    pub fn leave(
        &mut self,
        member: Member,
        device: DeviceIndex,
        group: IpAddr,
        now: Instant,
    ) -> Result<(), GroupError> {
        self.members.remove(&(device, group, member)).ok_or(GroupError::NotJoined)?;
        let place = (member, Language::of(group));
        if let Some(joined) = self.of_member.get_mut(&place) {
            joined.remove(&(device, group));
            if joined.is_empty() {
                self.of_member.remove(&place);
            }
        }
        self.update(device, group, now);
        Ok(())
    }

    /// A member is gone, and listens to nothing; whether it did before. Linux: `ip_mc_drop_socket`,
    /// `ipv6_sock_mc_close`.
    pub fn forget(&mut self, member: Member, now: Instant) -> bool {
        let joined = [Language::Igmp, Language::Mld]
            .map(|language| self.of_member.remove(&(member, language)).unwrap_or_default());
        if joined.iter().all(BTreeSet::is_empty) {
            return false;
        }
        for (device, group) in joined.into_iter().flatten() {
            self.members.remove(&(device, group, member));
            self.update(device, group, now);
        }
        true
    }

    fn of_group(&self, device: DeviceIndex, group: IpAddr) -> impl Iterator<Item = &Filter> + Clone {
        let all = (device, group, Member::Device)..=(device, group, Member::Raw(u64::MAX));
        self.members.range(all).map(|(_, filter)| filter)
    }

    fn update(&mut self, device: DeviceIndex, group: IpAddr, now: Instant) {
        let filter = Filter::of_all(self.of_group(device, group));
        self.with_link(device, Language::of(group), |link| link.set(group, filter, now));
    }

    /// Lets a link be changed, and minds when it wants to be heard.
    fn with_link(&mut self, device: DeviceIndex, language: Language, change: impl FnOnce(&mut Link)) {
        if let Some(link) = self.links.get_mut(&(device, language)) {
            change(link);
            let next = link.next_deadline();
            self.deadline = self.deadline.into_iter().chain(next).min();
        }
    }

    /// A link came up, or its host got the address that reports come from: all is told. Linux: `ip_mc_up`,
    /// `ipv6_mc_up`, `ipv6_mc_dad_complete`.
    pub fn link_up(&mut self, device: DeviceIndex, language: Language, now: Instant) {
        self.with_link(device, language, |link| link.go_up(now));
    }

    /// A link went down. Linux: `ip_mc_down`, `ipv6_mc_down`.
    pub fn link_down(&mut self, device: DeviceIndex, language: Language) {
        self.with_link(device, language, Link::go_down);
    }

    /// Whether a packet to a group that came by a device is wanted by anybody. Linux: `ip_check_mc_rcu`,
    /// `ipv6_chk_mcast_addr`.
    pub fn hears(&self, device: DeviceIndex, group: IpAddr, source: IpAddr) -> bool {
        self.links.get(&(device, Language::of(group))).is_some_and(|link| link.filter(group).allows(source))
    }

    /// Whether anybody listens to a group, to whomever.
    pub fn has_joined(&self, device: DeviceIndex, group: IpAddr) -> bool {
        self.links.get(&(device, Language::of(group))).is_some_and(|link| !link.filter(group).is_nobody())
    }

    /// Whether a member wants a packet; `otherwise` is what counts for one that has not joined. Linux:
    /// `ip_mc_sf_allow`, `inet6_mc_check`.
    pub fn allows(
        &self,
        member: Member,
        (device, group, source): (DeviceIndex, IpAddr, IpAddr),
        otherwise: bool,
    ) -> bool {
        self.member_filter(member, device, group).map_or(otherwise, |filter| filter.allows(source))
    }

    /// What a member wants of a group; none: it has not joined.
    pub fn member_filter(&self, member: Member, device: DeviceIndex, group: IpAddr) -> Option<&Filter> {
        self.members.get(&(device, group, member))
    }

    /// The devices on which a member has joined a group.
    pub fn devices_of(&self, member: Member, group: IpAddr) -> impl Iterator<Item = DeviceIndex> {
        let joined = self.of_member.get(&(member, Language::of(group))).into_iter().flatten();
        joined.filter(move |(_, other)| *other == group).map(|(device, _)| *device)
    }

    /// Every group that is listened to, by device. Linux: `/proc/net/igmp`, `/proc/net/igmp6`.
    pub fn memberships(&self) -> impl Iterator<Item = Membership> {
        self.links.iter().flat_map(move |(&(device, _), link)| {
            link.groups().map(move |(group, filter)| {
                let users = u32::try_from(self.of_group(device, group).count()).unwrap_or(u32::MAX);
                Membership { device, group, users, filter: filter.clone() }
            })
        })
    }

    /// Hears a router's question.
    pub fn query(
        &mut self,
        device: DeviceIndex,
        language: Language,
        query: &Query,
        now: Instant,
        random: &mut dyn Random,
    ) {
        self.with_link(device, language, |link| link.query(query, now, random));
    }

    /// Hears another host's report.
    pub fn heard_report(&mut self, device: DeviceIndex, group: IpAddr, now: Instant) {
        self.with_link(device, Language::of(group), |link| link.heard_report(group, now));
    }

    /// What is due to be told.
    pub fn run(&mut self, now: Instant, random: &mut dyn Random) -> Vec<(DeviceIndex, Report)> {
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return Vec::new();
        }
        let mut reports = Vec::new();
        for (&(device, _), link) in &mut self.links {
            reports.extend(link.run(now, random).into_iter().map(|report| (device, report)));
        }
        self.deadline = self.links.values().filter_map(Link::next_deadline).min();
        reports
    }

    /// When [`Groups::run`] has something to do.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.deadline
    }
}
