//! What the functions of the datapath work on.

use super::input_route::InputRoute;
use super::paths::RoutePaths;
use crate::autoconf::Autoconf;
use crate::counters::{Counter, Counters};
use crate::device::Interfaces;
use crate::dhcp::Clients;
use crate::dhcp::v6::Inquiries;
use crate::drop_reason::DropReason;
use crate::fragment::Reassembly;
use crate::icmp::RateLimit;
use crate::icmp::v4::RedirectLimit;
use crate::ip::v4::Identification;
use crate::ip::v6::FlowLabels;
use crate::link_local::Claimants;
use crate::log::Log;
use crate::multicast::Groups;
use crate::neighbour::Neighbours;
use crate::netfilter::Hooks;
use crate::packet::DeviceIndex;
use crate::packet_socket::PacketSockets;
use crate::random::Random;
use crate::raw::Raw;
use crate::route::{Destination, DestinationCache, Exceptions, Refusal, Routes};
use crate::sysctl::Sysctl;
use crate::tcp::{Env, Tcp};
use crate::time::Instant;
use crate::udp::Udp;
use alloc::string::String;
use core::net::IpAddr;

/// Where packets of ours go.
pub(crate) type OutputCache = DestinationCache<Result<Destination, Refusal>>;

/// Where packets that arrive go.
pub(crate) type InputCache = DestinationCache<InputRoute>;

/// The state of all layers, lent for one call into the stack.
pub(crate) struct Context<'a> {
    pub(crate) now: Instant,
    pub(crate) random: &'a mut dyn Random,
    pub(crate) sysctl: &'a mut Sysctl,
    pub(crate) counters: &'a mut Counters,
    pub(crate) interfaces: &'a mut Interfaces,
    pub(crate) neighbours: &'a mut Neighbours,
    pub(crate) routes: &'a mut Routes,
    pub(crate) autoconf: &'a mut Autoconf,
    pub(crate) log: &'a mut Log,
    pub(crate) flow_labels: &'a FlowLabels,
    pub(crate) output_cache: &'a mut OutputCache,
    pub(crate) input_cache: &'a mut InputCache,
    pub(crate) hooks: &'a mut Hooks,
    pub(crate) identification: &'a mut Identification,
    pub(crate) dhcp: &'a mut Clients,
    pub(crate) inquiries: &'a mut Inquiries,
    pub(crate) claimants: &'a mut Claimants,
    pub(crate) exceptions: &'a mut Exceptions,
    pub(crate) groups: &'a mut Groups,
    pub(crate) fragments: &'a mut Reassembly,
    pub(crate) fragments_v6: &'a mut Reassembly,
    pub(crate) icmp_limit: &'a mut RateLimit,
    pub(crate) redirect_limit: &'a mut RedirectLimit,
    pub(crate) raw: &'a mut Raw,
    pub(crate) packet_sockets: &'a mut PacketSockets,
    pub(crate) udp: &'a mut Udp,
    pub(crate) tcp: &'a mut Tcp,
}

impl Context<'_> {
    /// Calls TCP with what it needs.
    pub(super) fn with_tcp<R>(&mut self, call: impl FnOnce(&mut Tcp, &mut Env<'_>) -> R) -> R {
        let paths = RoutePaths { routes: self.routes, interfaces: self.interfaces, sysctl: self.sysctl };
        let mut env = Env {
            now: self.now,
            random: &mut *self.random,
            counters: self.counters,
            sysctl: self.sysctl,
            paths: &paths,
        };
        call(self.tcp, &mut env)
    }

    /// The device by which sockets hear a packet to `destination` that came by `device`: over the loopback device it is the
    /// one that has the address. Linux: `inet_iif`, `inet6_iif`.
    pub(super) fn heard_by(&self, device: DeviceIndex, destination: IpAddr) -> DeviceIndex {
        let looped = device == DeviceIndex::LOOPBACK;
        looped.then(|| self.routes.device_of(destination)).flatten().unwrap_or(device)
    }

    /// Bytes of the largest packet over a device, 0 if there is no such device.
    pub(super) fn mtu(&self, device: DeviceIndex, of_route: Option<u32>) -> u32 {
        let of_device = self.interfaces.get(device).map_or(0, |interface| interface.mtu());
        of_route.unwrap_or(u32::MAX).min(of_device)
    }

    /// Bytes of the largest IPv6 packet over a device, 0 if there is no such device. Linux: `ip6_dst_mtu_maybe_forward`.
    pub(super) fn mtu6(&self, device: DeviceIndex, of_route: Option<u32>) -> u32 {
        self.mtu(device, of_route).min(self.sysctl.ipv6.of(device.0).mtu)
    }

    /// The hop limit of IPv6 packets that leave by a device. Linux: `ip6_dst_hoplimit`.
    pub(super) fn hop_limit(&self, device: DeviceIndex) -> u8 {
        self.sysctl.ipv6.of(device.0).hop_limit as u8
    }

    /// Says something to people about a device; the line begins with its name. Linux: `net_info_ratelimited`.
    pub(super) fn say(&mut self, device: DeviceIndex, line: impl FnOnce() -> String) {
        let name = self.interfaces.get(device).map_or("?", |interface| interface.name());
        self.log.say(self.now, || [name, ": ", &line()].concat());
    }

    /// Counts a packet that was dropped on its way in, or on its way through; `v6` says which IP it is of.
    pub(super) fn count_received_drop(&mut self, device: DeviceIndex, reason: DropReason, v6: bool) {
        self.counters.drop(reason);
        if let Some(interface) = self.interfaces.get_mut(device) {
            interface.statistics.receive_dropped += 1;
        }
        let counters = if v6 { received_v6(reason) } else { received_v4(reason) };
        counters.iter().for_each(|&counter| self.counters.increment(counter));
    }

    /// Counts a packet that was dropped on its way out; `v6` says which IP it is of.
    pub(super) fn count_sent_drop(&mut self, reason: DropReason, v6: bool) {
        self.counters.drop(reason);
        self.counters.increment(match (reason, v6) {
            (DropReason::NoRoute | DropReason::RouteRefused, false) => Counter::IpOutNoRoutes,
            (DropReason::NoRoute | DropReason::RouteRefused, true) => Counter::Ip6OutNoRoutes,
            (DropReason::PacketTooBig, false) => Counter::IpFragFails,
            (DropReason::PacketTooBig, true) => Counter::Ip6FragFails,
            (_, false) => Counter::IpOutDiscards,
            (_, true) => Counter::Ip6OutDiscards,
        });
    }
}

/// What else counts a received IPv4 packet that was dropped.
fn received_v4(reason: DropReason) -> &'static [Counter] {
    match reason {
        DropReason::Ipv4Malformed | DropReason::Ipv4BadOption | DropReason::TtlExceeded => {
            &[Counter::IpInHdrErrors]
        }
        DropReason::Ipv4Truncated => &[Counter::IpExtInTruncatedPkts],
        DropReason::Ipv4Checksum => &[Counter::IpInHdrErrors, Counter::IpExtInCsumErrors],
        DropReason::Ipv4BadSource | DropReason::Ipv4BadDestination | DropReason::Ipv4NotForUs => {
            &[Counter::IpInAddrErrors]
        }
        DropReason::UnknownIpProtocol => &[Counter::IpInUnknownProtos],
        DropReason::Ipv4ReversePath => &[Counter::TcpExtIPReversePathFilter],
        DropReason::NoRoute => &[Counter::IpExtInNoRoutes],
        DropReason::PacketTooBig => &[Counter::IpFragFails],
        _ => &[],
    }
}

/// What else counts a received IPv6 packet that was dropped.
fn received_v6(reason: DropReason) -> &'static [Counter] {
    match reason {
        DropReason::Ipv6Malformed
        | DropReason::Ipv6BadExtension
        | DropReason::Ipv6BadSource
        | DropReason::Ipv6BadDestination
        | DropReason::TtlExceeded => &[Counter::Ip6InHdrErrors],
        DropReason::Ipv6Truncated => &[Counter::Ip6InTruncatedPkts],
        DropReason::Ipv6NotForUs => &[Counter::Ip6InAddrErrors],
        DropReason::Ipv6Disabled => &[Counter::Ip6InDiscards],
        DropReason::UnknownIpProtocol => &[Counter::Ip6InUnknownProtos],
        DropReason::NoRoute | DropReason::RouteRefused => &[Counter::Ip6InNoRoutes],
        DropReason::PacketTooBig => &[Counter::Ip6InTooBigErrors, Counter::Ip6FragFails],
        _ => &[],
    }
}
