//! Settings of IP and ICMP that are the same for all devices.

/// Hands the rows to the next macro, behind those it was handed itself: see [`super::table`].
macro_rules! ip_rows {
    ($next:ident $($more:ident)* { $($before:tt)* }) => { $next! { $($more)* { $($before)*
        /// Time to live of packets sent.
        ip_default_ttl: u32 = 64, "net.ipv4.ip_default_ttl", "a number from 1 to 255", |v| (1..=255).contains(v);
        /// Whether a packet's socket is looked for before its route.
        ip_early_demux: bool = true, "net.ipv4.ip_early_demux", "0 or 1", |_| true;
        /// As `ip_early_demux`, for TCP.
        tcp_early_demux: bool = true, "net.ipv4.tcp_early_demux", "0 or 1", |_| true;
        /// What spreads flows over the ways of a route: 0 their addresses, 1 their ports, too.
        fib_multipath_hash_policy: u32 = 0, "net.ipv4.fib_multipath_hash_policy", "0 or 1", |v| *v <= 1;
        /// As `fib_multipath_hash_policy`, for IPv6; 0 takes the flow label in.
        fib_multipath_hash_policy6: u32 = 0, "net.ipv6.fib_multipath_hash_policy", "0 or 1", |v| *v <= 1;
        /// First and last ephemeral port.
        ip_local_port_range: [u32; 2] = [32768, 60999], "net.ipv4.ip_local_port_range",
            "two ports, the lower first", |v| 1 <= v[0] && v[0] <= v[1] && v[1] <= 65535;
        /// Memory of datagrams that wait in all UDP sockets, in pages of 4096 bytes: beyond the third number no more are
        /// taken. The others are kept and told.
        udp_mem: [u32; 3] = [98_304, 131_072, 196_608], "net.ipv4.udp_mem", "three numbers of pages, rising",
            |v| v[0] <= v[1] && v[1] <= v[2];
        /// Bytes of them that each UDP socket may have, whatever the others hold.
        udp_rmem_min: u32 = 4096, "net.ipv4.udp_rmem_min", "bytes from 1", |v| *v >= 1;
        /// Most IPv4 groups of a socket.
        igmp_max_memberships: u32 = 20, "net.ipv4.igmp_max_memberships", "a number", |_| true;
        /// Most sources of an IPv4 membership.
        igmp_max_msf: u32 = 10, "net.ipv4.igmp_max_msf", "a number", |_| true;
        /// How often a change of IPv4 groups is told, if routers do not say.
        igmp_qrv: u32 = 2, "net.ipv4.igmp_qrv", "a number from 1", |v| *v >= 1;
        /// Most sources of an IPv6 membership.
        mld_max_msf: u32 = 64, "net.ipv6.mld_max_msf", "a number", |_| true;
        /// As `igmp_qrv`, for IPv6.
        mld_qrv: u32 = 2, "net.ipv6.mld_qrv", "a number from 1", |v| *v >= 1;
        /// Bytes of memory for fragments above which the oldest datagrams are given up; 0: none is put together.
        ipfrag_high_thresh: u32 = 4 << 20, "net.ipv4.ipfrag_high_thresh", "bytes", |_| true;
        /// Bytes of memory for fragments that are left then.
        ipfrag_low_thresh: u32 = 3 << 20, "net.ipv4.ipfrag_low_thresh", "bytes", |_| true;
        /// Seconds that the fragments of a datagram may take to arrive.
        ipfrag_time: u32 = 30, "net.ipv4.ipfrag_time", "seconds", |_| true;
        /// How many other fragments of a source may arrive between two of one datagram; 0 means no limit.
        ipfrag_max_dist: u32 = 64, "net.ipv4.ipfrag_max_dist", "a number", |_| true;
        /// As `ipfrag_high_thresh`, for IPv6.
        ip6frag_high_thresh: u32 = 4 << 20, "net.ipv6.ip6frag_high_thresh", "bytes", |_| true;
        /// As `ipfrag_low_thresh`, for IPv6.
        ip6frag_low_thresh: u32 = 3 << 20, "net.ipv6.ip6frag_low_thresh", "bytes", |_| true;
        /// As `ipfrag_time`, for IPv6.
        ip6frag_time: u32 = 60, "net.ipv6.ip6frag_time", "seconds", |_| true;
        /// Whether echo requests are ignored.
        icmp_echo_ignore_all: bool = false, "net.ipv4.icmp_echo_ignore_all", "0 or 1", |_| true;
        /// Whether echo requests to everybody are ignored.
        icmp_echo_ignore_broadcasts: bool = true, "net.ipv4.icmp_echo_ignore_broadcasts", "0 or 1", |_| true;
        /// ICMP errors a second, over all destinations.
        icmp_msgs_per_sec: u32 = 1000, "net.ipv4.icmp_msgs_per_sec", "a number", |_| true;
        /// ICMP errors at once, over all destinations.
        icmp_msgs_burst: u32 = 50, "net.ipv4.icmp_msgs_burst", "a number", |_| true;
        /// Milliseconds between ICMP errors to one destination; 0 means no limit.
        icmp_ratelimit: u32 = 1000, "net.ipv4.icmp_ratelimit", "milliseconds", |_| true;
        /// Whether ICMPv6 echo requests are ignored.
        icmp6_echo_ignore_all: bool = false, "net.ipv6.icmp.echo_ignore_all", "0 or 1", |_| true;
        /// Whether ICMPv6 echo requests to groups are ignored.
        icmp6_echo_ignore_multicast: bool = false, "net.ipv6.icmp.echo_ignore_multicast", "0 or 1", |_| true;
        /// Milliseconds between ICMPv6 errors to one destination; 0 means no limit.
        icmp6_ratelimit: u32 = 1000, "net.ipv6.icmp.ratelimit", "milliseconds", |_| true;
        /// Flow labels: 0 none, 1 one for each flow unless its socket says otherwise, 2 none unless it says so, 3 always.
        auto_flowlabels: u32 = 1, "net.ipv6.auto_flowlabels", "a number up to 3", |v| *v <= 3;
        /// The types of ICMP messages that `icmp_ratelimit` and `icmp_msgs_per_sec` are for: a bit for each number.
        icmp_ratemask: u32 = 0x1818, "net.ipv4.icmp_ratemask", "a number", |_| true;
        /// Whether the path MTU is not discovered: packets may be fragmented.
        ip_no_pmtu_disc: u32 = 0, "net.ipv4.ip_no_pmtu_disc", "a number up to 3", |v| *v <= 3;
        /// The least path MTU that an ICMP message is believed, in bytes.
        min_pmtu: u32 = 552, "net.ipv4.route.min_pmtu", "bytes from 68", |v| *v >= 68;
        /// Seconds that a path MTU from an ICMP message is believed.
        mtu_expires: u32 = 600, "net.ipv4.route.mtu_expires", "seconds from 1", |v| *v >= 1;
        /// The least MSS that is advertised for a route, in bytes.
        min_adv_mss: u32 = 256, "net.ipv4.route.min_adv_mss", "bytes", |_| true;
    } } };
}

pub(super) use ip_rows;
