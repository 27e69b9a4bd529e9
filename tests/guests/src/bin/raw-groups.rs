//! Asks `wnet:stack/raw-groups` what a program would of its raw socket, on `eth0`; panics at a wrong answer.

#[cfg(target_os = "wasi")]
fn main() {
    guest::ask();
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
            world raw-groups {
                import wnet:stack/raw-sockets@0.1.0;
                import wnet:stack/raw-groups@0.1.0;
            }
        ",
        generate_all,
    });
}

#[cfg(target_os = "wasi")]
mod guest {
    use super::bindings::wasi::sockets::network::{ErrorCode, IpAddress, IpAddressFamily};
    use super::bindings::wnet::stack::groups::{GroupOption, GroupPlace, MembershipChange};
    use super::bindings::wnet::stack::raw_groups::{change, set};
    use super::bindings::wnet::stack::raw_sockets::{OutgoingPacket, RawSocket, create_raw_socket};

    /// A protocol for experiments (RFC 3692).
    const PROTOCOL: u8 = 253;
    const GROUP: IpAddress = IpAddress::Ipv4((239, 1, 2, 3));

    fn send(socket: &RawSocket, data: &[u8]) {
        let packet = OutgoingPacket { data: data.to_vec(), destination: Some(GROUP), hop_limit: None };
        assert_eq!(socket.send(&[packet]), Ok(1));
    }

    /// What the packets carry that have come: raw sockets of IPv4 see headers of 20 bytes.
    fn received(socket: &RawSocket) -> Vec<Vec<u8>> {
        socket.subscribe().block();
        socket.receive(9).expect("packets").into_iter().map(|packet| packet.data[20..].to_vec()).collect()
    }

    pub(super) fn ask() {
        let socket = create_raw_socket(IpAddressFamily::Ipv4, PROTOCOL).expect("--grant raw");
        let change =
            |device: &str, what| change(&socket, &GroupPlace { group: GROUP, device: device.into() }, &what);
        assert_eq!(change("eth7", MembershipChange::Join), Err(ErrorCode::InvalidArgument));
        assert_eq!(change("eth0", MembershipChange::Leave), Err(ErrorCode::AddressNotBindable));
        assert_eq!(change("eth0", MembershipChange::Join), Ok(()));
        assert_eq!(change("eth0", MembershipChange::Join), Err(ErrorCode::AddressInUse));
        assert_eq!(set(&socket, &GroupOption::Device("eth0".into())), Ok(()));
        send(&socket, b"heard");
        assert_eq!(received(&socket), [b"heard".to_vec()]);
        assert_eq!(set(&socket, &GroupOption::LoopBack(false)), Ok(()));
        send(&socket, b"for others");
        assert_eq!(set(&socket, &GroupOption::LoopBack(true)), Ok(()));
        send(&socket, b"heard, too");
        assert_eq!(received(&socket), [b"heard, too".to_vec()]);
        assert_eq!(change("", MembershipChange::Leave), Ok(()));
        assert_eq!(change("", MembershipChange::Leave), Err(ErrorCode::AddressNotBindable));
    }
}
