//! Whose sockets they are. iproute2: `proc_ctx_print`.

use std::fmt::Write;
use tool_common::address::socket as address;
use tool_common::control::socket_owners::{self, SocketOwner};
use tool_common::control::sockets::Socket;

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

/// Whether it is the same socket. One that was bound to all addresses has one of them when it is connected.
fn has(owner: &SocketOwner, socket: &Socket) -> bool {
    let (ours, theirs) = (address(owner.local), address(socket.local));
    let same_local = ours == theirs
        || (ours.port() == theirs.port() && ours.ip().is_unspecified() && ours.is_ipv6() == theirs.is_ipv6());
    let same_remote = owner.remote.map(address) == socket.remote.map(address);
    owner.protocol == socket.protocol && same_local && same_remote
}
