//! Addresses from DHCP servers.

use super::{RouteChange, Stack};
use crate::datapath;
use crate::device::{Address, AddressProtocol, Interface, Lifetimes};
use crate::dhcp::{Change, Lease};
use crate::packet::DeviceIndex;
use crate::route::{Route, RouteKind, RouteProtocol};
use crate::stack::ConfigError;
use crate::time::Instant;
use crate::wire::cidr::IpCidr;
use alloc::vec::Vec;
use core::net::IpAddr;

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
        for route in routes(device, lease) {
            let _ = self.change_route(RouteChange::Replace, route);
        }
        let mtu = lease.mtu.map(u32::from);
        let narrower = self.interfaces.get_mut(device).zip(mtu).filter(|(device, mtu)| *mtu < device.mtu());
        if let Some((interface, mtu)) = narrower {
            interface.set_mtu(mtu);
            self.routes.note_change();
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
                false => Route::via(destination, gateway.into()),
            };
            let source = Some(lease.address.into());
            Route { protocol: RouteProtocol::Dhcp, source, ..route }
        })
        .collect()
}
