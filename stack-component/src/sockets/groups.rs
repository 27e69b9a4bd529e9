//! Interface `wnet:stack/groups`.

use super::addresses::host;
use super::errors::error_code;
use super::raw::RawSocket;
use super::udp::UdpSocket;
use crate::Component;
use crate::bindings::exports::wasi::sockets::network::{ErrorCode, IpAddress};
use crate::bindings::exports::wnet::stack::groups::{FilterMode, GroupOption, GroupSocket, Guest};
use crate::entry::enter;
use crate::state::State;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;
use stack_core::multicast::{Filter, GroupError, Mode};
use stack_core::packet::DeviceIndex;
use stack_core::socket::{MulticastOption, SocketError};
use stack_core::stack::SocketHandle;
use stack_core::time::Instant;
use stack_core::udp::UdpOption;

fn handle(socket: &GroupSocket<'_>) -> SocketHandle {
    match socket {
        GroupSocket::Udp(socket) => SocketHandle::Udp(socket.get::<UdpSocket>().handle()),
        GroupSocket::Raw(socket) => SocketHandle::Raw(socket.get::<RawSocket>().handle()),
    }
}

fn mode(mode: FilterMode) -> Mode {
    match mode {
        FilterMode::Include => Mode::Include,
        FilterMode::Exclude => Mode::Exclude,
    }
}

impl Guest for Component {
    fn join(socket: GroupSocket<'_>, group: IpAddress, device: String) -> Result<(), ErrorCode> {
        change(&socket, group, &device, |state, place, now| {
            state.stack.join_group(place.socket, place.device, place.group, Filter::EVERYBODY, now)
        })
    }

    fn leave(socket: GroupSocket<'_>, group: IpAddress, device: String) -> Result<(), ErrorCode> {
        change(&socket, group, &device, |state, place, now| {
            state.stack.leave_group(place.socket, place.device, place.group, now)
        })
    }

    fn add_source(
        socket: GroupSocket<'_>,
        group: IpAddress,
        device: String,
        meaning: FilterMode,
        source: IpAddress,
    ) -> Result<(), ErrorCode> {
        let source = (mode(meaning), host(source));
        change(&socket, group, &device, |state, place, now| {
            state.stack.add_group_source(place.socket, place.device, place.group, source, now)
        })
    }

    fn remove_source(
        socket: GroupSocket<'_>,
        group: IpAddress,
        device: String,
        meaning: FilterMode,
        source: IpAddress,
    ) -> Result<(), ErrorCode> {
        let source = (mode(meaning), host(source));
        change(&socket, group, &device, |state, place, now| {
            state.stack.remove_group_source(place.socket, place.device, place.group, source, now)
        })
    }

    fn set_filter(
        socket: GroupSocket<'_>,
        group: IpAddress,
        device: String,
        meaning: FilterMode,
        sources: Vec<IpAddress>,
    ) -> Result<(), ErrorCode> {
        let filter = Filter { mode: mode(meaning), sources: sources.into_iter().map(host).collect() };
        change(&socket, group, &device, |state, place, now| {
            state.stack.set_group_filter(place.socket, place.device, place.group, filter, now)
        })
    }

    fn set(socket: GroupSocket<'_>, value: GroupOption) -> Result<(), ErrorCode> {
        let handle = handle(&socket);
        let set = |state: &mut State, _: Instant| {
            let option = match (value, handle) {
                (GroupOption::Device(name), _) => MulticastOption::Device(state.device_named(&name)?),
                (GroupOption::HopLimit(hops), _) => MulticastOption::HopLimit(hops),
                (GroupOption::LoopBack(on), _) => MulticastOption::Loop(on),
                (GroupOption::All(on), _) => MulticastOption::All(on),
                (GroupOption::ReuseAddress(on), SocketHandle::Udp(socket)) => {
                    return state.stack.udp_set_option(socket, UdpOption::ReuseAddress(on));
                }
                (GroupOption::ReuseAddress(_), _) => return Err(SocketError::NotSupported),
            };
            state.stack.set_multicast(handle, option)
        };
        enter(set).map_err(error_code)
    }
}

/// Which socket's membership of which group, and where.
struct Place {
    socket: SocketHandle,
    device: Option<DeviceIndex>,
    group: IpAddr,
}

/// Changes what a socket listens to.
fn change(
    socket: &GroupSocket<'_>,
    group: IpAddress,
    device: &str,
    f: impl FnOnce(&mut State, Place, Instant) -> Result<(), GroupError>,
) -> Result<(), ErrorCode> {
    let (socket, group) = (handle(socket), host(group));
    enter(|state, now| {
        let device = state.device_named(device).map_err(error_code)?;
        f(state, Place { socket, device, group }, now).map_err(group_code)
    })
}

/// The error code that is nearest to Linux's number.
fn group_code(error: GroupError) -> ErrorCode {
    match error {
        GroupError::Invalid | GroupError::NoDevice => ErrorCode::InvalidArgument,
        GroupError::Joined => ErrorCode::AddressInUse,
        GroupError::NotJoined => ErrorCode::AddressNotBindable,
        GroupError::TooMany => ErrorCode::OutOfMemory,
        GroupError::NoSocket => ErrorCode::InvalidState,
    }
}
