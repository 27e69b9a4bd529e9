//! The resources `udp-socket`, `incoming-datagram-stream` and `outgoing-datagram-stream`.

use super::super::answer::{StackAnswer, answered};
use super::association::{Association, Shared, UdpState};
use super::options::UdpOption;
use crate::gate::bindings::wasi::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress};
use crate::gate::buffers::{Buffers, Reserved};
use crate::gate::error::{SocketError, SocketResult};
use crate::gate::permit::Permit;
use crate::gate::quota::Slot;
use crate::gate::ready::{Readiness, Watched, ready};
use crate::kernel::bindings::exports::wnet::stack::sockets::SocketProtocol;
use crate::kernel::{Entered, Kernel, Owned, Owner};
use std::sync::Arc;
use wasmtime::component::ResourceAny;
use wasmtime_wasi_io::async_trait;
use wasmtime_wasi_io::poll::Pollable;

/// The resource `udp-socket`.
pub struct UdpSocket {
    kernel: Arc<Kernel>,
    pub(super) shared: Shared,
    readiness: Readiness,
    /// What its buffers take of the guest's; none where that is not limited.
    reserved: Option<Reserved>,
    _slot: Slot,
}

/// The resource `incoming-datagram-stream`.
pub struct IncomingDatagramStream {
    kernel: Arc<Kernel>,
    pub(super) shared: Shared,
    readiness: Readiness,
}

/// The resource `outgoing-datagram-stream`.
pub struct OutgoingDatagramStream {
    kernel: Arc<Kernel>,
    pub(super) shared: Shared,
    readiness: Readiness,
    /// Datagrams that the next `send` may bring.
    pub(super) permit: Permit,
}

/// Calls the stack with the association locked; `code` is what the guest is told if the stack dies of it.
fn call<T>(
    kernel: &Kernel,
    shared: &Shared,
    code: ErrorCode,
    f: impl FnOnce(&mut Entered<'_>, &mut Association) -> StackAnswer<T>,
) -> SocketResult<T> {
    let answer = kernel.enter(|stack| f(stack, &mut shared.lock()));
    Ok(answer.map_err(|how| SocketError::died(how, code))??)
}

impl UdpSocket {
    /// Creates a socket in the stack.
    pub(in crate::gate) fn create(
        kernel: &Arc<Kernel>,
        owner: &Arc<Owner>,
        slot: Slot,
        family: IpAddressFamily,
    ) -> SocketResult<Self> {
        let ownership = owner.takes(SocketProtocol::Udp);
        let created = kernel.enter(|stack| Association::create(stack, family, ownership));
        let association = created.map_err(|how| SocketError::died(how, ErrorCode::Unknown))??;
        let (kernel, shared) = (Arc::clone(kernel), Shared::new(association));
        Ok(UdpSocket { kernel, shared, readiness: Readiness::default(), reserved: None, _slot: slot })
    }

    pub(in crate::gate) fn state(&self) -> UdpState {
        self.shared.lock().state
    }

    pub(in crate::gate) fn family(&self) -> IpAddressFamily {
        self.shared.lock().family()
    }

    /// Sets an option, and remembers it. Buffers are as large as the guest may have them.
    pub(in crate::gate) fn set(&mut self, option: UdpOption) -> SocketResult<()> {
        let option = self.reserved.as_ref().map_or(option, |reserved| option.within(reserved));
        self.call(|stack, handle| option.set(stack, handle))?;
        self.shared.lock().options.remember(option);
        if self.reserved.is_some() {
            let sizes = self.buffer_sizes()?;
            self.reserved.iter_mut().for_each(|reserved| reserved.resize(sizes));
        }
        Ok(())
    }

    /// Reserves the buffers, where the guest's are limited.
    pub(in crate::gate) fn reserve_buffers(&mut self, buffers: &Buffers) -> SocketResult<()> {
        if buffers.are_limited() {
            self.reserved = Some(buffers.reserve(self.buffer_sizes()?)?);
        }
        Ok(())
    }

    fn buffer_sizes(&mut self) -> SocketResult<(u64, u64)> {
        self.call(|stack, handle| {
            let udp = stack.stack.wasi_sockets_udp().udp_socket();
            let receive = answered!(udp.call_receive_buffer_size(&mut *stack.store, handle));
            let send = answered!(udp.call_send_buffer_size(&mut *stack.store, handle));
            Ok(Ok((receive, send)))
        })
    }

    /// Calls the stack with the socket's handle.
    pub(in crate::gate) fn call<T>(
        &mut self,
        f: impl FnOnce(&mut Entered<'_>, ResourceAny) -> StackAnswer<T>,
    ) -> SocketResult<T> {
        call(&self.kernel, &self.shared, ErrorCode::Unknown, |stack, association| {
            let (handle, _) = answered!(association.socket(stack));
            f(stack, handle)
        })
    }

    /// `hears`: whether it hears others than those whom it may send to.
    pub(super) fn start_bind(&mut self, address: IpSocketAddress, hears: bool) -> SocketResult<()> {
        self.call(|stack, handle| {
            let network = stack.network()?;
            let udp = stack.stack.wasi_sockets_udp().udp_socket();
            udp.call_start_bind(&mut *stack.store, handle, network, address.into())
        })?;
        let mut association = self.shared.lock();
        (association.state, association.local) = (UdpState::Binding, Some(address));
        association.hears_strangers = hears;
        Ok(())
    }

    pub(in crate::gate) fn finish_bind(&mut self) -> SocketResult<()> {
        self.shared.lock().state.may_finish_bind()?;
        let result = self.call(|stack, handle| {
            let udp = stack.stack.wasi_sockets_udp().udp_socket();
            answered!(udp.call_finish_bind(&mut *stack.store, handle));
            Ok(Ok(udp.call_local_address(&mut *stack.store, handle)?.ok()))
        });
        let mut association = self.shared.lock();
        match &result {
            Ok(bound) => {
                association.state = UdpState::Bound;
                association.local = bound.map(Into::into).or(association.local);
                association.tell_owner();
            }
            Err(SocketError::Code(ErrorCode::WouldBlock)) => {}
            Err(_) => association.state = UdpState::Unbound,
        }
        result.map(drop)
    }

    /// New streams. The guest has dropped those it had.
    pub(in crate::gate) fn stream(
        &mut self,
        remote: Option<IpSocketAddress>,
    ) -> SocketResult<(IncomingDatagramStream, OutgoingDatagramStream)> {
        call(&self.kernel, &self.shared, ErrorCode::Unknown, |stack, association| {
            association.stream(stack, remote)
        })?;
        let incoming = IncomingDatagramStream {
            kernel: Arc::clone(&self.kernel),
            shared: self.shared.clone(),
            readiness: Readiness::default(),
        };
        let outgoing = OutgoingDatagramStream {
            kernel: Arc::clone(&self.kernel),
            shared: self.shared.clone(),
            readiness: Readiness::default(),
            permit: Permit::default(),
        };
        Ok((incoming, outgoing))
    }
}

/// Datagram streams never answer would-block: nothing is an answer of its own.
pub(super) fn nothing_for_would_block<T: Default>(answer: SocketResult<T>) -> SocketResult<T> {
    match answer {
        Err(SocketError::Code(ErrorCode::WouldBlock)) => Ok(T::default()),
        answer => answer,
    }
}

impl IncomingDatagramStream {
    /// Calls the stack with the stream's handle. If the stack dies of it, there is nothing just now.
    pub(super) fn call<T>(
        &mut self,
        f: impl FnOnce(&mut Entered<'_>, ResourceAny) -> StackAnswer<T>,
    ) -> SocketResult<T> {
        call(&self.kernel, &self.shared, ErrorCode::WouldBlock, |stack, association| {
            let (handle, _) = answered!(association.incoming(stack));
            f(stack, handle)
        })
    }
}

impl Drop for IncomingDatagramStream {
    fn drop(&mut self) {
        self.shared.lock().streams.0 = None;
    }
}

impl Drop for OutgoingDatagramStream {
    fn drop(&mut self) {
        self.shared.lock().streams.1 = None;
    }
}

impl OutgoingDatagramStream {
    /// How many datagrams the next `send` may bring.
    pub(in crate::gate) fn check_send(&mut self) -> SocketResult<u64> {
        let permitted = nothing_for_would_block(self.call(|stack, handle| {
            let udp = stack.stack.wasi_sockets_udp().outgoing_datagram_stream();
            udp.call_check_send(&mut *stack.store, handle)
        }))?;
        self.permit.grant(permitted);
        Ok(permitted)
    }

    /// Calls the stack with the stream's handle. If the stack dies of it, there is nothing just now.
    pub(super) fn call<T>(
        &mut self,
        f: impl FnOnce(&mut Entered<'_>, ResourceAny) -> StackAnswer<T>,
    ) -> SocketResult<T> {
        call(&self.kernel, &self.shared, ErrorCode::WouldBlock, |stack, association| {
            let (handle, _) = answered!(association.outgoing(stack));
            f(stack, handle)
        })
    }
}

/// Implements waiting: what to look at, and how to subscribe to it.
macro_rules! watched {
    ($type:ty, $part:ident, $resource:ident, $anyway:expr) => {
        impl Watched for $type {
            fn readiness(&mut self) -> &mut Readiness {
                &mut self.readiness
            }

            fn kernel(&self) -> Arc<Kernel> {
                Arc::clone(&self.kernel)
            }

            fn is_ready_anyway(&self) -> bool {
                let anyway: fn(UdpState) -> bool = $anyway;
                anyway(self.shared.lock().state)
            }

            fn look(&mut self, stack: &mut Entered<'_>) -> wasmtime::Result<bool> {
                let part: Result<(ResourceAny, Arc<Owned>), _> = self.shared.lock().$part(stack)?;
                let Ok((handle, owner)) = part else { return Ok(true) };
                self.readiness.check(stack, &owner, |stack| {
                    stack.stack.wasi_sockets_udp().$resource().call_subscribe(&mut *stack.store, handle)
                })
            }
        }

        #[async_trait]
        impl Pollable for $type {
            async fn ready(&mut self) {
                ready(self).await;
            }
        }
    };
}

watched!(UdpSocket, socket, udp_socket, |state| state != UdpState::Binding);
watched!(IncomingDatagramStream, incoming, incoming_datagram_stream, |state| state == UdpState::Closed);
watched!(OutgoingDatagramStream, outgoing, outgoing_datagram_stream, |state| state == UdpState::Closed);
