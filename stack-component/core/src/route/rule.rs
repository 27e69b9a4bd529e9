//! Rules: which table decides about which packet. Linux: `net/core/fib_rules.c`.

use super::{FlowKey, RouteError, TableId};
use crate::packet::DeviceIndex;
use crate::wire::cidr::IpCidr;
use alloc::vec;
use alloc::vec::Vec;
use core::net::IpAddr;

/// Most rules of a version.
const MAX_RULES: usize = 4096;

/// What a rule does with a packet that it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleAction {
    /// Asks this table. Linux: `FR_ACT_TO_TBL`.
    Table(TableId),
    /// Refuses it with "network unreachable". Linux: `FR_ACT_UNREACHABLE`.
    Unreachable,
    /// Refuses it with "administratively prohibited". Linux: `FR_ACT_PROHIBIT`.
    Prohibit,
    /// Drops it silently. Linux: `FR_ACT_BLACKHOLE`.
    Blackhole,
}

/// A rule. What it does not name it does not care for. Linux: `struct fib_rule`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Rules are asked in the order of this, those of the same in the order they came in.
    pub priority: u32,
    /// It is about all packets that the rest does not describe.
    pub invert: bool,
    /// Where packets come from.
    pub source: Option<IpCidr>,
    /// Where packets go.
    pub destination: Option<IpCidr>,
    /// The device that packets came by; [`DeviceIndex::LOOPBACK`] for our own.
    pub input: Option<DeviceIndex>,
    /// The device that a socket is bound to.
    pub output: Option<DeviceIndex>,
    /// The bits of the mark that [`Rule::mask`] has.
    pub mark: u32,
    /// Which bits of the mark count.
    pub mask: u32,
    /// The type of service, 0 for any.
    pub tos: u8,
    /// What is done.
    pub action: RuleAction,
    /// Routes with a prefix of this many bits at most are passed over. Linux: `suppress_prefixlength`.
    pub suppress_prefix_len: Option<u8>,
}

impl Rule {
    /// A rule about all packets.
    pub const fn new(priority: u32, action: RuleAction) -> Self {
        Rule {
            priority,
            invert: false,
            source: None,
            destination: None,
            input: None,
            output: None,
            mark: 0,
            mask: 0,
            tos: 0,
            action,
            suppress_prefix_len: None,
        }
    }

    /// Whether it is about this packet. Linux: `fib_rule_match`.
    pub(super) fn is_about(&self, key: &FlowKey) -> bool {
        let within = |block: Option<IpCidr>, address: Option<IpAddr>| match block {
            Some(block) => address.map_or(block.prefix_len() == 0, |address| block.contains(address)),
            None => true,
        };
        let described = within(self.source, key.source)
            && within(self.destination, Some(key.destination))
            && self.input.is_none_or(|device| device == key.input.unwrap_or(DeviceIndex::LOOPBACK))
            && self.output.is_none_or(|device| Some(device) == key.output)
            && (self.mark ^ key.mark) & self.mask == 0
            && (self.tos == 0 || self.tos == key.tos);
        described != self.invert
    }
}

/// The rules of a version, in the order they are asked.
#[derive(Debug)]
pub(super) struct Rules(Vec<Rule>);

impl Rules {
    /// What there is at first: the table of our own addresses, the main table, and with IPv4 the default table. Linux:
    /// `fib_default_rules_init`, `fib6_rules_net_init`.
    pub(super) fn new(ipv4: bool) -> Self {
        let table = |priority, table| Rule::new(priority, RuleAction::Table(table));
        let mut rules = vec![table(0, TableId::LOCAL), table(32_766, TableId::MAIN)];
        if ipv4 {
            rules.push(table(32_767, TableId::DEFAULT));
        }
        Rules(rules)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.0.iter()
    }

    /// The priority of a rule that names none: just before the second one's. Linux: `fib_default_rule_pref`.
    pub(super) fn default_priority(&self) -> u32 {
        self.0.get(1).map_or(0, |rule| rule.priority.saturating_sub(1))
    }

    /// Linux: `fib_nl_newrule`.
    pub(super) fn add(&mut self, rule: Rule) -> Result<(), RouteError> {
        if self.0.contains(&rule) {
            return Err(RouteError::RuleExists);
        }
        if self.0.len() >= MAX_RULES {
            return Err(RouteError::TooMany);
        }
        let at = self.0.partition_point(|other| other.priority <= rule.priority);
        self.0.insert(at, rule);
        Ok(())
    }

    /// Linux: `fib_nl_delrule`.
    pub(super) fn remove(&mut self, rule: &Rule) -> Result<(), RouteError> {
        let at = self.0.iter().position(|other| other == rule).ok_or(RouteError::NoSuchRule)?;
        self.0.remove(at);
        Ok(())
    }

    /// Takes the rules out that are about a device that is gone.
    pub(super) fn forget_device(&mut self, device: DeviceIndex) -> Vec<Rule> {
        self.0.extract_if(.., |rule| rule.input == Some(device) || rule.output == Some(device)).collect()
    }
}
