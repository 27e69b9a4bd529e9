//! The list of all counters: one line of meaning and Linux's name for each, in the order in which they are shown.
//!
//! Nothing else is here, so that the list may be as long as Linux's.

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident = $text:literal),* $(,)?) => {
        /// One counter of the stack.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Counter { $($(#[$doc])* $name),* }

        impl Counter {
            /// All counters, in the order they are shown.
            pub const ALL: &'static [Counter] = &[$(Counter::$name),*];

            /// Group and name as Linux writes them, with a colon between.
            pub const fn name(self) -> &'static str {
                match self { $(Counter::$name => $text),* }
            }
        }
    };
}

counters! {
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
    /// ICMP messages that arrived.
    IcmpInMsgs = "Icmp:InMsgs",
    /// ICMP messages that were malformed.
    IcmpInErrors = "Icmp:InErrors",
    /// ICMP messages with a wrong checksum.
    IcmpInCsumErrors = "Icmp:InCsumErrors",
    /// Destination-unreachable messages that arrived.
    IcmpInDestUnreachs = "Icmp:InDestUnreachs",
    /// Time-exceeded messages that arrived.
    IcmpInTimeExcds = "Icmp:InTimeExcds",
    /// Parameter-problem messages that arrived.
    IcmpInParmProbs = "Icmp:InParmProbs",
    /// Source quenches that arrived (and were ignored, RFC 6633).
    IcmpInSrcQuenchs = "Icmp:InSrcQuenchs",
    /// Redirects that arrived.
    IcmpInRedirects = "Icmp:InRedirects",
    /// Echo requests that arrived.
    IcmpInEchos = "Icmp:InEchos",
    /// Echo replies that arrived.
    IcmpInEchoReps = "Icmp:InEchoReps",
    /// Timestamp requests that arrived.
    IcmpInTimestamps = "Icmp:InTimestamps",
    /// Timestamp replies that arrived.
    IcmpInTimestampReps = "Icmp:InTimestampReps",
    /// Address-mask requests that arrived.
    IcmpInAddrMasks = "Icmp:InAddrMasks",
    /// Address-mask replies that arrived.
    IcmpInAddrMaskReps = "Icmp:InAddrMaskReps",
    /// ICMP messages sent.
    IcmpOutMsgs = "Icmp:OutMsgs",
    /// ICMP errors not sent because of the global rate limit.
    IcmpOutRateLimitGlobal = "Icmp:OutRateLimitGlobal",
    /// ICMP errors not sent because of the destination's rate limit.
    IcmpOutRateLimitHost = "Icmp:OutRateLimitHost",
    /// Destination-unreachable messages sent.
    IcmpOutDestUnreachs = "Icmp:OutDestUnreachs",
    /// Time-exceeded messages sent.
    IcmpOutTimeExcds = "Icmp:OutTimeExcds",
    /// Parameter-problem messages sent.
    IcmpOutParmProbs = "Icmp:OutParmProbs",
    /// Source quenches sent, by raw sockets.
    IcmpOutSrcQuenchs = "Icmp:OutSrcQuenchs",
    /// Redirects sent.
    IcmpOutRedirects = "Icmp:OutRedirects",
    /// Echo requests sent.
    IcmpOutEchos = "Icmp:OutEchos",
    /// Echo replies sent.
    IcmpOutEchoReps = "Icmp:OutEchoReps",
    /// Timestamp requests sent.
    IcmpOutTimestamps = "Icmp:OutTimestamps",
    /// Timestamp replies sent.
    IcmpOutTimestampReps = "Icmp:OutTimestampReps",
    /// Address-mask requests sent.
    IcmpOutAddrMasks = "Icmp:OutAddrMasks",
    /// Address-mask replies sent.
    IcmpOutAddrMaskReps = "Icmp:OutAddrMaskReps",
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
    /// ICMPv6 messages that arrived.
    Icmp6InMsgs = "Icmp6:InMsgs",
    /// ICMPv6 messages that were malformed.
    Icmp6InErrors = "Icmp6:InErrors",
    /// ICMPv6 messages with a wrong checksum.
    Icmp6InCsumErrors = "Icmp6:InCsumErrors",
    /// ICMPv6 messages sent.
    Icmp6OutMsgs = "Icmp6:OutMsgs",
    /// ICMPv6 messages that could not be sent.
    Icmp6OutErrors = "Icmp6:OutErrors",
    /// ICMPv6 errors not sent because of the destination's rate limit, or that of all.
    Icmp6OutRateLimitHost = "Icmp6:OutRateLimitHost",
    /// Destination-unreachable messages that arrived.
    Icmp6InDestUnreachs = "Icmp6:InDestUnreachs",
    /// Packet-too-big messages that arrived.
    Icmp6InPktTooBigs = "Icmp6:InPktTooBigs",
    /// Time-exceeded messages that arrived.
    Icmp6InTimeExcds = "Icmp6:InTimeExcds",
    /// Parameter-problem messages that arrived.
    Icmp6InParmProblems = "Icmp6:InParmProblems",
    /// ICMPv6 echo requests that arrived.
    Icmp6InEchos = "Icmp6:InEchos",
    /// ICMPv6 echo replies that arrived.
    Icmp6InEchoReplies = "Icmp6:InEchoReplies",
    /// Multicast listener queries that arrived.
    Icmp6InGroupMembQueries = "Icmp6:InGroupMembQueries",
    /// Multicast listener reports that arrived.
    Icmp6InGroupMembResponses = "Icmp6:InGroupMembResponses",
    /// Multicast listener-done messages that arrived.
    Icmp6InGroupMembReductions = "Icmp6:InGroupMembReductions",
    /// Multicast listener reports of version 2 that arrived.
    Icmp6InMLDv2Reports = "Icmp6:InMLDv2Reports",
    /// Router solicitations that arrived.
    Icmp6InRouterSolicits = "Icmp6:InRouterSolicits",
    /// Router advertisements that arrived.
    Icmp6InRouterAdvertisements = "Icmp6:InRouterAdvertisements",
    /// Neighbour solicitations that arrived.
    Icmp6InNeighborSolicits = "Icmp6:InNeighborSolicits",
    /// Neighbour advertisements that arrived.
    Icmp6InNeighborAdvertisements = "Icmp6:InNeighborAdvertisements",
    /// ICMPv6 redirects that arrived.
    Icmp6InRedirects = "Icmp6:InRedirects",
    /// ICMPv6 destination-unreachable messages sent.
    Icmp6OutDestUnreachs = "Icmp6:OutDestUnreachs",
    /// Packet-too-big messages sent.
    Icmp6OutPktTooBigs = "Icmp6:OutPktTooBigs",
    /// ICMPv6 time-exceeded messages sent.
    Icmp6OutTimeExcds = "Icmp6:OutTimeExcds",
    /// ICMPv6 parameter-problem messages sent.
    Icmp6OutParmProblems = "Icmp6:OutParmProblems",
    /// ICMPv6 echo requests sent.
    Icmp6OutEchos = "Icmp6:OutEchos",
    /// ICMPv6 echo replies sent.
    Icmp6OutEchoReplies = "Icmp6:OutEchoReplies",
    /// Multicast listener queries sent.
    Icmp6OutGroupMembQueries = "Icmp6:OutGroupMembQueries",
    /// Multicast listener reports of version 1 sent.
    Icmp6OutGroupMembResponses = "Icmp6:OutGroupMembResponses",
    /// Multicast listener dones sent.
    Icmp6OutGroupMembReductions = "Icmp6:OutGroupMembReductions",
    /// Router solicitations sent.
    Icmp6OutRouterSolicits = "Icmp6:OutRouterSolicits",
    /// Router advertisements sent.
    Icmp6OutRouterAdvertisements = "Icmp6:OutRouterAdvertisements",
    /// Neighbour solicitations sent.
    Icmp6OutNeighborSolicits = "Icmp6:OutNeighborSolicits",
    /// Neighbour advertisements sent.
    Icmp6OutNeighborAdvertisements = "Icmp6:OutNeighborAdvertisements",
    /// ICMPv6 redirects sent.
    Icmp6OutRedirects = "Icmp6:OutRedirects",
    /// Multicast listener reports of version 2 sent.
    Icmp6OutMLDv2Reports = "Icmp6:OutMLDv2Reports",
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
    /// Connections refused because the accept queue was full.
    TcpExtListenOverflows = "TcpExt:ListenOverflows",
    /// Connection requests dropped by a listener, for whatever reason.
    TcpExtListenDrops = "TcpExt:ListenDrops",
    /// ARP requests that were not answered because answers leave by another device.
    TcpExtArpFilter = "TcpExt:ArpFilter",
    /// Packets whose source the reverse-path filter did not believe.
    TcpExtIPReversePathFilter = "TcpExt:IPReversePathFilter",
    /// Connections that ended their TIME-WAIT by the timer.
    TcpExtTW = "TcpExt:TW",
    /// TIME-WAIT connections used again for a new one.
    TcpExtTWRecycled = "TcpExt:TWRecycled",
    /// Segments rejected by their timestamp in an established connection.
    TcpExtPAWSEstab = "TcpExt:PAWSEstab",
    /// Acknowledgements that were delayed.
    TcpExtDelayedACKs = "TcpExt:DelayedACKs",
    /// Fast retransmissions.
    TcpExtTCPFastRetrans = "TcpExt:TCPFastRetrans",
    /// Retransmission timeouts.
    TcpExtTCPTimeouts = "TcpExt:TCPTimeouts",
    /// NewReno recoveries entered.
    TcpExtTCPRenoRecovery = "TcpExt:TCPRenoRecovery",
    /// Segments put in order after having arrived out of order.
    TcpExtTCPOFOQueue = "TcpExt:TCPOFOQueue",
    /// Out-of-order segments dropped.
    TcpExtTCPOFODrop = "TcpExt:TCPOFODrop",
    /// Challenge acknowledgements sent (RFC 5961).
    TcpExtTCPChallengeACK = "TcpExt:TCPChallengeACK",
    /// SYNs in a synchronised state (RFC 5961 section 4).
    TcpExtTCPSYNChallenge = "TcpExt:TCPSYNChallenge",
    /// Acknowledgements not sent because of the limit for out-of-window segments.
    TcpExtTCPACKSkippedSeq = "TcpExt:TCPACKSkippedSeq",
    /// Connections reset because data arrived after close.
    TcpExtTCPAbortOnData = "TcpExt:TCPAbortOnData",
    /// Connections reset because unread data was there at close.
    TcpExtTCPAbortOnClose = "TcpExt:TCPAbortOnClose",
    /// Connections given up after too many retransmissions.
    TcpExtTCPAbortOnTimeout = "TcpExt:TCPAbortOnTimeout",
    /// SYNs or SYN-ACKs sent again.
    TcpExtTCPSynRetrans = "TcpExt:TCPSynRetrans",
    /// Keep-alive probes sent.
    TcpExtTCPKeepAlive = "TcpExt:TCPKeepAlive",
    /// Zero-window probes sent.
    TcpExtTCPWinProbe = "TcpExt:TCPWinProbe",
    /// Window updates that went to zero.
    TcpExtTCPToZeroWindowAdv = "TcpExt:TCPToZeroWindowAdv",
    /// Segments that lay beyond the window.
    TcpExtTCPRcvQDrop = "TcpExt:TCPRcvQDrop",
    /// Requests dropped because the queue of half-open connections was full.
    TcpExtTCPReqQFullDrop = "TcpExt:TCPReqQFullDrop",
    /// Recoveries begun by SACK.
    TcpExtTCPSackRecovery = "TcpExt:TCPSackRecovery",
    /// Data that was reported by SACK and then lost by its receiver.
    TcpExtTCPSACKReneging = "TcpExt:TCPSACKReneging",
    /// Reordering found by SACK.
    TcpExtTCPSACKReorder = "TcpExt:TCPSACKReorder",
    /// Reordering found without SACK.
    TcpExtTCPRenoReorder = "TcpExt:TCPRenoReorder",
    /// Reordering found by timestamps.
    TcpExtTCPTSReorder = "TcpExt:TCPTSReorder",
    /// Window reductions undone at their end.
    TcpExtTCPFullUndo = "TcpExt:TCPFullUndo",
    /// Window reductions undone during recovery.
    TcpExtTCPPartialUndo = "TcpExt:TCPPartialUndo",
    /// Window reductions undone because of D-SACK.
    TcpExtTCPDSACKUndo = "TcpExt:TCPDSACKUndo",
    /// Timeouts undone.
    TcpExtTCPLossUndo = "TcpExt:TCPLossUndo",
    /// Timeouts that F-RTO found needless.
    TcpExtTCPSpuriousRTOs = "TcpExt:TCPSpuriousRTOs",
    /// Retransmissions that were lost again.
    TcpExtTCPLostRetransmit = "TcpExt:TCPLostRetransmit",
    /// Timeouts in recovery without SACK.
    TcpExtTCPRenoFailures = "TcpExt:TCPRenoFailures",
    /// Timeouts in recovery with SACK.
    TcpExtTCPSackFailures = "TcpExt:TCPSackFailures",
    /// Timeouts in the state of loss.
    TcpExtTCPLossFailures = "TcpExt:TCPLossFailures",
    /// Timeouts in recovery without SACK.
    TcpExtTCPRenoRecoveryFail = "TcpExt:TCPRenoRecoveryFail",
    /// Timeouts in recovery with SACK.
    TcpExtTCPSackRecoveryFail = "TcpExt:TCPSackRecoveryFail",
    /// Retransmissions in slow start after a timeout.
    TcpExtTCPSlowStartRetrans = "TcpExt:TCPSlowStartRetrans",
    /// Tail loss probes sent.
    TcpExtTCPLossProbes = "TcpExt:TCPLossProbes",
    /// Losses repaired by a tail loss probe.
    TcpExtTCPLossProbeRecovery = "TcpExt:TCPLossProbeRecovery",
    /// Packets merged to save memory.
    TcpExtTCPRcvCollapsed = "TcpExt:TCPRcvCollapsed",
    /// D-SACKs sent for data before the window.
    TcpExtTCPDSACKOldSent = "TcpExt:TCPDSACKOldSent",
    /// D-SACKs sent for data out of order.
    TcpExtTCPDSACKOfoSent = "TcpExt:TCPDSACKOfoSent",
    /// D-SACKs received for acknowledged data.
    TcpExtTCPDSACKRecv = "TcpExt:TCPDSACKRecv",
    /// D-SACKs received for data out of order.
    TcpExtTCPDSACKOfoRecv = "TcpExt:TCPDSACKOfoRecv",
    /// Segments that D-SACKs reported.
    TcpExtTCPDSACKRecvSegs = "TcpExt:TCPDSACKRecvSegs",
    /// D-SACKs of old data that were ignored.
    TcpExtTCPDSACKIgnoredOld = "TcpExt:TCPDSACKIgnoredOld",
    /// D-SACKs that undid nothing.
    TcpExtTCPDSACKIgnoredNoUndo = "TcpExt:TCPDSACKIgnoredNoUndo",
    /// D-SACKs that cannot be true.
    TcpExtTCPDSACKIgnoredDubious = "TcpExt:TCPDSACKIgnoredDubious",
    /// SACK blocks that cannot be true.
    TcpExtTCPSACKDiscard = "TcpExt:TCPSACKDiscard",
    /// Duplicate acknowledgements that were not sent.
    TcpExtTCPAckCompressed = "TcpExt:TCPAckCompressed",
    /// Segments that reach beyond the window.
    TcpExtBeyondWindow = "TcpExt:BeyondWindow",
    /// Segments by the fast path.
    TcpExtTCPHPHits = "TcpExt:TCPHPHits",
    /// Acknowledgements without data.
    TcpExtTCPPureAcks = "TcpExt:TCPPureAcks",
    /// Acknowledgements by the fast path.
    TcpExtTCPHPAcks = "TcpExt:TCPHPAcks",
    /// Data out of order that overlapped.
    TcpExtTCPOFOMerge = "TcpExt:TCPOFOMerge",
    /// Times a receive queue was pruned.
    TcpExtPruneCalled = "TcpExt:PruneCalled",
    /// Packets pruned from receive queues.
    TcpExtRcvPruned = "TcpExt:RcvPruned",
    /// Packets pruned from out-of-order queues.
    TcpExtOfoPruned = "TcpExt:OfoPruned",
    /// Packets appended to the one before.
    TcpExtTCPRcvCoalesce = "TcpExt:TCPRcvCoalesce",
    /// Times memory became short.
    TcpExtTCPMemoryPressures = "TcpExt:TCPMemoryPressures",
    /// How long it was short in all, in milliseconds, counted when it no longer is.
    TcpExtTCPMemoryPressuresChrono = "TcpExt:TCPMemoryPressuresChrono",
    /// Connections ended for want of memory.
    TcpExtTCPAbortOnMemory = "TcpExt:TCPAbortOnMemory",
    /// Connections ended because lingering ended.
    TcpExtTCPAbortOnLinger = "TcpExt:TCPAbortOnLinger",
    /// Connections that had no room in TIME-WAIT.
    TcpExtTCPTimeWaitOverflow = "TcpExt:TCPTimeWaitOverflow",
    /// TIME-WAITs ended early by timestamps.
    TcpExtTWKilled = "TcpExt:TWKilled",
    /// Answers to SYNs refused for their timestamp.
    TcpExtPAWSActive = "TcpExt:PAWSActive",
    /// Acknowledgements refused as old by timestamp.
    TcpExtPAWSOldAck = "TcpExt:PAWSOldAck",
    /// Segments refused in TIME-WAIT by timestamp.
    TcpExtPAWSTimewait = "TcpExt:PAWSTimewait",
    /// Timestamp echoes that cannot be true.
    TcpExtTSEcrRejected = "TcpExt:TSEcrRejected",
    /// SYN cookies sent.
    TcpExtSyncookiesSent = "TcpExt:SyncookiesSent",
    /// SYN cookies that came back.
    TcpExtSyncookiesRecv = "TcpExt:SyncookiesRecv",
    /// Acknowledgements that are no cookie.
    TcpExtSyncookiesFailed = "TcpExt:SyncookiesFailed",
    /// Resets for half-open connections.
    TcpExtEmbryonicRsts = "TcpExt:EmbryonicRsts",
    /// SYNs answered with a cookie because the queue was full.
    TcpExtTCPReqQFullDoCookies = "TcpExt:TCPReqQFullDoCookies",
    /// Segments whose time to live was less than their socket asks for.
    TcpExtTCPMinTTLDrop = "TcpExt:TCPMinTTLDrop",
    /// Acknowledgements dropped while waiting for data.
    TcpExtTCPDeferAcceptDrop = "TcpExt:TCPDeferAcceptDrop",
    /// Answers not sent in SYN-RECV.
    TcpExtTCPACKSkippedSynRecv = "TcpExt:TCPACKSkippedSynRecv",
    /// Answers not sent after PAWS.
    TcpExtTCPACKSkippedPAWS = "TcpExt:TCPACKSkippedPAWS",
    /// Answers not sent in FIN-WAIT-2.
    TcpExtTCPACKSkippedFinWait2 = "TcpExt:TCPACKSkippedFinWait2",
    /// Answers not sent in TIME-WAIT.
    TcpExtTCPACKSkippedTimeWait = "TcpExt:TCPACKSkippedTimeWait",
    /// Challenges not sent.
    TcpExtTCPACKSkippedChallenge = "TcpExt:TCPACKSkippedChallenge",
    /// ICMP errors about data that is not on its way.
    TcpExtOutOfWindowIcmps = "TcpExt:OutOfWindowIcmps",
    /// Fast Opens that succeeded.
    TcpExtTCPFastOpenActive = "TcpExt:TCPFastOpenActive",
    /// Fast Opens whose data was not taken.
    TcpExtTCPFastOpenActiveFail = "TcpExt:TCPFastOpenActiveFail",
    /// Connections accepted by Fast Open.
    TcpExtTCPFastOpenPassive = "TcpExt:TCPFastOpenPassive",
    /// Fast Opens refused.
    TcpExtTCPFastOpenPassiveFail = "TcpExt:TCPFastOpenPassiveFail",
    /// Fast Opens refused because too many waited.
    TcpExtTCPFastOpenListenOverflow = "TcpExt:TCPFastOpenListenOverflow",
    /// Fast Open cookies asked for.
    TcpExtTCPFastOpenCookieReqd = "TcpExt:TCPFastOpenCookieReqd",
    /// Paths found to swallow Fast Open.
    TcpExtTCPFastOpenBlackhole = "TcpExt:TCPFastOpenBlackhole",
    /// Cookies of the second key.
    TcpExtTCPFastOpenPassiveAltKey = "TcpExt:TCPFastOpenPassiveAltKey",
    /// Slow starts ended by the train of acknowledgements.
    TcpExtTCPHystartTrainDetect = "TcpExt:TCPHystartTrainDetect",
    /// Windows then.
    TcpExtTCPHystartTrainCwnd = "TcpExt:TCPHystartTrainCwnd",
    /// Slow starts ended by growing delay.
    TcpExtTCPHystartDelayDetect = "TcpExt:TCPHystartDelayDetect",
    /// Windows then.
    TcpExtTCPHystartDelayCwnd = "TcpExt:TCPHystartDelayCwnd",
    /// MTU probes lost.
    TcpExtTCPMTUPFail = "TcpExt:TCPMTUPFail",
    /// MTU probes that arrived.
    TcpExtTCPMTUPSuccess = "TcpExt:TCPMTUPSuccess",
    /// Segments without the signature that was expected.
    TcpExtTCPMD5NotFound = "TcpExt:TCPMD5NotFound",
    /// Segments with a signature that was not expected.
    TcpExtTCPMD5Unexpected = "TcpExt:TCPMD5Unexpected",
    /// Segments with a wrong signature.
    TcpExtTCPMD5Failure = "TcpExt:TCPMD5Failure",
    /// Windows that should have been 0.
    TcpExtTCPWantZeroWindowAdv = "TcpExt:TCPWantZeroWindowAdv",
    /// Windows opened.
    TcpExtTCPFromZeroWindowAdv = "TcpExt:TCPFromZeroWindowAdv",
    /// Segments dropped because the window is closed.
    TcpExtTCPZeroWindowDrop = "TcpExt:TCPZeroWindowDrop",
    /// Segments with data sent for the first time.
    TcpExtTCPOrigDataSent = "TcpExt:TCPOrigDataSent",
    /// Segments that arrived.
    TcpExtTCPDelivered = "TcpExt:TCPDelivered",
    /// Segments that arrived with a mark of congestion.
    TcpExtTCPDeliveredCE = "TcpExt:TCPDeliveredCE",
    /// Acknowledgements that the peer lost.
    TcpExtDelayedACKLost = "TcpExt:DelayedACKLost",
}
