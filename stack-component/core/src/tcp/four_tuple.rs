//! What names a connection.

use crate::wire::address::{Octets, scope_of, socket_address};
use core::fmt;
use core::hash::{Hash, Hasher};
use core::net::{IpAddr, SocketAddr};

/// The two ends of a connection, seen from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FourTuple {
    pub local: Endpoint,
    pub remote: Endpoint,
}

/// One end, in 22 bytes where a [`SocketAddr`] takes 32: a flood makes many.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Endpoint {
    address: IpAddr,
    port: u16,
    /// The number of the device of a link-local address, else 0. Stacks have fewer devices than this counts.
    scope: u16,
}

impl FourTuple {
    /// The connection between these ends.
    pub(crate) fn new(local: SocketAddr, remote: SocketAddr) -> Self {
        FourTuple { local: local.into(), remote: remote.into() }
    }
}

impl Endpoint {
    /// The address.
    pub(crate) const fn ip(self) -> IpAddr {
        self.address
    }

    /// The port.
    pub(crate) const fn port(self) -> u16 {
        self.port
    }

    /// The number of the device that a link-local address belongs to.
    pub(crate) const fn scope(self) -> Option<u32> {
        if self.scope == 0 { None } else { Some(self.scope as u32) }
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(address: SocketAddr) -> Self {
        let scope = scope_of(address).and_then(|scope| u16::try_from(scope).ok()).unwrap_or(0);
        Endpoint { address: address.ip(), port: address.port(), scope }
    }
}

impl From<Endpoint> for SocketAddr {
    fn from(end: Endpoint) -> Self {
        socket_address(end.address, end.port, end.scope.into())
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::from(*self).fmt(f)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Every segment's connection is found by this: few words, where the derived hash has one more for each variant and
/// length.
impl Hash for FourTuple {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let ports = u32::from(self.local.port) << 16 | u32::from(self.remote.port);
        match (self.local.address, self.remote.address) {
            (IpAddr::V4(local), IpAddr::V4(remote)) => {
                state.write_u64(u64::from(local.to_bits()) << 32 | u64::from(remote.to_bits()));
                state.write_u32(ports);
            }
            (local, remote) => {
                state.write(&Octets::of(local));
                state.write(&Octets::of(remote));
                state.write_u32(ports);
                state.write_u16(self.remote.scope);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn an_end_is_the_address_that_it_was_made_of() {
        for text in ["192.0.2.1:80", "[fd77::1]:80", "[fe80::1%3]:80"] {
            let address: SocketAddr = text.parse().unwrap();
            assert_eq!(SocketAddr::from(Endpoint::from(address)), address);
            assert_eq!(Endpoint::from(address).to_string(), text);
        }
        assert_eq!(size_of::<FourTuple>(), 44);
    }
}
