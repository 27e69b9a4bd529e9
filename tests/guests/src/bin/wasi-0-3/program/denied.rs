//! What a policy that allows connections to 127.0.0.1 alone denies.

use super::addresses::{at, elsewhere, other};
use super::bindings::wasi::sockets::ip_name_lookup::{ErrorCode as LookupErrorCode, resolve_addresses};
use super::bindings::wasi::sockets::types::{
    ErrorCode, IpAddressFamily, IpSocketAddress, TcpSocket, UdpSocket,
};

pub(crate) async fn ask() {
    let family = IpAddressFamily::Ipv4;
    let socket = || TcpSocket::create(family).expect("a socket");
    let allowed = socket().connect(at(family, 1, 9)).await;
    assert!(matches!(allowed, Err(ErrorCode::ConnectionRefused)), "{allowed:?}");
    let IpSocketAddress::Ipv4(mut nobody) = elsewhere(family) else { unreachable!("of this family") };
    nobody.port = 9;
    let nobody = IpSocketAddress::Ipv4(nobody);
    let denied = socket().connect(nobody).await;
    assert!(matches!(denied, Err(ErrorCode::AccessDenied)), "{denied:?}");
    // What nobody could connect to is no matter of rules.
    for never in [at(family, 0, 9), at(other(family), 1, 9)] {
        let refused = socket().connect(never).await;
        assert!(matches!(refused, Err(ErrorCode::InvalidArgument)), "{never:?}: {refused:?}");
    }
    let listener = socket();
    listener.bind(at(family, 1, 80)).expect("a port");
    assert!(matches!(listener.listen().map(drop), Err(ErrorCode::AccessDenied)));
    let udp = UdpSocket::create(family).expect("a socket");
    assert!(matches!(udp.bind(at(family, 1, 53)), Err(ErrorCode::AccessDenied)));
    assert!(matches!(udp.connect(nobody), Err(ErrorCode::AccessDenied)));
    assert!(matches!(udp.send(vec![1], Some(nobody)).await, Err(ErrorCode::AccessDenied)));
    let name = resolve_addresses("example.com".into()).await;
    assert!(matches!(name, Err(LookupErrorCode::AccessDenied)), "{name:?}");
}
