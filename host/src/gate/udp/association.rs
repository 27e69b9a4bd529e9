//! What a guest's UDP socket and its two streams share: the stack's handles, and how to make them again.

use super::super::answer::{StackAnswer, answered};
use super::memberships::Groups;
use super::options::UdpOption;
use crate::gate::bindings::wasi::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress};
use crate::gate::options::Remembered;
use crate::kernel::bindings::exports::wasi::sockets::network::ErrorCode as StackErrorCode;
use crate::kernel::{Entered, Owned, Ownership};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wasmtime::component::ResourceAny;

/// Where a socket is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gate) enum UdpState {
    /// As it was created.
    Unbound,
    /// Between start-bind and finish-bind.
    Binding,
    /// Has a local address.
    Bound,
    /// It could not be made again after the stack died.
    Closed,
}

impl UdpState {
    /// Whether start-bind is permitted.
    pub(super) fn may_start_bind(self) -> Result<(), ErrorCode> {
        match self {
            UdpState::Unbound => Ok(()),
            UdpState::Binding => Err(ErrorCode::ConcurrencyConflict),
            UdpState::Bound | UdpState::Closed => Err(ErrorCode::InvalidState),
        }
    }

    /// Whether finish-bind is permitted.
    pub(super) fn may_finish_bind(self) -> Result<(), ErrorCode> {
        if self == UdpState::Binding { Ok(()) } else { Err(ErrorCode::NotInProgress) }
    }

    /// Whether streams can be had.
    pub(super) fn may_stream(self) -> Result<(), ErrorCode> {
        match self {
            UdpState::Bound => Ok(()),
            UdpState::Binding => Err(ErrorCode::ConcurrencyConflict),
            UdpState::Unbound | UdpState::Closed => Err(ErrorCode::InvalidState),
        }
    }
}

/// The handles of one life of the stack.
pub(super) struct Association {
    family: IpAddressFamily,
    pub(super) state: UdpState,
    socket: Arc<Owned>,
    /// Incoming and outgoing, while the guest has them.
    pub(super) streams: (Option<Arc<Owned>>, Option<Arc<Owned>>),
    /// While binding, the address asked for; from then on, the one that the socket has.
    pub(super) local: Option<IpSocketAddress>,
    /// Whom the streams are limited to.
    remote: Option<IpSocketAddress>,
    pub(super) options: Remembered<UdpOption>,
    pub(super) groups: Groups,
    ownership: Ownership,
    /// Whether it hears others than those whom it may send to.
    pub(super) hears_strangers: bool,
}

/// An association with several owners. Within the stack it is locked after the big lock, never before.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<Association>>);

impl Shared {
    pub(super) fn new(association: Association) -> Self {
        Shared(Arc::new(Mutex::new(association)))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Association> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Association {
    /// Creates a socket in the stack.
    pub(super) fn create(
        stack: &mut Entered<'_>,
        family: IpAddressFamily,
        ownership: Ownership,
    ) -> StackAnswer<Self> {
        let (socket, _) = answered!(create(stack, family));
        Ok(Ok(Association {
            family,
            state: UdpState::Unbound,
            socket,
            streams: (None, None),
            local: None,
            remote: None,
            options: Remembered::default(),
            groups: Groups::default(),
            ownership,
            hears_strangers: true,
        }))
    }

    /// Has the socket's addresses, which have changed, known to who asks whose it is.
    pub(super) fn tell_owner(&self) {
        self.ownership.tell(self.local.map(Into::into), self.remote.map(Into::into));
    }

    pub(super) fn family(&self) -> IpAddressFamily {
        self.family
    }

    /// The stack's handle of the socket, made again if the stack died, and its owner.
    pub(super) fn socket(&mut self, stack: &mut Entered<'_>) -> StackAnswer<(ResourceAny, Arc<Owned>)> {
        if stack.get(&self.socket).is_none() {
            if self.state == UdpState::Closed {
                return Ok(Err(StackErrorCode::InvalidState));
            }
            if let Err(code) = self.make_again(stack)? {
                tracing::warn!("a UDP socket could not be made again after the stack died: {}", code.name());
                self.state = UdpState::Closed;
                return Ok(Err(code));
            }
        }
        let handle = stack.get(&self.socket).ok_or(StackErrorCode::InvalidState);
        Ok(handle.map(|handle| (handle, Arc::clone(&self.socket))))
    }

    /// The stack's handle of the incoming stream, and its owner.
    pub(super) fn incoming(&mut self, stack: &mut Entered<'_>) -> StackAnswer<(ResourceAny, Arc<Owned>)> {
        answered!(self.socket(stack));
        Ok(current(stack, self.streams.0.as_ref()))
    }

    /// The stack's handle of the outgoing stream, and its owner.
    pub(super) fn outgoing(&mut self, stack: &mut Entered<'_>) -> StackAnswer<(ResourceAny, Arc<Owned>)> {
        answered!(self.socket(stack));
        Ok(current(stack, self.streams.1.as_ref()))
    }

    /// Gets a pair of streams for `remote`. Those before must have been dropped.
    pub(super) fn stream(
        &mut self,
        stack: &mut Entered<'_>,
        remote: Option<IpSocketAddress>,
    ) -> StackAnswer<()> {
        let (handle, owner) = answered!(self.socket(stack));
        let udp = stack.stack.wasi_sockets_udp().udp_socket();
        let (incoming, outgoing) =
            answered!(udp.call_stream(&mut *stack.store, handle, remote.map(Into::into)));
        let (incoming, outgoing) = (stack.own(incoming, Some(&owner)), stack.own(outgoing, Some(&owner)));
        self.streams = (Some(incoming), Some(outgoing));
        self.remote = remote;
        self.tell_owner();
        Ok(Ok(()))
    }

    /// Makes the socket again as it was: its options, its groups, its address, its streams.
    fn make_again(&mut self, stack: &mut Entered<'_>) -> StackAnswer<()> {
        let (owned, handle) = answered!(create(stack, self.family));
        self.socket = owned;
        for option in self.options.iter() {
            answered!(UdpOption::set(option, stack, handle));
        }
        answered!(self.groups.apply(stack, handle));
        let Some(local) = self.local.filter(|_| self.state != UdpState::Unbound) else { return Ok(Ok(())) };
        let network = stack.network()?;
        let udp = stack.stack.wasi_sockets_udp().udp_socket();
        answered!(udp.call_start_bind(&mut *stack.store, handle, network, local.into()));
        if self.state == UdpState::Bound {
            answered!(udp.call_finish_bind(&mut *stack.store, handle));
        }
        let (incoming, outgoing) = (self.streams.0.is_some(), self.streams.1.is_some());
        if incoming || outgoing {
            answered!(self.stream(stack, self.remote));
            self.streams.0.take_if(|_| !incoming);
            self.streams.1.take_if(|_| !outgoing);
        }
        Ok(Ok(()))
    }
}

fn current(
    stack: &Entered<'_>,
    owner: Option<&Arc<Owned>>,
) -> Result<(ResourceAny, Arc<Owned>), StackErrorCode> {
    let owner = owner.ok_or(StackErrorCode::InvalidState)?;
    let handle = stack.get(owner).ok_or(StackErrorCode::InvalidState)?;
    Ok((handle, Arc::clone(owner)))
}

fn create(stack: &mut Entered<'_>, family: IpAddressFamily) -> StackAnswer<(Arc<Owned>, ResourceAny)> {
    let interface = stack.stack.wasi_sockets_udp_create_socket();
    let handle = answered!(interface.call_create_udp_socket(&mut *stack.store, family.into()));
    Ok(Ok((stack.own(handle, None), handle)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_state_permits() {
        let name = |answer: Result<(), ErrorCode>| answer.map_or_else(|code| code.name(), |()| "yes");
        let row =
            |state: UdpState| [state.may_start_bind(), state.may_finish_bind(), state.may_stream()].map(name);
        assert_eq!(row(UdpState::Unbound), ["yes", "not-in-progress", "invalid-state"]);
        assert_eq!(row(UdpState::Binding), ["concurrency-conflict", "yes", "concurrency-conflict"]);
        assert_eq!(row(UdpState::Bound), ["invalid-state", "not-in-progress", "yes"]);
        assert_eq!(row(UdpState::Closed), ["invalid-state", "not-in-progress", "invalid-state"]);
    }
}
