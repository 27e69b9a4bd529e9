//! Interfaces `wnet:stack/groups` and `wnet:stack/raw-groups`.

use super::addresses::host;
use super::errors::error_code;
use super::raw::RawSocket;
use super::udp::UdpSocket;
use crate::Component;
use crate::bindings::exports::wasi::sockets::network::ErrorCode;
use crate::bindings::exports::wnet::stack::groups::{
    self, FilterMode, GroupFilter, GroupOption, GroupPlace, MembershipChange, UdpSocketBorrow,
};
use crate::bindings::exports::wnet::stack::raw_groups::{self, RawSocketBorrow};
use crate::entry::enter;
use crate::state::State;
use stack_core::multicast::{Filter, GroupChange, GroupError, Mode};
use stack_core::socket::{MulticastOption, SocketError};
use stack_core::stack::SocketHandle;
use stack_core::udp::UdpOption;

impl groups::Guest for Component {
    fn change(
        socket: UdpSocketBorrow<'_>,
        place: GroupPlace,
        what: MembershipChange,
    ) -> Result<(), ErrorCode> {
        change(SocketHandle::Udp(socket.get::<UdpSocket>().handle()), place, what)
    }

    fn set(socket: UdpSocketBorrow<'_>, value: GroupOption) -> Result<(), ErrorCode> {
        set(SocketHandle::Udp(socket.get::<UdpSocket>().handle()), value)
    }
}

impl raw_groups::Guest for Component {
    fn change(
        socket: RawSocketBorrow<'_>,
        place: GroupPlace,
        what: MembershipChange,
    ) -> Result<(), ErrorCode> {
        change(SocketHandle::Raw(socket.get::<RawSocket>().handle()), place, what)
    }

    fn set(socket: RawSocketBorrow<'_>, value: GroupOption) -> Result<(), ErrorCode> {
        set(SocketHandle::Raw(socket.get::<RawSocket>().handle()), value)
    }
}

fn change(socket: SocketHandle, place: GroupPlace, what: MembershipChange) -> Result<(), ErrorCode> {
    let what = match what {
        MembershipChange::Join => GroupChange::Join(Filter::EVERYBODY),
        MembershipChange::Leave => GroupChange::Leave,
        MembershipChange::AddSource(what) => GroupChange::AddSource(mode(what.mode), host(what.source)),
        MembershipChange::RemoveSource(what) => GroupChange::RemoveSource(mode(what.mode), host(what.source)),
        MembershipChange::SetFilter(filter) => GroupChange::SetFilter(sources(filter)),
    };
    enter(|state, now| {
        let device = state.device_named(&place.device).map_err(error_code)?;
        state.stack.change_group(socket, device, host(place.group), what, now).map_err(group_code)
    })
}

fn sources(filter: GroupFilter) -> Filter {
    Filter { mode: mode(filter.mode), sources: filter.sources.into_iter().map(host).collect() }
}

fn mode(mode: FilterMode) -> Mode {
    match mode {
        FilterMode::Include => Mode::Include,
        FilterMode::Exclude => Mode::Exclude,
    }
}

fn set(socket: SocketHandle, value: GroupOption) -> Result<(), ErrorCode> {
    enter(|state, _| {
        let option = option(state, value).map_err(error_code)?;
        let result = match (option, socket) {
            (Setting::Groups(option), _) => state.stack.set_multicast(socket, option),
            (Setting::Udp(option), SocketHandle::Udp(socket)) => state.stack.udp_set_option(socket, option),
            (Setting::Udp(_), _) => Err(SocketError::NotSupported),
        };
        result.map_err(error_code)
    })
}

/// The interface's options, by whom in the core they concern.
enum Setting {
    Groups(MulticastOption),
    Udp(UdpOption),
}

fn option(state: &State, value: GroupOption) -> Result<Setting, SocketError> {
    Ok(Setting::Groups(match value {
        GroupOption::Device(name) => MulticastOption::Device(state.device_named(&name)?),
        GroupOption::HopLimit(hops) => MulticastOption::HopLimit(hops),
        GroupOption::LoopBack(on) => MulticastOption::Loop(on),
        GroupOption::All(on) => MulticastOption::All(on),
        GroupOption::ReuseAddress(reuse) => return Ok(Setting::Udp(UdpOption::ReuseAddress(reuse))),
        GroupOption::Broadcast(permitted) => return Ok(Setting::Udp(UdpOption::Broadcast(permitted))),
    }))
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
