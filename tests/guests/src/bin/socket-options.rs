//! `socket-options`: uses `wnet:stack/socket-options` on a connection with itself; says `done` if all answers are
//! as they should be.

#[cfg(target_os = "wasi")]
fn main() {
    guest::set_and_get();
    guest::look_and_send();
    guest::be_refused();
    println!("done");
}

test_guests::component_only!();

#[cfg(target_os = "wasi")]
// Generated: the canonical ABI is raw pointers.
#[allow(unsafe_code, clippy::undocumented_unsafe_blocks, unreachable_pub, missing_docs)]
mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package test:guest;
            world options {
                import wasi:sockets/instance-network@0.2.12;
                import wasi:sockets/tcp-create-socket@0.2.12;
                import wnet:stack/socket-options@0.1.0;
            }
        ",
        generate_all,
    });
}

#[cfg(target_os = "wasi")]
mod guest {
    use super::bindings::wasi::io::streams::{InputStream, OutputStream};
    use super::bindings::wasi::sockets::instance_network::instance_network;
    use super::bindings::wasi::sockets::network::{
        ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress,
    };
    use super::bindings::wasi::sockets::tcp::TcpSocket;
    use super::bindings::wasi::sockets::tcp_create_socket::create_tcp_socket;
    use super::bindings::wnet::stack::socket_options::{
        self as options, BpfInstruction, SendFlags, TcpOption, TcpState,
    };

    /// A connection's ends. Streams are dropped before their sockets.
    struct Pair {
        streams: [(InputStream, OutputStream); 2],
        client: TcpSocket,
        server: TcpSocket,
        listener: TcpSocket,
    }

    /// What is set is what is in force, and a connection has it from its listener.
    pub(super) fn set_and_get() {
        let listener = listen(&[TcpOption::Nodelay(true), TcpOption::Congestion("reno".into())]);
        let pair = connect(listener);
        let accepted = options::get(&pair.server).expect("options");
        assert!(accepted.nodelay, "inherited");
        assert_eq!(accepted.congestion, "reno", "inherited");
        let client = &pair.client;
        for option in [
            TcpOption::Cork(true),
            TcpOption::Linger(Some(1_500_000_000)),
            TcpOption::UserTimeout(1_000_001),
            TcpOption::Rcvbuf(10_000),
            TcpOption::BindToDevice("lo".into()),
            TcpOption::Linger2(None),
        ] {
            options::set(client, &option).expect("an option is taken");
        }
        let all = options::get(client).expect("options");
        assert!(all.cork && !all.nodelay);
        assert_eq!((all.linger, all.user_timeout), (Some(2_000_000_000), 2_000_000), "rounded up");
        assert_eq!((all.rcvbuf, all.bind_to_device.as_str(), all.linger2), (20_000, "lo", None));
        assert_eq!(options::state(&pair.listener), TcpState::Listen);
        assert_eq!(options::info(client).map(|info| info.state), Ok(1), "ESTABLISHED");
        assert!(options::congestion_info(client).is_ok());
    }

    /// Data beside the streams.
    pub(super) fn look_and_send() {
        let pair = connect(listen(&[]));
        assert_eq!(options::peek(&pair.server, 10), Err(ErrorCode::WouldBlock));
        assert_eq!(
            options::send(&pair.client, b"hello", SendFlags { more: false, end_of_record: false }),
            Ok(5)
        );
        pair.streams[1].0.subscribe().block();
        assert_eq!(options::queued_input(&pair.server), Ok(5));
        assert_eq!(options::peek(&pair.server, 10).as_deref(), Ok(&b"hello"[..]));
        assert_eq!(pair.streams[1].0.read(10).ok().as_deref(), Some(&b"hello"[..]));
        assert_eq!(options::unsent(&pair.client), Ok(0));
        assert_eq!(options::take_error(&pair.client), Ok(0));
    }

    /// What is out of range, privileged, or senseless.
    pub(super) fn be_refused() {
        let socket = create_tcp_socket(IpAddressFamily::Ipv4).expect("a socket");
        for (option, expected) in [
            (TcpOption::Congestion("nosuch".into()), ErrorCode::InvalidArgument),
            (TcpOption::BindToDevice("eth9".into()), ErrorCode::InvalidArgument),
            (TcpOption::Syncnt(0), ErrorCode::InvalidArgument),
            (TcpOption::Mark(1), ErrorCode::AccessDenied),
            (TcpOption::RcvbufForce(1), ErrorCode::AccessDenied),
        ] {
            assert_eq!(options::set(&socket, &option), Err(expected), "{option:?}");
        }
        assert_eq!(options::state(&socket), TcpState::Close);
        assert_eq!(options::attach_filter(&socket, &[]), Err(ErrorCode::InvalidArgument));
        // BPF_RET | BPF_K: all of it.
        let all = BpfInstruction { code: 6, jt: 0, jf: 0, k: u32::MAX };
        assert_eq!(options::attach_filter(&socket, &[all]), Ok(()));
        assert_eq!(options::detach_filter(&socket), Ok(()));
        assert_eq!(options::detach_filter(&socket), Err(ErrorCode::NotInProgress));
    }

    fn address(port: u16) -> IpSocketAddress {
        IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address: (127, 0, 0, 1) })
    }

    fn listen(chosen: &[TcpOption]) -> TcpSocket {
        let socket = create_tcp_socket(IpAddressFamily::Ipv4).expect("a socket");
        for option in chosen {
            options::set(&socket, option).expect("an option is taken");
        }
        socket.start_bind(&instance_network(), address(0)).expect("a bind");
        finish(&socket, || socket.finish_bind());
        socket.start_listen().expect("a listen");
        finish(&socket, || socket.finish_listen());
        socket
    }

    fn connect(listener: TcpSocket) -> Pair {
        let IpSocketAddress::Ipv4(local) = listener.local_address().expect("an address") else {
            panic!("an IPv4 address");
        };
        let client = create_tcp_socket(IpAddressFamily::Ipv4).expect("a socket");
        client.start_connect(&instance_network(), address(local.port)).expect("a connect");
        let ours = finish(&client, || client.finish_connect());
        let (server, input, output) = finish(&listener, || listener.accept());
        Pair { streams: [ours, (input, output)], client, server, listener }
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
