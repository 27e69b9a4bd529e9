//! `net.ipv4.conf.*`: what each device does with IPv4.

use super::Sysctl;
use super::table::{Value, settings};
use alloc::string::String;

settings! { {
    /// What a device does with IPv4. Linux: `struct ipv4_devconf`.
    pub struct Ipv4Conf;
    /// Packets from one of our own addresses are taken.
    accept_local: bool = false, "accept_local", "0 or 1", |_| true;
    /// ICMP redirects are believed.
    accept_redirects: bool = true, "accept_redirects", "0 or 1", |_| true;
    /// Source routes are followed. They are refused whatever this says.
    accept_source_route: bool = true, "accept_source_route", "0 or 1", |_| true;
    /// Announcements make new neighbours: 0 never, 1 always, 2 from our own networks.
    arp_accept: u32 = 0, "arp_accept", "0, 1 or 2", |v| *v <= 2;
    /// Which of our addresses ARP requests come from: 0 any, 1 one of the neighbour's network, 2 the best.
    arp_announce: u32 = 0, "arp_announce", "0, 1 or 2", |v| *v <= 2;
    /// ARP is answered only by the device that the answer's route leaves by.
    arp_filter: bool = false, "arp_filter", "0 or 1", |_| true;
    /// Whose ARP requests are answered: 0 all, 1 for addresses of this device, 2 from its network, 8 none.
    arp_ignore: u32 = 0, "arp_ignore", "a number up to 8", |v| *v <= 8;
    /// A device that comes up or changes its address announces it.
    arp_notify: bool = false, "arp_notify", "0 or 1", |_| true;
    /// Packets to everybody in a network are passed on.
    bc_forwarding: bool = false, "bc_forwarding", "0 or 1", |_| true;
    /// Announcements nobody asked for are ignored.
    drop_gratuitous_arp: bool = false, "drop_gratuitous_arp", "0 or 1", |_| true;
    /// IP packets to one host in frames to many are dropped.
    drop_unicast_in_l2_multicast: bool = false, "drop_unicast_in_l2_multicast", "0 or 1", |_| true;
    /// The version of IGMP that is spoken; 0: what the querier speaks.
    force_igmp_version: u32 = 0, "force_igmp_version", "a number up to 3", |v| *v <= 3;
    /// Packets for others that come in here are passed on.
    forwarding: bool = false, "forwarding", "0 or 1", |_| true;
    /// Milliseconds between IGMPv1 and v2 reports nobody asked for.
    igmpv2_unsolicited_report_interval: u32 = 10_000, "igmpv2_unsolicited_report_interval", "milliseconds", |_| true;
    /// Milliseconds between IGMPv3 reports nobody asked for.
    igmpv3_unsolicited_report_interval: u32 = 1000, "igmpv3_unsolicited_report_interval", "milliseconds", |_| true;
    /// Next hops behind a link that is down are not taken.
    ignore_routes_with_linkdown: bool = false, "ignore_routes_with_linkdown", "0 or 1", |_| true;
    /// Addresses of 169.254.0.0/16 that a device takes for itself (RFC 3927): 0 none, 1 one, 2 one while no DHCP server
    /// answers. Linux leaves that to programs and has no such setting.
    link_local: u32 = 0, "link_local", "0, 1 or 2", |v| *v <= 2;
    /// Packets with impossible addresses are logged.
    log_martians: bool = false, "log_martians", "0 or 1", |_| true;
    /// When a primary address goes, the next of its network takes its place.
    promote_secondaries: bool = false, "promote_secondaries", "0 or 1", |_| true;
    /// Packets for who is behind another device are asked to come here: ARP is answered for all such addresses (RFC 1027).
    proxy_arp: bool = false, "proxy_arp", "0 or 1", |_| true;
    /// 127.0.0.0/8 is routed like any network.
    route_localnet: bool = false, "route_localnet", "0 or 1", |_| true;
    /// Packets are dropped whose answers would leave by another device (1), or by none (2); RFC 3704.
    rp_filter: u32 = 0, "rp_filter", "0, 1 or 2", |v| *v <= 2;
    /// Redirects are believed only of gateways that are in use.
    secure_redirects: bool = true, "secure_redirects", "0 or 1", |_| true;
    /// A router tells hosts of better gateways.
    send_redirects: bool = true, "send_redirects", "0 or 1", |_| true;
    /// Several networks share the link; else redirects to other networks are neither sent nor believed.
    shared_media: bool = true, "shared_media", "0 or 1", |_| true;
    /// The mark of packets counts in the check of their source.
    src_valid_mark: bool = false, "src_valid_mark", "0 or 1", |_| true;
} }

/// One device's view of `net.ipv4.conf`: its own values combined with those for all.
#[derive(Clone, Copy, Debug)]
pub struct Ipv4Device<'a> {
    all: &'a Ipv4Conf,
    own: &'a Ipv4Conf,
}

impl Sysctl {
    /// What the device of this number does with IPv4.
    pub fn ipv4_device(&self, device: u32) -> Ipv4Device<'_> {
        Ipv4Device { all: &self.ipv4.all, own: self.ipv4.of(device) }
    }
}

/// Values that count if both say so, if one says so, the larger of both, or the device's alone, each as
/// Linux's `include/linux/inetdevice.h` has it.
impl Ipv4Device<'_> {
    /// Linux: `IN_DEV_FORWARD`.
    pub fn forwarding(self) -> bool {
        self.own.forwarding
    }

    /// Linux: `IN_DEV_RPFILTER`.
    pub fn rp_filter(self) -> u32 {
        self.all.rp_filter.max(self.own.rp_filter)
    }

    /// Linux: `IN_DEV_ACCEPT_LOCAL`.
    pub fn accept_local(self) -> bool {
        self.all.accept_local || self.own.accept_local
    }

    /// Linux: `IN_DEV_PROXY_ARP`.
    pub fn proxy_arp(self) -> bool {
        self.all.proxy_arp || self.own.proxy_arp
    }

    /// Linux: `IN_DEV_ROUTE_LOCALNET`.
    pub fn route_localnet(self) -> bool {
        self.all.route_localnet || self.own.route_localnet
    }

    /// Linux: `IN_DEV_SRC_VMARK`.
    pub fn src_valid_mark(self) -> bool {
        self.all.src_valid_mark || self.own.src_valid_mark
    }

    /// Linux: `IN_DEV_BFORWARD`.
    pub fn bc_forwarding(self) -> bool {
        self.all.bc_forwarding && self.own.bc_forwarding
    }

    /// A router believes redirects if both say so, a host if one does. Linux: `IN_DEV_RX_REDIRECTS`.
    pub fn accept_redirects(self) -> bool {
        if self.forwarding() {
            self.all.accept_redirects && self.own.accept_redirects
        } else {
            self.all.accept_redirects || self.own.accept_redirects
        }
    }

    /// Linux: `IN_DEV_TX_REDIRECTS`.
    pub fn send_redirects(self) -> bool {
        self.all.send_redirects || self.own.send_redirects
    }

    /// Linux: `IN_DEV_SEC_REDIRECTS`.
    pub fn secure_redirects(self) -> bool {
        self.all.secure_redirects || self.own.secure_redirects
    }

    /// Linux: `IN_DEV_SHARED_MEDIA`.
    pub fn shared_media(self) -> bool {
        self.all.shared_media || self.own.shared_media
    }

    /// Linux: `IN_DEV_LOG_MARTIANS`.
    pub fn log_martians(self) -> bool {
        self.all.log_martians || self.own.log_martians
    }

    /// Linux: `IN_DEV_PROMOTE_SECONDARIES`.
    pub fn promote_secondaries(self) -> bool {
        self.all.promote_secondaries || self.own.promote_secondaries
    }

    /// Linux: `IN_DEV_IGNORE_ROUTES_WITH_LINKDOWN`.
    pub fn ignore_routes_with_linkdown(self) -> bool {
        self.all.ignore_routes_with_linkdown || self.own.ignore_routes_with_linkdown
    }

    /// Linux: `IN_DEV_ARPFILTER`.
    pub fn arp_filter(self) -> bool {
        self.all.arp_filter || self.own.arp_filter
    }

    /// Linux: `IN_DEV_ARP_ACCEPT`.
    pub fn arp_accept(self) -> u32 {
        self.all.arp_accept.max(self.own.arp_accept)
    }

    /// Linux: `IN_DEV_ARP_ANNOUNCE`.
    pub fn arp_announce(self) -> u32 {
        self.all.arp_announce.max(self.own.arp_announce)
    }

    /// Linux: `IN_DEV_ARP_IGNORE`.
    pub fn arp_ignore(self) -> u32 {
        self.all.arp_ignore.max(self.own.arp_ignore)
    }

    /// Linux: `IN_DEV_ARP_NOTIFY`.
    pub fn arp_notify(self) -> bool {
        self.all.arp_notify || self.own.arp_notify
    }

    /// Linux: `IN_DEV_ORCONF(DROP_GRATUITOUS_ARP)`.
    pub fn drop_gratuitous_arp(self) -> bool {
        self.all.drop_gratuitous_arp || self.own.drop_gratuitous_arp
    }

    /// Linux: `IN_DEV_ORCONF(DROP_UNICAST_IN_L2_MULTICAST)`.
    pub fn drop_unicast_in_l2_multicast(self) -> bool {
        self.all.drop_unicast_in_l2_multicast || self.own.drop_unicast_in_l2_multicast
    }

    /// Linux: `FORCE_IGMP_VERSION`, the value for all before the device's.
    pub fn force_igmp_version(self) -> u32 {
        if self.all.force_igmp_version != 0 {
            self.all.force_igmp_version
        } else {
            self.own.force_igmp_version
        }
    }
}
