//! All memberships of all sockets, and the links they are on.

use super::Filter;
use super::link::{Link, Query, Report};
use crate::packet::DeviceIndex;
use crate::random::Random;
use crate::time::Instant;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::IpAddr;

/// Most groups of one socket. Linux: `igmp_max_memberships`.
pub const MAX_MEMBERSHIPS: usize = 20;

/// Most sources of one membership. Linux: `igmp_max_msf` is 10, `mld_max_msf` 64.
pub const MAX_SOURCES: usize = 64;

/// Who listens: a number that the owner of the sockets gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member(pub u64);

/// Why a group was not joined or left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupError {
    /// The address is no group's. Linux: `EINVAL`.
    NoGroup,
    /// The member has joined it already. Linux: `EADDRINUSE`.
    Joined,
    /// The member has not joined it. Linux: `EADDRNOTAVAIL`.
    NotJoined,
    /// The member has very many groups already, or names very many sources. Linux: `ENOBUFS`.
    TooMany,
}

/// What is listened to.
#[derive(Debug, Default)]
pub struct Groups {
    links: BTreeMap<DeviceIndex, Link>,
    /// By link, group and member.
    members: BTreeMap<(DeviceIndex, IpAddr, Member), Filter>,
}

impl Groups {
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
            return Err(GroupError::NoGroup);
        }
        if self.members.contains_key(&(device, group, member)) {
            return Err(GroupError::Joined);
        }
        let count = self.members.keys().filter(|(_, _, other)| *other == member).count();
        if count >= MAX_MEMBERSHIPS || filter.sources.len() > MAX_SOURCES {
            return Err(GroupError::TooMany);
        }
        self.members.insert((device, group, member), filter);
        self.update(device, group, now);
        Ok(())
    }

    /// Changes whose packets a member wants. Linux: `ip_mc_msfilter`.
    pub fn set_filter(
        &mut self,
        member: Member,
        device: DeviceIndex,
        group: IpAddr,
        filter: Filter,
        now: Instant,
    ) -> Result<(), GroupError> {
        if filter.sources.len() > MAX_SOURCES {
            return Err(GroupError::TooMany);
        }
        let place = self.members.get_mut(&(device, group, member)).ok_or(GroupError::NotJoined)?;
        *place = filter;
        self.update(device, group, now);
        Ok(())
    }

    /// Lets a member listen no more. Linux: `ip_mc_leave_group`.
    pub fn leave(
        &mut self,
        member: Member,
        device: DeviceIndex,
        group: IpAddr,
        now: Instant,
    ) -> Result<(), GroupError> {
        self.members.remove(&(device, group, member)).ok_or(GroupError::NotJoined)?;
        self.update(device, group, now);
        Ok(())
    }

    /// A member is gone, and listens to nothing. Linux: `ip_mc_drop_socket`.
    pub fn forget(&mut self, member: Member, now: Instant) {
        let left: Vec<_> = self.members.extract_if(.., |(_, _, other), _| *other == member).collect();
        for ((device, group, _), _) in left {
            self.update(device, group, now);
        }
    }

    fn update(&mut self, device: DeviceIndex, group: IpAddr, now: Instant) {
        let of_group = (device, group, Member(0))..=(device, group, Member(u64::MAX));
        let filter = Filter::of_all(self.members.range(of_group).map(|(_, filter)| filter));
        let link = self.links.entry(device).or_default();
        link.set(group, filter, now);
        if link.is_idle() {
            self.links.remove(&device);
        }
    }

    /// Whether a packet to a group that came by a device is wanted by anybody. Linux: `ip_check_mc_rcu`.
    pub fn hears(&self, device: DeviceIndex, group: IpAddr, source: IpAddr) -> bool {
        self.links.get(&device).is_some_and(|link| link.filter(group).allows(source))
    }

    /// Whether a member wants a packet; one that has not joined wants what others get. Linux: `ip_mc_sf_allow` with
    /// `IP_MULTICAST_ALL`.
    pub fn allows(&self, member: Member, device: DeviceIndex, group: IpAddr, source: IpAddr) -> bool {
        self.members.get(&(device, group, member)).is_none_or(|filter| filter.allows(source))
    }

    /// Every group that is listened to, by device. Linux: `ip maddress`.
    pub fn iter(&self) -> impl Iterator<Item = (DeviceIndex, IpAddr, &Filter)> {
        let of_link =
            |(&device, link)| Link::groups(link).map(move |(group, filter)| (device, group, filter));
        self.links.iter().flat_map(of_link)
    }

    /// Hears a router's question.
    pub fn query(&mut self, device: DeviceIndex, query: &Query, now: Instant, random: &mut dyn Random) {
        if let Some(link) = self.links.get_mut(&device) {
            link.query(query, now, random);
        }
    }

    /// Hears another host's report; `forced` is the version of IGMP that is spoken whatever routers speak, or 0.
    pub fn heard_report(&mut self, device: DeviceIndex, group: IpAddr, now: Instant, forced: u32) {
        if let Some(link) = self.links.get_mut(&device) {
            link.heard_report(group, now, forced);
        }
    }

    /// What is due to be told. `forced` answers for a device as in [`Groups::heard_report`].
    pub fn run(
        &mut self,
        now: Instant,
        forced: impl Fn(DeviceIndex) -> u32,
        random: &mut dyn Random,
    ) -> Vec<(DeviceIndex, Report)> {
        let mut reports = Vec::new();
        for (&device, link) in &mut self.links {
            reports.extend(link.run(now, forced(device), random).into_iter().map(|report| (device, report)));
        }
        self.links.retain(|_, link| !link.is_idle());
        reports
    }

    /// When [`Groups::run`] has something to do.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.links.values().filter_map(Link::next_deadline).min()
    }
}
