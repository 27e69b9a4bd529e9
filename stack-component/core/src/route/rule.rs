//! Rules: which table decides about which packet. Linux: `net/core/fib_rules.c`.

use super::{FlowKey, RouteError, TableId, Transport};
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
    /// Goes on with the first rule of this priority, which is a higher one; if there is none, with the next. Linux:
    /// `FR_ACT_GOTO`.
    Goto(u32),
    /// Nothing: something to go to. Linux: `FR_ACT_NOP`.
    Nop,
}

/// Ports, from the first to the last. Linux: `struct fib_rule_port_range`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortRange {
    first: u16,
    last: u16,
}

impl PortRange {
    /// The range; none if it is empty, or not from 1 to 65534. Linux: `fib_rule_port_range_valid`.
    pub fn new(first: u16, last: u16) -> Option<Self> {
        (first != 0 && first <= last && last < u16::MAX).then_some(PortRange { first, last })
    }

    /// The first and the last.
    pub fn ends(self) -> (u16, u16) {
        (self.first, self.last)
    }

    fn has(self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }
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
    /// The number of the protocol above IP, 0 for any. Linux: `ip_proto`.
    pub protocol: u8,
    /// The ports that packets come from. Linux: `sport_range`.
    pub source_ports: Option<PortRange>,
    /// The ports that packets go to. Linux: `dport_range`.
    pub destination_ports: Option<PortRange>,
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
            protocol: 0,
            source_ports: None,
            destination_ports: None,
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
            && (self.tos == 0 || self.tos == key.tos)
            && (!self.asks_transport() || self.is_about_transport(&key.transport));
        described != self.invert
    }

    /// Whether it asks for more than what is in IP's header. Linux: `fib_rule_requires_fldissect`.
    fn asks_transport(&self) -> bool {
        self.protocol != 0 || self.source_ports.is_some() || self.destination_ports.is_some()
    }

    /// Linux: `fib4_rule_match`, `fib6_rule_match`.
    fn is_about_transport(&self, transport: &Transport) -> bool {
        let [source, destination] = transport.ports;
        let within = |range: Option<PortRange>, port| range.is_none_or(|range| range.has(port));
        (self.protocol == 0 || self.protocol == transport.protocol)
            && within(self.source_ports, source)
            && within(self.destination_ports, destination)
    }
}

/// The rules of a version, in the order they are asked.
#[derive(Debug)]
pub(super) struct Rules {
    list: Vec<Rule>,
    /// Whether one of them asks for protocols or ports. Linux: `fib_rules_require_fldissect`.
    ask_transport: bool,
}

impl Rules {
    /// What there is at first: the table of our own addresses, the main table, and with IPv4 the default table. Linux:
    /// `fib_default_rules_init`, `fib6_rules_net_init`.
    pub(super) fn new(ipv4: bool) -> Self {
        let table = |priority, table| Rule::new(priority, RuleAction::Table(table));
        let mut rules = vec![table(0, TableId::LOCAL), table(32_766, TableId::MAIN)];
        if ipv4 {
            rules.push(table(32_767, TableId::DEFAULT));
        }
        Rules { list: rules, ask_transport: false }
    }

    pub(super) fn as_slice(&self) -> &[Rule] {
        &self.list
    }

    pub(super) fn ask_transport(&self) -> bool {
        self.ask_transport
    }

    /// The place of the first rule of a priority. Linux: `ctarget`.
    pub(super) fn place_of(&self, priority: u32) -> Option<usize> {
        let place = self.list.partition_point(|rule| rule.priority < priority);
        self.list.get(place).is_some_and(|rule| rule.priority == priority).then_some(place)
    }

    /// The priority of a rule that names none: just before the second one's. Linux: `fib_default_rule_pref`.
    pub(super) fn default_priority(&self) -> u32 {
        self.list.get(1).map_or(0, |rule| rule.priority.saturating_sub(1))
    }

    /// Linux: `fib_nl_newrule`.
    pub(super) fn add(&mut self, rule: Rule) -> Result<(), RouteError> {
        // Who goes back comes here again. Linux: "Backward goto not supported".
        if matches!(rule.action, RuleAction::Goto(target) if target <= rule.priority) {
            return Err(RouteError::BackwardGoto);
        }
        if self.list.contains(&rule) {
            return Err(RouteError::RuleExists);
        }
        if self.list.len() >= MAX_RULES {
            return Err(RouteError::TooMany);
        }
        let at = self.list.partition_point(|other| other.priority <= rule.priority);
        self.list.insert(at, rule);
        self.look_through();
        Ok(())
    }

    /// Linux: `fib_nl_delrule`.
    pub(super) fn remove(&mut self, rule: &Rule) -> Result<(), RouteError> {
        let at = self.list.iter().position(|other| other == rule).ok_or(RouteError::NoSuchRule)?;
        self.list.remove(at);
        self.look_through();
        Ok(())
    }

    fn look_through(&mut self) {
        self.ask_transport = self.list.iter().any(Rule::asks_transport);
    }

    /// Takes the rules out that are about a device that is gone.
    pub(super) fn forget_device(&mut self, device: DeviceIndex) -> Vec<Rule> {
        let about = |rule: &mut Rule| rule.input == Some(device) || rule.output == Some(device);
        let gone = self.list.extract_if(.., about).collect();
        self.look_through();
        gone
    }
}
