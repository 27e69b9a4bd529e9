//! Counters of ICMP.

macro_rules! icmp {
    ([$next:ident $($later:ident)*] $($before:tt)*) => {
        $next! { [$($later)*] $($before)*
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
        }
    };
}

pub(super) use icmp;
