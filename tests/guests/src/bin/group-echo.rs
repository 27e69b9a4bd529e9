//! `group-echo GROUP`: joins a group on `eth0` by `wnet:stack/groups` and sends every datagram to port 20077 back to where
//! it came from. On `loop` it sends `looped` to the group, and says so when it hears that; on `leave` it leaves.

#[cfg(target_os = "wasi")]
fn main() {
    let group = std::env::args().nth(1).expect("GROUP");
    guest::serve(group.parse().expect("an address"));
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
            world groups {
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
        ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
    };
    use super::bindings::wasi::sockets::udp::{OutgoingDatagram, UdpSocket};
    use super::bindings::wasi::sockets::udp_create_socket::create_udp_socket;
    use super::bindings::wnet::stack::groups::{self, GroupOption, GroupPlace, MembershipChange};
    use std::net::IpAddr;

    const PORT: u16 = 20077;

    fn wit(address: IpAddr) -> IpAddress {
        match address {
            IpAddr::V4(address) => IpAddress::Ipv4(address.octets().into()),
            IpAddr::V6(address) => IpAddress::Ipv6(address.segments().into()),
        }
    }

    fn end(address: IpAddr) -> IpSocketAddress {
        match wit(address) {
            IpAddress::Ipv4(address) => IpSocketAddress::Ipv4(Ipv4SocketAddress { port: PORT, address }),
            IpAddress::Ipv6(address) => {
                let (flow_info, scope_id) = (0, 0);
                IpSocketAddress::Ipv6(Ipv6SocketAddress { port: PORT, flow_info, address, scope_id })
            }
        }
    }

    /// A socket on all addresses that has joined the group, and not twice.
    fn member(group: IpAddr) -> UdpSocket {
        let (family, any) = match group {
            IpAddr::V4(_) => (IpAddressFamily::Ipv4, "0.0.0.0"),
            IpAddr::V6(_) => (IpAddressFamily::Ipv6, "::"),
        };
        let socket = create_udp_socket(family).expect("a socket");
        groups::set(&socket, &GroupOption::ReuseAddress(true)).expect("not bound yet");
        socket.start_bind(&instance_network(), end(any.parse().expect("an address"))).expect("bind");
        socket.finish_bind().expect("bound");
        let change = |device: &str, what| {
            groups::change(&socket, &GroupPlace { group: wit(group), device: device.into() }, &what)
        };
        assert_eq!(change("eth7", MembershipChange::Join), Err(ErrorCode::InvalidArgument));
        assert_eq!(change("eth0", MembershipChange::Leave), Err(ErrorCode::AddressNotBindable));
        assert_eq!(change("eth0", MembershipChange::Join), Ok(()));
        assert_eq!(change("eth0", MembershipChange::Join), Err(ErrorCode::AddressInUse));
        groups::set(&socket, &GroupOption::Device("eth0".into())).expect("there is such a device");
        socket
    }

    pub(super) fn serve(group: IpAddr) {
        let socket = member(group);
        let (incoming, outgoing) = socket.stream(None).expect("streams");
        println!("receiving");
        loop {
            incoming.subscribe().block();
            for datagram in incoming.receive(16).expect("datagrams") {
                let (data, to) = match datagram.data.as_slice() {
                    b"looped" => {
                        println!("looped");
                        continue;
                    }
                    b"loop" => (b"looped".to_vec(), end(group)),
                    b"leave" => {
                        let place = GroupPlace { group: wit(group), device: String::new() };
                        groups::change(&socket, &place, &MembershipChange::Leave).expect("a member");
                        println!("left");
                        (datagram.data, datagram.remote_address)
                    }
                    _ => (datagram.data, datagram.remote_address),
                };
                assert!(outgoing.check_send().expect("a permit") > 0);
                outgoing.send(&[OutgoingDatagram { data, remote_address: Some(to) }]).expect("sent");
            }
        }
    }
}
