//! Servers for peers elsewhere.

use super::addresses::at;
use super::bindings::wasi::cli::exit::exit_with_code;
use super::bindings::wasi::sockets::types::{
    ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, TcpSocket,
};
use super::wait::begin;
use std::net::Ipv4Addr;
use std::pin::pin;
use wit_bindgen::StreamReader;

fn listen(port: u16) -> StreamReader<TcpSocket> {
    let socket = TcpSocket::create(IpAddressFamily::Ipv4).expect("a socket");
    socket.bind(at(IpAddressFamily::Ipv4, 0, port)).expect("a port");
    let connections = socket.listen().expect("a listener");
    println!("listening on {port}");
    // The stream is the listener from here on.
    connections
}

/// Sends what comes back, for one connection after the other: the stream that comes is the one that goes.
pub(crate) async fn echo(port: u16) {
    let mut connections = listen(port);
    while let Some(connection) = connections.next().await {
        let (data, received) = connection.receive();
        let sent = connection.send(data);
        drop(connection);
        println!("{:?} {:?}", received.await, sent.await);
    }
}

/// Traps with a connection of which there are only the streams.
pub(crate) async fn trap(port: u16) {
    let _streams = first_byte(port).await;
    panic!("as it was told");
}

/// Ends with such a connection.
pub(crate) async fn leave(port: u16) {
    let _streams = first_byte(port).await;
    exit_with_code(7);
}

/// The streams of a connection that are left when its socket is gone.
async fn first_byte(port: u16) -> (StreamReader<u8>, impl Sized) {
    let connection = listen(port).next().await.expect("a connection");
    let (mut data, received) = connection.receive();
    drop(connection);
    let (status, byte) = data.read(Vec::with_capacity(1)).await;
    assert_eq!(byte.len(), 1, "{status:?}");
    (data, received)
}

/// Begins to connect to somebody who does not answer, and thinks better of it.
pub(crate) async fn give_up(address: &str, port: u16) {
    let [a, b, c, d] = address.parse::<Ipv4Addr>().expect("an address").octets();
    let remote = IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address: (a, b, c, d) });
    let socket = TcpSocket::create(IpAddressFamily::Ipv4).expect("a socket");
    {
        let mut connected = pin!(socket.connect(remote));
        begin(connected.as_mut()).await;
    }
    let again = socket.connect(remote).await;
    assert!(matches!(again, Err(ErrorCode::InvalidState)), "{again:?}");
    echo(port).await;
}
