//! Counters of IP: packets, as `/proc/net/snmp` and `/proc/net/netstat` have them.

macro_rules! ip {
    ([$next:ident $($later:ident)*] $($before:tt)*) => {
        $next! { [$($later)*] $($before)*
            /// IP packets that arrived.
            IpInReceives = "Ip:InReceives",
            /// Packets with a bad header.
            IpInHdrErrors = "Ip:InHdrErrors",
            /// Packets for an address that is not ours.
            IpInAddrErrors = "Ip:InAddrErrors",
            /// Packets of an unknown protocol.
            IpInUnknownProtos = "Ip:InUnknownProtos",
            /// Packets dropped for want of room.
            IpInDiscards = "Ip:InDiscards",
            /// Packets handed to a protocol.
            IpInDelivers = "Ip:InDelivers",
            /// Packets forwarded.
            IpForwDatagrams = "Ip:ForwDatagrams",
            /// Packets the stack made itself.
            IpOutRequests = "Ip:OutRequests",
            /// Packets dropped on the way out.
            IpOutDiscards = "Ip:OutDiscards",
            /// Packets without a route.
            IpOutNoRoutes = "Ip:OutNoRoutes",
            /// Fragments that arrived.
            IpReasmReqds = "Ip:ReasmReqds",
            /// Fragments that could not be reassembled.
            IpReasmFails = "Ip:ReasmFails",
            /// Packets put together from fragments.
            IpReasmOKs = "Ip:ReasmOKs",
            /// Packets whose fragments did not all arrive in time.
            IpReasmTimeout = "Ip:ReasmTimeout",
            /// Packets that were cut.
            IpFragOKs = "Ip:FragOKs",
            /// Packets that would have needed fragmentation.
            IpFragFails = "Ip:FragFails",
            /// Fragments made.
            IpFragCreates = "Ip:FragCreates",
            /// Fragments that overlapped others.
            IpExtReasmOverlaps = "IpExt:ReasmOverlaps",
            /// Bytes received.
            IpExtInOctets = "IpExt:InOctets",
            /// Bytes sent.
            IpExtOutOctets = "IpExt:OutOctets",
            /// Packets without a route on the way in.
            IpExtInNoRoutes = "IpExt:InNoRoutes",
            /// Truncated packets.
            IpExtInTruncatedPkts = "IpExt:InTruncatedPkts",
            /// Packets with a wrong header checksum.
            IpExtInCsumErrors = "IpExt:InCsumErrors",
            /// Packets to a group.
            IpExtInMcastPkts = "IpExt:InMcastPkts",
            /// Packets to a group sent.
            IpExtOutMcastPkts = "IpExt:OutMcastPkts",
            /// Packets to everybody.
            IpExtInBcastPkts = "IpExt:InBcastPkts",
            /// Packets to everybody sent.
            IpExtOutBcastPkts = "IpExt:OutBcastPkts",
        }
    };
}

pub(super) use ip;
