//! Counters of the rest of TCP: duplicates that were reported, fast path, recovery, memory.

macro_rules! tcp_ext_more {
    ([$next:ident $($later:ident)*] $($before:tt)*) => {
        $next! { [$($later)*] $($before)*
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
    };
}

pub(super) use tcp_ext_more;
