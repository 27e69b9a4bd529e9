//! The gateway against a second stack that plays the guest, and clients on this machine's loopback.

mod datagrams;
mod echoes;
mod guest;
mod newcomer;
mod outbound;
mod questions;
mod v6;
mod wire;

use super::{Gateway, GatewayConfig, GatewayError, Publish};
use crate::policy::Transport;
use guest::{EchoServer, Guest, PATIENCE, PORT, gateway, subnets, would_block};
use stack_core::counters::Counter;
use stack_core::socket::SocketError;
use stack_core::tcp::TcpState;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

fn client(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// `length` bytes in which each piece tells where it belongs.
fn pattern(seed: usize, length: usize) -> Vec<u8> {
    (0..length).map(|at| (at ^ (at >> 8) ^ seed) as u8).collect()
}

#[test]
fn a_hundred_connections_at_once_get_half_a_mebibyte_back() {
    const CONNECTIONS: usize = 100;
    let (_gateway, address, wire) = gateway();
    let mut guest = Guest::new(wire);
    let mut server = EchoServer::new(&mut guest);
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|seed| {
            thread::spawn(move || {
                let data = pattern(seed, 1 << 19);
                let mut stream = client(address);
                let mut sink = stream.try_clone().unwrap();
                let sent = data.clone();
                let writer = thread::spawn(move || {
                    sink.write_all(&sent).unwrap();
                    sink.shutdown(Shutdown::Write).unwrap();
                });
                let mut back = Vec::new();
                stream.read_to_end(&mut back).unwrap();
                writer.join().unwrap();
                assert!(back == data, "the data came back changed");
            })
        })
        .collect();
    guest.run("the clients", |guest| {
        server.serve(guest);
        clients.iter().all(|client| client.is_finished()).then_some(())
    });
    clients.into_iter().for_each(|client| client.join().unwrap());
    assert_eq!(server.served, CONNECTIONS);
}

#[test]
fn a_half_close_passes_in_both_directions() {
    let (_gateway, address, wire) = gateway();
    let mut guest = Guest::new(wire);
    let listener = guest.listen();

    let mut asking = client(address);
    asking.write_all(b"question").unwrap();
    asking.shutdown(Shutdown::Write).unwrap();
    let socket = guest.accept(listener);
    assert_eq!(guest.receive_to_end(socket).unwrap(), b"question");
    guest.send(socket, b"answer");
    guest.close(socket);
    let asked = thread::spawn(move || {
        let mut answer = Vec::new();
        asking.read_to_end(&mut answer).map(|_| answer)
    });
    guest.run("the answer", |_| asked.is_finished().then_some(()));
    assert_eq!(asked.join().unwrap().unwrap(), b"answer");

    let mut answering = client(address);
    let socket = guest.accept(listener);
    guest.send(socket, b"question");
    let now = guest.now();
    guest.stack.tcp_shutdown(socket, stack_core::tcp::Shutdown::Send, now).unwrap();
    let answered = thread::spawn(move || {
        let mut question = Vec::new();
        answering.read_to_end(&mut question).unwrap();
        answering.write_all(b"answer").unwrap();
        question
    });
    assert_eq!(guest.receive_to_end(socket).unwrap(), b"answer");
    assert_eq!(answered.join().unwrap(), b"question");
}

/// Gives the guest turns while a client reads, and answers what the client read.
fn read(guest: &mut Guest, mut stream: TcpStream) -> std::io::Result<Vec<u8>> {
    let reader = thread::spawn(move || {
        let mut data = Vec::new();
        stream.read_to_end(&mut data).map(|_| data)
    });
    guest.run("the client", |_| reader.is_finished().then_some(()));
    reader.join().unwrap()
}

#[test]
fn a_port_nobody_listens_on_resets_the_client() {
    let (_gateway, address, wire) = gateway();
    let mut guest = Guest::new(wire);
    let error = read(&mut guest, client(address)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_reset_by_the_guest_reaches_the_client() {
    let (_gateway, address, wire) = gateway();
    let mut guest = Guest::new(wire);
    let listener = guest.listen();
    let stream = client(address);
    let socket = guest.accept(listener);
    let now = guest.now();
    guest.stack.tcp_abort(socket, now);
    assert_eq!(read(&mut guest, stream).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_reset_by_the_client_reaches_the_guest() {
    let (_gateway, address, wire) = gateway();
    let mut guest = Guest::new(wire);
    let listener = guest.listen();
    let stream = client(address);
    let socket = guest.accept(listener);
    rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
    drop(stream);
    assert_eq!(guest.receive_to_end(socket), Err(SocketError::ConnectionReset));
}

#[test]
fn a_guest_that_does_not_read_slows_the_client() {
    let (_gateway, address, wire) = gateway();
    let mut guest = Guest::new(wire);
    let listener = guest.listen();
    let mut stream = client(address);
    let socket = guest.accept(listener);
    stream.set_nonblocking(true).unwrap();
    // Until nothing more fits anywhere between here and the guest for a while.
    let mut sent = Vec::new();
    let mut still = std::time::Instant::now();
    guest.run("the buffers to fill", |_| {
        let piece = pattern(sent.len(), 4096);
        while let Ok(count) = stream.write(&piece) {
            sent.extend(&piece[..count]);
            still = std::time::Instant::now();
        }
        assert!(sent.len() < 64 << 20, "nothing slows the client");
        (still.elapsed() > Duration::from_millis(500)).then_some(())
    });
    stream.shutdown(Shutdown::Write).unwrap();
    assert!(guest.receive_to_end(socket).unwrap() == sent);
}

#[test]
fn a_client_that_does_not_read_slows_the_guest() {
    let (_gateway, address, wire) = gateway();
    let mut guest = Guest::new(wire);
    let listener = guest.listen();
    let stream = client(address);
    let socket = guest.accept(listener);
    let mut sent = Vec::new();
    let mut still = std::time::Instant::now();
    guest.run("the buffers to fill", |guest| {
        let piece = pattern(sent.len(), 4096);
        let now = guest.now();
        while let Some(count) = would_block(guest.stack.tcp_send(socket, &piece, now)).unwrap() {
            sent.extend(&piece[..count]);
            still = std::time::Instant::now();
        }
        assert!(sent.len() < 64 << 20, "nothing slows the guest");
        (still.elapsed() > Duration::from_millis(500)).then_some(())
    });
    guest.close(socket);
    assert!(read(&mut guest, stream).unwrap() == sent);
}

#[test]
fn the_outside_is_prohibited_at_once() {
    let (_gateway, _, wire) = gateway();
    let mut guest = Guest::new(wire);
    let socket = guest.stack.tcp_open().unwrap();
    let now = guest.now();
    guest.stack.tcp_connect(socket, "192.0.2.1:80".parse().unwrap(), now).unwrap();
    let result = guest.run("the refusal", |guest| match guest.stack.tcp_connect_result(socket) {
        Err(SocketError::WouldBlock) => None,
        result => Some(result),
    });
    assert_eq!(result, Err(SocketError::HostUnreachable));
    let again = guest.stack.counters().get(Counter::TcpRetransSegs);
    assert_eq!(again, 0, "the answer comes before the SYN is sent again");
}

#[test]
fn what_the_guest_sent_last_is_delivered_before_the_end() {
    let (gateway, address, wire) = gateway();
    let mut guest = Guest::new(wire);
    let listener = guest.listen();
    let (ending, pending) = (client(address), client(address));
    let (first, _second) = (guest.accept(listener), guest.accept(listener));
    let data = pattern(0, 100_000);
    guest.send(first, &data);
    let now = guest.now();
    guest.stack.tcp_shutdown(first, stack_core::tcp::Shutdown::Send, now).unwrap();
    let acknowledged = |guest: &mut Guest| guest.stack.tcp_state(first) == Some(TcpState::FinWait2);
    guest.run("the last acknowledgement", |guest| acknowledged(guest).then_some(()));
    gateway.finish(PATIENCE);
    assert!(read(&mut guest, ending).unwrap() == data);
    assert_eq!(read(&mut guest, pending).unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert!(TcpStream::connect(address).is_err(), "nobody listens any more");
}

#[test]
fn an_address_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap();
    let publish = vec![Publish { listen, guest_port: PORT, transport: Transport::Tcp }];
    let config = GatewayConfig { subnets: subnets(), publish };
    let Err(error) = Gateway::listen(&config) else { panic!("two listen on {listen}") };
    assert!(matches!(error, GatewayError::AddressInUse(address) if address == listen));
    assert!(error.to_string().starts_with(&format!("-p: {listen} is in use")));
}

#[test]
fn published_ports_clash_with_each_other_alone_where_they_do() {
    for transport in [Transport::Tcp, Transport::Udp] {
        // One that is free now.
        let port = UdpSocket::bind("[::]:0").unwrap().local_addr().unwrap().port();
        let publish = |text: &str| {
            let ports = text.split(' ').map(|ip| Publish {
                listen: SocketAddr::new(ip.parse().unwrap(), port),
                guest_port: PORT,
                transport,
            });
            Gateway::listen(&GatewayConfig { subnets: subnets(), publish: ports.collect() })
        };
        for both in ["0.0.0.0 ::", ":: 127.0.0.1", "127.0.0.1 ::1"] {
            assert!(publish(both).is_ok(), "{both}");
        }
        assert!(matches!(publish("::1 ::1"), Err(GatewayError::Twice(..))));
        let Err(error) = publish("0.0.0.0 127.0.0.1") else { panic!("two listen on {port}") };
        let text = format!("-p: 127.0.0.1:{port} and 0.0.0.0:{port} cannot both be published");
        assert!(error.to_string().starts_with(&text), "{error}");
    }
}

#[test]
fn a_foreign_address_is_refused() {
    let publish =
        vec![Publish { listen: "192.0.2.1:0".parse().unwrap(), guest_port: PORT, transport: Transport::Tcp }];
    let config = GatewayConfig { subnets: subnets(), publish };
    assert!(matches!(Gateway::listen(&config), Err(GatewayError::NotLocal(_))));
}
