//! Counters under Linux's names (`/proc/net/snmp`, `/proc/net/netstat`), and the drops by reason.

use crate::drop_reason::DropReason;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

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
    /// Packets that would have needed fragmentation.
    IpFragFails = "Ip:FragFails",
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
    /// Redirects that arrived (and were ignored).
    IcmpInRedirects = "Icmp:InRedirects",
    /// Echo requests that arrived.
    IcmpInEchos = "Icmp:InEchos",
    /// Echo replies that arrived.
    IcmpInEchoReps = "Icmp:InEchoReps",
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
    /// Echo replies sent.
    IcmpOutEchoReps = "Icmp:OutEchoReps",
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
    /// Connections refused because the accept queue was full.
    TcpExtListenOverflows = "TcpExt:ListenOverflows",
    /// Connection requests dropped by a listener, for whatever reason.
    TcpExtListenDrops = "TcpExt:ListenDrops",
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
}

/// All counters of a stack. They only grow (and wrap after 2^64).
#[derive(Clone, Debug)]
pub struct Counters {
    values: Vec<u64>,
    drops: Vec<u64>,
}

impl Default for Counters {
    fn default() -> Self {
        Counters { values: vec![0; Counter::ALL.len()], drops: vec![0; DropReason::ALL.len()] }
    }
}

impl Counters {
    /// Counts one.
    pub fn increment(&mut self, counter: Counter) {
        self.add(counter, 1);
    }

    /// Counts `amount`.
    pub fn add(&mut self, counter: Counter, amount: u64) {
        if let Some(value) = self.values.get_mut(counter as usize) {
            *value = value.wrapping_add(amount);
        }
    }

    /// Counts a dropped packet.
    pub fn drop(&mut self, reason: DropReason) {
        if let Some(value) = self.drops.get_mut(reason as usize) {
            *value = value.wrapping_add(1);
        }
    }

    /// What `counter` stands at.
    pub fn get(&self, counter: Counter) -> u64 {
        self.values.get(counter as usize).copied().unwrap_or(0)
    }

    /// How many packets were dropped for `reason`.
    pub fn dropped(&self, reason: DropReason) -> u64 {
        self.drops.get(reason as usize).copied().unwrap_or(0)
    }

    /// Every counter with its name, drops as `Drop:REASON` behind the others, zeros included.
    pub fn snapshot(&self) -> Vec<(String, u64)> {
        let counters = Counter::ALL.iter().map(|&c| (String::from(c.name()), self.get(c)));
        let drops = DropReason::ALL.iter().map(|&r| (["Drop:", r.name()].concat(), self.dropped(r)));
        counters.chain(drops).collect()
    }
}
