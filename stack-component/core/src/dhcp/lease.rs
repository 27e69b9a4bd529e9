//! What a server grants.

use crate::time::Duration;
use crate::wire::cidr::IpCidr;
use crate::wire::dhcp::{Message, option};
use crate::wire::domain;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::Ipv4Addr;

/// Most name servers and gateways that are taken.
const MAX_SERVERS: usize = 8;
/// Most routes that are taken.
const MAX_ROUTES: usize = 64;
/// Least MTU that is believed (RFC 2132 section 5.1 has 68; no host takes less than this, RFC 1122 section 3.3.3).
const MIN_MTU: u16 = 576;
/// A lease that does not end.
const INFINITE: u32 = u32::MAX;

/// An address and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The address.
    pub address: Ipv4Addr,
    /// Bits of the network.
    pub prefix_len: u8,
    /// Whom to ask for more time.
    pub server: Ipv4Addr,
    /// Gateways, the best first.
    pub routers: Vec<Ipv4Addr>,
    /// Routes; if there are any, the gateways are not used (RFC 3442). The unspecified gateway means the link itself.
    pub routes: Vec<(IpCidr, Ipv4Addr)>,
    /// Name servers, the best first.
    pub name_servers: Vec<Ipv4Addr>,
    /// The domains that names are searched in, the first one first.
    pub domains: Vec<String>,
    /// Bytes of the largest packet on the link.
    pub mtu: Option<u16>,
}

/// How long a lease lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// Until its server is asked again: T1.
    pub renew: Duration,
    /// Until any server is asked: T2.
    pub rebind: Duration,
    /// Until it ends.
    pub end: Duration,
}

impl Lease {
    /// The lease in an offer or an acknowledgement; none if it grants no usable address or names no server.
    pub(super) fn read(message: &Message<'_>) -> Option<Lease> {
        let address = message.your_address();
        let server = message.addresses(option::SERVER_ID, 1).first().copied()?;
        let unusable = address.is_unspecified()
            || address.is_loopback()
            || address.is_multicast()
            || address.is_broadcast()
            || address.octets()[0] == 0;
        if unusable {
            return None;
        }
        let mtu = <[u8; 2]>::try_from(message.option(option::MTU)).ok().map(u16::from_be_bytes);
        Some(Lease {
            address,
            prefix_len: prefix_len(message, address),
            server,
            routers: message.addresses(option::ROUTERS, MAX_SERVERS),
            routes: routes(&message.option(option::CLASSLESS_ROUTES)),
            name_servers: message.addresses(option::NAME_SERVERS, MAX_SERVERS),
            domains: domains(message),
            mtu: mtu.filter(|&mtu| mtu >= MIN_MTU),
        })
    }
}

impl Times {
    /// The times in an acknowledgement; none if it does not say how long the lease lasts. Times that are not in
    /// their order are those of RFC 2131 section 4.4.5: a half and seven eighths.
    pub(super) fn read(message: &Message<'_>) -> Option<Times> {
        let seconds = message.number(option::LEASE_TIME)?;
        if seconds == INFINITE {
            return Some(Times { renew: Duration::MAX, rebind: Duration::MAX, end: Duration::MAX });
        }
        let end = Duration::from_secs(seconds.into());
        let said = |code| message.number(code).map(|seconds| Duration::from_secs(seconds.into()));
        let rebind = said(option::REBINDING_TIME).filter(|&rebind| rebind < end).unwrap_or(end * 7 / 8);
        let renew = said(option::RENEWAL_TIME).filter(|&renew| renew < rebind);
        Some(Times { renew: renew.unwrap_or((end / 2).min(rebind)), rebind, end })
    }
}

/// The netmask's length; that of the address's class if it says nothing or is none.
fn prefix_len(message: &Message<'_>, address: Ipv4Addr) -> u8 {
    let of_class = match address.octets()[0] {
        ..128 => 8,
        128..192 => 16,
        _ => 24,
    };
    let mask = message.number(option::SUBNET_MASK);
    let contiguous = mask.filter(|mask| mask.leading_ones() + mask.trailing_zeros() == 32 && *mask != 0);
    contiguous.map_or(of_class, |mask| mask.leading_ones() as u8)
}

/// RFC 3442: width, so many bytes of the destination as it has, gateway; again and again. Nothing of what is malformed.
fn routes(bytes: &[u8]) -> Vec<(IpCidr, Ipv4Addr)> {
    let mut routes = Vec::new();
    let mut rest = bytes;
    while let Some((&width, behind)) = rest.split_first() {
        let significant = usize::from(width).div_ceil(8);
        let parts = behind.split_at_checked(significant).and_then(|(destination, behind)| {
            let (gateway, behind) = behind.split_first_chunk::<4>()?;
            Some((destination, gateway, behind))
        });
        let Some((destination, gateway, behind)) = parts.filter(|_| width <= 32) else { return Vec::new() };
        let mut octets = [0; 4];
        octets.iter_mut().zip(destination).for_each(|(octet, byte)| *octet = *byte);
        if let Some(block) = IpCidr::new(Ipv4Addr::from_octets(octets).into(), width) {
            routes.push((block.network(), Ipv4Addr::from_octets(*gateway)));
        }
        rest = behind;
    }
    routes.truncate(MAX_ROUTES);
    routes
}

/// The domain of the network, then those to search (RFC 3397). systemd-networkd has them in this order, too.
fn domains(message: &Message<'_>) -> Vec<String> {
    let own = domain::of_text(&message.option(option::DOMAIN_NAME));
    let mut search = domain::names(&message.option(option::DOMAIN_SEARCH), true).unwrap_or_default();
    search.retain(|name| Some(name) != own.as_ref());
    own.into_iter().chain(search).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    #[test]
    fn routes_with_prefixes() {
        let gateway = Ipv4Addr::new(10, 0, 0, 1);
        let block = |text: &str| text.parse::<IpCidr>().unwrap();
        type Routes = Vec<(IpCidr, Ipv4Addr)>;
        let rows: [(&[u8], Routes); 6] = [
            (&[], vec![]),
            (&[0, 10, 0, 0, 1], vec![(block("0.0.0.0/0"), gateway)]),
            (
                &[24, 192, 168, 3, 10, 0, 0, 1, 32, 1, 2, 3, 4, 0, 0, 0, 0],
                vec![(block("192.168.3.0/24"), gateway), (block("1.2.3.4/32"), Ipv4Addr::UNSPECIFIED)],
            ),
            (&[9, 10, 255, 10, 0, 0, 1], vec![(block("10.128.0.0/9"), gateway)]),
            (&[33, 1, 2, 3, 4, 5, 10, 0, 0, 1], vec![]),
            (&[24, 192, 168, 3, 10, 0, 0], vec![]),
        ];
        for (bytes, expected) in rows {
            assert_eq!(routes(bytes), expected, "{bytes:?}");
        }
    }
}
