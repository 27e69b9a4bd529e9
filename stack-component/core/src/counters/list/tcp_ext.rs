//! Counters of What else TCP counts, as `/proc/net/netstat` has it.

macro_rules! tcp_ext {
    ([$next:ident $($later:ident)*] $($before:tt)*) => {
        $next! { [$($later)*] $($before)*
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
        }
    };
}

pub(super) use tcp_ext;
