//! Whether the policy allows what a guest is about to do. Asked when the call is in its place, before the stack is.

use super::GuestNetwork;
use super::bindings::wasi::sockets::network::{ErrorCode, IpAddress, IpSocketAddress};
use super::error::SocketResult;
use crate::policy::{Denial, NoLookUp, Transport};
use std::net::{IpAddr, SocketAddr};

/// The denial was told already; the guest is told that there was one.
fn denied(_: Denial) -> super::error::SocketError {
    ErrorCode::AccessDenied.into()
}

impl GuestNetwork {
    /// To send to `remote`.
    pub(super) fn may_send(&self, transport: Transport, remote: IpSocketAddress) -> SocketResult<()> {
        self.policy.outbound(transport, socket_address(remote)).map_err(denied)
    }

    /// To hear at `local`; port 0: at one that the stack chooses.
    pub(super) fn may_hear(&self, transport: Transport, local: IpSocketAddress) -> SocketResult<()> {
        self.policy.inbound(transport, socket_address(local)).map_err(denied)
    }

    /// To look `name` up.
    pub(super) fn may_resolve(&self, name: &str) -> SocketResult<()> {
        self.policy.resolve(name).map_err(|why| match why {
            NoLookUp::Denied(denial) => denied(denial),
            NoLookUp::NotAName => ErrorCode::InvalidArgument.into(),
        })
    }
}

/// The standard library's form.
pub(super) fn socket_address(address: IpSocketAddress) -> SocketAddr {
    match address {
        IpSocketAddress::Ipv4(v4) => SocketAddr::new(ip_address(IpAddress::Ipv4(v4.address)), v4.port),
        IpSocketAddress::Ipv6(v6) => SocketAddr::new(ip_address(IpAddress::Ipv6(v6.address)), v6.port),
    }
}

/// The standard library's form.
pub(super) fn ip_address(address: IpAddress) -> IpAddr {
    match address {
        IpAddress::Ipv4((a, b, c, d)) => IpAddr::from([a, b, c, d]),
        IpAddress::Ipv6((a, b, c, d, e, f, g, h)) => IpAddr::from([a, b, c, d, e, f, g, h]),
    }
}
