//! `limits sockets|tcp-buffers|udp-buffers|memory`: takes as much as there is and says how much that was, and how
//! more was refused.

#[cfg(target_os = "wasi")]
fn main() {
    let what = std::env::args().nth(1).unwrap_or_default();
    match what.as_str() {
        "sockets" => sockets::count(),
        "tcp-buffers" => sockets::fill_tcp(),
        "udp-buffers" => sockets::fill_udp(),
        "memory" => test_guests::memory::take(),
        _ => panic!("unknown resource"),
    }
}

test_guests::component_only!();

#[cfg(target_os = "wasi")]
mod sockets {
    use wasi::sockets::network::{ErrorCode, IpAddressFamily};
    use wasi::sockets::tcp_create_socket::create_tcp_socket;
    use wasi::sockets::udp_create_socket::create_udp_socket;

    /// Makes sockets until there are no more; then one goes and another one comes.
    pub(super) fn count() {
        let mut sockets = Vec::new();
        let refusal = take_all(&mut sockets, || create_tcp_socket(IpAddressFamily::Ipv4));
        println!("{} sockets, then {refusal:?}", sockets.len());
        drop(sockets.pop());
        let datagrams = create_udp_socket(IpAddressFamily::Ipv6).expect("room for another");
        drop(datagrams);
    }

    /// Makes sockets until there are no more buffers, after a first one that tried to have all of them.
    pub(super) fn fill_tcp() {
        let first = create_tcp_socket(IpAddressFamily::Ipv4).expect("a socket");
        first.set_receive_buffer_size(1 << 40).expect("it is brought to what there is");
        let mut sockets = Vec::new();
        let refusal = take_all(&mut sockets, || create_tcp_socket(IpAddressFamily::Ipv4));
        let all = sockets.iter().chain([&first]).map(|socket| {
            let (receive, send) = (socket.receive_buffer_size(), socket.send_buffer_size());
            receive.expect("a size") + send.expect("a size")
        });
        println!("{} bytes, then {refusal:?}", all.sum::<u64>());
        drop(first);
        create_tcp_socket(IpAddressFamily::Ipv4).expect("room for another");
    }

    /// The same for datagrams.
    pub(super) fn fill_udp() {
        let mut sockets = Vec::new();
        let refusal = take_all(&mut sockets, || create_udp_socket(IpAddressFamily::Ipv4));
        let all = sockets.iter().map(|socket| {
            let (receive, send) = (socket.receive_buffer_size(), socket.send_buffer_size());
            receive.expect("a size") + send.expect("a size")
        });
        println!("{} bytes, then {refusal:?}", all.sum::<u64>());
    }

    fn take_all<T>(taken: &mut Vec<T>, mut one: impl FnMut() -> Result<T, ErrorCode>) -> ErrorCode {
        loop {
            match one() {
                Ok(socket) => taken.push(socket),
                Err(code) => return code,
            }
        }
    }
}
