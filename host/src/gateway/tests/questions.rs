//! Questions about names, and servers that do not answer.

use super::guest::{GATEWAY, GATEWAY_V6, Guest, subnets, would_block};
use crate::gateway::resolvers::{PORT, Resolvers};
use crate::gateway::{Gateway, GatewayConfig};
use crate::policy::{Policy, Rules, Unruled, name_rule};
use crate::wire::user::cable;
use stack_core::socket::SocketError;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;

/// A gateway of a machine that has these name servers, and a guest that may look everything up.
fn with_servers(servers: Vec<SocketAddr>) -> (Gateway, Guest) {
    let (near, far) = cable().unwrap();
    let config = GatewayConfig { subnets: subnets(), publish: Vec::new() };
    let rules = Rules {
        unruled: Unruled::Denied,
        resolve: vec![name_rule("*").unwrap()],
        gateways: vec![GATEWAY.into(), GATEWAY_V6.into()],
        ..Rules::default()
    };
    let mut listening = Gateway::listen(&config).unwrap();
    listening.resolvers = Resolvers::new(move || servers.clone());
    (listening.start(near, Arc::new(Policy::new(rules))).unwrap(), Guest::new(far))
}

/// A server of this machine.
fn server() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_nonblocking(true).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// A question with this number for the addresses of "a".
fn question(number: u8) -> Vec<u8> {
    [&[0, number, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0][..], b"\x01a\0\0\x01\0\x01"].concat()
}

/// Answers all that `server` was asked with this code; answers how often that was.
fn answer(server: &UdpSocket, code: u8) -> usize {
    let mut message = [0; 512];
    let mut asked = 0;
    while let Ok((count, from)) = server.recv_from(&mut message) {
        (message[2], message[3]) = (0x81, 0x80 | code);
        server.send_to(&message[..count], from).unwrap();
        asked += 1;
    }
    asked
}

/// What comes of two questions that are put at once, each by its own port, while `serve` answers.
fn ask(guest: &mut Guest, mut serve: impl FnMut()) -> Vec<Result<u8, SocketError>> {
    let remote = SocketAddr::from((GATEWAY, PORT));
    let sockets = [1, 2].map(|number| {
        let (socket, now) = (guest.stack.udp_open().unwrap(), guest.now());
        guest.stack.udp_connect(socket, remote).unwrap();
        guest.stack.udp_send_to(socket, &question(number), Some(remote), now).unwrap();
        socket
    });
    let answers = sockets.map(|socket| {
        guest.run("an answer", |guest| {
            serve();
            let answer = would_block(guest.stack.udp_receive_from(socket)).transpose()?;
            Some(answer.map(|(message, _)| message[3] & 0xf))
        })
    });
    sockets.into_iter().for_each(|socket| guest.stack.udp_close(socket));
    answers.into()
}

#[test]
fn a_silent_server_is_passed_over() {
    let ((silent, first), (server, second)) = (server(), server());
    let (_gateway, mut guest) = with_servers(vec![first, second]);
    assert_eq!(ask(&mut guest, || _ = answer(&server, 0)), [Ok(0), Ok(0)]);
    let mut heard = 0;
    while silent.recv(&mut [0; 512]).is_ok() {
        heard += 1;
    }
    assert_eq!(heard, 2);
    assert_eq!(ask(&mut guest, || _ = answer(&server, 0)), [Ok(0), Ok(0)]);
    assert!(silent.recv(&mut [0; 512]).is_err(), "it is asked first no longer");
}

#[test]
fn a_server_that_refuses_is_passed_over_at_once() {
    let ((closed, first), (server, second)) = (server(), server());
    drop(closed);
    let (_gateway, mut guest) = with_servers(vec![first, second]);
    for _ in 0..3 {
        assert_eq!(ask(&mut guest, || _ = answer(&server, 3)), [Ok(3), Ok(3)]);
    }
}

#[test]
fn a_server_that_cannot_say_has_the_next_one_asked() {
    let ((failing, first), (server, second)) = (server(), server());
    let (_gateway, mut guest) = with_servers(vec![first, second]);
    let serve = || {
        answer(&failing, 2);
        answer(&server, 0);
    };
    assert_eq!(ask(&mut guest, serve), [Ok(0), Ok(0)]);
    let both_fail = || {
        answer(&failing, 2);
        answer(&server, 5);
    };
    assert_eq!(ask(&mut guest, both_fail), [Ok(5), Ok(5)]);
}

#[test]
fn the_guest_hears_a_refusal_when_all_refuse() {
    let servers = [server(), server()].map(|(_, address)| address);
    let (_gateway, mut guest) = with_servers(servers.into());
    let refused = || Err(SocketError::ConnectionRefused);
    assert_eq!(ask(&mut guest, || ()), [refused(), refused()]);
}
