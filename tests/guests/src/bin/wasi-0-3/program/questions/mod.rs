//! `questions ABOUT 4|6`: what `questions` asks of WASI 0.2, of 0.3; one line is printed for each answer. The same answers are
//! expected from every host, so nothing is printed that chance decides.

mod answers;
mod lookups;
mod tcp_addresses;
mod tcp_options;
mod tcp_states;
mod tcp_streams;
mod udp_datagrams;
mod udp_states;

use super::addresses::{at, port};
use super::bindings::wasi::sockets::types::{IpAddressFamily, TcpSocket, UdpSocket};
use super::wait::both;
use wit_bindgen::StreamReader;

/// Asks about one thing.
pub(crate) async fn ask(about: &str, family: &str) {
    let family = if family == "6" { IpAddressFamily::Ipv6 } else { IpAddressFamily::Ipv4 };
    match about {
        "tcp-states" => tcp_states::ask(family).await,
        "tcp-addresses" => tcp_addresses::ask(family).await,
        "tcp-options" => tcp_options::ask(family).await,
        "tcp-streams" => tcp_streams::ask(family).await,
        "udp-states" => udp_states::ask(family).await,
        "udp-datagrams" => udp_datagrams::ask(family).await,
        "names" => lookups::ask().await,
        _ => panic!("questions about what?"),
    }
}

fn tcp(family: IpAddressFamily) -> TcpSocket {
    TcpSocket::create(family).expect("a TCP socket")
}

fn udp(family: IpAddressFamily) -> UdpSocket {
    UdpSocket::create(family).expect("a UDP socket")
}

fn bound_tcp(family: IpAddressFamily) -> TcpSocket {
    let socket = tcp(family);
    socket.bind(at(family, 1, 0)).expect("an address");
    socket
}

/// A bound UDP socket, and its port.
fn bound_udp(family: IpAddressFamily) -> (UdpSocket, u16) {
    let socket = udp(family);
    socket.bind(at(family, 1, 0)).expect("an address");
    let port = port(socket.get_local_address().expect("its address"));
    (socket, port)
}

/// A port that nobody listens on.
fn closed_port(family: IpAddressFamily) -> u16 {
    port(bound_tcp(family).get_local_address().expect("its address"))
}

/// A socket that listens, its connections, and its port.
fn listener(family: IpAddressFamily) -> (TcpSocket, StreamReader<TcpSocket>, u16) {
    let socket = bound_tcp(family);
    let connections = socket.listen().expect("a listener");
    let port = port(socket.get_local_address().expect("its address"));
    (socket, connections, port)
}

/// A connection: who connected, and who accepted.
async fn pair(family: IpAddressFamily) -> (TcpSocket, TcpSocket) {
    let (_listener, mut connections, port) = listener(family);
    let socket = tcp(family);
    let (connected, accepted) = both(socket.connect(at(family, 1, port)), connections.next()).await;
    connected.expect("a connection");
    (socket, accepted.expect("a connection"))
}
