//! How much there is: of everything until it is refused.

use super::addresses::at;
use super::bindings::wasi::sockets::types::{ErrorCode, IpAddressFamily, TcpSocket, UdpSocket};
use super::wait::both;

const FAMILY: IpAddressFamily = IpAddressFamily::Ipv4;

/// Makes sockets until there are no more; then one goes and another one comes.
pub(crate) fn count() {
    let mut sockets = Vec::new();
    let refusal = take_all(&mut sockets, || TcpSocket::create(FAMILY));
    println!("{} sockets, then {refusal:?}", sockets.len());
    drop(sockets.pop());
    UdpSocket::create(FAMILY).expect("room for another");
}

/// Makes sockets until there are no more buffers, after a first one that tried to have all of them. Connections need some,
/// too: theirs wait until there are.
pub(crate) async fn fill_tcp() {
    let first = TcpSocket::create(FAMILY).expect("a socket");
    first.set_receive_buffer_size(1 << 40).expect("it is brought to what there is");
    let mut sockets = Vec::new();
    let refusal = take_all(&mut sockets, || TcpSocket::create(FAMILY));
    println!("{} bytes, then {refusal:?}", sockets.iter().chain([&first]).map(buffers).sum::<u64>());
    drop(first);
    take_all(&mut sockets, || TcpSocket::create(FAMILY));
    let (listener, client) = (sockets.pop().expect("a socket"), sockets.pop().expect("a socket"));
    listener.bind(at(FAMILY, 1, 0)).expect("a port");
    let mut connections = listener.listen().expect("a listener");
    client.connect(listener.get_local_address().expect("an address")).await.expect("a connection");
    let (accepted, ()) = both(connections.next(), async { sockets.clear() }).await;
    accepted.expect("room for it now");
}

/// The same for datagrams.
pub(crate) fn fill_udp() {
    let mut sockets = Vec::new();
    let refusal = take_all(&mut sockets, || UdpSocket::create(FAMILY));
    let all =
        sockets.iter().map(|socket| sum(socket.get_receive_buffer_size(), socket.get_send_buffer_size()));
    println!("{} bytes, then {refusal:?}", all.sum::<u64>());
}

fn buffers(socket: &TcpSocket) -> u64 {
    sum(socket.get_receive_buffer_size(), socket.get_send_buffer_size())
}

fn sum(receive: Result<u64, ErrorCode>, send: Result<u64, ErrorCode>) -> u64 {
    receive.expect("a size") + send.expect("a size")
}

fn take_all<T>(taken: &mut Vec<T>, mut one: impl FnMut() -> Result<T, ErrorCode>) -> ErrorCode {
    loop {
        match one() {
            Ok(socket) => taken.push(socket),
            Err(code) => return code,
        }
    }
}
