//! Why packets are dropped. Linux: `enum skb_drop_reason`.

/// Reasons with their names, each of which has a counter.
macro_rules! reasons {
    ($(#[$of_all:meta])* for $Reason:ident; $($(#[$doc:meta])* $name:ident),* $(,)?) => {
        $(#[$of_all])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $Reason { $($(#[$doc])* $name),* }

        impl $Reason {
            /// All reasons, in the order of their counters.
            pub const ALL: &'static [$Reason] = &[$($Reason::$name),*];

            /// The reason's name, as counters and logs show it.
            pub const fn name(self) -> &'static str {
                match self { $($Reason::$name => stringify!($name)),* }
            }
        }
    };
}

pub(crate) use reasons;

reasons! {
    /// Why the stack dropped a packet: every drop on the way in or out is counted under one of these.
    for DropReason;

    /// The frame is shorter than an Ethernet header.
    EthernetTruncated,
    /// The frame's source address is a group or all zeros.
    EthernetBadSource,
    /// The frame is longer than the device's MTU permits.
    FrameTooLong,
    /// The frame is for another station.
    OtherHost,
    /// The frame's tag names a VLAN that no device is for.
    UnknownVlan,
    /// No protocol of the stack has this EtherType.
    UnhandledProtocol,
    /// The packet is not a well-formed ARP packet for IPv4 over Ethernet (RFC 826).
    ArpMalformed,
    /// An ARP packet that nobody asked for and that is not for us.
    ArpNotForUs,
    /// An ARP packet whose sender cannot be a neighbour: a group, nobody, or our station.
    ArpBadSender,
    /// An ARP packet whose sender says that it has an address of ours (RFC 5227 section 2.4).
    ArpConflict,
    /// A message of neighbour discovery that is malformed or cannot come from this link. Linux:
    /// `IPV6_NDISC_BAD_OPTIONS`.
    NdiscMalformed,
    /// A message of neighbour discovery about an address that is neither ours nor that of a neighbour we know. Linux:
    /// `IPV6_NDISC_NS_OTHERHOST`.
    NdiscNotForUs,
    /// A message of neighbour discovery whose sender says that it has our station.
    NdiscBadSource,
    /// A message of neighbour discovery that the settings tell us not to believe.
    NdiscIgnored,
    /// A router advertisement with more routes than we let advertisements make.
    NdiscTooManyRoutes,
    /// The neighbour did not answer; the queued packet is given up. Linux: `SKB_DROP_REASON_NEIGH_FAILED`.
    NeighbourFailed,
    /// The queue of packets that wait for a neighbour's address is full. Linux: `NEIGH_QUEUEFULL`.
    NeighbourQueueFull,
    /// The neighbour table is full of entries in use.
    NeighbourTableFull,
    /// A packet to one host in a frame to many, and the settings do not want that. Linux:
    /// `UNICAST_IN_L2_MULTICAST`.
    UnicastInMulticastFrame,
    /// The IPv4 header has a wrong version or length. Linux: `IP_INHDR`.
    Ipv4Malformed,
    /// The IPv4 packet is shorter than its header says. Linux: `IpExt:InTruncatedPkts`.
    Ipv4Truncated,
    /// The IPv4 header checksum is wrong. Linux: `IP_CSUM`.
    Ipv4Checksum,
    /// The IPv4 packet carries an option that is not accepted (source routes) or malformed options.
    Ipv4BadOption,
    /// The source address cannot be a sender's (broadcast, group, loopback from a wire). Linux: martian source.
    Ipv4BadSource,
    /// The way back to the source is not by the device that the packet came by. Linux: `IP_RPFILTER`.
    Ipv4ReversePath,
    /// The destination address cannot come from a wire (this network, loopback). Linux: martian destination.
    Ipv4BadDestination,
    /// The destination address is not one of ours and packets are not forwarded. Linux: `IP_INADDRERRORS`.
    Ipv4NotForUs,
    /// The IPv6 header has a wrong version. Linux: `IP_INHDR`.
    Ipv6Malformed,
    /// The IPv6 packet is shorter than its header says. Linux: `Ip6InTruncatedPkts`.
    Ipv6Truncated,
    /// An extension header is malformed, too laborious, unknown, or a source route. Linux: `IPV6_BAD_EXTHDR`.
    Ipv6BadExtension,
    /// The source address cannot be a sender's: a group, loopback from a wire, IPv4 in disguise.
    Ipv6BadSource,
    /// The destination address cannot come from a wire, or is none.
    Ipv6BadDestination,
    /// The destination address is not one of ours, and the packet is not forwarded. Linux: `IP_INADDRERRORS`.
    Ipv6NotForUs,
    /// IPv6 is off on the device. Linux: `IPV6DISABLED`.
    Ipv6Disabled,
    /// The packet says that it carries nothing (RFC 8200 section 4.7).
    Ipv6NoPayload,
    /// A fragment whose bytes are all there already. Linux: `DUP_FRAG`.
    FragmentDuplicate,
    /// Fragments of one datagram that overlap (RFC 5722). Linux: `IpExt:ReasmOverlaps`.
    FragmentOverlap,
    /// Fragments that contradict each other, are empty, or make up more than the largest packet.
    FragmentMalformed,
    /// Kept fragments of a datagram that another fragment condemned.
    FragmentCondemned,
    /// A fragment that cuts a TCP header in pieces (RFC 1858, RFC 3128).
    FragmentTiny,
    /// Fragments whose marks of congestion cannot be those of one packet (RFC 3168 section 5.3).
    FragmentEcn,
    /// The rest of the datagram did not arrive in time. Linux: `FRAG_REASM_TIMEOUT`.
    FragmentTimeout,
    /// Too many other fragments of the source came between. Linux: `FRAG_TOO_FAR`.
    FragmentTooFar,
    /// Fragments use more memory than they may; the oldest go. Linux: `ipfrag_high_thresh`.
    FragmentNoMemory,
    /// A packet that is larger than the next link carries and must not or cannot be fragmented.
    PacketTooBig,
    /// The time to live ended here. Linux: `IP_INHDR`, `Ip:InHdrErrors`.
    TtlExceeded,
    /// No route to the destination. Linux: `IP_OUTNOROUTES`.
    NoRoute,
    /// The route to the destination says to refuse: unreachable, prohibit or blackhole.
    RouteRefused,
    /// A filter's verdict. Linux: `NETFILTER_DROP`.
    Netfilter,
    /// The pieces of a packet take more memory than its socket may use. Linux: `ENOBUFS` of `ip_append_data`.
    SendBufferFull,
    /// No protocol has this IP protocol number. Linux: `IP_NOPROTO`.
    UnknownIpProtocol,
    /// The ICMP message is truncated or inconsistent.
    IcmpMalformed,
    /// The ICMP checksum is wrong. Linux: `ICMP_CSUM`.
    IcmpChecksum,
    /// An ICMP message of a type that is ignored, or about nothing of ours.
    IcmpIgnored,
    /// An ICMP message that nobody sends to a group or to everybody, or of an unknown type. Linux: `INVALID_PROTO`,
    /// `UNHANDLED_PROTO` of `icmp_rcv`.
    IcmpUnwanted,
    /// A packet to a group that nobody here listens to, or not to this source.
    GroupNotJoined,
    /// The IGMP message is truncated or damaged.
    IgmpMalformed,
    /// The MLD message is truncated or is about what is no group. Linux: `mld_query_work` frees it.
    MldMalformed,
    /// A question or report of MLD that does not come from this link as such a message does: hop limit 1, a link-local
    /// source, router alert (RFC 3810 section 6.2).
    MldNotFromLink,
    /// The UDP header is truncated or its length inconsistent.
    UdpMalformed,
    /// The UDP checksum is wrong. Linux: `UDP_CSUM`.
    UdpChecksum,
    /// No UDP socket has this port. Linux: `NO_SOCKET`.
    UdpNoSocket,
    /// The socket's own filter. Linux: `SOCKET_FILTER`.
    SocketFilter,
    /// The socket's receive buffer is full. Linux: `SOCKET_RCVBUFF`.
    SocketReceiveBufferFull,
    /// What waits in all sockets of the protocol takes too much memory. Linux: `PROTO_MEM`.
    ProtocolMemory,
    /// The TCP header is truncated or its data offset is wrong.
    TcpMalformed,
    /// The time to live is less than the socket asks for. Linux: `TCP_MINTTL`.
    TcpMinTtl,
    /// The TCP checksum is wrong. Linux: `TCP_CSUM`.
    TcpChecksum,
    /// A segment to or from a group or everybody.
    TcpBadAddress,
    /// No TCP socket has this address and port. Linux: `NO_SOCKET`.
    TcpNoSocket,
    /// A combination of flags that means nothing (no ACK in a synchronised state, SYN with FIN). Linux:
    /// `TCP_FLAGS`, `TCP_INVALID_SYN`.
    TcpFlags,
    /// The segment lies outside of the window. Linux: `TCP_INVALID_SEQUENCE`.
    TcpSequence,
    /// An acknowledgement of data never sent, or far too old. Linux: `TCP_ACK_UNSENT_DATA`, `TCP_TOO_OLD_ACK`.
    TcpAcknowledgement,
    /// A reset whose sequence number is not the expected one (RFC 5961 section 3). Linux: `TCP_RESET`.
    TcpReset,
    /// A signature where none is expected (RFC 2385). Linux: `TCP_MD5UNEXPECTED`.
    TcpMd5Unexpected,
    /// No signature where one is demanded. Linux: `TCP_MD5NOTFOUND`.
    TcpMd5NotFound,
    /// A wrong signature. Linux: `TCP_MD5FAILURE`.
    TcpMd5Failure,
    /// The handshake is complete, but the listener waits for data. Linux: `TCPDeferAcceptDrop`.
    TcpDeferAccept,
    /// A timestamp older than the last one (RFC 7323 section 5). Linux: `TCP_RFC7323_PAWS`.
    TcpPaws,
    /// Data the receiver has already, whole. Linux: `TCP_OLD_DATA`.
    TcpOldData,
    /// Data beyond the receive window, or out of order beyond the queue's limit. Linux: `TCP_OVERWINDOW`,
    /// `TCP_OFOMERGE`.
    TcpOverWindow,
    /// A zero-window connection gets data. Linux: `TCP_ZEROWINDOW`.
    TcpZeroWindow,
    /// The accept queue is full. Linux: `TcpExtListenDrops`.
    TcpListenOverflow,
    /// The queue of half-open connections is full. Linux: `TCPReqQFullDrop`.
    TcpSynQueueFull,
    /// Data for a connection whose receiving side is gone. Linux: `TCP_CLOSE`, `TcpExtTCPAbortOnData`.
    TcpClosed,
    /// The queueing discipline is full. Linux: `QDISC_DROP`.
    QdiscFull,
    /// The device's link is down. Linux: `DEV_READY`.
    LinkDown,
    /// The loopback backlog is full. Linux: `CPU_BACKLOG`.
    BacklogFull,
}
