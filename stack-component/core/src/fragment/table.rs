//! All datagrams of which fragments are there, by what their fragments have in common.

use super::datagram::{Condemned, Datagram, Taken};
use crate::counters::{Counter, Counters};
use crate::drop_reason::DropReason;
use crate::keyed_hash::KeyedHash;
use crate::packet::{DeviceIndex, Packet};
use crate::random::Random;
use crate::sysctl::Sysctl;
use crate::time::{Duration, Instant};
use crate::wire::ecn::Codepoint;
use crate::wire::protocol::Protocol;
use crate::wire::{ipv6, ipv6_fragment};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use hashbrown::HashMap;

/// What a datagram costs beside its pieces: its places in the tables.
const DATAGRAM_MEMORY: usize = 256;

/// What the fragments of one datagram have in common. Linux: `struct frag_v4_compare_key`,
/// `struct frag_v6_compare_key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    source: IpAddr,
    destination: IpAddr,
    identification: u32,
    /// IPv4 numbers by protocol, IPv6 does not (RFC 8200 section 4.5).
    protocol: Option<Protocol>,
    /// The link, where addresses mean something on their link alone.
    device: Option<DeviceIndex>,
}

impl Key {
    /// Of an IPv4 packet (RFC 791 section 3.2).
    pub fn v4(source: Ipv4Addr, destination: Ipv4Addr, identification: u16, protocol: Protocol) -> Self {
        Key {
            source: source.into(),
            destination: destination.into(),
            identification: identification.into(),
            protocol: Some(protocol),
            device: None,
        }
    }

    /// Of an IPv6 packet that came by `device` (RFC 8200 section 4.5).
    pub fn v6(source: Ipv6Addr, destination: Ipv6Addr, identification: u32, device: DeviceIndex) -> Self {
        let of_the_link = destination.is_multicast() || destination.is_unicast_link_local();
        Key {
            source: source.into(),
            destination: destination.into(),
            identification,
            protocol: None,
            device: of_the_link.then_some(device),
        }
    }
}

/// A fragment that arrived.
#[derive(Debug)]
pub struct Fragment {
    /// Which datagram it belongs to.
    pub key: Key,
    /// The packet from its IP header on, without padding.
    pub packet: Packet,
    /// Bytes before the part of the payload it carries: the IP header with its options, or with all extension
    /// headers up to the fragment header.
    pub header_len: usize,
    /// Where in the datagram's payload its part begins, in bytes.
    pub offset: u32,
    /// Whether it is not the last one.
    pub more: bool,
    /// Its mark of congestion.
    pub ecn: Codepoint,
    /// Whether it must not be cut once more.
    pub dont_fragment: bool,
}

/// A datagram that is whole again.
#[derive(Debug)]
pub struct Whole {
    /// The headers of its first fragment, unchanged, and the payload of all.
    pub packet: Packet,
    /// Bytes of those headers, as of the first [`Fragment::header_len`].
    pub header_len: usize,
    /// Whether it is to be marked: a fragment met congestion.
    pub congestion: bool,
    /// Bytes of the largest fragment, its headers included. Linux: `frag_max_size`.
    pub largest: u32,
    /// Whether the largest fragment must not be cut: the sender is looking for the path MTU.
    pub dont_fragment: bool,
}

/// The limits of one version of IP. Linux: `struct fqdir`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory above which the oldest datagrams are given up; 0: nothing is put together.
    pub high: usize,
    /// Bytes of memory that are left then.
    pub low: usize,
    /// How long a datagram may take to arrive.
    pub timeout: Duration,
    /// How many other fragments of its source may arrive between two of one datagram.
    pub max_distance: Option<u32>,
}

impl Limits {
    /// Those of IPv4.
    pub fn v4(sysctl: &Sysctl) -> Self {
        Limits {
            high: sysctl.ipfrag_high_thresh as usize,
            low: sysctl.ipfrag_low_thresh as usize,
            timeout: Duration::from_secs(sysctl.ipfrag_time.into()),
            max_distance: Some(sysctl.ipfrag_max_dist).filter(|&distance| distance > 0),
        }
    }

    /// Those of IPv6, whose identification does not come round soon.
    pub fn v6(sysctl: &Sysctl) -> Self {
        Limits {
            high: sysctl.ip6frag_high_thresh as usize,
            low: sysctl.ip6frag_low_thresh as usize,
            timeout: Duration::from_secs(sysctl.ip6frag_time.into()),
            max_distance: None,
        }
    }
}

/// What differs between the versions of IP.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    requests: Counter,
    successes: Counter,
    failures: Counter,
    timeouts: Counter,
    overlaps: Option<Counter>,
    /// Bytes of a fragment's headers that its length field does not count, or that the whole does not have.
    uncounted: usize,
}

impl Family {
    /// IPv4's.
    pub const V4: Family = Family {
        requests: Counter::IpReasmReqds,
        successes: Counter::IpReasmOKs,
        failures: Counter::IpReasmFails,
        timeouts: Counter::IpReasmTimeout,
        overlaps: Some(Counter::IpExtReasmOverlaps),
        uncounted: 0,
    };

    /// IPv6's: the length says nothing of the IPv6 header, and the fragment header goes.
    pub const V6: Family = Family {
        requests: Counter::Ip6ReasmReqds,
        successes: Counter::Ip6ReasmOKs,
        failures: Counter::Ip6ReasmFails,
        timeouts: Counter::Ip6ReasmTimeout,
        overlaps: None,
        uncounted: ipv6::HEADER_LEN + ipv6_fragment::HEADER_LEN,
    };
}

/// A datagram with its deadline.
#[derive(Debug)]
struct Entry {
    datagram: Datagram,
    age: Age,
}

/// When it expires, and a number that tells those with one deadline apart.
type Age = (Instant, u64);

/// A source of which datagrams are incomplete. Linux: `struct inet_peer`, its `rid`.
#[derive(Clone, Copy, Debug, Default)]
struct Source {
    datagrams: usize,
    fragments: u32,
}

/// The incomplete datagrams of one version of IP.
#[derive(Debug)]
pub struct Reassembly {
    family: Family,
    datagrams: HashMap<Key, Entry, KeyedHash>,
    /// The same by their deadlines, which is by age.
    by_age: BTreeMap<Age, Key>,
    sources: HashMap<IpAddr, Source, KeyedHash>,
    memory: usize,
    created: u64,
}

impl Reassembly {
    /// Nothing is there.
    pub fn new(family: Family, random: &mut dyn Random) -> Self {
        Reassembly {
            family,
            datagrams: HashMap::with_hasher(KeyedHash::new(random)),
            by_age: BTreeMap::new(),
            sources: HashMap::with_hasher(KeyedHash::new(random)),
            memory: 0,
            created: 0,
        }
    }

    /// Bytes of memory in use. Linux: `frag_mem_limit`, `FRAG: memory` of /proc/net/sockstat.
    pub fn memory(&self) -> usize {
        self.memory
    }

    /// How many datagrams are incomplete. Linux: `FRAG: inuse`.
    pub fn len(&self) -> usize {
        self.datagrams.len()
    }

    /// Whether no datagram is incomplete.
    pub fn is_empty(&self) -> bool {
        self.datagrams.is_empty()
    }

    /// Takes a fragment in and answers the datagram that it made whole, if it did. Linux: `ip_defrag`,
    /// `ipv6_frag_rcv`.
    pub fn input(
        &mut self,
        now: Instant,
        limits: &Limits,
        counters: &mut Counters,
        fragment: Fragment,
    ) -> Result<Option<Whole>, DropReason> {
        counters.increment(self.family.requests);
        if limits.high == 0 {
            counters.increment(self.family.failures);
            return Err(DropReason::FragmentNoMemory);
        }
        if self.memory > limits.high {
            self.evict(limits.low, counters);
        }
        let key = fragment.key;
        if self.is_too_far(key, limits) {
            self.give_up(key, DropReason::FragmentTooFar, counters);
        }
        let Some(entry) = self.entry(now, limits, key) else { return Err(DropReason::FragmentNoMemory) };
        let before = entry.datagram.memory;
        let taken = entry.datagram.insert(fragment);
        let added = entry.datagram.memory - before;
        self.memory += added;
        match taken {
            Ok(Taken::Kept) => Ok(None),
            Ok(Taken::Duplicate) => Err(DropReason::FragmentDuplicate),
            Ok(Taken::Complete) => self.complete(key, counters).map(Some),
            Err(condemned) => {
                let reason = match condemned {
                    Condemned::Overlap => DropReason::FragmentOverlap,
                    Condemned::Contradiction => DropReason::FragmentMalformed,
                };
                if let Some(overlaps) = self.family.overlaps.filter(|_| condemned == Condemned::Overlap) {
                    counters.increment(overlaps);
                }
                self.give_up(key, DropReason::FragmentCondemned, counters);
                Err(reason)
            }
        }
    }

    /// Notes that one more fragment of its source arrived, and tells whether too many others came since the last
    /// one of its datagram. Linux: `ip_frag_too_far`.
    fn is_too_far(&mut self, key: Key, limits: &Limits) -> bool {
        let Some(source) = self.sources.get_mut(&key.source) else { return false };
        source.fragments = source.fragments.wrapping_add(1);
        let Some(entry) = self.datagrams.get_mut(&key) else { return false };
        let distance = source.fragments.wrapping_sub(entry.datagram.heard);
        entry.datagram.heard = source.fragments;
        limits.max_distance.is_some_and(|most| distance > most)
    }

    /// The datagram that a fragment belongs to, new if there is none. Linux: `inet_frag_find`.
    fn entry(&mut self, now: Instant, limits: &Limits, key: Key) -> Option<&mut Entry> {
        if !self.datagrams.contains_key(&key) {
            self.created += 1;
            let age = (now + limits.timeout, self.created);
            let source = self.sources.entry(key.source).or_default();
            source.datagrams += 1;
            let datagram = Datagram::new(source.fragments);
            self.by_age.insert(age, key);
            self.datagrams.insert(key, Entry { datagram, age });
            self.memory += DATAGRAM_MEMORY;
        }
        self.datagrams.get_mut(&key)
    }

    fn complete(&mut self, key: Key, counters: &mut Counters) -> Result<Whole, DropReason> {
        let datagram = self.remove(key).ok_or(DropReason::FragmentMalformed)?;
        let others = datagram.pieces().saturating_sub(1);
        let whole = datagram.assemble(self.family.uncounted);
        match whole {
            Ok(_) => counters.increment(self.family.successes),
            Err(_) => {
                counters.increment(self.family.failures);
                (0..others).for_each(|_| counters.drop(DropReason::FragmentCondemned));
            }
        }
        whole
    }

    /// Takes a datagram out of all tables. Linux: `inet_frag_kill`.
    fn remove(&mut self, key: Key) -> Option<Datagram> {
        let Entry { datagram, age } = self.datagrams.remove(&key)?;
        self.by_age.remove(&age);
        self.memory = self.memory.saturating_sub(datagram.memory + DATAGRAM_MEMORY);
        if let Some(source) = self.sources.get_mut(&key.source) {
            source.datagrams = source.datagrams.saturating_sub(1);
            if source.datagrams == 0 {
                self.sources.remove(&key.source);
            }
        }
        Some(datagram)
    }

    /// Drops a datagram with all that is there of it.
    fn give_up(&mut self, key: Key, reason: DropReason, counters: &mut Counters) -> Option<Datagram> {
        let datagram = self.remove(key)?;
        counters.increment(self.family.failures);
        (0..datagram.pieces()).for_each(|_| counters.drop(reason));
        Some(datagram)
    }

    /// Gives the oldest datagrams up until so much memory is in use. Linux: `inet_frag_evictor`, as it was.
    fn evict(&mut self, low: usize, counters: &mut Counters) {
        while self.memory > low {
            let Some((_, &key)) = self.by_age.first_key_value() else { break };
            self.give_up(key, DropReason::FragmentNoMemory, counters);
        }
    }

    /// Gives up what did not arrive in time. Answers the first fragments that are there, from their IP headers on:
    /// their senders are to hear of it (RFC 792, RFC 8200 section 4.5). Linux: `ip_expire`,
    /// `ip6frag_expire_frag_queue`.
    pub fn run_timers(&mut self, now: Instant, counters: &mut Counters) -> Vec<Packet> {
        let mut first_fragments = Vec::new();
        while let Some((&(deadline, _), &key)) = self.by_age.first_key_value() {
            if deadline > now {
                break;
            }
            counters.increment(self.family.timeouts);
            let datagram = self.give_up(key, DropReason::FragmentTimeout, counters);
            first_fragments.extend(datagram.and_then(Datagram::into_first));
        }
        first_fragments
    }

    /// When [`Reassembly::run_timers`] has something to do.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.by_age.first_key_value().map(|(&(deadline, _), _)| deadline)
    }

    /// How many sources are remembered.
    #[cfg(test)]
    pub(super) fn sources_len(&self) -> usize {
        self.sources.len()
    }
}
