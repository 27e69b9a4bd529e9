//! Servers for peers elsewhere.

use super::addresses::at;
use super::bindings::wasi::cli::exit::exit_with_code;
use super::bindings::wasi::sockets::types::{
    ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, TcpSocket,
};
use super::bindings::wit_stream;
use super::wait::begin;
use std::net::Ipv4Addr;
use std::pin::pin;
use wit_bindgen::{FutureReader, StreamReader};

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

/// Connects to this port of the guest's own machine as soon as somebody listens there, and expects to be echoed.
pub(crate) async fn ask(port: u16) {
    let socket = loop {
        let socket = TcpSocket::create(IpAddressFamily::Ipv4).expect("a socket");
        match socket.connect(at(IpAddressFamily::Ipv4, 1, port)).await {
            Ok(()) => break socket,
            Err(_) => std::thread::sleep(std::time::Duration::from_millis(5)),
        }
    };
    let (mut writer, data) = wit_stream::new();
    let sent = socket.send(data);
    let (echoes, received) = socket.receive();
    assert!(writer.write_all(b"hello, older one".to_vec()).await.is_empty());
    drop(writer);
    assert_eq!(echoes.collect().await, b"hello, older one");
    sent.await.expect("sent");
    received.await.expect("an orderly end");
}

/// Traps with a connection of which there are only the streams.
pub(crate) async fn trap(port: u16) {
    let (connection, _data, _received) = first_byte(port).await;
    drop(connection);
    panic!("as it was told");
}

/// Ends with such a connection. If the byte was `h`, it is sent back first, and somebody else has to end it.
pub(crate) async fn leave(port: u16) {
    let (connection, data, received) = first_byte(port).await;
    if data.1 != b"h" {
        drop(connection);
    } else {
        let (mut answer, answers) = wit_stream::new();
        let _sent = connection.send(answers);
        drop(connection);
        answer.write_all(data.1).await;
        let _ = received.await;
    }
    exit_with_code(7);
}

/// A connection with the stream and the bytes of what was received first, and what tells its end.
async fn first_byte(
    port: u16,
) -> (TcpSocket, (StreamReader<u8>, Vec<u8>), FutureReader<Result<(), ErrorCode>>) {
    let connection = listen(port).next().await.expect("a connection");
    let (mut data, received) = connection.receive();
    let (status, byte) = data.read(Vec::with_capacity(1)).await;
    assert_eq!(byte.len(), 1, "{status:?}");
    (connection, (data, byte), received)
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
