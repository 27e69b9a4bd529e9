//! Counters of TCP, and what of IP is counted for it: ECN.

macro_rules! tcp {
    ([$next:ident $($later:ident)*] $($before:tt)*) => {
        $next! { [$($later)*] $($before)*
            /// Connections opened by us.
            TcpActiveOpens = "Tcp:ActiveOpens",
            /// Connections opened by peers.
            TcpPassiveOpens = "Tcp:PassiveOpens",
            /// Connection attempts that failed.
            TcpAttemptFails = "Tcp:AttemptFails",
            /// Established connections that were reset.
            TcpEstabResets = "Tcp:EstabResets",
            /// Segments that arrived.
            TcpInSegs = "Tcp:InSegs",
            /// Segments sent, retransmissions not counted.
            TcpOutSegs = "Tcp:OutSegs",
            /// Segments sent again.
            TcpRetransSegs = "Tcp:RetransSegs",
            /// Malformed segments.
            TcpInErrs = "Tcp:InErrs",
            /// Resets sent.
            TcpOutRsts = "Tcp:OutRsts",
            /// Segments with a wrong checksum.
            TcpInCsumErrors = "Tcp:InCsumErrors",
            /// IP packets received that could carry ECN and did not.
            IpExtInNoECTPkts = "IpExt:InNoECTPkts",
            /// IP packets received with ECT(1).
            IpExtInECT1Pkts = "IpExt:InECT1Pkts",
            /// IP packets received with ECT(0).
            IpExtInECT0Pkts = "IpExt:InECT0Pkts",
            /// IP packets received with a mark of congestion.
            IpExtInCEPkts = "IpExt:InCEPkts",
        }
    };
}

pub(super) use tcp;
