//! Calls of the stack component, their errors as Linux numbers them.

use packetdrill::Errno;
use wasmtime::Store;
use wasmtime::component::ResourceAny;
use wnet::lab::exports::wasi::io::streams::StreamError;
use wnet::lab::exports::wasi::sockets::network::ErrorCode;
use wnet::lab::exports::wnet::stack::{control, socket_options};
use wnet::lab::{Entered, Lab, SentFrame, Stack, StackState};

/// The component in its lab. Once it failed, every call is [`Errno::EIO`].
pub(crate) struct Component {
    lab: Lab,
    failure: Option<String>,
    /// Whether its network is one of IPv6.
    pub(crate) ipv6: bool,
}

impl Component {
    pub(crate) fn new(lab: Lab, ipv6: bool) -> Self {
        Component { lab, failure: None, ipv6 }
    }

    /// Why it is of no use any more, if that is so.
    pub(crate) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// Runs `f` in the component.
    pub(crate) fn enter<T>(
        &mut self,
        f: impl FnOnce(&mut Entered<'_>) -> wasmtime::Result<T>,
    ) -> Result<T, Errno> {
        if self.failure.is_some() {
            return Err(Errno::EIO);
        }
        self.lab.enter(f).map_err(|failed| self.fail(failed.to_string()))
    }

    /// Runs a call that has an error code in the component.
    pub(crate) fn call<T>(
        &mut self,
        f: impl FnOnce(&mut Entered<'_>) -> wasmtime::Result<Result<T, ErrorCode>>,
    ) -> Result<T, Errno> {
        self.enter(f)?.map_err(errno)
    }

    /// Calls a function of the optional interface `socket-options`.
    pub(crate) fn option<T>(
        &mut self,
        f: impl FnOnce(&socket_options::Guest, &mut Store<StackState>) -> wasmtime::Result<Result<T, ErrorCode>>,
    ) -> Result<T, Errno> {
        self.call(|inside| f(inside.stack.socket_options().ok_or_else(missing)?, inside.store))
    }

    /// Calls a function of the optional interface `control`.
    pub(crate) fn control<T>(
        &mut self,
        f: impl FnOnce(&control::Guest, &mut Store<StackState>) -> wasmtime::Result<T>,
    ) -> Result<T, Errno> {
        self.enter(|inside| f(inside.stack.control().ok_or_else(missing)?, inside.store))
    }

    /// Calls a function of an optional interface.
    pub(crate) fn ask<G, T>(
        &mut self,
        interface: impl FnOnce(&Stack) -> Option<&G>,
        f: impl FnOnce(&G, &mut Store<StackState>) -> wasmtime::Result<T>,
    ) -> Result<T, Errno> {
        self.enter(|inside| f(interface(inside.stack).ok_or_else(missing)?, inside.store))
    }

    /// Drops resources, children first.
    pub(crate) fn drop_all(&mut self, resources: impl IntoIterator<Item = ResourceAny>) {
        for resource in resources {
            // A failure is remembered, and nothing else can be done about it.
            let _ = self.enter(|inside| resource.resource_drop(&mut *inside.store));
        }
    }

    /// Whether a pollable is ready; it is dropped then.
    pub(crate) fn is_ready(
        &mut self,
        subscribe: impl FnOnce(&mut Entered<'_>) -> wasmtime::Result<ResourceAny>,
    ) -> Result<bool, Errno> {
        self.enter(|inside| {
            let pollable = subscribe(inside)?;
            let ready = inside.stack.wasi_io_poll().pollable().call_ready(&mut *inside.store, pollable)?;
            pollable.resource_drop(&mut *inside.store)?;
            Ok(ready)
        })
    }

    /// Why a stream did not go on: `None` if it is closed.
    pub(crate) fn stream_errno(&mut self, error: StreamError) -> Result<Option<Errno>, Errno> {
        let StreamError::LastOperationFailed(error) = error else { return Ok(None) };
        let text = self.enter(|inside| {
            let text =
                inside.stack.wasi_io_error().error().call_to_debug_string(&mut *inside.store, error)?;
            error.resource_drop(&mut *inside.store)?;
            Ok(text)
        })?;
        Ok(Some(errno_of_name(&text)))
    }

    /// Does what is due now.
    pub(crate) fn settle(&mut self) {
        if self.failure.is_none()
            && let Err(failed) = self.lab.settle()
        {
            self.fail(failed.to_string());
        }
    }

    pub(crate) fn now(&self) -> u64 {
        self.lab.now()
    }

    pub(crate) fn advance_to(&mut self, time: u64) {
        self.lab.advance_to(time);
    }

    pub(crate) fn deadline(&self) -> Option<u64> {
        self.lab.deadline().filter(|_| self.failure.is_none())
    }

    pub(crate) fn put_frame(&mut self, frame: Vec<u8>) {
        self.lab.put_frame(frame);
    }

    pub(crate) fn take_frame(&mut self) -> Option<SentFrame> {
        self.lab.take_frame()
    }

    fn fail(&mut self, why: String) -> Errno {
        self.failure.get_or_insert(why);
        Errno::EIO
    }
}

fn missing() -> wasmtime::Error {
    wasmtime::format_err!(
        "the stack component does not export socket-options, control, links, routing and tcp-metrics"
    )
}

/// The error number behind an error code where nothing is known of the circumstances.
fn errno(code: ErrorCode) -> Errno {
    match code {
        ErrorCode::InvalidArgument | ErrorCode::InvalidState | ErrorCode::NotInProgress => Errno::EINVAL,
        ErrorCode::NotSupported => Errno::EOPNOTSUPP,
        ErrorCode::ConcurrencyConflict => Errno::EALREADY,
        ErrorCode::WouldBlock => Errno::EAGAIN,
        ErrorCode::NewSocketLimit => Errno::EMFILE,
        ErrorCode::AddressNotBindable => Errno::EADDRNOTAVAIL,
        ErrorCode::AddressInUse => Errno::EADDRINUSE,
        ErrorCode::RemoteUnreachable => Errno::ENETUNREACH,
        ErrorCode::DatagramTooLarge => Errno::EMSGSIZE,
        other => errno_of_name(other.name()),
    }
}

/// The error number behind the text of a stream's error, which is the name of an error code.
fn errno_of_name(name: &str) -> Errno {
    match name {
        "access-denied" => Errno::EACCES,
        "timeout" => Errno::ETIMEDOUT,
        "out-of-memory" => Errno::ENOMEM,
        "remote-unreachable" => Errno::EHOSTUNREACH,
        "connection-refused" => Errno::ECONNREFUSED,
        "connection-aborted" => Errno::ECONNABORTED,
        "connection-reset" => Errno::ECONNRESET,
        _ => Errno::EIO,
    }
}
