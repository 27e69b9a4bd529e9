//! Whether a packet can have come from where it says. Linux: `fib_validate_source`.

use super::{FlowKey, RouteKind, Routes};
use crate::packet::DeviceIndex;

/// What the device that a packet came by asks of its source, with `net.ipv4.conf.all` taken in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourcePolicy {
    /// 1: answers must leave by the same device (RFC 3704 section 2.2); 2: by any (section 2.4). Linux: `rp_filter`.
    pub reverse_path: u32,
    /// Our own addresses may be sources. Linux: `accept_local`.
    pub accept_local: bool,
    /// The packet's mark chooses the way back, too. Linux: `src_valid_mark`.
    pub mark_counts: bool,
    /// The device has an address.
    pub has_address: bool,
}

/// Why a source is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadSource {
    /// It is an address of ours, or one that is no host's. Linux: `EINVAL`, a martian source.
    Martian,
    /// The way back is another one. Linux: `EXDEV`.
    ReversePath,
}

impl Routes {
    /// Whether the sender of a packet that came by `device`, and goes on by `output` if not to us, is a neighbour on
    /// that device; the error says why it cannot be there. Linux: `__fib_validate_source`.
    pub fn validate_source(
        &self,
        flow: &FlowKey,
        device: DeviceIndex,
        output: Option<DeviceIndex>,
        policy: &SourcePolicy,
    ) -> Result<bool, BadSource> {
        let Some(source) = flow.source else { return Ok(false) };
        let back = FlowKey {
            source: Some(flow.destination),
            mark: if policy.mark_counts { flow.mark } else { 0 },
            tos: flow.tos,
            input: output,
            transport: flow.transport.reversed(),
            ..FlowKey::to(source)
        };
        let last_resort = match policy.reverse_path {
            0 => Ok(false),
            _ => Err(BadSource::ReversePath),
        };
        let Ok(way) = self.find(&back) else { return last_resort };
        match way.route.kind {
            RouteKind::Unicast => {}
            RouteKind::Local if policy.accept_local => {}
            _ => return Err(BadSource::Martian),
        }
        if let Some(hop) = way.route.hops.iter().find(|hop| hop.device == Some(device)) {
            return Ok(hop.gateway.is_none());
        }
        if !policy.has_address {
            return last_resort;
        }
        if policy.reverse_path == 1 {
            return Err(BadSource::ReversePath);
        }
        match self.find(&FlowKey { output: Some(device), ..back }) {
            Ok(way) => Ok(way.route.kind == RouteKind::Unicast && way.hop.gateway.is_none()),
            Err(_) => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;
    use crate::route::{Hop, Meeting, Route};
    use core::net::IpAddr;

    const LAN: DeviceIndex = DeviceIndex(2);
    const WAN: DeviceIndex = DeviceIndex(3);
    const OTHER: DeviceIndex = DeviceIndex(4);

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn routes(default_route: bool) -> Routes {
        let mut routes = Routes::new(&mut SeededRandom::new(1));
        let over = |text: &str, kind, device| Route::over(text.parse().unwrap(), kind, device);
        let gateway = Hop { device: Some(WAN), ..Hop::via(address("192.0.2.2")) };
        let mut list = alloc::vec![
            over("10.0.0.1/32", RouteKind::Local, LAN),
            over("10.0.0.255/32", RouteKind::Broadcast, LAN),
            over("10.0.0.0/24", RouteKind::Unicast, LAN),
            over("192.0.2.0/24", RouteKind::Unicast, WAN),
        ];
        if default_route {
            let route = Route::via("0.0.0.0/0".parse().unwrap(), address("192.0.2.2"));
            list.push(Route { hops: alloc::vec![gateway], ..route });
        }
        for route in list {
            routes.insert(route, Meeting::Add).unwrap();
        }
        routes
    }

    #[test]
    fn sources_and_whether_they_are_believed() {
        let (martian, reverse) = (Err(BadSource::Martian), Err(BadSource::ReversePath));
        let (near, far) = (Ok(true), Ok(false));
        // By rp_filter 0, 1 and 2.
        let rows = [
            ("10.0.0.7", LAN, [near; 3]),
            ("10.0.0.7", WAN, [far, reverse, far]),
            ("10.0.0.1", LAN, [martian; 3]),
            ("10.0.0.1", WAN, [martian; 3]),
            ("10.0.0.255", LAN, [martian; 3]),
            ("203.0.113.1", WAN, [far; 3]),
            ("203.0.113.1", LAN, [far, reverse, far]),
            ("192.0.2.7", WAN, [near; 3]),
        ];
        for (source, device, expected) in rows {
            for (reverse_path, expected) in (0..).zip(expected) {
                let policy = SourcePolicy { reverse_path, has_address: true, ..SourcePolicy::default() };
                let flow = FlowKey { source: Some(address(source)), ..FlowKey::to(address("10.0.0.1")) };
                let answer = routes(true).validate_source(&flow, device, None, &policy);
                assert_eq!(answer, expected, "{source} by {device:?}, rp_filter {reverse_path}");
            }
        }
    }

    #[test]
    fn without_a_way_back_only_the_filter_refuses() {
        let flow = FlowKey { source: Some(address("203.0.113.1")), ..FlowKey::to(address("10.0.0.1")) };
        let unfiltered = SourcePolicy { has_address: true, ..SourcePolicy::default() };
        for (reverse_path, expected) in
            [(0, Ok(false)), (1, Err(BadSource::ReversePath)), (2, Err(BadSource::ReversePath))]
        {
            let policy = SourcePolicy { reverse_path, ..unfiltered };
            assert_eq!(routes(false).validate_source(&flow, LAN, None, &policy), expected);
        }
        // A device without addresses takes what it gets unless it is told otherwise.
        let flow = FlowKey { source: Some(address("10.0.0.7")), ..flow };
        let policy = SourcePolicy::default();
        assert_eq!(routes(true).validate_source(&flow, OTHER, None, &policy), Ok(false));
    }

    #[test]
    fn our_own_addresses_come_in_where_that_is_allowed() {
        let flow = FlowKey { source: Some(address("10.0.0.1")), ..FlowKey::to(address("10.0.0.1")) };
        let policy = SourcePolicy { accept_local: true, has_address: true, ..SourcePolicy::default() };
        assert_eq!(routes(true).validate_source(&flow, LAN, None, &policy), Ok(true));
    }
}
