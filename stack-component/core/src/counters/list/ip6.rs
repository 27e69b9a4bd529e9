//! Counters of IPv6, as `/proc/net/snmp6` has it.

macro_rules! ip6 {
    ([$next:ident $($later:ident)*] $($before:tt)*) => {
        $next! { [$($later)*] $($before)*
            /// IPv6 packets that arrived.
            Ip6InReceives = "Ip6:InReceives",
            /// IPv6 packets with bad headers.
            Ip6InHdrErrors = "Ip6:InHdrErrors",
            /// IPv6 packets that were too large to be passed on.
            Ip6InTooBigErrors = "Ip6:InTooBigErrors",
            /// IPv6 packets without a route on the way in.
            Ip6InNoRoutes = "Ip6:InNoRoutes",
            /// IPv6 packets for or from an address that cannot be.
            Ip6InAddrErrors = "Ip6:InAddrErrors",
            /// IPv6 packets of an unknown protocol.
            Ip6InUnknownProtos = "Ip6:InUnknownProtos",
            /// Truncated IPv6 packets.
            Ip6InTruncatedPkts = "Ip6:InTruncatedPkts",
            /// IPv6 packets dropped for want of room.
            Ip6InDiscards = "Ip6:InDiscards",
            /// IPv6 packets handed to a protocol.
            Ip6InDelivers = "Ip6:InDelivers",
            /// IPv6 packets forwarded.
            Ip6OutForwDatagrams = "Ip6:OutForwDatagrams",
            /// IPv6 packets the stack made itself.
            Ip6OutRequests = "Ip6:OutRequests",
            /// IPv6 packets dropped on the way out.
            Ip6OutDiscards = "Ip6:OutDiscards",
            /// IPv6 packets without a route.
            Ip6OutNoRoutes = "Ip6:OutNoRoutes",
            /// IPv6 packets that would have needed fragmentation.
            Ip6FragFails = "Ip6:FragFails",
            /// IPv6 packets that were cut.
            Ip6FragOKs = "Ip6:FragOKs",
            /// IPv6 fragments made.
            Ip6FragCreates = "Ip6:FragCreates",
            /// IPv6 fragments that arrived.
            Ip6ReasmReqds = "Ip6:ReasmReqds",
            /// IPv6 packets put together from fragments.
            Ip6ReasmOKs = "Ip6:ReasmOKs",
            /// IPv6 fragments that could not be put together.
            Ip6ReasmFails = "Ip6:ReasmFails",
            /// IPv6 packets whose fragments did not all arrive in time.
            Ip6ReasmTimeout = "Ip6:ReasmTimeout",
            /// IPv6 packets to a group.
            Ip6InMcastPkts = "Ip6:InMcastPkts",
            /// IPv6 packets sent to a group.
            Ip6OutMcastPkts = "Ip6:OutMcastPkts",
            /// Bytes received in IPv6 packets.
            Ip6InOctets = "Ip6:InOctets",
            /// Bytes sent in IPv6 packets.
            Ip6OutOctets = "Ip6:OutOctets",
            /// IPv6 packets received that could carry ECN and did not.
            Ip6InNoECTPkts = "Ip6:InNoECTPkts",
            /// IPv6 packets received with ECT(1).
            Ip6InECT1Pkts = "Ip6:InECT1Pkts",
            /// IPv6 packets received with ECT(0).
            Ip6InECT0Pkts = "Ip6:InECT0Pkts",
            /// IPv6 packets received with a mark of congestion.
            Ip6InCEPkts = "Ip6:InCEPkts",
        }
    };
}

pub(super) use ip6;
