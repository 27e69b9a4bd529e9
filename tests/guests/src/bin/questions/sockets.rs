//! Sockets on the loopback device, made as a program makes them.

use wasi::io::poll::Pollable;
use wasi::io::streams::{InputStream, OutputStream};
use wasi::sockets::instance_network::instance_network;
use wasi::sockets::network::{
    ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress, Network,
};
use wasi::sockets::tcp::TcpSocket;
use wasi::sockets::tcp_create_socket::create_tcp_socket;
use wasi::sockets::udp::UdpSocket;
use wasi::sockets::udp_create_socket::create_udp_socket;

/// Which version of IP the questions are about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Ipv4,
    Ipv6,
}

impl Family {
    pub(crate) fn of_wasi(self) -> IpAddressFamily {
        match self {
            Family::Ipv4 => IpAddressFamily::Ipv4,
            Family::Ipv6 => IpAddressFamily::Ipv6,
        }
    }

    pub(crate) fn other(self) -> Self {
        match self {
            Family::Ipv4 => Family::Ipv6,
            Family::Ipv6 => Family::Ipv4,
        }
    }

    /// This port of the loopback device.
    pub(crate) fn loopback(self, port: u16) -> IpSocketAddress {
        match self {
            Family::Ipv4 => v4((127, 0, 0, 1), port),
            Family::Ipv6 => v6((0, 0, 0, 0, 0, 0, 0, 1), port),
        }
    }

    /// This port of no address in particular.
    pub(crate) fn unspecified(self, port: u16) -> IpSocketAddress {
        match self {
            Family::Ipv4 => v4((0, 0, 0, 0), port),
            Family::Ipv6 => v6((0, 0, 0, 0, 0, 0, 0, 0), port),
        }
    }

    /// This port of a group.
    pub(crate) fn group(self, port: u16) -> IpSocketAddress {
        match self {
            Family::Ipv4 => v4((224, 254, 0, 1), port),
            Family::Ipv6 => v6((0xff14, 0, 0, 0, 0, 0, 0, 0xfe01), port),
        }
    }

    /// This port of an address for documents, which nobody has.
    pub(crate) fn nobody(self, port: u16) -> IpSocketAddress {
        match self {
            Family::Ipv4 => v4((192, 0, 2, 1), port),
            Family::Ipv6 => v6((0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), port),
        }
    }
}

pub(crate) fn v4(address: (u8, u8, u8, u8), port: u16) -> IpSocketAddress {
    IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address })
}

pub(crate) fn v6(address: (u16, u16, u16, u16, u16, u16, u16, u16), port: u16) -> IpSocketAddress {
    IpSocketAddress::Ipv6(Ipv6SocketAddress { port, flow_info: 0, address, scope_id: 0 })
}

pub(crate) fn port_of(address: IpSocketAddress) -> u16 {
    match address {
        IpSocketAddress::Ipv4(address) => address.port,
        IpSocketAddress::Ipv6(address) => address.port,
    }
}

pub(crate) fn network() -> Network {
    instance_network()
}

pub(crate) fn tcp(family: Family) -> TcpSocket {
    create_tcp_socket(family.of_wasi()).expect("a TCP socket")
}

pub(crate) fn udp(family: Family) -> UdpSocket {
    create_udp_socket(family.of_wasi()).expect("a UDP socket")
}

/// Waits for an operation that was started.
pub(crate) fn finish<T>(
    subscribe: impl Fn() -> Pollable,
    operation: impl Fn() -> Result<T, ErrorCode>,
) -> Result<T, ErrorCode> {
    loop {
        match operation() {
            Err(ErrorCode::WouldBlock) => subscribe().block(),
            result => return result,
        }
    }
}

pub(crate) fn bind(socket: &TcpSocket, address: IpSocketAddress) -> Result<(), ErrorCode> {
    socket.start_bind(&network(), address)?;
    finish(|| socket.subscribe(), || socket.finish_bind())
}

pub(crate) fn listen(socket: &TcpSocket) -> Result<(), ErrorCode> {
    socket.start_listen()?;
    finish(|| socket.subscribe(), || socket.finish_listen())
}

pub(crate) fn connect(
    socket: &TcpSocket,
    address: IpSocketAddress,
) -> Result<(InputStream, OutputStream), ErrorCode> {
    socket.start_connect(&network(), address)?;
    finish(|| socket.subscribe(), || socket.finish_connect())
}

pub(crate) fn accept(socket: &TcpSocket) -> Result<(TcpSocket, InputStream, OutputStream), ErrorCode> {
    finish(|| socket.subscribe(), || socket.accept())
}

/// A socket that listens, and its port.
pub(crate) fn listener(family: Family) -> (TcpSocket, u16) {
    let socket = tcp(family);
    bind(&socket, family.loopback(0)).expect("an address");
    listen(&socket).expect("a listener");
    let port = port_of(socket.local_address().expect("its address"));
    (socket, port)
}

/// A port that nobody listens on.
pub(crate) fn closed_port(family: Family) -> u16 {
    let socket = tcp(family);
    bind(&socket, family.loopback(0)).expect("an address");
    port_of(socket.local_address().expect("its address"))
}

/// One end of a connection; the streams go before the socket.
pub(crate) struct End {
    pub(crate) input: InputStream,
    pub(crate) output: OutputStream,
    pub(crate) socket: TcpSocket,
}

/// A connection: who connected, and who accepted.
pub(crate) fn pair(family: Family) -> (End, End) {
    let (listener, port) = listener(family);
    let socket = tcp(family);
    let (input, output) = connect(&socket, family.loopback(port)).expect("a connection");
    let near = End { input, output, socket };
    let (socket, input, output) = accept(&listener).expect("a connection");
    (near, End { input, output, socket })
}

/// A bound UDP socket, and its port.
pub(crate) fn bound_udp(family: Family) -> (UdpSocket, u16) {
    let socket = udp(family);
    bind_udp(&socket, family.loopback(0)).expect("an address");
    let port = port_of(socket.local_address().expect("its address"));
    (socket, port)
}

pub(crate) fn bind_udp(socket: &UdpSocket, address: IpSocketAddress) -> Result<(), ErrorCode> {
    socket.start_bind(&network(), address)?;
    finish(|| socket.subscribe(), || socket.finish_bind())
}
