//! Questions about TCP.

use super::addresses::{LOOPBACK, at, elsewhere, other, port};
use super::bindings::wasi::sockets::types::{ErrorCode, IpAddressFamily, TcpSocket};
use super::bindings::wit_stream;
use super::wait::{begin, both};
use std::pin::pin;
use wit_bindgen::{StreamReader, StreamResult};

/// Runs all.
pub(crate) async fn ask() {
    for family in LOOPBACK {
        data(family).await;
        handles_may_go_before_streams(family).await;
        once(family).await;
        giving_up(family).await;
        the_peer_is_gone(family).await;
        states(family).await;
        refusals(family).await;
        options(family);
    }
}

fn create(family: IpAddressFamily) -> TcpSocket {
    TcpSocket::create(family).expect("a socket")
}

struct Pair {
    client: TcpSocket,
    server: TcpSocket,
    listener: TcpSocket,
    connections: StreamReader<TcpSocket>,
}

async fn pair(family: IpAddressFamily) -> Pair {
    let listener = create(family);
    listener.bind(at(family, 1, 0)).expect("a port");
    let mut connections = listener.listen().expect("a listener");
    let client = create(family);
    let to = listener.get_local_address().expect("an address");
    let (connected, server) = both(client.connect(to), connections.next()).await;
    connected.expect("a connection");
    let server = server.expect("a connection");
    assert_eq!(
        port(server.get_remote_address().expect("a peer")),
        port(client.get_local_address().expect("an address"))
    );
    Pair { client, server, listener, connections }
}

/// What is sent arrives, both ways, and then the end.
async fn data(family: IpAddressFamily) {
    let Pair { client, server, .. } = pair(family).await;
    let sent: Vec<u8> = (0..1_000_000_u32).map(|n| (n * 7 / 5) as u8).collect();
    let (mut writer, outgoing) = wit_stream::new();
    let client_sent = client.send(outgoing);
    // The server's streams are one: what comes goes back.
    let (incoming, server_received) = server.receive();
    let server_sent = server.send(incoming);
    let (incoming, client_received) = client.receive();
    let write = async {
        assert!(writer.write_all(sent.clone()).await.is_empty(), "all of it was taken");
        drop(writer);
        client_sent.await
    };
    let (written, echoed) = both(write, incoming.collect()).await;
    assert!(echoed == sent, "{} of {} bytes", echoed.len(), sent.len());
    written.expect("sent");
    for end in [server_received, server_sent, client_received] {
        end.await.expect("an orderly end");
    }
}

/// The sockets are closed when the last of handles and streams goes.
async fn handles_may_go_before_streams(family: IpAddressFamily) {
    let Pair { client, server, listener, mut connections } = pair(family).await;
    let (mut writer, outgoing) = wit_stream::new();
    let sent = client.send(outgoing);
    let (mut incoming, received) = server.receive();
    drop((client, server));
    let to = listener.get_local_address().expect("an address");
    drop(listener);
    assert!(writer.write_all(b"still here".to_vec()).await.is_empty());
    let (result, bytes) = incoming.read(Vec::with_capacity(100)).await;
    assert_eq!((result, &bytes[..]), (StreamResult::Complete(10), &b"still here"[..]));
    drop(writer);
    sent.await.expect("sent");
    assert_eq!(incoming.next().await, None);
    received.await.expect("an orderly end");
    // So is the listener.
    let another = create(family);
    let (connected, accepted) = both(another.connect(to), connections.next()).await;
    connected.expect("a connection");
    accepted.expect("a connection");
    drop(connections);
    let refused = create(family).connect(to).await;
    assert!(matches!(refused, Err(ErrorCode::ConnectionRefused)), "{refused:?}");
}

/// send and receive are for one time each, and for connections.
async fn once(family: IpAddressFamily) {
    let Pair { client, listener, .. } = pair(family).await;
    let unconnected = create(family);
    let (_writer, outgoing) = wit_stream::new();
    let _sent = client.send(outgoing);
    let (_incoming, _received) = client.receive();
    for socket in [&client, &listener, &unconnected] {
        let (mut writer, outgoing) = wit_stream::new();
        let sent = socket.send(outgoing).await;
        assert!(matches!(sent, Err(ErrorCode::InvalidState)), "{sent:?}");
        assert_eq!(writer.write_all(vec![1]).await, [1], "nobody takes it");
        let (mut incoming, received) = socket.receive();
        assert_eq!(incoming.next().await, None);
        let received = received.await;
        assert!(matches!(received, Err(ErrorCode::InvalidState)), "{received:?}");
    }
}

/// What a read, a write or a listener that was given up would have got is there for the next.
async fn giving_up(family: IpAddressFamily) {
    let Pair { client, server, listener, mut connections } = pair(family).await;
    let (mut incoming, _received) = server.receive();
    {
        let mut read = pin!(incoming.read(Vec::with_capacity(100)));
        begin(read.as_mut()).await;
        assert!(matches!(read.as_mut().cancel(), (StreamResult::Cancelled, bytes) if bytes.is_empty()));
    }
    let (mut writer, outgoing) = wit_stream::new();
    let _sent = client.send(outgoing);
    assert!(writer.write_all(b"late".to_vec()).await.is_empty());
    let (_, bytes) = incoming.read(Vec::with_capacity(100)).await;
    assert_eq!(bytes, b"late");
    {
        let mut accept = pin!(connections.read(Vec::with_capacity(1)));
        begin(accept.as_mut()).await;
        assert!(matches!(accept.as_mut().cancel().0, StreamResult::Cancelled));
    }
    let another = create(family);
    another.connect(listener.get_local_address().expect("an address")).await.expect("a connection");
    connections.next().await.expect("the same connection");
}

/// Who writes to a peer that has closed is told.
async fn the_peer_is_gone(family: IpAddressFamily) {
    let Pair { client, server, .. } = pair(family).await;
    drop(server);
    let (mut incoming, received) = client.receive();
    assert_eq!(incoming.next().await, None);
    received.await.expect("an orderly end");
    let (mut writer, outgoing) = wit_stream::new();
    let sent = client.send(outgoing);
    while writer.write_all(vec![0; 1000]).await.is_empty() {}
    let sent = sent.await;
    assert!(matches!(sent, Err(ErrorCode::ConnectionBroken)), "{sent:?}");
    // Who reads only then has missed nothing: the peer did close.
    let Pair { client, server, .. } = pair(family).await;
    drop(server);
    let (mut writer, outgoing) = wit_stream::new();
    let sent = client.send(outgoing);
    while writer.write_all(vec![0; 1000]).await.is_empty() {}
    let sent = sent.await;
    assert!(matches!(sent, Err(ErrorCode::ConnectionBroken)), "{sent:?}");
    let (mut incoming, received) = client.receive();
    assert_eq!(incoming.next().await, None);
    received.await.expect("an orderly end");
}

/// Sockets that are not bound are when they have to be, and everything is for its state.
async fn states(family: IpAddressFamily) {
    let listener = create(family);
    assert!(!listener.get_is_listening() && listener.get_address_family() == family);
    assert!(matches!(listener.get_local_address(), Err(ErrorCode::InvalidState)));
    let mut connections = listener.listen().expect("a listener at some port");
    assert!(listener.get_is_listening());
    let local = port(listener.get_local_address().expect("an address"));
    assert_ne!(local, 0);
    assert!(matches!(listener.listen().map(drop), Err(ErrorCode::InvalidState)));
    assert!(matches!(listener.bind(at(family, 1, 0)), Err(ErrorCode::InvalidState)));
    assert!(matches!(listener.connect(at(family, 1, local)).await, Err(ErrorCode::InvalidState)));
    let client = create(family);
    let (connected, server) = both(client.connect(at(family, 1, local)), connections.next()).await;
    connected.expect("a connection");
    drop(server);
    assert!(matches!(client.connect(at(family, 1, local)).await, Err(ErrorCode::InvalidState)));
    assert!(matches!(client.listen().map(drop), Err(ErrorCode::InvalidState)));
    assert!(matches!(client.set_listen_backlog_size(5), Err(ErrorCode::InvalidState)));
}

/// Addresses that will not do.
async fn refusals(family: IpAddressFamily) {
    let taken = create(family);
    taken.bind(at(family, 1, 0)).expect("a port");
    let _connections = taken.listen().expect("a listener");
    let local = taken.get_local_address().expect("an address");
    let socket = create(family);
    assert!(matches!(socket.bind(local), Err(ErrorCode::AddressInUse)));
    assert!(matches!(socket.bind(elsewhere(family)), Err(ErrorCode::AddressNotBindable)));
    assert!(matches!(socket.bind(at(other(family), 1, 0)), Err(ErrorCode::InvalidArgument)));
    socket.bind(at(family, 1, 0)).expect("bound after all");
    let free = port(socket.get_local_address().expect("an address"));
    drop(socket);
    for (to, nothing) in
        [(at(other(family), 1, 80), "family"), (at(family, 1, 0), "port"), (at(family, 0, 80), "host")]
    {
        let refused = create(family).connect(to).await;
        assert!(matches!(refused, Err(ErrorCode::InvalidArgument)), "no such {nothing}: {refused:?}");
    }
    let socket = create(family);
    let refused = socket.connect(at(family, 1, free)).await;
    assert!(matches!(refused, Err(ErrorCode::ConnectionRefused)), "{refused:?}");
    assert!(matches!(socket.connect(local).await, Err(ErrorCode::InvalidState)), "it is closed");
}

fn options(family: IpAddressFamily) {
    let socket = create(family);
    assert!(matches!(socket.set_hop_limit(0), Err(ErrorCode::InvalidArgument)));
    assert!(matches!(socket.set_keep_alive_count(0), Err(ErrorCode::InvalidArgument)));
    assert!(matches!(socket.set_receive_buffer_size(0), Err(ErrorCode::InvalidArgument)));
    socket.set_hop_limit(42).expect("an option");
    socket.set_keep_alive_enabled(true).expect("an option");
    socket.set_keep_alive_idle_time(90_000_000_000).expect("an option");
    socket.set_keep_alive_interval(7_000_000_000).expect("an option");
    socket.set_keep_alive_count(3).expect("an option");
    socket.set_send_buffer_size(100_000).expect("an option");
    assert!(matches!(socket.get_hop_limit(), Ok(42)));
    assert!(matches!(socket.get_keep_alive_enabled(), Ok(true)));
    assert!(matches!(socket.get_keep_alive_idle_time(), Ok(90_000_000_000)));
    assert!(matches!(socket.get_keep_alive_interval(), Ok(7_000_000_000)));
    assert!(matches!(socket.get_keep_alive_count(), Ok(3)));
    assert!(socket.get_send_buffer_size().expect("an option") >= 100_000);
}
