//! Counters of ICMPv6.

macro_rules! icmp6 {
    ([$next:ident $($later:ident)*] $($before:tt)*) => {
        $next! { [$($later)*] $($before)*
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
        }
    };
}

pub(super) use icmp6;
