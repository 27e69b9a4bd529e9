//! What guests may reach, be reached by, and look up.

use super::cards::{Card, WireConfig};
use super::near::did_you_mean;
use crate::gateway::Publish;
use crate::policy::{self, AddressRule, Mode, NameRule, Rules, Unruled};

/// The options about what is allowed.
#[derive(Debug, Default, clap::Args)]
pub(super) struct PolicyArguments {
    /// Lets the guest send to hosts: `tcp://` or `udp://`, a name, address, network or `*`, and ports, as
    /// tcp://example.com:443, udp://192.0.2.0/24:*, tcp://*:80,8000-8099. On the user wire nothing else leaves; on other
    /// wires everything does until there is a rule
    #[arg(long, value_name = "RULE", value_parser = policy::address_rule)]
    pub(super) allow_outbound: Vec<AddressRule>,

    /// Lets the guest hear at own addresses and ports, as tcp://*:80 or udp://localhost:53 [default: at all, until
    /// there is a rule]
    #[arg(long, value_name = "RULE", value_parser = policy::address_rule)]
    pub(super) allow_inbound: Vec<AddressRule>,

    /// Lets the guest look names up, as example.com, *.example.com or * [default: those of --allow-outbound; all on
    /// other wires than the user wire, until there is a rule]
    #[arg(long, value_name = "NAME", value_parser = policy::name_rule)]
    pub(super) allow_resolve: Vec<NameRule>,

    /// Whether what no rule allows is denied, or let through and told at the end with how often it was
    #[arg(long, value_name = "enforce|count", value_parser = mode)]
    pub(super) policy: Option<Mode>,
}

pub(super) fn mode(text: &str) -> Result<Mode, String> {
    match text {
        "enforce" => Ok(Mode::Enforce),
        "count" => Ok(Mode::Count),
        _ => Err(format!("expected enforce or count{}", did_you_mean(text, ["enforce", "count"]))),
    }
}

impl PolicyArguments {
    /// The rules. Giving a guest a wire of its own is giving it that network; the user wire is this machine's.
    pub(super) fn rules(self, cards: &[Card]) -> Rules {
        let PolicyArguments { allow_outbound, mut allow_inbound, allow_resolve, policy } = self;
        let published: Vec<&Publish> = cards.iter().flat_map(published).collect();
        let is_user = cards.iter().any(|card| matches!(card.wire, WireConfig::User(_)));
        let ruled = !(allow_outbound.is_empty() && allow_inbound.is_empty() && allow_resolve.is_empty());
        let unruled = match (ruled, is_user) {
            (true, _) => Unruled::Denied,
            (false, true) => Unruled::Inward,
            (false, false) if policy.is_some() => Unruled::Denied,
            (false, false) => Unruled::Allowed,
        };
        if unruled == Unruled::Denied {
            // Who publishes a port wants it to be heard at.
            allow_inbound.extend(published.into_iter().map(Publish::as_rule));
        }
        Rules {
            mode: policy.unwrap_or_default(),
            unruled,
            own: cards.iter().flat_map(Card::own_addresses).collect(),
            gateways: cards.iter().flat_map(Card::user_gateways).collect(),
            name_servers: Vec::new(),
            outbound: allow_outbound,
            inbound: allow_inbound,
            resolve: allow_resolve,
        }
    }
}

/// What is allowed by any of these rules; none without any. What a guest counts is let through here.
pub(super) fn union(all: impl Iterator<Item = Rules>) -> Option<Rules> {
    all.map(|rules| match rules.mode {
        Mode::Enforce => rules,
        Mode::Count => Rules { mode: Mode::Enforce, unruled: Unruled::Allowed, ..rules },
    })
    .reduce(|mut all, rules| {
        all.unruled = match (all.unruled, rules.unruled) {
            (Unruled::Allowed, _) | (_, Unruled::Allowed) => Unruled::Allowed,
            (Unruled::Inward, _) | (_, Unruled::Inward) => Unruled::Inward,
            (Unruled::Denied, Unruled::Denied) => Unruled::Denied,
        };
        all.outbound.extend(rules.outbound);
        all.inbound.extend(rules.inbound);
        all.resolve.extend(rules.resolve);
        all
    })
}

fn published(card: &Card) -> &[Publish] {
    match &card.wire {
        WireConfig::User(gateway) => &gateway.publish,
        WireConfig::Tap(_) => &[],
    }
}
