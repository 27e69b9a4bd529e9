//! Messages of ICMP, counted by what they are: the kinds that have names by them, and each by its number. Linux:
//! `icmp_out_count`, `ICMPMSGIN_INC_STATS`, `ICMP6MSGOUT_INC_STATS`, `snmp6_seq_show_icmpv6msg`.

use super::{Counter, Counters};
use crate::wire::{icmpv4, icmpv6};
use alloc::format;
use alloc::string::String;

/// How many kinds there are.
const KINDS: usize = 256;
/// The numbers of a [`Counters`], one for each kind, version and way.
pub(super) const LEN: usize = 4 * KINDS;
/// The groups of names, in the order of the numbers.
const GROUPS: [&str; 4] = ["IcmpMsg:InType", "IcmpMsg:OutType", "Icmp6:InType", "Icmp6:OutType"];

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    In = 0,
    Out = 1,
}

impl Way {
    /// The counter of this way.
    fn of(self, received: Counter, sent: Counter) -> Counter {
        match self {
            Way::In => received,
            Way::Out => sent,
        }
    }
}

impl Counters {
    /// Counts an undamaged message of ICMP of this kind that arrived. Linux: `ICMPMSGIN_INC_STATS`.
    pub fn icmp_received(&mut self, kind: u8) {
        self.by_kind(Way::In as usize, kind);
        named(icmpv4::Type(kind), Way::In).inspect(|&counter| self.increment(counter));
    }

    /// The same of ICMPv6. Linux: `ICMP6MSGIN_INC_STATS`.
    pub fn icmp6_received(&mut self, kind: u8) {
        self.by_kind(2 + Way::In as usize, kind);
        named6(icmpv6::Type(kind), Way::In).inspect(|&counter| self.increment(counter));
    }

    /// Counts a message of ICMP of this kind that is sent. Linux: `icmp_out_count`.
    pub fn icmp_sent(&mut self, kind: u8) {
        self.increment(Counter::IcmpOutMsgs);
        self.by_kind(Way::Out as usize, kind);
        named(icmpv4::Type(kind), Way::Out).inspect(|&counter| self.increment(counter));
    }

    /// The same of ICMPv6. Linux: `ICMP6MSGOUT_INC_STATS`.
    pub fn icmp6_sent(&mut self, kind: u8) {
        self.increment(Counter::Icmp6OutMsgs);
        self.by_kind(2 + Way::Out as usize, kind);
        named6(icmpv6::Type(kind), Way::Out).inspect(|&counter| self.increment(counter));
    }

    fn by_kind(&mut self, group: usize, kind: u8) {
        if let Some(count) = self.icmp.get_mut(group * KINDS + usize::from(kind)) {
            *count = count.wrapping_add(1);
        }
    }

    /// The kinds of which there were any, with their names. Linux: `icmpmsg_put`.
    pub(super) fn icmp_by_kind(&self) -> impl Iterator<Item = (String, u64)> {
        let groups = GROUPS.iter().zip(self.icmp.chunks(KINDS));
        groups.flat_map(|(group, counts)| {
            let counted = counts.iter().enumerate().filter(|(_, count)| **count != 0);
            counted.map(move |(kind, &count)| (format!("{group}{kind}"), count))
        })
    }
}

/// Linux: `icmpmibmap`.
fn named(kind: icmpv4::Type, way: Way) -> Option<Counter> {
    use Counter::*;
    use icmpv4::Type;
    let (received, sent) = match kind {
        Type::ECHO_REPLY => (IcmpInEchoReps, IcmpOutEchoReps),
        Type::DESTINATION_UNREACHABLE => (IcmpInDestUnreachs, IcmpOutDestUnreachs),
        Type::SOURCE_QUENCH => (IcmpInSrcQuenchs, IcmpOutSrcQuenchs),
        Type::REDIRECT => (IcmpInRedirects, IcmpOutRedirects),
        Type::ECHO_REQUEST => (IcmpInEchos, IcmpOutEchos),
        Type::TIME_EXCEEDED => (IcmpInTimeExcds, IcmpOutTimeExcds),
        Type::PARAMETER_PROBLEM => (IcmpInParmProbs, IcmpOutParmProbs),
        Type::TIMESTAMP_REQUEST => (IcmpInTimestamps, IcmpOutTimestamps),
        Type::TIMESTAMP_REPLY => (IcmpInTimestampReps, IcmpOutTimestampReps),
        Type::ADDRESS_MASK_REQUEST => (IcmpInAddrMasks, IcmpOutAddrMasks),
        Type::ADDRESS_MASK_REPLY => (IcmpInAddrMaskReps, IcmpOutAddrMaskReps),
        _ => return None,
    };
    Some(way.of(received, sent))
}

/// Linux: `icmp6type2name`.
fn named6(kind: icmpv6::Type, way: Way) -> Option<Counter> {
    use Counter::*;
    use icmpv6::Type;
    let (received, sent) = match kind {
        Type::DESTINATION_UNREACHABLE => (Icmp6InDestUnreachs, Icmp6OutDestUnreachs),
        Type::PACKET_TOO_BIG => (Icmp6InPktTooBigs, Icmp6OutPktTooBigs),
        Type::TIME_EXCEEDED => (Icmp6InTimeExcds, Icmp6OutTimeExcds),
        Type::PARAMETER_PROBLEM => (Icmp6InParmProblems, Icmp6OutParmProblems),
        Type::ECHO_REQUEST => (Icmp6InEchos, Icmp6OutEchos),
        Type::ECHO_REPLY => (Icmp6InEchoReplies, Icmp6OutEchoReplies),
        Type::MLD_QUERY => (Icmp6InGroupMembQueries, Icmp6OutGroupMembQueries),
        Type::MLD_REPORT => (Icmp6InGroupMembResponses, Icmp6OutGroupMembResponses),
        Type::MLD_DONE => (Icmp6InGroupMembReductions, Icmp6OutGroupMembReductions),
        Type::MLD2_REPORT => (Icmp6InMLDv2Reports, Icmp6OutMLDv2Reports),
        Type::ROUTER_SOLICITATION => (Icmp6InRouterSolicits, Icmp6OutRouterSolicits),
        Type::ROUTER_ADVERTISEMENT => (Icmp6InRouterAdvertisements, Icmp6OutRouterAdvertisements),
        Type::NEIGHBOUR_SOLICITATION => (Icmp6InNeighborSolicits, Icmp6OutNeighborSolicits),
        Type::NEIGHBOUR_ADVERTISEMENT => (Icmp6InNeighborAdvertisements, Icmp6OutNeighborAdvertisements),
        Type::REDIRECT => (Icmp6InRedirects, Icmp6OutRedirects),
        _ => return None,
    };
    Some(way.of(received, sent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_counted_by_name_and_by_number() {
        let mut counters = Counters::default();
        counters.icmp_sent(8);
        counters.icmp_received(0);
        (0..3).for_each(|_| counters.icmp6_sent(128));
        counters.icmp6_received(200);
        let names: alloc::vec::Vec<_> = counters.icmp_by_kind().collect();
        let expected = [
            ("IcmpMsg:InType0", 1),
            ("IcmpMsg:OutType8", 1),
            ("Icmp6:InType200", 1),
            ("Icmp6:OutType128", 3),
        ];
        assert_eq!(names, expected.map(|(name, count)| (name.into(), count)));
        for (counter, count) in [
            (Counter::IcmpOutMsgs, 1),
            (Counter::IcmpOutEchos, 1),
            (Counter::IcmpInEchoReps, 1),
            (Counter::Icmp6OutMsgs, 3),
            (Counter::Icmp6OutEchos, 3),
        ] {
            assert_eq!(counters.get(counter), count, "{}", counter.name());
        }
        assert!(counters.snapshot().contains(&("IcmpMsg:OutType8".into(), 1)));
    }
}
