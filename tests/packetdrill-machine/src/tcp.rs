//! A TCP socket as POSIX has it, over the one that wasi:sockets has.
//!
//! They differ in that a socket of wasi:sockets is spent after a connection attempt that failed, and that what
//! it may do depends on its state. So a descriptor keeps what was set on its socket, and makes a new one when
//! Linux would go on with the old one.

mod addresses;
mod connecting;
mod readiness;
mod transfer;

use crate::component::Component;
use crate::options::TcpOption;
use crate::timestamping::Timestamping;
use crate::zerocopy::ZeroCopy;
pub(crate) use addresses::Family;
use addresses::{inner_address, outer_address};
use packetdrill::Errno;
use std::net::SocketAddr;
use wasmtime::component::ResourceAny;

pub(crate) use addresses::{socket_address, wasi_address};

/// Calls a method of the component's `tcp-socket`.
macro_rules! method {
    ($component:expr, $method:ident, $handle:expr $(, $argument:expr)?) => {{
        let handle = $handle;
        $(let argument = $argument;)?
        $component.call(|inside| {
            let tcp = inside.stack.wasi_sockets_tcp().tcp_socket();
            tcp.$method(&mut *inside.store, handle $(, $crate::tcp::first!(argument, $argument))?)
        })
    }};
}
/// The first of two; the second only says how often the first is wanted.
macro_rules! first {
    ($first:expr, $second:expr) => {
        $first
    };
}
pub(crate) use first;
pub(crate) use method;

/// Where a socket is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// New, or disconnected.
    Idle,
    Listening,
    /// connect() was called, and the peer has not decided.
    Connecting,
    /// There is a connection, or was one.
    Connected,
    /// The connection attempt failed: the component's socket is spent.
    Spent,
}

/// A TCP socket behind a descriptor.
pub(crate) struct Tcp {
    handle: ResourceAny,
    /// Input and output of a connection.
    streams: Option<(ResourceAny, ResourceAny)>,
    pub(crate) phase: Phase,
    pub(crate) family: Family,
    /// What bind() was told.
    bound: Option<SocketAddr>,
    /// Options in the order in which they were set: level, name, value.
    pub(crate) chosen: Vec<(i32, i32, Vec<u8>)>,
    shut_receive: bool,
    shut_send: bool,
    /// An error that the component told, and nobody asked for yet.
    error: Option<Errno>,
    /// The connection was made, or could not be made, behind the owner's back: the next connect() tells, once.
    untold: bool,
    /// connect() succeeded, and the SYN waits for data (TCP_FASTOPEN_CONNECT). Linux: `DEFER_CONNECT`.
    pub(crate) deferred: bool,
    /// The component knows that nobody will read.
    input_ended: bool,
    pub(crate) local: LocalOptions,
}

/// Options that concern nobody but this layer.
#[derive(Clone, Debug, Default)]
pub(crate) struct LocalOptions {
    /// SO_RCVTIMEO in nanoseconds; none: for ever.
    pub(crate) receive_timeout: Option<u64>,
    /// SO_SNDTIMEO, likewise.
    pub(crate) send_timeout: Option<u64>,
    /// TCP_INQ.
    pub(crate) inq: bool,
    /// SO_ZEROCOPY and what came of it.
    pub(crate) zerocopy: ZeroCopy,
    /// SO_TIMESTAMPING and what came of it.
    pub(crate) timestamping: Timestamping,
    /// Bytes that were handed in to be sent.
    pub(crate) handed: u64,
    /// A write did not find all the room that it wanted. Linux: `SOCK_NOSPACE`.
    pub(crate) no_space: bool,
    /// How often there was room again since. Linux: `sk_write_space`.
    pub(crate) spaces: u64,
    /// Others that are kept and have no effect: level, name, value.
    pub(crate) kept: Vec<(i32, i32, i32)>,
}

impl Tcp {
    /// A socket around the component's, in `phase`.
    fn new(handle: ResourceAny, family: Family, phase: Phase) -> Self {
        Tcp {
            handle,
            streams: None,
            phase,
            family,
            bound: None,
            chosen: Vec::new(),
            shut_receive: false,
            shut_send: false,
            error: None,
            untold: false,
            deferred: false,
            input_ended: false,
            local: LocalOptions::default(),
        }
    }

    /// socket(2).
    pub(crate) fn create(component: &mut Component, is_v6: bool) -> Result<Self, Errno> {
        let family = match (is_v6, component.ipv6) {
            (false, _) => Family::V4,
            (true, false) => Family::Mapped,
            (true, true) => Family::V6,
        };
        Ok(Tcp::new(create(component, family)?, family, Phase::Idle))
    }

    /// The component's socket.
    pub(crate) fn handle(&self) -> ResourceAny {
        self.handle
    }

    /// Remembers an option that was set, so that it is on the next socket, too.
    pub(crate) fn remember(&mut self, level: i32, name: i32, value: &[u8]) {
        self.chosen.retain(|(l, n, _)| (*l, *n) != (level, name));
        self.chosen.push((level, name, value.to_vec()));
    }

    /// bind(2).
    pub(crate) fn bind(&mut self, component: &mut Component, address: SocketAddr) -> Result<(), Errno> {
        self.refresh(component)?;
        if self.bound.is_some() || self.phase != Phase::Idle {
            return Err(Errno::EINVAL);
        }
        let inner = inner_address(self.family, address, Errno::EADDRNOTAVAIL)?;
        bind(component, self.handle, inner)?;
        self.bound = Some(inner);
        Ok(())
    }

    /// listen(2); on a listener it changes the backlog.
    pub(crate) fn listen(&mut self, component: &mut Component, backlog: i32) -> Result<(), Errno> {
        self.refresh(component)?;
        // Negative is a large number to Linux.
        let backlog = TcpOption::Backlog(backlog.cast_unsigned());
        match self.phase {
            Phase::Listening => return component.set(self.handle, &backlog),
            Phase::Idle => {}
            _ => return Err(Errno::EINVAL),
        }
        if self.bound.is_none() {
            let any = self.family.unspecified();
            bind(component, self.handle, any)?;
            self.bound = Some(any);
        }
        component.set(self.handle, &backlog)?;
        method!(component, call_start_listen, self.handle)?;
        method!(component, call_finish_listen, self.handle)?;
        self.phase = Phase::Listening;
        Ok(())
    }

    /// accept(2). [`Errno::EAGAIN`]: nobody is there.
    pub(crate) fn accept(&mut self, component: &mut Component) -> Result<(Tcp, Option<SocketAddr>), Errno> {
        if self.phase != Phase::Listening {
            return Err(Errno::EINVAL);
        }
        let (handle, input, output) = method!(component, call_accept, self.handle)?;
        let mut accepted = Tcp::new(handle, self.family, Phase::Connected);
        accepted.streams = Some((input, output));
        accepted.local.inq = self.local.inq;
        accepted.local.zerocopy = self.local.zerocopy.of_child();
        accepted.local.timestamping = self.local.timestamping.of_child();
        let peer = accepted.peer(component);
        Ok((accepted, peer))
    }

    /// The peer's address.
    pub(crate) fn peer(&self, component: &mut Component) -> Option<SocketAddr> {
        let address = method!(component, call_remote_address, self.handle).ok().map(socket_address)?;
        Some(outer_address(self.family, address))
    }

    /// The error that waits to be told, which is forgotten. Linux: `sock_error`.
    pub(crate) fn take_error(&mut self, component: &mut Component) -> Option<Errno> {
        self.look(component);
        self.gather_error(component);
        self.error.take()
    }

    fn gather_error(&mut self, component: &mut Component) {
        if self.error.is_none() && matches!(self.phase, Phase::Connecting | Phase::Connected) {
            self.error = component.take_error(self.handle);
        }
    }

    /// Makes a new socket in the place of one that is spent, with its options and its address.
    fn refresh(&mut self, component: &mut Component) -> Result<(), Errno> {
        if self.phase != Phase::Spent {
            return Ok(());
        }
        let fresh = create(component, self.family)?;
        let streams = self.streams.take().into_iter().flat_map(|(input, output)| [input, output]);
        component.drop_all(streams.chain([std::mem::replace(&mut self.handle, fresh)]));
        (self.phase, self.untold, self.deferred) = (Phase::Idle, false, false);
        (self.shut_receive, self.shut_send, self.input_ended) = (false, false, false);
        for (level, name, value) in self.chosen.clone() {
            // What was taken once is taken again.
            let _ = self.set_option(component, level, name, &value);
        }
        if let Some(address) = self.bound {
            bind(component, self.handle, address)?;
        }
        Ok(())
    }

    /// close(2), without waiting.
    pub(crate) fn close(self, component: &mut Component) {
        let streams = self.streams.into_iter().flat_map(|(input, output)| [input, output]);
        component.drop_all(streams.chain([self.handle]));
    }
}

fn create(component: &mut Component, family: Family) -> Result<ResourceAny, Errno> {
    let handle = component.call(|inside| {
        let create = inside.stack.wasi_sockets_tcp_create_socket();
        create.call_create_tcp_socket(&mut *inside.store, family.inner())
    })?;
    // wasi:sockets shares addresses unasked, POSIX does not.
    component.set(handle, &TcpOption::Reuseaddr(false))?;
    Ok(handle)
}

fn bind(component: &mut Component, handle: ResourceAny, address: SocketAddr) -> Result<(), Errno> {
    component.call(|inside| {
        let network = inside.network()?;
        let tcp = inside.stack.wasi_sockets_tcp().tcp_socket();
        tcp.call_start_bind(&mut *inside.store, handle, network, wasi_address(address))
    })?;
    method!(component, call_finish_bind, handle)
}
