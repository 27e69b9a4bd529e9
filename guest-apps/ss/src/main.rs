//! `ss`: the sockets of a stack, shown as iproute2's tool of this name does.
//!
//! `options` reads the options, `states` and `filter` what is behind them, `columns` lays out the table, and
//! `extra` writes what stands behind the columns.

mod columns;
mod extra;
mod filter;
mod number;
mod options;
mod owners;
mod packet;
mod states;
mod summary;

use columns::{Row, table};
use options::{Options, USAGE};
use owners::Owners;
use packet::Devices;
use std::net::IpAddr;
use std::process::ExitCode;
use tool_common::address::socket as address;
use tool_common::control::sockets::{self, Socket, SocketProtocol, SocketProtocols};
use tool_common::names::HostNames;
use tool_common::services::{self, Over};
use tool_common::{Exit, finish};

/// How many sockets are asked for at once.
const PAGE: u32 = 1024;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    finish(run(&words))
}

/// Does what the words say; answers what is to be shown.
fn run(words: &[String]) -> Result<String, Exit> {
    let options = Options::parse(words)?;
    if options.help {
        return Ok(format!("{USAGE}\n"));
    }
    if options.version {
        return Ok(format!("ss utility, wnet-{}\n", env!("CARGO_PKG_VERSION")));
    }
    let everything = all();
    if options.summary {
        let owners = Owners::ask(true);
        return Ok(summary::summary(&everything, |socket| !owners.of(socket).is_empty()));
    }
    let (devices, owners) = (Devices::ask(), Owners::ask(options.processes));
    if options.devices().iter().any(|device| !devices.is_known(device)) {
        return Err(Exit::new(1, "Cannot parse device."));
    }
    let is_wanted = |socket: &&Socket| options.wants(socket, &devices.name(socket.device));
    let mut wanted: Vec<_> = everything.iter().filter(is_wanted).collect();
    // In iproute2's order: raw sockets, then UDP's, then TCP's.
    wanted.sort_by_key(|socket| order(socket.protocol));
    let mut names = HostNames::default();
    let rows = wanted.iter().map(|socket| row(socket, &devices, &owners, &options, &mut names));
    let rows: Vec<_> = rows.collect();
    Ok(table(&rows, &options))
}

/// All sockets, page by page.
fn all() -> Vec<Socket> {
    type P = SocketProtocols;
    let protocols = P::TCP | P::UDP | P::PING | P::RAW | P::PACKET;
    let mut all = Vec::new();
    loop {
        let page = sockets::sockets(protocols, all.len() as u32, PAGE);
        let full = page.len() as u32 == PAGE;
        all.extend(page);
        if !full {
            return all;
        }
    }
}

fn order(protocol: SocketProtocol) -> u8 {
    match protocol {
        SocketProtocol::Packet => 0,
        SocketProtocol::Raw | SocketProtocol::Ping => 1,
        SocketProtocol::Udp => 2,
        SocketProtocol::Tcp => 3,
    }
}

/// The name of a protocol. iproute2: `proto_name`.
fn netid(protocol: SocketProtocol) -> &'static str {
    match protocol {
        SocketProtocol::Tcp => "tcp",
        SocketProtocol::Udp => "udp",
        SocketProtocol::Ping => "icmp",
        SocketProtocol::Raw => "raw",
        SocketProtocol::Packet => "p_raw",
    }
}

fn row(socket: &Socket, devices: &Devices, owners: &Owners, options: &Options, names: &mut HostNames) -> Row {
    if socket.protocol == SocketProtocol::Packet {
        return packet::row(socket, devices, owners, options);
    }
    let local = address(socket.local);
    let bound = if socket.device == 0 { String::new() } else { format!("%{}", devices.name(socket.device)) };
    let mut host = |address: IpAddr| named(address, options, names);
    let (peer_host, peer_port) = match socket.remote.map(address) {
        Some(remote) => (host(remote.ip()), port(remote.port(), socket.protocol, options)),
        None => (host(unspecified_like(local.ip())), "*".into()),
    };
    Row {
        netid: netid(socket.protocol),
        state: states::state_name(socket.state),
        receive_queue: socket.receive_queue,
        send_queue: socket.send_queue,
        local: (host(local.ip()) + &bound, port(local.port(), socket.protocol, options)),
        peer: (peer_host, peer_port),
        extra: extra::extra(socket, &owners.of(socket), options),
    }
}

fn unspecified_like(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => std::net::Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
    }
}

/// An address, or its host's name. iproute2: `format_host`.
fn named(address: IpAddr, options: &Options, names: &mut HostNames) -> String {
    let is_asked = options.resolve && !address.is_unspecified();
    let name = is_asked.then(|| names.name(address, None)).flatten();
    name.unwrap_or_else(|| host(address))
}

fn host(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

/// A port, or its name; of raw sockets, the protocol's. iproute2: `resolve_service`.
fn port(port: u16, protocol: SocketProtocol, options: &Options) -> String {
    let name = match (protocol, port) {
        (_, 0) => return "*".into(),
        _ if options.numeric => None,
        (SocketProtocol::Tcp, port) => services::name(port, Over::Tcp),
        (SocketProtocol::Udp, port) => services::name(port, Over::Udp),
        (SocketProtocol::Raw, 1) => Some("icmp"),
        (SocketProtocol::Raw, 6) => Some("tcp"),
        (SocketProtocol::Raw, 17) => Some("udp"),
        (SocketProtocol::Raw, 58) => Some("ipv6-icmp"),
        _ => None,
    };
    name.map_or_else(|| port.to_string(), String::from)
}
