//! What the functions of the datapath work on.

use super::input_route::InputRoute;
use super::paths::RoutePaths;
use crate::counters::{Counter, Counters};
use crate::device::Interfaces;
use crate::dhcp::Clients;
use crate::drop_reason::DropReason;
use crate::fragment::Reassembly;
use crate::icmp::RateLimit;
use crate::icmp::v4::RedirectLimit;
use crate::ip::v4::Identification;
use crate::multicast::Groups;
use crate::neighbour::Neighbours;
use crate::netfilter::Hooks;
use crate::packet::DeviceIndex;
use crate::random::Random;
use crate::raw::Raw;
use crate::route::{Destination, DestinationCache, Exceptions, Refusal, Routes};
use crate::sysctl::Sysctl;
use crate::tcp::{Env, Tcp};
use crate::time::Instant;
use crate::udp::Udp;

/// Where packets of ours go.
pub(crate) type OutputCache = DestinationCache<Result<Destination, Refusal>>;

/// Where packets that arrive go.
pub(crate) type InputCache = DestinationCache<InputRoute>;

/// The state of all layers, lent for one call into the stack.
pub(crate) struct Context<'a> {
    pub(crate) now: Instant,
    pub(crate) random: &'a mut dyn Random,
    pub(crate) sysctl: &'a Sysctl,
    pub(crate) counters: &'a mut Counters,
    pub(crate) interfaces: &'a mut Interfaces,
    pub(crate) neighbours: &'a mut Neighbours,
    pub(crate) routes: &'a Routes,
    pub(crate) output_cache: &'a mut OutputCache,
    pub(crate) input_cache: &'a mut InputCache,
    pub(crate) hooks: &'a mut Hooks,
    pub(crate) identification: &'a mut Identification,
    pub(crate) dhcp: &'a mut Clients,
    pub(crate) exceptions: &'a mut Exceptions,
    pub(crate) groups: &'a mut Groups,
    pub(crate) fragments: &'a mut Reassembly,
    pub(crate) icmp_limit: &'a mut RateLimit,
    pub(crate) redirect_limit: &'a mut RedirectLimit,
    pub(crate) raw: &'a mut Raw,
    pub(crate) udp: &'a mut Udp,
    pub(crate) tcp: &'a mut Tcp,
}

impl Context<'_> {
    /// Calls TCP with what it needs.
    pub(super) fn with_tcp<R>(&mut self, call: impl FnOnce(&mut Tcp, &mut Env<'_>) -> R) -> R {
        let paths = RoutePaths { routes: self.routes, interfaces: self.interfaces };
        let mut env = Env {
            now: self.now,
            random: &mut *self.random,
            counters: self.counters,
            sysctl: self.sysctl,
            paths: &paths,
        };
        call(self.tcp, &mut env)
    }

    /// Bytes of the largest packet over a device, 0 if there is no such device.
    pub(super) fn mtu(&self, device: DeviceIndex, of_route: Option<u32>) -> u32 {
        let of_device = self.interfaces.get(device).map_or(0, |interface| interface.mtu());
        of_route.unwrap_or(u32::MAX).min(of_device)
    }

    /// Counts a packet that was dropped on its way in, or on its way through.
    pub(super) fn count_received_drop(&mut self, device: DeviceIndex, reason: DropReason) {
        self.counters.drop(reason);
        if let Some(interface) = self.interfaces.get_mut(device) {
            interface.statistics.receive_dropped += 1;
        }
        let counters: &[Counter] = match reason {
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
        };
        counters.iter().for_each(|&counter| self.counters.increment(counter));
    }

    /// Counts a packet that was dropped on its way out.
    pub(super) fn count_sent_drop(&mut self, reason: DropReason) {
        self.counters.drop(reason);
        self.counters.increment(match reason {
            DropReason::NoRoute | DropReason::RouteRefused => Counter::IpOutNoRoutes,
            DropReason::PacketTooBig => Counter::IpFragFails,
            _ => Counter::IpOutDiscards,
        });
    }
}
