//! Groups that sockets listen to.

use super::{SocketHandle, Stack};
use crate::datapath;
use crate::multicast::{GroupChange, GroupError, Member};
use crate::packet::DeviceIndex;
use crate::raw::RawOption;
use crate::route::{Destination, FlowKey};
use crate::socket::{MulticastOption, SocketError};
use crate::time::Instant;
use crate::udp::UdpOption;
use core::net::IpAddr;

impl Stack {
    /// Changes what a socket listens to on the link of a device; none: that of the route to the group, or the one on which
    /// it was joined. Routers are told. Linux: `do_ip_setsockopt`, `do_ipv6_setsockopt`.
    pub fn change_group(
        &mut self,
        socket: SocketHandle,
        device: Option<DeviceIndex>,
        group: IpAddr,
        change: GroupChange,
        now: Instant,
    ) -> Result<(), GroupError> {
        let member = self.group_member(socket)?;
        let joins = matches!(change, GroupChange::Join(_) | GroupChange::AddSource(..));
        let joined = self.joined_on(member, device, group);
        let device = match (joined, &change) {
            (Some(device), change) if !matches!(change, GroupChange::Join(_)) => device,
            _ if joins => self.device_to(device, group)?,
            (_, GroupChange::Leave) => return Err(GroupError::NotJoined),
            _ => return Err(GroupError::Invalid),
        };
        self.set_time(now);
        let (groups, at) = (&mut self.groups, self.now);
        match change {
            GroupChange::Join(filter) => groups.join(member, device, group, filter, at),
            GroupChange::Leave => groups.leave(member, device, group, at),
            GroupChange::AddSource(mode, source) => {
                groups.add_source(member, device, group, (mode, source), at)
            }
            GroupChange::RemoveSource(mode, source) => {
                groups.remove_source(member, device, group, (mode, source), at)
            }
            GroupChange::SetFilter(filter) => groups.set_filter(member, device, group, filter, at),
        }?;
        self.tell_groups(now);
        Ok(())
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
            _ => Err(SocketError::NotSupported),
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
    fn group_member(&self, socket: SocketHandle) -> Result<Member, GroupError> {
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

    fn tell_groups(&mut self, now: Instant) {
        self.with_context(now, |cx, _, _| datapath::run_multicast(cx));
        self.run_output(now);
    }
}
