//! `misuse HOW`: breaks a rule of wasi:sockets or wasi:io, for which a host ends the program, on a connection
//! with itself.

#[cfg(target_os = "wasi")]
fn main() {
    let how = std::env::args().nth(1).unwrap_or_default();
    rules::break_one(&how);
    println!("still here");
}

test_guests::component_only!();

#[cfg(target_os = "wasi")]
mod rules {
    use wasi::io::poll::poll;
    use wasi::io::streams::{InputStream, OutputStream};
    use wasi::sockets::instance_network::instance_network;
    use wasi::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress};
    use wasi::sockets::tcp::TcpSocket;
    use wasi::sockets::tcp_create_socket::create_tcp_socket;

    pub(super) fn break_one(how: &str) {
        let listener = listen();
        let (input, output, _client) = connect(&listener);
        match how {
            // More than `check-write` permitted.
            "overwrite" => {
                let permitted = output.check_write().expect("a permit");
                let much = vec![0; usize::try_from(permitted).expect("a length") + 1];
                let _ = output.write(&much);
            }
            // Without asking for a permit.
            "unpermitted" => drop(output.write(b"hello")),
            // More than 4096 bytes at once.
            "long-blocking-write" => drop(output.blocking_write_and_flush(&[0; 4097])),
            "poll-nothing" => drop(poll(&[])),
            // A pollable must go before its stream.
            "parent-first" => {
                let pollable = input.subscribe();
                drop(input);
                drop(pollable);
            }
            _ => panic!("unknown rule"),
        }
    }

    fn address(port: u16) -> IpSocketAddress {
        IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address: (127, 0, 0, 1) })
    }

    fn listen() -> TcpSocket {
        let socket = create_tcp_socket(IpAddressFamily::Ipv4).expect("a socket");
        socket.start_bind(&instance_network(), address(0)).expect("a bind");
        finish(&socket, || socket.finish_bind());
        socket.start_listen().expect("a listen");
        finish(&socket, || socket.finish_listen());
        socket
    }

    fn connect(listener: &TcpSocket) -> (InputStream, OutputStream, TcpSocket) {
        let IpSocketAddress::Ipv4(local) = listener.local_address().expect("an address") else {
            panic!("an IPv4 address");
        };
        let socket = create_tcp_socket(IpAddressFamily::Ipv4).expect("a socket");
        socket.start_connect(&instance_network(), address(local.port)).expect("a connect");
        let (input, output) = finish(&socket, || socket.finish_connect());
        (input, output, socket)
    }

    fn finish<T>(socket: &TcpSocket, operation: impl Fn() -> Result<T, ErrorCode>) -> T {
        loop {
            match operation() {
                Err(ErrorCode::WouldBlock) => socket.subscribe().block(),
                result => return result.expect("an operation that works"),
            }
        }
    }
}
