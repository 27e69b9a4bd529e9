//! Interface `wnet:stack/abort`.

use crate::Component;
use crate::bindings::exports::wnet::stack::abort::{Guest, TcpSocketBorrow};
use crate::entry::enter;
use crate::sockets::tcp::TcpSocket;

impl Guest for Component {
    fn abort_tcp(socket: TcpSocketBorrow<'_>) {
        let handle = socket.get::<TcpSocket>().handle();
        enter(|state, now| state.abort(handle, now));
    }
}
