//! Sockets of WASI 0.2 on the loopback device, made as a program makes them. What does not work panics, unless a function
//! answers it.

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

/// A version of IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Version 4.
    Ipv4,
    /// Version 6.
    Ipv6,
}

impl Family {
    /// Both.
    pub const ALL: [Family; 2] = [Family::Ipv4, Family::Ipv6];

    /// Its name in wasi:sockets.
    pub fn of_wasi(self) -> IpAddressFamily {
        match self {
            Family::Ipv4 => IpAddressFamily::Ipv4,
            Family::Ipv6 => IpAddressFamily::Ipv6,
        }
    }

    /// The one that this is not.
    pub fn other(self) -> Self {
        match self {
            Family::Ipv4 => Family::Ipv6,
            Family::Ipv6 => Family::Ipv4,
        }
    }

    /// This port of the loopback device.
    pub fn loopback(self, port: u16) -> IpSocketAddress {
        self.of([127, 0, 0, 1], [0, 0, 0, 0, 0, 0, 0, 1], port)
    }

    /// This port of no address in particular.
    pub fn unspecified(self, port: u16) -> IpSocketAddress {
        self.of([0; 4], [0; 8], port)
    }

    /// This port of a group.
    pub fn group(self, port: u16) -> IpSocketAddress {
        self.of([224, 254, 0, 1], [0xff14, 0, 0, 0, 0, 0, 0, 0xfe01], port)
    }

    /// This port of an address for documents, which nobody has.
    pub fn nobody(self, port: u16) -> IpSocketAddress {
        self.of([192, 0, 2, 1], [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1], port)
    }

    /// The address of this version.
    fn of(self, four: [u8; 4], six: [u16; 8], port: u16) -> IpSocketAddress {
        match self {
            Family::Ipv4 => v4(four.into(), port),
            Family::Ipv6 => v6(six.into(), port),
        }
    }
}

/// An address of IPv4 with its port.
pub fn v4(address: (u8, u8, u8, u8), port: u16) -> IpSocketAddress {
    IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address })
}

/// An address of IPv6 with its port.
pub fn v6(address: (u16, u16, u16, u16, u16, u16, u16, u16), port: u16) -> IpSocketAddress {
    IpSocketAddress::Ipv6(Ipv6SocketAddress { port, flow_info: 0, address, scope_id: 0 })
}

/// The port of an address.
pub fn port_of(address: IpSocketAddress) -> u16 {
    match address {
        IpSocketAddress::Ipv4(address) => address.port,
        IpSocketAddress::Ipv6(address) => address.port,
    }
}

/// The network.
pub fn network() -> Network {
    instance_network()
}

/// A new TCP socket.
pub fn tcp(family: Family) -> TcpSocket {
    create_tcp_socket(family.of_wasi()).expect("a TCP socket")
}

/// A new UDP socket.
pub fn udp(family: Family) -> UdpSocket {
    create_udp_socket(family.of_wasi()).expect("a UDP socket")
}

/// Waits for an operation that was started.
///
/// # Errors
/// What came of it.
pub fn finish<T>(
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

/// Binds a TCP socket.
///
/// # Errors
/// Why it is not bound.
pub fn bind(socket: &TcpSocket, address: IpSocketAddress) -> Result<(), ErrorCode> {
    socket.start_bind(&network(), address)?;
    finish(|| socket.subscribe(), || socket.finish_bind())
}

/// Has a bound socket listen.
///
/// # Errors
/// Why it does not.
pub fn listen(socket: &TcpSocket) -> Result<(), ErrorCode> {
    socket.start_listen()?;
    finish(|| socket.subscribe(), || socket.finish_listen())
}

/// Connects a socket, and waits until it is.
///
/// # Errors
/// Why it is not.
pub fn connect(
    socket: &TcpSocket,
    address: IpSocketAddress,
) -> Result<(InputStream, OutputStream), ErrorCode> {
    socket.start_connect(&network(), address)?;
    finish(|| socket.subscribe(), || socket.finish_connect())
}

/// Waits for a connection.
///
/// # Errors
/// Why there will be none.
pub fn accept(socket: &TcpSocket) -> Result<(TcpSocket, InputStream, OutputStream), ErrorCode> {
    finish(|| socket.subscribe(), || socket.accept())
}

/// A socket that listens, and its port.
pub fn listener(family: Family) -> (TcpSocket, u16) {
    let socket = tcp(family);
    bind(&socket, family.loopback(0)).expect("an address");
    listen(&socket).expect("a listener");
    let port = port_of(socket.local_address().expect("its address"));
    (socket, port)
}

/// A port that nobody listens on.
pub fn closed_port(family: Family) -> u16 {
    let socket = tcp(family);
    bind(&socket, family.loopback(0)).expect("an address");
    port_of(socket.local_address().expect("its address"))
}

/// One end of a connection; the streams go before the socket.
#[derive(Debug)]
pub struct End {
    /// What the other one sends.
    pub input: InputStream,
    /// What is sent to the other one.
    pub output: OutputStream,
    /// The socket itself.
    pub socket: TcpSocket,
}

/// A connection: who connected, and who accepted.
pub fn pair(family: Family) -> (End, End) {
    let (listener, port) = listener(family);
    pair_at(family, &listener, port)
}

/// The same to a listener with this port.
pub fn pair_at(family: Family, listener: &TcpSocket, port: u16) -> (End, End) {
    let socket = tcp(family);
    let (input, output) = connect(&socket, family.loopback(port)).expect("a connection");
    let near = End { input, output, socket };
    let (socket, input, output) = accept(listener).expect("a connection");
    (near, End { input, output, socket })
}

/// A bound UDP socket, and its port.
pub fn bound_udp(family: Family) -> (UdpSocket, u16) {
    let socket = udp(family);
    bind_udp(&socket, family.loopback(0)).expect("an address");
    let port = port_of(socket.local_address().expect("its address"));
    (socket, port)
}

/// Binds a UDP socket.
///
/// # Errors
/// Why it is not bound.
pub fn bind_udp(socket: &UdpSocket, address: IpSocketAddress) -> Result<(), ErrorCode> {
    socket.start_bind(&network(), address)?;
    finish(|| socket.subscribe(), || socket.finish_bind())
}
