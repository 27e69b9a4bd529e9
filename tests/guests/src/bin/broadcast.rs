//! `broadcast ADDRESS PORT`: sends to everybody at an IPv4 address, which a socket may only when it has said so by
//! `wnet:stack/groups`.

#[cfg(target_os = "wasi")]
fn main() {
    let mut words = std::env::args().skip(1);
    let address: std::net::Ipv4Addr = words.next().and_then(|word| word.parse().ok()).expect("ADDRESS");
    let port = words.next().and_then(|word| word.parse().ok()).expect("PORT");
    guest::send(address.octets().into(), port);
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
            world broadcast {
                import wasi:sockets/instance-network@0.2.12;
                import wasi:sockets/udp-create-socket@0.2.12;
                import wnet:stack/groups@0.1.0;
            }
        ",
        generate_all,
    });
}

#[cfg(target_os = "wasi")]
mod guest {
    use super::bindings::wasi::sockets::instance_network::instance_network;
    use super::bindings::wasi::sockets::network::{
        ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress,
    };
    use super::bindings::wasi::sockets::udp::OutgoingDatagram;
    use super::bindings::wasi::sockets::udp_create_socket::create_udp_socket;
    use super::bindings::wnet::stack::groups::{self, GroupOption};

    pub(super) fn send(address: (u8, u8, u8, u8), port: u16) {
        let at = |address, port| IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address });
        let everybody = at(address, port);
        let socket = create_udp_socket(IpAddressFamily::Ipv4).expect("a socket");
        socket.start_bind(&instance_network(), at((0, 0, 0, 0), 0)).expect("a bind");
        socket.finish_bind().expect("an address");
        let (_incoming, outgoing) = socket.stream(None).expect("streams");
        let send = |data: &[u8]| {
            assert!(outgoing.check_send().expect("a permit") > 0);
            outgoing.send(&[OutgoingDatagram { data: data.to_vec(), remote_address: Some(everybody) }])
        };
        assert_eq!(send(b"not yet"), Err(ErrorCode::AccessDenied));
        groups::set(&socket, &GroupOption::Broadcast(true)).expect("an option of UDP sockets");
        assert_eq!(send(b"hello, everybody"), Ok(1));
        groups::set(&socket, &GroupOption::Broadcast(false)).expect("an option of UDP sockets");
        assert_eq!(send(b"no more"), Err(ErrorCode::AccessDenied));
    }
}
