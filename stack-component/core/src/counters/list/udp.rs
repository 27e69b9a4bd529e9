//! Counters of UDP over both versions of IP.

macro_rules! udp {
    ([$next:ident $($later:ident)*] $($before:tt)*) => {
        $next! { [$($later)*] $($before)*
            /// Datagrams delivered.
            UdpInDatagrams = "Udp:InDatagrams",
            /// Datagrams to a port nobody has.
            UdpNoPorts = "Udp:NoPorts",
            /// Malformed datagrams.
            UdpInErrors = "Udp:InErrors",
            /// Datagrams sent.
            UdpOutDatagrams = "Udp:OutDatagrams",
            /// Datagrams lost to a full receive buffer.
            UdpRcvbufErrors = "Udp:RcvbufErrors",
            /// Datagrams with a wrong checksum.
            UdpInCsumErrors = "Udp:InCsumErrors",
            /// UDP datagrams to groups or everybody that no socket wanted.
            UdpIgnoredMulti = "Udp:IgnoredMulti",
    /// Datagrams lost because those that wait in all sockets together take too much memory.
    UdpMemErrors = "Udp:MemErrors",
            /// IPv6: datagrams delivered.
            Udp6InDatagrams = "Udp6:InDatagrams",
            /// IPv6: datagrams for ports that nobody has.
            Udp6NoPorts = "Udp6:NoPorts",
            /// IPv6: datagrams that could not be delivered for another reason.
            Udp6InErrors = "Udp6:InErrors",
            /// IPv6: datagrams sent.
            Udp6OutDatagrams = "Udp6:OutDatagrams",
            /// IPv6: datagrams dropped because their socket's receive buffer was full.
            Udp6RcvbufErrors = "Udp6:RcvbufErrors",
            /// IPv6: datagrams with a bad checksum, or without one.
            Udp6InCsumErrors = "Udp6:InCsumErrors",
            /// IPv6: datagrams to groups that no socket wanted.
            Udp6IgnoredMulti = "Udp6:IgnoredMulti",
    /// IPv6: datagrams dropped because those that wait in all sockets together take too much memory.
    Udp6MemErrors = "Udp6:MemErrors",
        }
    };
}

pub(super) use udp;
