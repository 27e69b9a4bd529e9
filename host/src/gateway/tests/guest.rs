//! The guest's machine in the gateway's tests: a second stack at the other end of the cable.

use crate::gateway::device::WireDevice;
use crate::gateway::{Gateway, GatewayConfig, Publish, Subnet};
use crate::policy::{Policy, Rules, Transport, Unruled, address_rule};
use crate::wire::Wire;
use crate::wire::user::{UserWire, cable};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use stack_core::Stack;
use stack_core::device::Address;
use stack_core::random::SeededRandom;
use stack_core::socket::SocketError;
use stack_core::tcp::{Received, Shutdown, TcpHandle};
use stack_core::time::Instant;
use stack_core::wire::cidr::IpCidr;
use stack_core::wire::ethernet::MacAddress;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

pub(super) const GUEST: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 15);
pub(super) const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 2);

pub(super) const GUEST_V6: Ipv6Addr = Ipv6Addr::new(0xfd77, 2, 0, 0, 0, 0, 0, 0x15);
pub(super) const GATEWAY_V6: Ipv6Addr = Ipv6Addr::new(0xfd77, 2, 0, 0, 0, 0, 0, 2);

/// The networks of both.
pub(super) fn subnets() -> Vec<Subnet> {
    let v4 = Subnet { gateway: GATEWAY.into(), prefix_length: 24, guest: GUEST.into(), asked_for: false };
    vec![
        v4,
        Subnet { gateway: GATEWAY_V6.into(), prefix_length: 64, guest: GUEST_V6.into(), asked_for: false },
    ]
}

/// The guest's port that the tests publish.
pub(super) const PORT: u16 = 7;

/// How long anything may take before a test fails.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// A gateway that publishes [`PORT`], where that is, and the wire's other end.
pub(super) fn gateway() -> (Gateway, SocketAddr, UserWire) {
    let (near, far) = cable().unwrap();
    let publish =
        Publish { listen: "127.0.0.1:0".parse().unwrap(), guest_port: PORT, transport: Transport::Tcp };
    let config = GatewayConfig { subnets: subnets(), publish: vec![publish] };
    let inward = Rules { unruled: Unruled::Inward, ..Rules::default() };
    let gateway = Gateway::listen(&config).unwrap().start(near, Arc::new(Policy::new(inward))).unwrap();
    let address = gateway.published()[0].listen;
    (gateway, address, far)
}

/// A gateway that lets out what these rules allow, and a guest at it.
pub(super) fn with_rules(outbound: &[&str]) -> (Gateway, Guest) {
    publishing(Vec::new(), outbound)
}

/// The same that publishes ports.
pub(super) fn publishing(publish: Vec<Publish>, outbound: &[&str]) -> (Gateway, Guest) {
    let (near, far) = cable().unwrap();
    let config = GatewayConfig { subnets: subnets(), publish };
    let outbound = outbound.iter().map(|text| address_rule(text).unwrap()).collect();
    let gateways = vec![GATEWAY.into(), GATEWAY_V6.into()];
    let rules = Rules { unruled: Unruled::Denied, outbound, gateways, ..Rules::default() };
    let gateway = Gateway::listen(&config).unwrap().start(near, Arc::new(Policy::new(rules))).unwrap();
    (gateway, Guest::new(far))
}

/// A machine with a stack and no application.
pub(super) struct Guest {
    pub(super) stack: Stack,
    wire: Arc<UserWire>,
    epoch: std::time::Instant,
}

impl Guest {
    pub(super) fn new(wire: UserWire) -> Self {
        let wire = Arc::new(wire);
        let mut stack = Stack::new(Box::new(SeededRandom::new(1)));
        let device = WireDevice { wire: Arc::clone(&wire), mac: MacAddress([2, 0, 0, 0, 0, 15]) };
        let device = stack.add_device("eth0", Box::new(device), 1500).unwrap();
        for subnet in subnets() {
            let cidr = IpCidr::new(subnet.guest, subnet.prefix_length).unwrap();
            let mut address = Address::new(cidr, Instant::ZERO);
            address.flags.no_dad = subnet.guest.is_ipv6();
            stack.add_address_record(device, address).unwrap();
            stack.add_default_gateway(subnet.gateway).unwrap();
        }
        Guest::with(stack, wire)
    }

    /// A machine with this stack at this end of the wire.
    pub(super) fn with(stack: Stack, wire: Arc<UserWire>) -> Self {
        Guest { stack, wire, epoch: std::time::Instant::now() }
    }

    pub(super) fn now(&self) -> Instant {
        Instant::ZERO + self.epoch.elapsed()
    }

    /// Waits until a frame or a timer wants the stack, and gives it its turn.
    pub(super) fn turn(&mut self) {
        let now = self.now();
        let limit = Duration::from_millis(20);
        let wait = self.stack.next_deadline().map_or(limit, |deadline| deadline.since(now).min(limit));
        let wait = Timespec { tv_sec: 0, tv_nsec: wait.as_nanos() as _ };
        poll(&mut [PollFd::from_borrowed_fd(self.wire.as_fd(), PollFlags::IN)], Some(&wait)).unwrap();
        while self.stack.poll(self.now(), 64) {}
        self.stack.take_wakeups();
    }

    /// Gives the stack turns until `done` answers something.
    pub(super) fn run<T>(&mut self, what: &str, mut done: impl FnMut(&mut Guest) -> Option<T>) -> T {
        loop {
            if let Some(answer) = done(self) {
                return answer;
            }
            assert!(self.epoch.elapsed() < PATIENCE, "still waiting for {what}");
            self.turn();
        }
    }

    /// A socket that listens on [`PORT`].
    pub(super) fn listen(&mut self) -> TcpHandle {
        let listener = self.stack.tcp_open().unwrap();
        self.stack.tcp_bind(listener, SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), PORT)).unwrap();
        self.stack.tcp_listen(listener).unwrap();
        listener
    }

    /// Waits for the listener's next connection.
    pub(super) fn accept(&mut self, listener: TcpHandle) -> TcpHandle {
        self.run("a connection", |guest| would_block(guest.stack.tcp_accept(listener)).unwrap())
    }

    /// Waits for all that the peer sends until its end or its failure.
    pub(super) fn receive_to_end(&mut self, socket: TcpHandle) -> Result<Vec<u8>, SocketError> {
        let mut all = Vec::new();
        self.run("the end of the data", |guest| {
            let now = guest.now();
            loop {
                match would_block(guest.stack.tcp_receive(socket, 65_536, now)) {
                    Ok(Some(Received::Data(data))) => all.extend(data),
                    Ok(Some(Received::End)) => return Some(Ok(())),
                    Ok(None) => return None,
                    Err(error) => return Some(Err(error)),
                }
            }
        })?;
        Ok(all)
    }

    /// Sends all of `data`.
    pub(super) fn send(&mut self, socket: TcpHandle, mut data: &[u8]) {
        self.run("room to send", |guest| {
            let now = guest.now();
            while !data.is_empty() {
                let sent = would_block(guest.stack.tcp_send(socket, data, now)).unwrap()?;
                data = &data[sent..];
            }
            Some(())
        });
    }

    /// Ends sending, then gives the socket up.
    pub(super) fn close(&mut self, socket: TcpHandle) {
        let now = self.now();
        self.stack.tcp_shutdown(socket, Shutdown::Send, now).unwrap();
        self.stack.tcp_close(socket, now);
    }
}

/// Nothing in place of an error that only says "not now".
pub(super) fn would_block<T>(result: Result<T, SocketError>) -> Result<Option<T>, SocketError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(SocketError::WouldBlock) => Ok(None),
        Err(error) => Err(error),
    }
}

/// An echo server for many clients, in the guest's machine.
pub(super) struct EchoServer {
    listener: TcpHandle,
    connections: Vec<(TcpHandle, Vec<u8>)>,
    /// Connections that ended in order.
    pub(super) served: usize,
}

impl EchoServer {
    pub(super) fn new(guest: &mut Guest) -> Self {
        EchoServer { listener: guest.listen(), connections: Vec::new(), served: 0 }
    }

    /// Does what can be done now.
    pub(super) fn serve(&mut self, guest: &mut Guest) {
        while let Ok(socket) = guest.stack.tcp_accept(self.listener) {
            self.connections.push((socket, Vec::new()));
        }
        let mut going_on = Vec::new();
        for (socket, mut unsent) in std::mem::take(&mut self.connections) {
            if echo(guest, socket, &mut unsent) {
                guest.close(socket);
                self.served += 1;
            } else {
                going_on.push((socket, unsent));
            }
        }
        self.connections = going_on;
    }
}

/// Moves what can be moved; whether the client has ended and has got everything back.
fn echo(guest: &mut Guest, socket: TcpHandle, unsent: &mut Vec<u8>) -> bool {
    let now = guest.now();
    loop {
        if !unsent.is_empty() {
            let Some(sent) = would_block(guest.stack.tcp_send(socket, unsent, now)).unwrap() else {
                return false;
            };
            unsent.drain(..sent);
            continue;
        }
        match would_block(guest.stack.tcp_receive(socket, 65_536, now)).unwrap() {
            Some(Received::Data(data)) => *unsent = data,
            Some(Received::End) => return true,
            None => return false,
        }
    }
}
