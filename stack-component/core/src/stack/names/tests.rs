//! The resolver with real sockets, against a server on another stack.

use super::*;
use crate::names::Hosts;
use crate::testing::{ADDRESSES, Impairment, Network};
use crate::time::Duration;
use std::string::{String, ToString};

/// A server that has one address of every name, the greatest answer fitting UDP or not.
struct Server {
    udp: UdpHandle,
    listener: TcpHandle,
    connection: Option<TcpHandle>,
    cut_short: bool,
    heard: (u32, u32),
}

impl Server {
    fn new(stack: &mut Stack, cut_short: bool) -> Self {
        let (udp, listener) = (stack.udp_open().unwrap(), stack.tcp_open().unwrap());
        let here = "0.0.0.0:53".parse().unwrap();
        stack.udp_bind(udp, here).unwrap();
        stack.tcp_bind(listener, here).unwrap();
        stack.tcp_listen(listener).unwrap();
        Server { udp, listener, connection: None, cut_short, heard: (0, 0) }
    }

    fn serve(&mut self, stack: &mut Stack, now: Instant) {
        while let Ok((question, from)) = stack.udp_receive_from(self.udp) {
            self.heard.0 += 1;
            let answer = answer(&question, self.cut_short);
            stack.udp_send_to(self.udp, &answer, Some(from), now).unwrap();
        }
        if let Ok(connection) = stack.tcp_accept(self.listener) {
            self.connection = Some(connection);
        }
        let Some(connection) = self.connection else { return };
        if let Ok(Received::Data(question)) = stack.tcp_receive(connection, 1000, now) {
            self.heard.1 += 1;
            let answer = answer(&question[2..], false);
            let len = u16::try_from(answer.len()).unwrap().to_be_bytes();
            stack.tcp_send(connection, &len, now).unwrap();
            stack.tcp_send(connection, &answer, now).unwrap();
            stack.tcp_close(connection, now);
            self.connection = None;
        }
    }
}

/// 203.0.113.9, or nothing for IPv6.
fn answer(question: &[u8], cut_short: bool) -> Vec<u8> {
    let end = question.len() - 11;
    let v6 = question[end - 3] == 28;
    let mut message = question[..end].to_vec();
    message[2] = if cut_short { 0x83 } else { 0x81 };
    message[3] = 0x80;
    message[7] = u8::from(!v6 && !cut_short);
    message[11] = 0;
    if !v6 && !cut_short {
        message.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 203, 0, 113, 9]);
    }
    message
}

/// A host that asks the other one.
fn network() -> Network {
    let mut network = Network::new(Impairment::NONE, 53);
    let server = SocketAddr::new(ADDRESSES[1].into(), PORT);
    network.hosts[0].set_name_settings(Settings::default(), [server].to_vec());
    network
}

/// Lets time pass until the look-up has ended.
fn wait(
    network: &mut Network,
    server: &mut Option<Server>,
    lookup: LookupHandle,
) -> Result<Vec<String>, NameError> {
    while !network.hosts[0].resolve_has_ended(lookup) {
        assert!(network.step());
        network.hosts[0].take_wakeups();
        if let Some(server) = server {
            server.serve(&mut network.hosts[1], network.now);
        }
    }
    let mut addresses = Vec::new();
    while let Some(address) = network.hosts[0].resolve_next(lookup)? {
        addresses.push(address.to_string());
    }
    network.hosts[0].resolve_forget(lookup);
    Ok(addresses)
}

#[test]
fn a_name_is_looked_up_over_udp_and_over_tcp() {
    for cut_short in [false, true] {
        let mut network = network();
        let mut server = Some(Server::new(&mut network.hosts[1], cut_short));
        let lookup = network.hosts[0].resolve("www.example.org", network.now).unwrap().unwrap();
        assert_eq!(wait(&mut network, &mut server, lookup), Ok(["203.0.113.9".to_string()].to_vec()));
        let expected = if cut_short { (2, 1) } else { (2, 0) };
        let heard = server.unwrap().heard;
        assert_eq!((heard.0, heard.1.min(1)), expected);
        assert!(network.hosts[0].names.sockets.is_empty() && network.hosts[0].names.exchanges.is_empty());
    }
}

#[test]
fn an_answer_of_no_length_is_the_end_of_the_connection() {
    let mut network = network();
    let server = Server::new(&mut network.hosts[1], true);
    let lookup = network.hosts[0].resolve("www.example.org", network.now).unwrap().unwrap();
    while !network.hosts[0].resolve_has_ended(lookup) {
        assert!(network.step());
        network.hosts[0].take_wakeups();
        let (stack, now) = (&mut network.hosts[1], network.now);
        while let Ok((question, from)) = stack.udp_receive_from(server.udp) {
            stack.udp_send_to(server.udp, &answer(&question, true), Some(from), now).unwrap();
        }
        if let Ok(connection) = stack.tcp_accept(server.listener) {
            stack.tcp_send(connection, &[0, 0, 65], now).unwrap();
        }
    }
    assert_eq!(network.hosts[0].resolve_next(lookup), Err(NameError::Temporary));
}

#[test]
fn nobody_listens_there() {
    let mut network = network();
    let before = network.now;
    let lookup = network.hosts[0].resolve("www.example.org", network.now).unwrap().unwrap();
    assert_eq!(wait(&mut network, &mut None, lookup), Err(NameError::Temporary));
    assert!(network.now.since(before) < Duration::from_secs(1), "port unreachable is an answer");
    network.hosts[0].resolve_forget(lookup);
    assert!(network.hosts[0].names.sockets.is_empty());
}

#[test]
fn the_link_is_cut() {
    let mut network = network();
    network.set_cut(true);
    let before = network.now;
    let lookup = network.hosts[0].resolve("www.example.org", network.now).unwrap().unwrap();
    assert_eq!(wait(&mut network, &mut None, lookup), Err(NameError::Temporary));
    assert!(network.now.since(before) <= Duration::from_secs(14));
}

#[test]
fn whose_look_up_has_ended_is_woken_and_addresses_come_in_order() {
    let mut stack = Stack::new(alloc::boxed::Box::new(crate::random::SeededRandom::new(1)));
    let hosts = Hosts::of(&["203.0.113.1", "2001:db8::1", "127.0.0.1"].map(|address| ("both", address)));
    stack.set_name_settings(Settings { hosts, ..Settings::default() }, Vec::new());
    let lookup = stack.resolve("both", Instant::from_millis(1)).unwrap().unwrap();
    assert_eq!(stack.take_wakeups(), [SocketHandle::Lookup(lookup)]);
    let found: Vec<_> = core::iter::from_fn(|| stack.resolve_next(lookup).unwrap()).collect();
    assert_eq!(found[0].to_string(), "127.0.0.1", "what can be reached comes first");
    assert_eq!(found.len(), 3);
}
