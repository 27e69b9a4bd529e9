//! Questions about names.

use super::bindings::wasi::sockets::ip_name_lookup::{ErrorCode, IpAddress, resolve_addresses};

pub(crate) async fn ask() {
    let literal = resolve_addresses("192.0.2.7".into()).await.expect("an address is one");
    assert!(matches!(literal[..], [IpAddress::Ipv4((192, 0, 2, 7))]), "{literal:?}");
    let literal = resolve_addresses("::1".into()).await.expect("an address is one");
    assert!(matches!(literal[..], [IpAddress::Ipv6((0, 0, 0, 0, 0, 0, 0, 1))]), "{literal:?}");
    let local = resolve_addresses("localhost".into()).await.expect("everybody has one");
    assert!(!local.is_empty());
    assert!(local.iter().all(|address| {
        matches!(address, IpAddress::Ipv4((127, ..)) | IpAddress::Ipv6((0, 0, 0, 0, 0, 0, 0, 1)))
    }));
    for bad in ["", "a name", "256.256.256.256"] {
        let refused = resolve_addresses(bad.into()).await;
        assert!(matches!(refused, Err(ErrorCode::InvalidArgument)), "{bad}: {refused:?}");
    }
}
