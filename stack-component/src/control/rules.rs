//! Rules, in the words of interface `wnet:stack/routing`.

use super::failure::failure;
use crate::bindings::exports::wasi::sockets::network::IpAddress;
use crate::bindings::exports::wnet::stack::control_types::{Errno, Failure};
use crate::bindings::exports::wnet::stack::routing::{Rule, RuleAction};
use crate::sockets::addresses::{host, wit_host};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;
use stack_core::packet::DeviceIndex;
use stack_core::route::{self, PortRange, TableId};
use stack_core::stack::Stack;
use stack_core::wire::cidr::IpCidr;

/// The rules of the version that `like` has.
pub(super) fn all(stack: &Stack, like: IpAddr) -> Vec<Rule> {
    stack.routes().rules(like).into_iter().map(|rule| wit(stack, rule)).collect()
}

/// The WIT's form of a rule.
pub(super) fn wit(stack: &Stack, rule: route::Rule) -> Rule {
    let block = |block: Option<IpCidr>| block.map(|block| (wit_host(block.address()), block.prefix_len()));
    let name = |device: Option<DeviceIndex>| Some(stack.interfaces().get(device?)?.name().to_string());
    Rule {
        priority: Some(rule.priority),
        invert: rule.invert,
        source: block(rule.source),
        destination: block(rule.destination),
        input: name(rule.input),
        output: name(rule.output),
        mark: rule.mark,
        mask: rule.mask,
        tos: rule.tos,
        protocol: rule.protocol,
        source_ports: rule.source_ports.map(PortRange::ends),
        destination_ports: rule.destination_ports.map(PortRange::ends),
        action: match rule.action {
            route::RuleAction::Table(table) => RuleAction::Table(table.0),
            route::RuleAction::Unreachable => RuleAction::Unreachable,
            route::RuleAction::Prohibit => RuleAction::Prohibit,
            route::RuleAction::Blackhole => RuleAction::Blackhole,
            route::RuleAction::Goto(target) => RuleAction::Goto(target),
            route::RuleAction::Nop => RuleAction::Nop,
        },
        suppress_prefix_length: rule.suppress_prefix_len,
    }
}

/// The core's form of a rule of the version that `like` has.
pub(super) fn core_rule(stack: &Stack, like: IpAddr, rule: Rule) -> Result<route::Rule, Failure> {
    let block = |block: Option<(IpAddress, u8)>| -> Result<Option<IpCidr>, Failure> {
        let Some((address, len)) = block else { return Ok(None) };
        let cidr = IpCidr::new(host(address), len).filter(|cidr| cidr.is_ipv6() == like.is_ipv6());
        cidr.map(|cidr| Some(cidr.network())).ok_or_else(|| failure(Errno::Invalid, ""))
    };
    let device = |name: Option<String>| -> Result<Option<DeviceIndex>, Failure> {
        let Some(name) = name else { return Ok(None) };
        let interface = stack.interfaces().by_name(&name).ok_or_else(|| failure(Errno::NoDevice, ""))?;
        Ok(Some(interface.index()))
    };
    let action = match rule.action {
        RuleAction::Table(0) => return Err(failure(Errno::Invalid, "Invalid table")),
        RuleAction::Table(table) => route::RuleAction::Table(TableId(table)),
        RuleAction::Unreachable => route::RuleAction::Unreachable,
        RuleAction::Prohibit => route::RuleAction::Prohibit,
        RuleAction::Blackhole => route::RuleAction::Blackhole,
        RuleAction::Goto(target) => route::RuleAction::Goto(target),
        RuleAction::Nop => route::RuleAction::Nop,
    };
    let ports = |ports: Option<(u16, u16)>, what| -> Result<Option<PortRange>, Failure> {
        let Some((first, last)) = ports else { return Ok(None) };
        let range = PortRange::new(first, last);
        range.map(Some).ok_or_else(|| failure(Errno::Invalid, what))
    };
    let priority = rule.priority.unwrap_or_else(|| stack.routes().default_rule_priority(like));
    Ok(route::Rule {
        invert: rule.invert,
        source: block(rule.source)?,
        destination: block(rule.destination)?,
        input: device(rule.input)?,
        output: device(rule.output)?,
        mark: rule.mark,
        mask: rule.mask,
        tos: rule.tos,
        protocol: rule.protocol,
        source_ports: ports(rule.source_ports, "Invalid sport range")?,
        destination_ports: ports(rule.destination_ports, "Invalid dport range")?,
        suppress_prefix_len: rule.suppress_prefix_length,
        ..route::Rule::new(priority, action)
    })
}
