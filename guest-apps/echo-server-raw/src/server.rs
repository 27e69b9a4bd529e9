//! The listening socket, and the loop that waits for it and for all clients.

use std::io::Write;
use std::net::SocketAddr;

use wasi::io::poll::{Pollable, poll};
use wasi::sockets::instance_network::instance_network;
use wasi::sockets::network::{
    ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};
use wasi::sockets::tcp::TcpSocket;
use wasi::sockets::tcp_create_socket::create_tcp_socket;

use crate::client::Client;

/// A listening socket and the clients that it brought.
///
/// Fields are dropped from first to last, and a pollable must go before its socket.
pub(crate) struct Server {
    clients: Vec<Client>,
    /// Ready when a client waits to be accepted.
    arrival: Pollable,
    socket: TcpSocket,
    /// No more sockets may be made until a client has left.
    full: bool,
}

impl Server {
    /// Listens on `address` and says so on standard output.
    pub(crate) fn listen(address: SocketAddr) -> Result<Self, ErrorCode> {
        let (family, address) = wasi_address(address);
        let socket = create_tcp_socket(family)?;
        let arrival = socket.subscribe();
        // The network is only needed to bind: it says where the socket may be reached from.
        socket.start_bind(&instance_network(), address)?;
        finish(&arrival, || socket.finish_bind())?;
        socket.start_listen()?;
        finish(&arrival, || socket.finish_listen())?;
        let mut output = std::io::stdout();
        let line = format!("listening on {}\n", Address(socket.local_address()?));
        // Nobody needs to read it.
        let _ = output.write_all(line.as_bytes()).and_then(|()| output.flush());
        Ok(Self { clients: Vec::new(), arrival, socket, full: false })
    }

    /// Serves clients until the listening socket fails, and returns why. A client's trouble is only told.
    pub(crate) fn run(mut self) -> ErrorCode {
        loop {
            let (arrived, ready) = self.wait();
            self.serve(&ready);
            if arrived && let Err(error) = self.accept() {
                return error;
            }
        }
    }

    /// Waits until something can be done: whether clients wait to be accepted, and the indices of clients that
    /// can go on, in ascending order.
    fn wait(&self) -> (bool, Vec<usize>) {
        let mut waited_for: Vec<&Pollable> = Vec::with_capacity(self.clients.len() + 1);
        let mut owners = Vec::with_capacity(self.clients.len() + 1);
        if !self.full {
            waited_for.push(&self.arrival);
            owners.push(None);
        }
        for (index, client) in self.clients.iter().enumerate() {
            for pollable in client.waits_for().into_iter().flatten() {
                waited_for.push(pollable);
                owners.push(Some(index));
            }
        }
        let mut arrived = false;
        let mut ready = Vec::new();
        for position in poll(&waited_for) {
            match owners[position as usize] {
                None => arrived = true,
                Some(index) => ready.push(index),
            }
        }
        // One that can both receive and send is there twice.
        ready.sort_unstable();
        ready.dedup();
        (arrived, ready)
    }

    /// Lets the clients with these indices go on, and parts with those that are done.
    fn serve(&mut self, ready: &[usize]) {
        // From the last to the first: the place of one that leaves is taken by a later one.
        for &index in ready.iter().rev() {
            let outcome = self.clients[index].advance();
            if let Err(error) = &outcome {
                eprintln!("{}: {error}", Address(self.clients[index].address()));
            }
            if !matches!(outcome, Ok(true)) {
                self.clients.swap_remove(index);
                self.full = false;
            }
        }
    }

    /// Accepts all clients that wait.
    fn accept(&mut self) -> Result<(), ErrorCode> {
        loop {
            match self.socket.accept() {
                Ok((socket, input, output)) => match Client::new(socket, input, output) {
                    Ok(client) => self.clients.push(client),
                    Err(error) => eprintln!("a client left before it was served: {error}"),
                },
                Err(ErrorCode::WouldBlock) => return Ok(()),
                Err(error @ (ErrorCode::ConnectionAborted | ErrorCode::ConnectionReset)) => {
                    eprintln!("a client left before it was accepted: {error}");
                }
                Err(ErrorCode::NewSocketLimit) if !self.clients.is_empty() => {
                    self.full = true;
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// A family and an address as the interface wants them.
fn wasi_address(address: SocketAddr) -> (IpAddressFamily, IpSocketAddress) {
    let port = address.port();
    match address {
        SocketAddr::V4(v4) => {
            let [a, b, c, d] = v4.ip().octets();
            (IpAddressFamily::Ipv4, IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address: (a, b, c, d) }))
        }
        SocketAddr::V6(v6) => {
            let [a, b, c, d, e, f, g, h] = v6.ip().segments();
            let address = (a, b, c, d, e, f, g, h);
            let (flow_info, scope_id) = (v6.flowinfo(), v6.scope_id());
            let address = Ipv6SocketAddress { port, flow_info, address, scope_id };
            (IpAddressFamily::Ipv6, IpSocketAddress::Ipv6(address))
        }
    }
}

/// Waits for `operation` to have a result.
fn finish<T>(change: &Pollable, operation: impl Fn() -> Result<T, ErrorCode>) -> Result<T, ErrorCode> {
    loop {
        match operation() {
            Err(ErrorCode::WouldBlock) => change.block(),
            result => return result,
        }
    }
}

/// Shows an address as everybody writes it.
pub(crate) struct Address(pub(crate) IpSocketAddress);

impl std::fmt::Display for Address {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address: (a, b, c, d) }) => {
                write!(formatter, "{a}.{b}.{c}.{d}:{port}")
            }
            IpSocketAddress::Ipv6(Ipv6SocketAddress { port, address: (a, b, c, d, e, f, g, h), .. }) => {
                let address = std::net::Ipv6Addr::new(a, b, c, d, e, f, g, h);
                write!(formatter, "[{address}]:{port}")
            }
        }
    }
}
