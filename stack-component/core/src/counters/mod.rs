//! Counters under Linux's names (`/proc/net/snmp`, `snmp6`, `/proc/net/netstat`), and what was dropped and passed over, by reason.

mod icmp;
mod list;

pub use list::Counter;

use crate::drop_reason::DropReason;
use crate::ignore_reason::IgnoreReason;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// All counters of a stack. They only grow (and wrap after 2^64).
#[derive(Clone, Debug)]
pub struct Counters {
    values: Vec<u64>,
    drops: Vec<u64>,
    ignored: Vec<u64>,
    /// Messages of ICMP by their kinds.
    icmp: Vec<u64>,
}

impl Default for Counters {
    fn default() -> Self {
        Counters {
            values: vec![0; Counter::ALL.len()],
            drops: vec![0; DropReason::ALL.len()],
            ignored: vec![0; IgnoreReason::ALL.len()],
            icmp: vec![0; icmp::LEN],
        }
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

    /// Counts a part of a packet that was passed over.
    pub fn ignore(&mut self, reason: IgnoreReason) {
        if let Some(value) = self.ignored.get_mut(reason as usize) {
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

    /// How many parts of packets were passed over for `reason`.
    pub fn ignored(&self, reason: IgnoreReason) -> u64 {
        self.ignored.get(reason as usize).copied().unwrap_or(0)
    }

    /// Every counter with its name, zeros included; then the kinds of ICMP that there were, drops as `Drop:REASON` and what was
    /// passed over as `Ignored:REASON`.
    pub fn snapshot(&self) -> Vec<(String, u64)> {
        let counters = Counter::ALL.iter().map(|&c| (String::from(c.name()), self.get(c)));
        let drops = DropReason::ALL.iter().map(|&r| (["Drop:", r.name()].concat(), self.dropped(r)));
        let ignored = IgnoreReason::ALL.iter().map(|&r| (["Ignored:", r.name()].concat(), self.ignored(r)));
        counters.chain(self.icmp_by_kind()).chain(drops).chain(ignored).collect()
    }
}
