//! Whose sockets they are. iproute2: `proc_ctx_print`.

use std::fmt::Write;
use std::net::SocketAddr;
use tool_common::address::socket as address;
use tool_common::control::socket_owners::{self, SocketOwner};
use tool_common::control::sockets::{Socket, SocketProtocol};

/// The sockets of all guests, if they are wanted.
pub(crate) struct Owners(Vec<SocketOwner>);

impl Owners {
    /// Asks the host if the option `-p` was given.
    pub(crate) fn ask(wanted: bool) -> Self {
        Owners(if wanted { socket_owners::owners() } else { Vec::new() })
    }

    /// ` users:(("PROGRAM",pid=GUEST,fd=NUMBER))`, or nothing if no guest has the socket.
    pub(crate) fn of(&self, socket: &Socket) -> String {
        let mut users = self.0.iter().filter(|owner| has(owner, socket)).peekable();
        if users.peek().is_none() {
            return String::new();
        }
        let mut out = String::from(" users:(");
        for (place, SocketOwner { name, guest, number, .. }) in users.enumerate() {
            out.push_str(if place > 0 { "," } else { "" });
            // Writing to a text does not fail.
            let _ = write!(out, "(\"{name}\",pid={guest},fd={number})");
        }
        out.push(')');
        out
    }
}

/// Whether it is the same socket. One that was bound to all addresses has one of them when it is connected; which is told
/// of a raw socket before the stack writes it down.
fn has(owner: &SocketOwner, socket: &Socket) -> bool {
    if owner.protocol == SocketProtocol::Packet {
        return is_packet(owner, socket);
    }

    let (ours, theirs) = (address(owner.local), address(socket.local));
    let plain = matches!(owner.protocol, SocketProtocol::Raw | SocketProtocol::Ping);
    let is_open = ours.ip().is_unspecified() || (plain && theirs.ip().is_unspecified());
    let same_local =
        ours == theirs || (ours.port() == theirs.port() && is_open && ours.is_ipv6() == theirs.is_ipv6());
    let same_remote = owner.remote.map(address) == socket.remote.map(address);
    owner.protocol == socket.protocol && same_local && same_remote
}

/// Whether it is this packet socket: it has a protocol and a device.
fn is_packet(owner: &SocketOwner, socket: &Socket) -> bool {
    let SocketAddr::V6(end) = address(owner.local) else { return false };
    (socket.protocol, address(socket.local).port(), socket.device)
        == (owner.protocol, end.port(), end.scope_id())
}
