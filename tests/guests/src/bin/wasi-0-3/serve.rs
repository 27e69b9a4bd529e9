//! Servers for peers elsewhere.

use crate::addresses::at;
use crate::bindings::wasi::sockets::types::{IpAddressFamily, TcpSocket};
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
    let connection = listen(port).next().await.expect("a connection");
    let (mut data, _received) = connection.receive();
    drop(connection);
    data.next().await.expect("a byte");
    panic!("as it was told");
}
