//! Groups that sockets listen to.

use super::{SocketHandle, Stack};
use crate::datapath;
use crate::multicast::{Filter, GroupError, Member, Mode};
use crate::packet::DeviceIndex;
use crate::raw::RawOption;
use crate::route::{Destination, FlowKey};
use crate::socket::{MulticastOption, SocketError};
use crate::time::Instant;
use crate::udp::UdpOption;
use core::net::IpAddr;

impl Stack {
    /// Lets a socket listen to a group on the link of a device (none: that of the route there), to those sources that
    /// `filter` wants. Routers are told. Linux: `IP_ADD_MEMBERSHIP`, `IPV6_JOIN_GROUP`, `MCAST_JOIN_GROUP`.
    pub fn join_group(
        &mut self,
        socket: SocketHandle,
        device: Option<DeviceIndex>,
        group: IpAddr,
        filter: Filter,
        now: Instant,
    ) -> Result<(), GroupError> {
        let member = self.group_member(socket)?;
        let device = self.device_to(device, group)?;
        self.change_groups(now, |stack| stack.groups.join(member, device, group, filter, stack.now))
    }

    /// Changes whose packets to a group a socket wants. Linux: `IP_MSFILTER`, `MCAST_MSFILTER`.
    pub fn set_group_filter(
        &mut self,
        socket: SocketHandle,
        device: Option<DeviceIndex>,
        group: IpAddr,
        filter: Filter,
        now: Instant,
    ) -> Result<(), GroupError> {
        let member = self.group_member(socket)?;
        let device = self.joined_on(member, device, group).ok_or(GroupError::Invalid)?;
        self.change_groups(now, |stack| stack.groups.set_filter(member, device, group, filter, stack.now))
    }

    /// Puts a source on the list of those that a socket wants alone ([`Mode::Include`], which joins the group), or wants
    /// not. Linux: `IP_ADD_SOURCE_MEMBERSHIP`, `IP_BLOCK_SOURCE`, `MCAST_JOIN_SOURCE_GROUP`, `MCAST_BLOCK_SOURCE`.
    pub fn add_group_source(
        &mut self,
        socket: SocketHandle,
        device: Option<DeviceIndex>,
        group: IpAddr,
        source: (Mode, IpAddr),
        now: Instant,
    ) -> Result<(), GroupError> {
        let member = self.group_member(socket)?;
        let device = match self.joined_on(member, device, group) {
            Some(device) => device,
            None => self.device_to(device, group)?,
        };
        self.change_groups(now, |stack| stack.groups.add_source(member, device, group, source, stack.now))
    }

    /// Takes a source off the list again; with the last one that it wants a socket leaves the group. Linux:
    /// `IP_DROP_SOURCE_MEMBERSHIP`, `IP_UNBLOCK_SOURCE`, `MCAST_LEAVE_SOURCE_GROUP`, `MCAST_UNBLOCK_SOURCE`.
    pub fn remove_group_source(
        &mut self,
        socket: SocketHandle,
        device: Option<DeviceIndex>,
        group: IpAddr,
        source: (Mode, IpAddr),
        now: Instant,
    ) -> Result<(), GroupError> {
        let member = self.group_member(socket)?;
        let device = self.joined_on(member, device, group).ok_or(GroupError::Invalid)?;
        self.change_groups(now, |stack| stack.groups.remove_source(member, device, group, source, stack.now))
    }

    /// Lets a socket listen to a group no more; closing it does so, too. Linux: `IP_DROP_MEMBERSHIP`,
    /// `IPV6_LEAVE_GROUP`, `MCAST_LEAVE_GROUP`.
    pub fn leave_group(
        &mut self,
        socket: SocketHandle,
        device: Option<DeviceIndex>,
        group: IpAddr,
        now: Instant,
    ) -> Result<(), GroupError> {
        let member = self.group_member(socket)?;
        let device = self.joined_on(member, device, group).ok_or(GroupError::NotJoined)?;
        self.change_groups(now, |stack| stack.groups.leave(member, device, group, stack.now))
    }

    /// Changes what is set of a socket about groups. [`SocketError::InvalidArgument`]: there is no such device.
    pub fn set_multicast(
        &mut self,
        socket: SocketHandle,
        option: MulticastOption,
    ) -> Result<(), SocketError> {
        if let MulticastOption::Device(Some(device)) = option
            && self.interfaces.get(device).is_none()
        {
            return Err(SocketError::InvalidArgument);
        }
        match socket {
            SocketHandle::Udp(handle) => self.udp_set_option(handle, UdpOption::Multicast(option)),
            SocketHandle::Raw(handle) => self.raw_set(handle, RawOption::Multicast(option)),
            SocketHandle::Tcp(_) | SocketHandle::Subscriber(_) => Err(SocketError::NotSupported),
        }
    }

    /// A socket is closed: it listens to nothing.
    pub(super) fn forget_groups(&mut self, socket: SocketHandle) {
        let now = self.now;
        if self.group_member(socket).is_ok_and(|member| self.groups.forget(member, now)) {
            self.tell_groups(now);
        }
    }

    /// Who a socket is among those that listen.
    pub(super) fn group_member(&self, socket: SocketHandle) -> Result<Member, GroupError> {
        match socket {
            SocketHandle::Udp(handle) if self.udp.options(handle).is_some() => {
                Ok(Member::Udp(handle.to_bits()))
            }
            SocketHandle::Raw(handle) if self.raw.get(handle).is_some() => Ok(Member::Raw(handle.to_bits())),
            _ => Err(GroupError::NoSocket),
        }
    }

    /// Linux: `ip_mc_find_dev`.
    fn device_to(&self, device: Option<DeviceIndex>, group: IpAddr) -> Result<DeviceIndex, GroupError> {
        if !group.is_multicast() {
            return Err(GroupError::Invalid);
        }
        let route = || match self.routes.lookup(&FlowKey::to(group)) {
            Ok(Destination::Unicast(hop) | Destination::Broadcast(hop)) => Some(hop.device),
            _ => None,
        };
        device.or_else(route).ok_or(GroupError::NoDevice)
    }

    /// The device on which a socket has joined a group; of several the first, if none is named.
    fn joined_on(&self, member: Member, device: Option<DeviceIndex>, group: IpAddr) -> Option<DeviceIndex> {
        let mut devices = self.groups.devices_of(member, group);
        devices.find(|joined| device.is_none_or(|device| device == *joined))
    }

    fn change_groups(
        &mut self,
        now: Instant,
        change: impl FnOnce(&mut Stack) -> Result<(), GroupError>,
    ) -> Result<(), GroupError> {
        self.set_time(now);
        change(self)?;
        self.tell_groups(now);
        Ok(())
    }

    fn tell_groups(&mut self, now: Instant) {
        self.with_context(now, |cx, _, _| datapath::run_multicast(cx));
        self.run_output(now);
    }
}
