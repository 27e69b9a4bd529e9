//! Addresses from DHCP servers.

use super::{RouteChange, Stack};
use crate::datapath;
use crate::device::{Address, AddressProtocol, Interface, Lifetimes};
use crate::dhcp::{Change, Lease};
use crate::packet::DeviceIndex;
use crate::route::{Hop, Route, RouteKind, RouteProtocol};
use crate::stack::ConfigError;
use crate::time::Instant;
use crate::wire::cidr::IpCidr;
use alloc::vec;
use alloc::vec::Vec;
use core::net::IpAddr;

/// The metric of routes of a lease, with the device's number added: those that others made are better, and of several cards
/// the first. Linux: `RTMETRIC_BASE` of dhcpcd.
const ROUTE_METRIC: u32 = 1000;

/// What a server made of a device's MTU, and what it was before, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Narrowed {
    before: u32,
    mtu: u32,
}

impl Stack {
    /// Lets a device get its IPv4 address, its routes, its MTU and resolvers from a DHCP server of its link, and keep
    /// them as long as the server grants them. Started once more it asks whether they still hold. What is granted
    /// is configured by [`Stack::poll`].
    pub fn dhcp_start(&mut self, device: DeviceIndex, now: Instant) -> Result<(), ConfigError> {
        let interface = self.interfaces.get(device).filter(|interface| !interface.is_loopback());
        let mac = interface.ok_or(ConfigError::NoSuchDevice)?.mac();
        self.set_time(now);
        self.dhcp.start(device, mac, self.now, self.random.as_mut());
        self.with_context(now, |cx, _, _| datapath::run_dhcp(cx));
        self.run_output(now);
        Ok(())
    }

    /// Gives back what a device was granted.
    pub fn dhcp_stop(&mut self, device: DeviceIndex, now: Instant) {
        self.set_time(now);
        self.dhcp.stop(device, self.now);
        self.with_context(now, |cx, _, _| datapath::run_dhcp(cx));
        self.run_output(now);
        self.configure_granted();
    }

    /// What a device was granted, if anything.
    pub fn dhcp_lease(&self, device: DeviceIndex) -> Option<&Lease> {
        self.dhcp.leases().find(|(of, _)| *of == device).map(|(_, lease)| lease)
    }

    /// Configures what was granted, and takes away what no longer is. Answers whether anything changed.
    pub(super) fn configure_granted(&mut self) -> bool {
        let changes = self.dhcp.take_changes();
        let changed = !changes.is_empty();
        for (device, change) in changes {
            match change {
                Change::Bind(lease) => self.grant(device, &lease),
                Change::Amend { before, lease } => self.amend(device, &before, &lease),
                Change::Until(address, end) => self.prolong(device, address.into(), end),
                Change::Unbind(lease) => self.revoke(device, &lease),
            }
        }
        changed
    }

    /// What cannot be configured is left out: an address that somebody set by hand, a gateway that is nowhere.
    fn grant(&mut self, device: DeviceIndex, lease: &Lease) {
        if let Some(cidr) = IpCidr::new(lease.address.into(), lease.prefix_len) {
            let mut address = Address::new(cidr, self.now);
            address.flags.dynamic = true;
            address.protocol = AddressProtocol::Dhcp;
            let _ = self.add_address_record(device, address);
        }
        self.add_granted_routes(device, lease);
        self.follow_granted_mtu(device, lease.mtu);
    }

    /// Lets a lease follow another one of the same address: what is the same in both is not touched.
    fn amend(&mut self, device: DeviceIndex, before: &Lease, lease: &Lease) {
        let stay = routes(device, lease);
        for route in routes(device, before).into_iter().filter(|route| !stay.contains(route)) {
            let _ = self.change_route(RouteChange::Delete, route);
        }
        self.add_granted_routes(device, lease);
        self.follow_granted_mtu(device, lease.mtu);
    }

    /// Adds the routes of a lease, but for those that are there already.
    fn add_granted_routes(&mut self, device: DeviceIndex, lease: &Lease) {
        for route in routes(device, lease) {
            let _ = self.change_route(RouteChange::Append, route);
        }
    }

    /// A device was turned on again: the routes that went with it when it was turned off come back, if they are granted
    /// still. Linux: DHCP clients do it when they hear of the link.
    pub(super) fn restore_granted_routes(&mut self, device: DeviceIndex) {
        if let Some(lease) = self.dhcp_lease(device).cloned() {
            self.add_granted_routes(device, &lease);
        }
    }

    /// Lets a device's MTU be as narrow as its server says, in bytes; if the server says nothing, or no more, as wide as it
    /// was before. What somebody made of it by hand since is not undone.
    fn follow_granted_mtu(&mut self, device: DeviceIndex, granted: Option<u16>) {
        let Some(now) = self.interfaces.get(device).map(Interface::mtu) else { return };
        let narrowed = self.narrowed.remove(&device).filter(|narrowed| narrowed.mtu == now);
        let before = narrowed.map_or(now, |narrowed| narrowed.before);
        let mtu = granted.map_or(before, |granted| before.min(granted.into()));
        // A server's number that the device cannot do changes nothing.
        if (mtu == now || self.set_device_mtu(device, mtu).is_ok()) && mtu < before {
            self.narrowed.insert(device, Narrowed { before, mtu });
        }
    }

    /// Gives an address that was granted another time to live. Linux: what `dhclient-script` does by `ip addr change`.
    fn prolong(&mut self, device: DeviceIndex, ip: IpAddr, end: Option<Instant>) {
        let now = self.now;
        let addresses = self.interfaces.get_mut(device).map(Interface::addresses_mut);
        let granted = |address: &&mut Address| address.ip() == ip && address.flags.dynamic;
        if let Some(address) = addresses.into_iter().flatten().find(granted) {
            address.lifetimes = Lifetimes { valid: end, preferred: end };
            address.updated = now;
            self.autoconf.hasten(end);
        }
    }

    fn revoke(&mut self, device: DeviceIndex, lease: &Lease) {
        for route in routes(device, lease) {
            let _ = self.change_route(RouteChange::Delete, route);
        }
        // What somebody gave by hand before is his.
        let granted = IpCidr::new(lease.address.into(), lease.prefix_len).filter(|cidr| {
            let known = self.interfaces.get(device).and_then(|interface| interface.record(*cidr));
            known.is_some_and(|known| known.flags.dynamic)
        });
        if let Some(cidr) = granted {
            let _ = self.remove_address_of(device, cidr);
        }
        self.follow_granted_mtu(device, None);
    }
}

/// The routes that a lease tells of (RFC 3442: by their prefixes, or else by the gateways).
fn routes(device: DeviceIndex, lease: &Lease) -> Vec<Route> {
    let by_gateways = lease.routers.iter().take(1).map(|&router| (IpCidr::ALL_V4, router));
    let named = lease.routes.iter().copied();
    let use_gateways = lease.routes.is_empty();
    named
        .chain(by_gateways.filter(|_| use_gateways))
        .map(|(destination, gateway)| {
            let route = match gateway.is_unspecified() {
                true => Route::over(destination, RouteKind::Unicast, device),
                // Another device may be in the same network.
                false => Route {
                    hops: vec![Hop { gateway: Some(gateway.into()), ..Hop::over(device) }],
                    ..Route::via(destination, gateway.into())
                },
            };
            let source = Some(lease.address.into());
            let metric = ROUTE_METRIC.saturating_add(device.0);
            Route { protocol: RouteProtocol::Dhcp, source, metric, ..route }
        })
        .collect()
}
