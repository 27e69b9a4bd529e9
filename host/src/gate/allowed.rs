//! Whether the policy allows what a guest is about to do. Asked when the call is in its place, before the stack is.

use super::GuestNetwork;
use super::bindings::wasi::sockets::network::{ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress};
use super::error::SocketResult;
use crate::policy::{Denial, NoLookUp, Transport};
use std::net::{IpAddr, SocketAddr};

/// The denial was told already; the guest is told that there was one.
fn denied(_: Denial) -> super::error::SocketError {
    ErrorCode::AccessDenied.into()
}

impl GuestNetwork {
    /// To send to `remote` from a socket of `family`. What can be nobody's address is refused for that.
    pub(super) fn may_send(
        &self,
        transport: Transport,
        family: IpAddressFamily,
        remote: IpSocketAddress,
    ) -> SocketResult<()> {
        if !is_peer(transport, family, remote) {
            return Err(ErrorCode::InvalidArgument.into());
        }
        self.policy.outbound(transport, socket_address(remote)).map_err(denied)
    }

    /// To hear at `local`; port 0: at one that the stack chooses.
    pub(super) fn may_hear(&self, transport: Transport, local: IpSocketAddress) -> SocketResult<()> {
        self.policy.inbound(transport, socket_address(local)).map_err(denied)
    }

    /// To bind a TCP socket of `family` to `local`. Of an address that is not of the family nothing is asked: it is refused
    /// for that.
    pub(super) fn may_bind(&self, family: IpAddressFamily, local: IpSocketAddress) -> SocketResult<()> {
        let address = socket_address(local);
        match address.is_ipv4() == (family == IpAddressFamily::Ipv4) {
            true => self.policy.binding(address).map_err(denied),
            false => Ok(()),
        }
    }

    /// To look `name` up.
    pub(super) fn may_resolve(&self, name: &str) -> SocketResult<()> {
        self.policy.resolve(name).map_err(|why| match why {
            NoLookUp::Denied(denial) => denied(denial),
            NoLookUp::NotAName => ErrorCode::InvalidArgument.into(),
        })
    }
}

/// Whether a socket of `family` can send to `remote` at all: to all or to a group by UDP alone.
pub(super) fn is_peer(transport: Transport, family: IpAddressFamily, remote: IpSocketAddress) -> bool {
    let address = socket_address(remote);
    let (fits, is_broadcast) = match address.ip() {
        IpAddr::V4(v4) => (family == IpAddressFamily::Ipv4, v4.is_broadcast()),
        IpAddr::V6(v6) => (family == IpAddressFamily::Ipv6 && v6.to_ipv4_mapped().is_none(), false),
    };
    let is_many = is_broadcast || address.ip().is_multicast();
    let can_be = transport == Transport::Udp || !is_many;
    fits && can_be && address.port() != 0 && !address.ip().is_unspecified()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::bindings::wasi::sockets::network::{Ipv4SocketAddress, Ipv6SocketAddress};

    fn v4(address: (u8, u8, u8, u8), port: u16) -> IpSocketAddress {
        IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address })
    }

    fn v6(address: (u16, u16, u16, u16, u16, u16, u16, u16)) -> IpSocketAddress {
        IpSocketAddress::Ipv6(Ipv6SocketAddress { port: 9, flow_info: 0, address, scope_id: 0 })
    }

    #[test]
    fn who_can_be_a_peer() {
        use IpAddressFamily::{Ipv4, Ipv6};
        for (family, remote, by_tcp, by_udp) in [
            (Ipv4, v4((192, 0, 2, 1), 9), true, true),
            (Ipv4, v4((192, 0, 2, 1), 0), false, false),
            (Ipv4, v4((0, 0, 0, 0), 9), false, false),
            (Ipv4, v4((255, 255, 255, 255), 9), false, true),
            (Ipv4, v4((224, 0, 0, 1), 9), false, true),
            (Ipv6, v4((192, 0, 2, 1), 9), false, false),
            (Ipv4, v6((0, 0, 0, 0, 0, 0, 0, 1)), false, false),
            (Ipv6, v6((0, 0, 0, 0, 0, 0, 0, 1)), true, true),
            (Ipv6, v6((0, 0, 0, 0, 0, 0xffff, 0xc000, 0x201)), false, false),
            (Ipv6, v6((0xff02, 0, 0, 0, 0, 0, 0, 1)), false, true),
        ] {
            assert_eq!(is_peer(Transport::Tcp, family, remote), by_tcp, "{remote:?}");
            assert_eq!(is_peer(Transport::Udp, family, remote), by_udp, "{remote:?}");
        }
    }
}
