//! `wnet:stack/socket-options` and `wnet:stack/abort`, with errors as Linux numbers them.

use crate::component::Component;
use packetdrill::Errno;
use std::net::IpAddr;
use wasmtime::component::ResourceAny;
use wnet::lab::exports::wasi::sockets::network::{IpAddress, IpSocketAddress};
use wnet::lab::exports::wnet::stack::socket_options::BpfInstruction;

pub(crate) use wnet::lab::exports::wnet::stack::socket_options::{
    CcInfo, PathMtu, SendFlags, TcpInfo, TcpOption, TcpOptions, TcpState as State,
};

/// Bytes leave as the rules say.
pub(crate) const PLAIN: SendFlags = SendFlags { more: false, end_of_record: false };

/// Calls a function of `socket-options`.
macro_rules! option {
    ($self:ident, $function:ident, $handle:expr $(, $argument:expr)*) => {{
        let handle = $handle;
        $self.option(|options, store| options.$function(store, handle $(, $argument)*))
    }};
}

/// The functions of `socket-options`, in its order.
impl Component {
    pub(crate) fn set(&mut self, socket: ResourceAny, option: &TcpOption) -> Result<(), Errno> {
        let set = option!(self, call_set, socket, option);
        match (option, set) {
            // An algorithm that there is not. Linux: `tcp_set_congestion_control`.
            (TcpOption::Congestion(_), Err(Errno::EINVAL)) => Err(Errno::ENOENT),
            (TcpOption::BindToDevice(_), Err(Errno::EINVAL)) => Err(Errno::ENODEV),
            (_, Err(Errno::EOPNOTSUPP)) => Err(Errno::ENOPROTOOPT),
            (_, set) => set,
        }
    }

    pub(crate) fn options(&mut self, socket: ResourceAny) -> Result<TcpOptions, Errno> {
        option!(self, call_get, socket)
    }

    pub(crate) fn state(&mut self, socket: ResourceAny) -> Result<State, Errno> {
        self.option(|options, store| Ok(Ok(options.call_state(store, socket)?)))
    }

    pub(crate) fn info(&mut self, socket: ResourceAny) -> Result<TcpInfo, Errno> {
        option!(self, call_info, socket)
    }

    pub(crate) fn congestion_info(&mut self, socket: ResourceAny) -> Result<CcInfo, Errno> {
        option!(self, call_congestion_info, socket)
    }

    pub(crate) fn peek(&mut self, socket: ResourceAny, max: usize) -> Result<Vec<u8>, Errno> {
        option!(self, call_peek, socket, max as u64)
    }

    pub(crate) fn send(&mut self, socket: ResourceAny, data: &[u8], flags: SendFlags) -> Result<u64, Errno> {
        option!(self, call_send, socket, data, flags)
    }

    /// The error that waits to be told, and is forgotten.
    pub(crate) fn take_error(&mut self, socket: ResourceAny) -> Option<Errno> {
        let number = option!(self, call_take_error, socket).unwrap_or(0);
        i32::try_from(number).ok().filter(|number| *number != 0).map(Errno)
    }

    pub(crate) fn queued_input(&mut self, socket: ResourceAny) -> Result<u64, Errno> {
        option!(self, call_queued_input, socket)
    }

    pub(crate) fn unacknowledged(&mut self, socket: ResourceAny) -> Result<u64, Errno> {
        option!(self, call_unacknowledged, socket)
    }

    pub(crate) fn unsent(&mut self, socket: ResourceAny) -> Result<u64, Errno> {
        option!(self, call_unsent, socket)
    }

    pub(crate) fn connect_with_data(
        &mut self,
        socket: ResourceAny,
        remote: IpSocketAddress,
        data: &[u8],
    ) -> Result<u64, Errno> {
        let network = self.enter(|inside| inside.network())?;
        option!(self, call_connect_with_data, socket, network, remote, data)
    }

    pub(crate) fn add_md5_key(
        &mut self,
        socket: ResourceAny,
        peer: IpAddr,
        prefix: u8,
        key: &[u8],
    ) -> Result<(), Errno> {
        option!(self, call_add_md5_key, socket, ip_address(peer), prefix, key)
    }

    pub(crate) fn remove_md5_key(
        &mut self,
        socket: ResourceAny,
        peer: IpAddr,
        prefix: u8,
    ) -> Result<(), Errno> {
        option!(self, call_remove_md5_key, socket, ip_address(peer), prefix)
    }

    /// Instructions as `struct sock_filter` has them: code, jt, jf, k.
    pub(crate) fn attach_filter(
        &mut self,
        socket: ResourceAny,
        program: Vec<(u16, u8, u8, u32)>,
    ) -> Result<(), Errno> {
        let program: Vec<_> =
            program.into_iter().map(|(code, jt, jf, k)| BpfInstruction { code, jt, jf, k }).collect();
        let attached = option!(self, call_attach_filter, socket, &program);
        attached.map_err(|error| if error == Errno::EACCES { Errno::EPERM } else { error })
    }

    pub(crate) fn detach_filter(&mut self, socket: ResourceAny) -> Result<(), Errno> {
        match option!(self, call_detach_filter, socket) {
            // There is none: not-in-progress.
            Err(Errno::EINVAL) => Err(Errno::ENOENT),
            Err(Errno::EACCES) => Err(Errno::EPERM),
            detached => detached,
        }
    }

    pub(crate) fn lock_filter(&mut self, socket: ResourceAny) -> Result<(), Errno> {
        option!(self, call_lock_filter, socket)
    }

    pub(crate) fn saved_syn(&mut self, socket: ResourceAny) -> Result<Option<Vec<u8>>, Errno> {
        option!(self, call_saved_syn, socket)
    }

    /// Resets the socket's connection.
    pub(crate) fn abort(&mut self, socket: ResourceAny) -> Result<(), Errno> {
        self.enter(|inside| inside.abort_tcp(socket))
    }
}

/// What Linux's states have in common.
pub(crate) trait StateExt {
    /// Whether the peer has no more to send, or nobody is there.
    fn has_received_fin(self) -> bool;
    /// Whether our FIN waits to be acknowledged.
    fn waits_for_fin_ack(self) -> bool;
}

impl StateExt for State {
    fn has_received_fin(self) -> bool {
        matches!(self, State::CloseWait | State::LastAck | State::Closing | State::TimeWait | State::Close)
    }

    fn waits_for_fin_ack(self) -> bool {
        matches!(self, State::FinWait1 | State::Closing | State::LastAck)
    }
}

fn ip_address(address: IpAddr) -> IpAddress {
    match address {
        IpAddr::V4(v4) => IpAddress::Ipv4(v4.octets().into()),
        IpAddr::V6(v6) => IpAddress::Ipv6(v6.segments().into()),
    }
}
