//! Which of our addresses a packet comes from, and which of a name's addresses is tried first (RFC 6724).
//! Linux: `ipv6_dev_get_saddr`; the order of destinations is `getaddrinfo`'s there.

mod policy;

use alloc::vec::Vec;
use core::cmp::Reverse;
use core::net::{IpAddr, Ipv6Addr};
use policy::{common_prefix, policy, scope};

/// One of our addresses that may become a source: not tentative, no duplicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The address.
    pub address: Ipv6Addr,
    /// How many of its bits name its network.
    pub prefix_len: u8,
    /// Whether its preferred lifetime is over, or it counts as if.
    pub deprecated: bool,
    /// Whether it is still looked for on the link (RFC 4429).
    pub optimistic: bool,
    /// Whether it was made to be forgotten (RFC 8981).
    pub temporary: bool,
    /// Whether it belongs to the device that the packet leaves by.
    pub of_device: bool,
}

/// The address that a packet to `destination` comes from; `prefer_temporary` says whether temporary ones are better
/// than public ones (Linux: `use_tempaddr` above 1). Of equal ones the first counts. Linux: `ipv6_get_saddr_eval`.
pub fn select(
    destination: Ipv6Addr,
    candidates: impl Iterator<Item = Candidate>,
    prefer_temporary: bool,
) -> Option<Ipv6Addr> {
    let (scope_wanted, label_wanted) = (scope(destination), policy(destination).label);
    // Rules 1 to 8 of section 5 as a key, the best being the largest; rule 4 is about mobile hosts, which we are not.
    let key = |candidate: &Candidate| {
        let Candidate { address, prefix_len, deprecated, optimistic, temporary, of_device } = *candidate;
        let ours = scope(address);
        // Of those that reach so far the smallest scope is best, of the others the largest.
        let by_scope = if ours >= scope_wanted { (true, -i16::from(ours)) } else { (false, i16::from(ours)) };
        (
            address == destination,
            by_scope,
            !deprecated,
            of_device,
            policy(address).label == label_wanted,
            temporary == prefer_temporary,
            common_prefix(address, destination).min(prefix_len.into()),
            !optimistic,
        )
    };
    let mut best: Option<Candidate> = None;
    for candidate in candidates {
        if best.as_ref().is_none_or(|best| key(&candidate) > key(best)) {
            best = Some(candidate);
        }
    }
    best.map(|candidate| candidate.address)
}

/// The source that a destination would get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The address.
    pub address: IpAddr,
    /// Whether its preferred lifetime is over.
    pub deprecated: bool,
}

/// Puts the addresses of a name in the order in which they are to be tried; `source_of` tells which source each
/// would get, none if it cannot be reached. What is equal stays in its order. RFC 6724 section 6.
pub fn order_destinations(destinations: &mut [IpAddr], source_of: impl Fn(IpAddr) -> Option<Source>) {
    let mut keyed: Vec<_> =
        destinations.iter().map(|&destination| (key_of(destination, &source_of), destination)).collect();
    keyed.sort_by_key(|(key, _)| *key);
    for (place, (_, destination)) in destinations.iter_mut().zip(keyed) {
        *place = destination;
    }
}

/// What a destination is sorted by, the best being the least.
type Key = (bool, bool, bool, bool, Reverse<u8>, u8, Reverse<u32>);

/// Rules 1 to 9; 4 and 7 are about mobile hosts and tunnels. Rule 9 compares addresses of one version alone, which
/// rule 6 sees to: no other prefix has the precedence of IPv4's.
fn key_of(destination: IpAddr, source_of: &impl Fn(IpAddr) -> Option<Source>) -> Key {
    let source = source_of(destination);
    let destination = mapped(destination);
    let about = policy(destination);
    let scope_of_it = scope(destination);
    let Some(Source { address, deprecated }) = source else {
        return (true, false, false, false, Reverse(about.precedence), scope_of_it, Reverse(0));
    };
    let source = mapped(address);
    (
        false,
        scope(source) != scope_of_it,
        deprecated,
        policy(source).label != about.label,
        Reverse(about.precedence),
        scope_of_it,
        // Beyond the usual network prefix addresses have nothing in common (RFC 6724 section 2.2).
        Reverse(if address.is_ipv6() { common_prefix(source, destination).min(64) } else { 0 }),
    )
}

fn mapped(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

#[cfg(test)]
mod tests;
