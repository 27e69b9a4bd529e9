//! Interface `wnet:stack/sockets`.

use crate::Component;
use crate::bindings::exports::wnet::stack::sockets::{
    Guest, Socket, SocketMemory, SocketProtocol, SocketProtocols, SocketTimer,
};
use crate::entry::enter;
use crate::sockets::{addresses, tcp_info};
use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;
use stack_core::stack::control::{Listing, ListingState, PlainKind, PlainListed, Protocols};
use stack_core::tcp::{self, ListedTimer};

impl Guest for Component {
    fn sockets(protocols: SocketProtocols, start: u32, max: u32) -> Vec<Socket> {
        let has = |wanted: SocketProtocols| protocols & wanted == wanted;
        let protocols = Protocols {
            tcp: has(SocketProtocols::TCP),
            udp: has(SocketProtocols::UDP),
            ping: has(SocketProtocols::PING),
            raw: has(SocketProtocols::RAW),
            packet: has(SocketProtocols::PACKET),
        };
        let page = enter(|state, now| state.stack.sockets(protocols, start as usize, max as usize, now));
        page.into_iter().map(socket).collect()
    }
}

fn socket(listing: Listing) -> Socket {
    let (local, remote) = listing.ends();
    let state = listing.state();
    let socket = Socket {
        protocol: SocketProtocol::Tcp,
        state: tcp_info::state(state),
        local: addresses::wit(local),
        remote: remote.map(addresses::wit),
        device: 0,
        receive_queue: 0,
        send_queue: 0,
        timer: None,
        expires: 0,
        retransmits: 0,
        inode: listing.inode,
        mark: 0,
        tos: 0,
        v6only: local.is_ipv6(),
        shutdown: 0,
        memory: memory((0, 0), (0, 0)),
        info: None,
        congestion: None,
    };
    match listing.state {
        ListingState::Tcp(listed, info) => tcp_socket(socket, listed, info),
        ListingState::Udp(listed, buffer) => Socket {
            protocol: SocketProtocol::Udp,
            receive_queue: bytes(listed.held),
            memory: memory((buffer, buffer), (listed.held, 0)),
            ..socket
        },
        ListingState::Plain(listed) => plain_socket(socket, &listed),
    }
}

fn plain_socket(socket: Socket, listed: &PlainListed) -> Socket {
    let buffer = bytes(listed.buffer);
    let memory = memory((buffer, buffer), (listed.held, 0));
    Socket {
        protocol: match listed.kind {
            PlainKind::Ping => SocketProtocol::Ping,
            PlainKind::Raw => SocketProtocol::Raw,
            PlainKind::Packet => SocketProtocol::Packet,
        },
        device: listed.device.map_or(0, |device| device.0),
        receive_queue: bytes(listed.held),
        mark: listed.mark,
        memory: SocketMemory { drops: u32::try_from(listed.dropped).unwrap_or(u32::MAX), ..memory },
        ..socket
    }
}

fn tcp_socket(
    socket: Socket,
    listed: tcp::Listed,
    info: Option<(Box<tcp::TcpInfo>, &'static str)>,
) -> Socket {
    let (info, congestion) = info.unzip();
    let (timer, expires) = listed.timer.unzip();
    let (not_read, not_sent) = listed.shutdown;
    Socket {
        device: listed.device.map_or(0, |device| device.0),
        receive_queue: bytes(listed.receive_queue),
        send_queue: bytes(listed.send_queue),
        timer: timer.map(|timer| match timer {
            ListedTimer::On => SocketTimer::On,
            ListedTimer::KeepAlive => SocketTimer::Keepalive,
            ListedTimer::TimeWait => SocketTimer::Timewait,
            ListedTimer::Persist => SocketTimer::Persist,
        }),
        expires: expires.map_or(0, |time| u32::try_from(time.as_millis()).unwrap_or(u32::MAX)),
        retransmits: listed.retransmits,
        mark: listed.mark,
        tos: listed.tos,
        shutdown: u8::from(not_read) | u8::from(not_sent) << 1,
        memory: memory(listed.buffers, listed.held),
        info: info.map(|info| tcp_info::info(*info)),
        congestion: congestion.map(ToString::to_string),
        ..socket
    }
}

/// Memory of buffers of these sizes, to receive and to send, that hold so much.
fn memory((rcvbuf, sndbuf): (u32, u32), (received, queued): (usize, usize)) -> SocketMemory {
    SocketMemory {
        rmem: bytes(received),
        rcvbuf,
        wmem: 0,
        sndbuf,
        forward: 0,
        queued: bytes(queued),
        options: 0,
        backlog: 0,
        drops: 0,
    }
}

fn bytes(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
