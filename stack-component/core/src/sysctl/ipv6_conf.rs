//! `net.ipv6.conf.*`: what each device does with IPv6. The device's own value alone counts, but for `forwarding` and
//! `disable_ipv6`, whose value for all is written to all.

use super::table::{Value, settings};
use alloc::string::String;

settings! { {
    /// What a device does with IPv6. Linux: `struct ipv6_devconf`.
    pub struct Ipv6Conf;
    /// Addresses are looked for on the link before they are used: 0 no, 1 yes, 2 yes, and IPv6 is turned off if the
    /// address made of the MAC address is there already; -1 on loopback.
    accept_dad: i32 = 1, "accept_dad", "a number from -1 to 2", |v| (-1..=2).contains(v);
    /// Router advertisements are believed: 0 no, 1 by hosts, 2 by routers too.
    accept_ra: u32 = 1, "accept_ra", "0, 1 or 2", |v| *v <= 2;
    /// They make default routes.
    accept_ra_defrtr: bool = true, "accept_ra_defrtr", "0 or 1", |_| true;
    /// The least hop limit that they may set.
    accept_ra_min_hop_limit: u32 = 1, "accept_ra_min_hop_limit", "a number up to 255", |v| *v <= 255;
    /// Seconds below which their lifetimes are ignored.
    accept_ra_min_lft: u32 = 0, "accept_ra_min_lft", "seconds", |_| true;
    /// They set the MTU of IPv6.
    accept_ra_mtu: bool = true, "accept_ra_mtu", "0 or 1", |_| true;
    /// Their prefixes make addresses and routes.
    accept_ra_pinfo: bool = true, "accept_ra_pinfo", "0 or 1", |_| true;
    /// The longest prefix of a route that they tell of (RFC 4191).
    accept_ra_rt_info_max_plen: u32 = 0, "accept_ra_rt_info_max_plen", "a number up to 128", |v| *v <= 128;
    /// The shortest.
    accept_ra_rt_info_min_plen: u32 = 0, "accept_ra_rt_info_min_plen", "a number up to 128", |v| *v <= 128;
    /// Their preference counts (RFC 4191).
    accept_ra_rtr_pref: bool = true, "accept_ra_rtr_pref", "0 or 1", |_| true;
    /// Redirects are believed.
    accept_redirects: bool = true, "accept_redirects", "0 or 1", |_| true;
    /// How interface identifiers are made: 0 of the MAC address, 1 no link-local address, 2 with the stable secret
    /// (RFC 7217), 3 with a random secret.
    addr_gen_mode: u32 = 0, "addr_gen_mode", "a number up to 3", |v| *v <= 3;
    /// Prefixes make addresses.
    autoconf: bool = true, "autoconf", "0 or 1", |_| true;
    /// How often an address is asked for before it counts as free.
    dad_transmits: u32 = 1, "dad_transmits", "a number", |_| true;
    /// IPv6 is off.
    disable_ipv6: bool = false, "disable_ipv6", "0 or 1", |_| true;
    /// IP packets to one host in frames to many are dropped.
    drop_unicast_in_l2_multicast: bool = false, "drop_unicast_in_l2_multicast", "0 or 1", |_| true;
    /// Advertisements nobody asked for are dropped.
    drop_unsolicited_na: bool = false, "drop_unsolicited_na", "0 or 1", |_| true;
    /// Looped questions after an address are told from another's (RFC 7527).
    enhanced_dad: bool = true, "enhanced_dad", "0 or 1", |_| true;
    /// The version of MLD that is spoken; 0: what the querier speaks.
    force_mld_version: u32 = 0, "force_mld_version", "0, 1 or 2", |v| *v <= 2;
    /// Packets for others are passed on.
    forwarding: bool = false, "forwarding", "0 or 1", |_| true;
    /// The hop limit of packets sent.
    hop_limit: u32 = 64, "hop_limit", "a number from 1 to 255", |v| (1..=255).contains(v);
    /// Addresses stay when the device is turned off: 0 those made by hand go too, 1 they stay, -1 as all say.
    keep_addr_on_down: i32 = 0, "keep_addr_on_down", "a number from -1 to 1", |v| (-1..=1).contains(v);
    /// Most addresses that advertisements make; 0: no limit.
    max_addresses: u32 = 16, "max_addresses", "a number", |_| true;
    /// Seconds by which the preference of temporary addresses varies at most (RFC 8981).
    max_desync_factor: u32 = 600, "max_desync_factor", "seconds", |_| true;
    /// Milliseconds between MLDv1 reports nobody asked for.
    mldv1_unsolicited_report_interval: u32 = 10_000, "mldv1_unsolicited_report_interval", "milliseconds", |_| true;
    /// Milliseconds between MLDv2 reports nobody asked for.
    mldv2_unsolicited_report_interval: u32 = 1000, "mldv2_unsolicited_report_interval", "milliseconds", |_| true;
    /// Largest IPv6 packet in bytes, not above the device's.
    mtu: u32 = 1280, "mtu", "bytes, 1280 to 65535", |v| (1280..=65_536).contains(v);
    /// A device that comes up or changes its address announces it.
    ndisc_notify: bool = false, "ndisc_notify", "0 or 1", |_| true;
    /// The traffic class of neighbour discovery.
    ndisc_tclass: u32 = 0, "ndisc_tclass", "a number up to 255", |v| *v <= 255;
    /// Addresses are used while they are looked for (RFC 4429).
    optimistic_dad: bool = false, "optimistic_dad", "0 or 1", |_| true;
    /// Neighbours that were told of as proxies are answered for by routers.
    proxy_ndp: bool = false, "proxy_ndp", "0 or 1", |_| true;
    /// The metric of default routes from advertisements.
    ra_defrtr_metric: u32 = 1024, "ra_defrtr_metric", "a number from 1", |v| *v >= 1;
    /// How often a temporary address is made anew when it is taken.
    regen_max_retry: u32 = 3, "regen_max_retry", "a number", |_| true;
    /// Least seconds before its end that a temporary address gets a successor.
    regen_min_advance: u32 = 2, "regen_min_advance", "seconds", |_| true;
    /// Seconds between probes of a router that cannot be reached (RFC 4191).
    router_probe_interval: u32 = 60, "router_probe_interval", "seconds", |_| true;
    /// Seconds before the first solicitation of routers.
    router_solicitation_delay: u32 = 1, "router_solicitation_delay", "seconds", |_| true;
    /// Seconds between solicitations of routers at first.
    router_solicitation_interval: u32 = 4, "router_solicitation_interval", "seconds from 1", |v| *v >= 1;
    /// Most seconds between them; 0: no limit.
    router_solicitation_max_interval: u32 = 3600, "router_solicitation_max_interval", "seconds", |_| true;
    /// How often routers are solicited; -1: until one answers.
    router_solicitations: i32 = -1, "router_solicitations", "a number from -1", |v| *v >= -1;
    /// The secret of stable addresses (RFC 7217), written as an IPv6 address; empty: none.
    stable_secret: String = String::new(), "stable_secret", "128 bits as an IPv6 address",
        |v| v.parse::<core::net::Ipv6Addr>().is_ok() || v.is_empty();
    /// Neighbour discovery in fragments is dropped (RFC 6980).
    suppress_frag_ndisc: bool = true, "suppress_frag_ndisc", "0 or 1", |_| true;
    /// Seconds for which a temporary address is preferred.
    temp_prefered_lft: u32 = 86_400, "temp_prefered_lft", "seconds", |_| true;
    /// Seconds for which a temporary address is valid.
    temp_valid_lft: u32 = 604_800, "temp_valid_lft", "seconds", |_| true;
    /// Only addresses of the device that a packet leaves by are its source.
    use_oif_addrs_only: bool = false, "use_oif_addrs_only", "0 or 1", |_| true;
    /// Addresses that are still looked for may be a source.
    use_optimistic: bool = false, "use_optimistic", "0 or 1", |_| true;
    /// Temporary addresses: 0 none (-1: never any), 1 made, 2 made and preferred.
    use_tempaddr: i32 = 0, "use_tempaddr", "a number from -1 to 2", |v| (-1..=2).contains(v);
} }
