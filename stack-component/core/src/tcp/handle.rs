//! The name of a TCP socket.

use crate::arena::Handle;

/// What [`TcpHandle`] names: a [`Socket`](super::Socket). A type of its own, so that what a socket consists of can name
/// sockets.
#[derive(Debug)]
pub enum SocketName {}

/// The name of a TCP socket.
pub type TcpHandle = Handle<SocketName>;
