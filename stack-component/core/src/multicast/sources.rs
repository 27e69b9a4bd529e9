//! Whose packets to a group a socket wants, source by source.

use super::groups::{GroupError, Groups, Member};
use super::{Filter, Mode};
use crate::packet::DeviceIndex;
use crate::time::Instant;
use core::net::IpAddr;

/// What is to become of a socket's membership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupChange {
    /// It begins, for those sources that the filter wants. Linux: `IP_ADD_MEMBERSHIP`, `IPV6_JOIN_GROUP`,
    /// `MCAST_JOIN_GROUP`.
    Join(Filter),
    /// It ends, as it does when the socket is closed. Linux: `IP_DROP_MEMBERSHIP`, `IPV6_LEAVE_GROUP`,
    /// `MCAST_LEAVE_GROUP`.
    Leave,
    /// A source comes to its list: [`Groups::add_source`].
    AddSource(Mode, IpAddr),
    /// A source leaves it: [`Groups::remove_source`].
    RemoveSource(Mode, IpAddr),
    /// It has another list. Linux: `IP_MSFILTER`, `MCAST_MSFILTER`.
    SetFilter(Filter),
}

impl Groups {
    /// Puts one more source on a member's list, whose meaning is `mode`; to want somebody's packets joins the group.
    /// Linux: `IP_ADD_SOURCE_MEMBERSHIP`, `IP_BLOCK_SOURCE`, `ip_mc_source`, `ip6_mc_source`.
    pub fn add_source(
        &mut self,
        member: Member,
        device: DeviceIndex,
        group: IpAddr,
        (mode, source): (Mode, IpAddr),
        now: Instant,
    ) -> Result<(), GroupError> {
        let Some(filter) = self.member_filter(member, device, group) else {
            return match mode {
                Mode::Include => {
                    self.join(member, device, group, Filter { mode, sources: [source].into() }, now)
                }
                Mode::Exclude => Err(GroupError::Invalid),
            };
        };
        let mut filter = filter_in(filter, mode)?;
        // Linux: `EADDRNOTAVAIL`, whichever way the list is wrong.
        if !filter.sources.insert(source) {
            return Err(GroupError::NotJoined);
        }
        self.set_filter(member, device, group, filter, now)
    }

    /// Takes a source from a member's list; with the last that it wants packets of it leaves the group. Linux:
    /// `IP_DROP_SOURCE_MEMBERSHIP`, `IP_UNBLOCK_SOURCE`.
    pub fn remove_source(
        &mut self,
        member: Member,
        device: DeviceIndex,
        group: IpAddr,
        (mode, source): (Mode, IpAddr),
        now: Instant,
    ) -> Result<(), GroupError> {
        let filter = self.member_filter(member, device, group).ok_or(GroupError::Invalid)?;
        let mut filter = filter_in(filter, mode)?;
        if !filter.sources.remove(&source) {
            return Err(GroupError::NotJoined);
        }
        self.set_filter(member, device, group, filter, now)
    }
}

/// The list in this meaning: an empty one may get another.
fn filter_in(filter: &Filter, mode: Mode) -> Result<Filter, GroupError> {
    match filter.sources.is_empty() || filter.mode == mode {
        true => Ok(Filter { mode, ..filter.clone() }),
        false => Err(GroupError::Invalid),
    }
}
