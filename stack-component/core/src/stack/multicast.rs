//! Groups that sockets listen to.

use super::Stack;
use crate::datapath;
use crate::multicast::{Filter, GroupError, Member};
use crate::packet::DeviceIndex;
use crate::time::Instant;
use crate::udp::UdpHandle;
use core::net::IpAddr;

impl Stack {
    /// Lets a socket listen to a group on the link of a device, to those sources that `filter` wants. Routers are told.
    /// Linux: `IP_ADD_MEMBERSHIP`, `MCAST_JOIN_GROUP`, `MCAST_JOIN_SOURCE_GROUP`.
    pub fn udp_join_group(
        &mut self,
        handle: UdpHandle,
        device: DeviceIndex,
        group: IpAddr,
        filter: Filter,
        now: Instant,
    ) -> Result<(), GroupError> {
        self.set_time(now);
        self.groups.join(Member(handle.to_bits()), device, group, filter, self.now)?;
        self.tell_groups(now);
        Ok(())
    }

    /// Changes whose packets to a group a socket wants. Linux: `IP_MSFILTER`, `MCAST_MSFILTER`.
    pub fn udp_set_group_filter(
        &mut self,
        handle: UdpHandle,
        device: DeviceIndex,
        group: IpAddr,
        filter: Filter,
        now: Instant,
    ) -> Result<(), GroupError> {
        self.set_time(now);
        self.groups.set_filter(Member(handle.to_bits()), device, group, filter, self.now)?;
        self.tell_groups(now);
        Ok(())
    }

    /// Lets a socket listen to a group no more; closing it does so, too. Linux: `IP_DROP_MEMBERSHIP`,
    /// `MCAST_LEAVE_GROUP`.
    pub fn udp_leave_group(
        &mut self,
        handle: UdpHandle,
        device: DeviceIndex,
        group: IpAddr,
        now: Instant,
    ) -> Result<(), GroupError> {
        self.set_time(now);
        self.groups.leave(Member(handle.to_bits()), device, group, self.now)?;
        self.tell_groups(now);
        Ok(())
    }

    /// Every group that somebody here listens to, by device. Linux: `ip maddress`.
    pub fn groups(&self) -> impl Iterator<Item = (DeviceIndex, IpAddr, &Filter)> {
        self.groups.iter()
    }

    fn tell_groups(&mut self, now: Instant) {
        self.with_context(now, |cx, _, _| datapath::run_multicast(cx));
        self.run_output(now);
    }
}
