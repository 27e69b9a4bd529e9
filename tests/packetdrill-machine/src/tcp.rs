//! A TCP socket as POSIX has it, over the one that wasi:sockets has.
//!
//! They differ in that a socket of wasi:sockets is spent after a connection attempt that failed, and that what
//! it may do depends on its state. So a descriptor keeps what was set on its socket, and makes a new one when
//! Linux would go on with the old one.

use crate::component::Component;
use crate::numbers::{event, msg, socket};
use crate::options::{State, StateExt};
use crate::zerocopy::ZeroCopy;
use packetdrill::Errno;
use std::net::{Ipv4Addr, SocketAddr};
use wasmtime::component::ResourceAny;
use wnet::lab::exports::wasi::sockets::network::{
    IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};
use wnet::lab::exports::wasi::sockets::tcp::ShutdownType;

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
    pub(crate) is_v6: bool,
    /// What bind() was told.
    bound: Option<SocketAddr>,
    /// Options in the order in which they were set: level, name, value.
    pub(crate) chosen: Vec<(i32, i32, Vec<u8>)>,
    shut_receive: bool,
    shut_send: bool,
    /// An error that the component told, and nobody asked for yet.
    error: Option<Errno>,
    /// The connection was made behind the owner's back: the next connect() answers success, once.
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
    /// Others that are kept and have no effect: level, name, value.
    pub(crate) kept: Vec<(i32, i32, i32)>,
}

impl Tcp {
    /// socket(2).
    pub(crate) fn create(component: &mut Component, is_v6: bool) -> Result<Self, Errno> {
        let handle = create(component)?;
        Ok(Tcp {
            handle,
            streams: None,
            phase: Phase::Idle,
            is_v6,
            bound: None,
            chosen: Vec::new(),
            shut_receive: false,
            shut_send: false,
            error: None,
            untold: false,
            deferred: false,
            input_ended: false,
            local: LocalOptions::default(),
        })
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
        let inner = inner_address(self.is_v6, address, Errno::EADDRNOTAVAIL)?;
        bind(component, self.handle, inner)?;
        self.bound = Some(inner);
        Ok(())
    }

    /// listen(2); on a listener it changes the backlog.
    pub(crate) fn listen(&mut self, component: &mut Component, backlog: i32) -> Result<(), Errno> {
        self.refresh(component)?;
        // Negative is a large number to Linux; 0 still lets one connection wait, which is 1 here.
        let backlog = u64::from(backlog.cast_unsigned()).max(1);
        match self.phase {
            Phase::Listening => {
                return method!(component, call_set_listen_backlog_size, self.handle, backlog);
            }
            Phase::Idle => {}
            _ => return Err(Errno::EINVAL),
        }
        if self.bound.is_none() {
            let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
            bind(component, self.handle, any)?;
            self.bound = Some(any);
        }
        method!(component, call_set_listen_backlog_size, self.handle, backlog)?;
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
        let accepted = Tcp {
            handle,
            streams: Some((input, output)),
            phase: Phase::Connected,
            is_v6: self.is_v6,
            bound: None,
            chosen: Vec::new(),
            shut_receive: false,
            shut_send: false,
            error: None,
            untold: false,
            deferred: false,
            input_ended: false,
            local: LocalOptions {
                inq: self.local.inq,
                zerocopy: self.local.zerocopy.of_child(),
                ..LocalOptions::default()
            },
        };
        let peer = accepted.peer(component);
        Ok((accepted, peer))
    }

    /// The peer's address.
    pub(crate) fn peer(&self, component: &mut Component) -> Option<SocketAddr> {
        let address = method!(component, call_remote_address, self.handle).ok().map(socket_address)?;
        Some(outer_address(self.is_v6, address))
    }

    /// connect(2): begins it. [`Errno::EINPROGRESS`]: [`Tcp::connect_result`] tells how it went.
    pub(crate) fn connect(&mut self, component: &mut Component, address: SocketAddr) -> Result<(), Errno> {
        self.look(component);
        match self.phase {
            Phase::Connecting => return Err(Errno::EALREADY),
            Phase::Connected if std::mem::take(&mut self.untold) => return Ok(()),
            Phase::Connected | Phase::Listening => return Err(Errno::EISCONN),
            Phase::Spent => {
                if let Some(error) = self.error.take() {
                    return Err(error);
                }
                self.refresh(component)?;
            }
            Phase::Idle => {}
        }
        let address = inner_address(self.is_v6, address, Errno::ENETUNREACH)?;
        let handle = self.handle;
        component
            .call(|inside| {
                let network = inside.network()?;
                let tcp = inside.stack.wasi_sockets_tcp().tcp_socket();
                tcp.call_start_connect(&mut *inside.store, handle, network, wasi_address(address))
            })
            .inspect_err(|_| self.phase = Phase::Spent)?;
        self.phase = Phase::Connecting;
        self.connect_result(component)?;
        self.deferred = self.is_opening(component);
        Ok(())
    }

    /// Whether the SYN is unanswered, or waits for data.
    pub(crate) fn is_opening(&self, component: &mut Component) -> bool {
        component.state(self.handle).is_ok_and(|state| state == State::SynSent)
    }

    /// MSG_FASTOPEN, and the first data of a connection that waits for it: connects, and hands in data for the SYN.
    /// Answers how many bytes were taken. Linux: `__inet_stream_connect` from `tcp_sendmsg_fastopen`.
    pub(crate) fn connect_with_data(
        &mut self,
        component: &mut Component,
        address: Result<SocketAddr, Errno>,
        data: &[u8],
    ) -> Result<usize, Errno> {
        self.look(component);
        match self.phase {
            Phase::Connecting => return Err(Errno::EALREADY),
            Phase::Connected if std::mem::take(&mut self.deferred) => {
                let taken = component.send(self.handle, data, false)?;
                self.untold = true;
                return Ok(usize::try_from(taken).unwrap_or(usize::MAX));
            }
            Phase::Connected if self.is_opening(component) => return Err(Errno::EALREADY),
            Phase::Connected if std::mem::take(&mut self.untold) => return Ok(0),
            Phase::Connected | Phase::Listening => return Err(Errno::EISCONN),
            Phase::Spent => self.refresh(component)?,
            Phase::Idle => {}
        }
        let address = inner_address(self.is_v6, address?, Errno::ENETUNREACH)?;
        let taken = component
            .connect_with_data(self.handle, wasi_address(address), data)
            .inspect_err(|_| self.phase = Phase::Spent)?;
        self.phase = Phase::Connecting;
        self.look(component);
        Ok(usize::try_from(taken).unwrap_or(usize::MAX))
    }

    /// A call waits with data until the connection is there: it will carry the acknowledgement. Linux:
    /// `sk_write_pending`.
    pub(crate) fn announce(&self, component: &mut Component, data: &[u8]) {
        if self.is_opening(component) && !data.is_empty() {
            // It takes nothing yet.
            let _ = component.send(self.handle, data, false);
        }
    }

    /// The next connect() answers success, if there is a connection then.
    pub(crate) fn told_later(&mut self) {
        self.untold = true;
    }

    /// How a connection attempt went: [`Errno::EINPROGRESS`] while it runs.
    pub(crate) fn connect_result(&mut self, component: &mut Component) -> Result<(), Errno> {
        self.look(component);
        self.untold = false;
        match self.phase {
            Phase::Connecting => Err(Errno::EINPROGRESS),
            Phase::Spent => Err(self.error.take().unwrap_or(Errno::ECONNABORTED)),
            _ => Ok(()),
        }
    }

    /// connect(2) with `AF_UNSPEC`, and what shutdown(2) does to a listener: the socket is as new, its options stay.
    pub(crate) fn disconnect(&mut self, component: &mut Component) -> Result<(), Errno> {
        if self.phase == Phase::Connected {
            component.abort(self.handle)?;
        }
        self.phase = Phase::Spent;
        self.error = None;
        self.refresh(component)
    }

    /// Finds out whether a connection attempt ended.
    pub(crate) fn look(&mut self, component: &mut Component) {
        if self.phase != Phase::Connecting {
            return;
        }
        self.gather_error(component);
        match method!(component, call_finish_connect, self.handle) {
            Ok(streams) => {
                self.streams = Some(streams);
                self.phase = Phase::Connected;
                self.untold = true;
            }
            Err(Errno::EAGAIN) => {}
            Err(error) => {
                self.phase = Phase::Spent;
                self.error.get_or_insert(error);
            }
        }
    }

    /// The error that waits to be told, which is forgotten. Linux: `sock_error`.
    pub(crate) fn take_error(&mut self, component: &mut Component) -> Option<Errno> {
        self.look(component);
        self.gather_error(component);
        self.error.take()
    }

    /// What TCP_INQ tells. Linux: `tcp_inq_hint`, which is never 0 after the peer's FIN.
    pub(crate) fn input_hint(&self, component: &mut Component) -> i32 {
        let waiting = component.queued_input(self.handle).unwrap_or(0);
        let ended = component.state(self.handle).is_ok_and(StateExt::has_received_fin);
        i32::try_from(waiting).unwrap_or(i32::MAX).max(i32::from(ended))
    }

    fn gather_error(&mut self, component: &mut Component) {
        if self.error.is_none() && matches!(self.phase, Phase::Connecting | Phase::Connected) {
            self.error = component.take_error(self.handle);
        }
    }

    /// Takes bytes that arrived: nothing at the end. [`Errno::EAGAIN`]: there is none. Linux: `tcp_recvmsg`.
    pub(crate) fn receive(
        &mut self,
        component: &mut Component,
        len: usize,
        flags: i32,
    ) -> Result<Vec<u8>, Errno> {
        self.look(component);
        if flags & msg::OOB != 0 {
            return Err(Errno::EINVAL);
        }
        let Some((input, _)) = self.streams else { return self.receive_without_connection(component) };
        if len == 0 {
            return Ok(Vec::new());
        }
        if component.queued_input(self.handle).unwrap_or(0) == 0
            && let Some(error) = self.take_error(component)
        {
            return Err(error);
        }
        if flags & msg::PEEK != 0 {
            return component.peek(self.handle, len);
        }
        let read = component.enter(|inside| {
            let streams = inside.stack.wasi_io_streams();
            streams.input_stream().call_read(&mut *inside.store, input, len as u64)
        })?;
        match read {
            // Shutting down says that nobody will read; what comes all the same can be read.
            Ok(bytes) if bytes.is_empty() && self.shut_receive => Ok(bytes),
            Ok(bytes) if bytes.is_empty() => Err(Errno::EAGAIN),
            Ok(bytes) => {
                self.end_input(component);
                Ok(bytes)
            }
            // An error is told once, which was done: then it is the end.
            Err(end) => component.stream_errno(end).map(|_| Vec::new()),
        }
    }

    fn receive_without_connection(&mut self, component: &mut Component) -> Result<Vec<u8>, Errno> {
        match (self.phase, self.take_error(component)) {
            (Phase::Connecting, _) => Err(Errno::EAGAIN),
            (_, Some(error)) => Err(error),
            _ => Err(Errno::ENOTCONN),
        }
    }

    /// Hands in bytes to be sent, and answers how many were taken. [`Errno::EAGAIN`]: there is no room. Linux:
    /// `tcp_sendmsg`.
    pub(crate) fn send(
        &mut self,
        component: &mut Component,
        data: &[u8],
        more: bool,
    ) -> Result<usize, Errno> {
        self.look(component);
        if let Some(error) = self.take_error(component) {
            return Err(error);
        }
        match self.phase {
            Phase::Connecting => return Err(Errno::EAGAIN),
            Phase::Connected if self.is_opening(component) => return Err(Errno::EAGAIN),
            Phase::Connected if !self.shut_send => {}
            _ => return Err(Errno::EPIPE),
        }
        if data.is_empty() {
            return Ok(0);
        }
        match component.send(self.handle, data, more) {
            Ok(taken) => Ok(usize::try_from(taken).unwrap_or(usize::MAX)),
            Err(Errno::EAGAIN) => Err(Errno::EAGAIN),
            // An error is told once, which was done. Linux: `sk_stream_error`.
            Err(_) => Err(Errno::EPIPE),
        }
    }

    /// shutdown(2). Linux: `inet_shutdown`.
    pub(crate) fn shutdown(&mut self, component: &mut Component, how: i32) -> Result<(), Errno> {
        self.look(component);
        let (receive, send) = match how {
            socket::SHUT_RD => (true, false),
            socket::SHUT_WR => (false, true),
            socket::SHUT_RDWR => (true, true),
            _ => return Err(Errno::EINVAL),
        };
        match self.phase {
            Phase::Listening if receive => return self.disconnect(component),
            Phase::Listening => return Ok(()),
            Phase::Connecting => return self.disconnect(component),
            Phase::Idle | Phase::Spent => return Err(Errno::ENOTCONN),
            Phase::Connected => {}
        }
        if component.state(self.handle)? == State::Close {
            return Err(Errno::ENOTCONN);
        }
        if send && !std::mem::replace(&mut self.shut_send, true) {
            method!(component, call_shutdown, self.handle, ShutdownType::Send)?;
        }
        self.shut_receive |= receive;
        self.end_input(component);
        Ok(())
    }

    /// Linux, unlike wasi:sockets, hands out what comes after the receiving side was shut down. So the component hears
    /// of it only when both sides are shut down and nothing waits to be read: from then on data resets the connection.
    fn end_input(&mut self, component: &mut Component) {
        let is_over = self.shut_receive && self.shut_send && !self.input_ended;
        if is_over && component.queued_input(self.handle) == Ok(0) {
            self.input_ended = true;
            // A connection that has ended meanwhile has no sides.
            let _ = method!(component, call_shutdown, self.handle, ShutdownType::Receive);
        }
    }

    /// Finds out which sends with MSG_ZEROCOPY are acknowledged.
    pub(crate) fn look_at_sends(&mut self, component: &mut Component) {
        if self.phase == Phase::Connected {
            let unacknowledged = component.unacknowledged(self.handle).unwrap_or(0);
            self.local.zerocopy.look(unacknowledged);
        }
    }

    /// What poll(2) finds. Linux: `tcp_poll`.
    pub(crate) fn events(&mut self, component: &mut Component) -> u32 {
        self.look(component);
        self.gather_error(component);
        self.look_at_sends(component);
        let has_error = self.error.is_some() || self.local.zerocopy.has_done();
        let mut events = if has_error { event::ERR } else { 0 };
        match self.phase {
            Phase::Listening => events | self.acceptable(component),
            Phase::Connecting => events,
            Phase::Idle => event::OUT | event::WRNORM | event::HUP,
            Phase::Spent => {
                events | event::IN | event::RDNORM | event::RDHUP | event::OUT | event::WRNORM | event::HUP
            }
            Phase::Connected => {
                events |= self.connection_events(component);
                events
            }
        }
    }

    fn acceptable(&self, component: &mut Component) -> u32 {
        let handle = self.handle;
        let ready = component.is_ready(|inside| {
            inside.stack.wasi_sockets_tcp().tcp_socket().call_subscribe(&mut *inside.store, handle)
        });
        if ready == Ok(true) { event::IN | event::RDNORM } else { 0 }
    }

    fn connection_events(&self, component: &mut Component) -> u32 {
        let Some((input, output)) = self.streams else { return 0 };
        let state = component.state(self.handle).unwrap_or(State::Close);
        let peer_is_done = self.shut_receive || state.has_received_fin();
        let send_is_over = self.shut_send || state == State::Close;
        let mut events = 0;
        if peer_is_done {
            events |= event::IN | event::RDNORM | event::RDHUP;
        }
        if (peer_is_done && send_is_over) || state == State::Close {
            events |= event::HUP;
        }
        let readable = component.is_ready(|inside| {
            inside.stack.wasi_io_streams().input_stream().call_subscribe(&mut *inside.store, input)
        });
        if readable == Ok(true) {
            events |= event::IN | event::RDNORM;
        }
        if send_is_over || self.is_writable(component, output) {
            events |= event::OUT | event::WRNORM;
        }
        events
    }

    /// Whether there is room worth the while: a third of the buffer, and little that was not sent. Linux:
    /// `__sk_stream_is_writeable`, `tcp_stream_memory_free`.
    fn is_writable(&self, component: &mut Component, output: ResourceAny) -> bool {
        let ready = component.is_ready(|inside| {
            inside.stack.wasi_io_streams().output_stream().call_subscribe(&mut *inside.store, output)
        });
        let Ok(options) = component.options(self.handle) else { return ready == Ok(true) };
        let queued = component.unacknowledged(self.handle).unwrap_or(0);
        let unsent = component.unsent(self.handle).unwrap_or(0);
        let lowat = match options.notsent_lowat {
            0 => u64::from(u32::MAX),
            lowat => lowat.into(),
        };
        ready == Ok(true) && queued * 3 <= u64::from(options.sndbuf) * 2 && unsent * 2 < lowat
    }

    /// close(2), without waiting.
    pub(crate) fn close(self, component: &mut Component) {
        let streams = self.streams.into_iter().flat_map(|(input, output)| [input, output]);
        component.drop_all(streams.chain([self.handle]));
    }

    /// Makes a new socket in the place of one that is spent, with its options and its address.
    fn refresh(&mut self, component: &mut Component) -> Result<(), Errno> {
        if self.phase != Phase::Spent {
            return Ok(());
        }
        let fresh = create(component)?;
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
}

/// Of IPv4 in any case: the stack has no IPv6, and sockets of AF_INET6 serve IPv4 by mapped addresses.
fn create(component: &mut Component) -> Result<ResourceAny, Errno> {
    component.call(|inside| {
        let create = inside.stack.wasi_sockets_tcp_create_socket();
        create.call_create_tcp_socket(&mut *inside.store, IpAddressFamily::Ipv4)
    })
}

/// The address behind one that a socket of AF_INET6 (`is_v6`) or AF_INET was given; `none`: there is no IPv6.
fn inner_address(is_v6: bool, address: SocketAddr, none: Errno) -> Result<SocketAddr, Errno> {
    match (is_v6, address) {
        (false, SocketAddr::V4(_)) => Ok(address),
        (true, SocketAddr::V6(v6)) if v6.ip().is_unspecified() => {
            Ok((Ipv4Addr::UNSPECIFIED, v6.port()).into())
        }
        (true, SocketAddr::V6(v6)) => v6.ip().to_ipv4_mapped().map(|v4| (v4, v6.port()).into()).ok_or(none),
        _ => Err(Errno::EAFNOSUPPORT),
    }
}

/// An address as a socket of AF_INET6 (`is_v6`) or AF_INET shows it.
fn outer_address(is_v6: bool, address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if is_v6 => (v4.ip().to_ipv6_mapped(), v4.port()).into(),
        _ => address,
    }
}

fn bind(component: &mut Component, handle: ResourceAny, address: SocketAddr) -> Result<(), Errno> {
    component.call(|inside| {
        let network = inside.network()?;
        let tcp = inside.stack.wasi_sockets_tcp().tcp_socket();
        tcp.call_start_bind(&mut *inside.store, handle, network, wasi_address(address))
    })?;
    method!(component, call_finish_bind, handle)
}

/// An address as the component takes it.
pub(crate) fn wasi_address(address: SocketAddr) -> IpSocketAddress {
    match address {
        SocketAddr::V4(v4) => {
            IpSocketAddress::Ipv4(Ipv4SocketAddress { port: v4.port(), address: v4.ip().octets().into() })
        }
        SocketAddr::V6(v6) => IpSocketAddress::Ipv6(Ipv6SocketAddress {
            port: v6.port(),
            flow_info: v6.flowinfo(),
            address: v6.ip().segments().into(),
            scope_id: v6.scope_id(),
        }),
    }
}

/// An address as the component tells it.
pub(crate) fn socket_address(address: IpSocketAddress) -> SocketAddr {
    match address {
        IpSocketAddress::Ipv4(v4) => {
            let (a, b, c, d) = v4.address;
            (std::net::Ipv4Addr::new(a, b, c, d), v4.port).into()
        }
        IpSocketAddress::Ipv6(v6) => {
            let (a, b, c, d, e, f, g, h) = v6.address;
            (std::net::Ipv6Addr::new(a, b, c, d, e, f, g, h), v6.port).into()
        }
    }
}
