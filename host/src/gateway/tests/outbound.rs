//! The guest's connections to the outside: servers on this machine's loopback, which the guest reaches at the gateway's address.

use super::guest::{GATEWAY, Guest, PATIENCE, with_rules, would_block};
use super::pattern;
use stack_core::socket::SocketError;
use stack_core::tcp::{Received, Shutdown, TcpHandle};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A server on the loopback, and where the guest finds it.
fn server() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, (GATEWAY, port).into())
}

/// Takes one connection in the background.
fn serve<T: Send + 'static>(
    listener: TcpListener,
    with: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> JoinHandle<T> {
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        with(stream)
    })
}

/// Begins to connect.
fn connect(guest: &mut Guest, remote: SocketAddr) -> TcpHandle {
    let socket = guest.stack.tcp_open().unwrap();
    let now = guest.now();
    guest.stack.tcp_connect(socket, remote, now).unwrap();
    socket
}

/// How connecting went.
fn outcome(guest: &mut Guest, socket: TcpHandle) -> Result<(), SocketError> {
    guest.run("the connection", |guest| match guest.stack.tcp_connect_result(socket) {
        Err(SocketError::WouldBlock) => None,
        result => Some(result),
    })
}

#[test]
fn data_and_half_closes_pass_in_both_directions() {
    let (_gateway, mut guest) = with_rules(&["tcp://10.0.2.2:*"]);
    let (listener, remote) = server();
    let served = serve(listener, |mut stream| {
        let mut question = Vec::new();
        stream.read_to_end(&mut question).unwrap();
        stream.write_all(&pattern(2, 300_000)).unwrap();
        question
    });
    let socket = connect(&mut guest, remote);
    assert_eq!(outcome(&mut guest, socket), Ok(()));
    assert_eq!(guest.stack.tcp_remote_address(socket), Some(remote));
    guest.send(socket, &pattern(1, 200_000));
    let now = guest.now();
    guest.stack.tcp_shutdown(socket, Shutdown::Send, now).unwrap();
    assert!(guest.receive_to_end(socket).unwrap() == pattern(2, 300_000));
    assert!(served.join().unwrap() == pattern(1, 200_000));
}

#[test]
fn who_speaks_first_and_leaves_is_heard() {
    let (_gateway, mut guest) = with_rules(&["tcp://10.0.2.2:*"]);
    let (listener, remote) = server();
    let served = serve(listener, |mut stream| stream.write_all(b"220 ready").unwrap());
    let socket = connect(&mut guest, remote);
    assert_eq!(guest.receive_to_end(socket).unwrap(), b"220 ready");
    guest.close(socket);
    served.join().unwrap();
}

#[test]
fn two_hundred_connections_at_once() {
    const CONNECTIONS: usize = 200;
    let (_gateway, mut guest) = with_rules(&["tcp://10.0.2.2:*"]);
    let (listener, remote) = server();
    let served = thread::spawn(move || {
        let streams: Vec<TcpStream> = (0..CONNECTIONS).map(|_| listener.accept().unwrap().0).collect();
        for mut stream in streams {
            let mut word = [0; 4];
            stream.read_exact(&mut word).unwrap();
            stream.write_all(&word).unwrap();
        }
    });
    let sockets: Vec<TcpHandle> = (0..CONNECTIONS).map(|_| connect(&mut guest, remote)).collect();
    for (number, socket) in sockets.iter().enumerate() {
        assert_eq!(outcome(&mut guest, *socket), Ok(()));
        guest.send(*socket, &(number as u32).to_be_bytes());
    }
    for (number, socket) in sockets.into_iter().enumerate() {
        assert_eq!(guest.receive_to_end(socket).unwrap(), (number as u32).to_be_bytes());
        guest.close(socket);
    }
    served.join().unwrap();
}

#[test]
fn who_gives_a_connection_up_leaves_no_other_behind() {
    let (_gateway, mut guest) = with_rules(&["tcp://10.0.2.2:*"]);
    let (listener, remote) = server();
    let served = serve(listener, |mut stream| stream.read(&mut [0]).map_err(|error| error.kind()));
    let socket = connect(&mut guest, remote);
    // Its SYN waits for the neighbour's answer, and leaves.
    let now = guest.now();
    guest.stack.tcp_close(socket, now);
    guest.run("the reset", |_| served.is_finished().then_some(()));
    assert_eq!(served.join().unwrap(), Err(std::io::ErrorKind::ConnectionReset));
    assert!(guest.now().as_millis() < PATIENCE.as_millis() as u64 / 2, "it is not waited for");
}

#[test]
fn a_closed_port_refuses() {
    let (_gateway, mut guest) = with_rules(&["tcp://10.0.2.2:*"]);
    let (listener, remote) = server();
    drop(listener);
    let socket = connect(&mut guest, remote);
    assert_eq!(outcome(&mut guest, socket), Err(SocketError::ConnectionRefused));
}

#[test]
fn what_no_rule_allows_is_prohibited() {
    let (_gateway, mut guest) = with_rules(&["tcp://192.0.2.1:80", "tcp://*:*", "udp://10.0.2.2:*"]);
    let (listener, remote) = server();
    let socket = connect(&mut guest, remote);
    assert_eq!(outcome(&mut guest, socket), Err(SocketError::HostUnreachable));
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "nobody came");
}

#[test]
fn resets_pass_in_both_directions() {
    let (_gateway, mut guest) = with_rules(&["tcp://10.0.2.2:*"]);
    let (listener, remote) = server();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let served = serve(listener, move |stream| {
        wait.recv().unwrap();
        rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
    });
    let socket = connect(&mut guest, remote);
    assert_eq!(outcome(&mut guest, socket), Ok(()));
    go.send(()).unwrap();
    assert_eq!(guest.receive_to_end(socket), Err(SocketError::ConnectionReset));
    served.join().unwrap();

    let (listener, remote) = server();
    let served =
        serve(listener, |mut stream| stream.read_to_end(&mut Vec::new()).map_err(|error| error.kind()));
    let socket = connect(&mut guest, remote);
    assert_eq!(outcome(&mut guest, socket), Ok(()));
    let now = guest.now();
    guest.stack.tcp_abort(socket, now);
    guest.run("the reset", |_| served.is_finished().then_some(()));
    assert_eq!(served.join().unwrap(), Err(std::io::ErrorKind::ConnectionReset));
}

#[test]
fn what_came_before_a_reset_is_heard() {
    let (_gateway, mut guest) = with_rules(&["tcp://10.0.2.2:*"]);
    let (listener, remote) = server();
    // It leaves the rest of the question unread, which Linux answers with a reset behind the answer.
    let served = serve(listener, |mut stream| {
        stream.read_exact(&mut [0]).unwrap();
        stream.write_all(&pattern(4, 60_000)).unwrap();
    });
    let socket = connect(&mut guest, remote);
    assert_eq!(outcome(&mut guest, socket), Ok(()));
    guest.send(socket, &[7; 1000]);
    // The guest has no turn meanwhile, so that not all of it is on the wire when the reset comes.
    served.join().unwrap();
    let mut heard = Vec::new();
    let end = guest.run("the reset", |guest| {
        let now = guest.now();
        loop {
            match would_block(guest.stack.tcp_receive(socket, 65_536, now)) {
                Ok(Some(Received::Data(data))) => heard.extend(data),
                Ok(Some(Received::End)) => return Some(Ok(())),
                Ok(None) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    });
    assert!(heard == pattern(4, 60_000), "{} bytes of the answer", heard.len());
    assert_eq!(end, Err(SocketError::ConnectionReset));
}

#[test]
fn a_server_that_does_not_read_slows_the_guest() {
    let (_gateway, mut guest) = with_rules(&["tcp://10.0.2.2:*"]);
    let (listener, remote) = server();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let served = serve(listener, move |mut stream| {
        wait.recv().unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).map(|_| all.len())
    });
    let socket = connect(&mut guest, remote);
    assert_eq!(outcome(&mut guest, socket), Ok(()));
    let (mut sent, mut still) = (0, std::time::Instant::now());
    guest.run("the buffers to fill", |guest| {
        let now = guest.now();
        while let Some(count) = would_block(guest.stack.tcp_send(socket, &[7; 4096], now)).unwrap() {
            sent += count;
            still = std::time::Instant::now();
        }
        assert!(sent < 64 << 20, "nothing slows the guest");
        (still.elapsed() > Duration::from_millis(500)).then_some(())
    });
    go.send(()).unwrap();
    guest.close(socket);
    guest.run("the server", |_| served.is_finished().then_some(()));
    assert_eq!(served.join().unwrap().unwrap(), sent);
}

/// An address of this machine beside the loopback's, if it has one: nothing is sent to find out.
fn address_of_this_machine() -> Option<std::net::IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    socket
        .local_addr()
        .ok()
        .map(|address| address.ip())
        .filter(|ip| !ip.is_loopback() && !ip.is_unspecified())
}

#[test]
fn a_host_is_reached_at_its_own_address() {
    let Some(ip) = address_of_this_machine() else { return };
    let (_gateway, mut guest) = with_rules(&["tcp://*:*"]);
    let listener = TcpListener::bind((ip, 0)).unwrap();
    let remote = listener.local_addr().unwrap();
    let served = serve(listener, |mut stream| stream.write_all(b"here").unwrap());
    let socket = connect(&mut guest, remote);
    assert_eq!(guest.receive_to_end(socket).unwrap(), b"here");
    assert_eq!(guest.stack.tcp_remote_address(socket), Some(remote));
    served.join().unwrap();
}
