//! What guests may reach, be reached by, and look up: the rules of `--allow-outbound`, `--allow-inbound` and
//! `--allow-resolve`.
//!
//! The gate asks before the stack is called; the user wire's gateway asks once more before it opens a socket of this
//! machine, so that a guest that makes packets of its own gets no further. The addresses of names are those that the stack
//! tells of: rules for names hold as far as the stack is honest, and the gateway carries any question to name servers. What is denied is told once, with the
//! flag that would allow it.
//!
//! Memory: at most [`MAX_KNOWN`] addresses of names and [`MAX_TOLD`] denials are kept in mind.

mod denial;
mod parse;
mod rule;
#[cfg(test)]
mod tests;

pub use denial::{Denial, NoLookUp};
pub use parse::{address_rule, name_rule};
pub use rule::{AddressRule, NameRule, Transport};

use crate::tell;
use denial::Denials;
use parse::is_name;
use stack_core::names::Host;
use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most addresses of names that are remembered; the rules for names hold for no others.
const MAX_KNOWN: usize = 65_536;

/// Most denials that are told and counted one by one.
const MAX_TOLD: usize = 1024;

/// What becomes of what no rule allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// It is denied.
    #[default]
    Enforce,
    /// It is let through, and counted.
    Count,
}

/// What is allowed where nobody made a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unruled {
    /// Everything: the network is the guest's own.
    #[default]
    Allowed,
    /// To be reached, and to reach oneself: the network is this machine's.
    Inward,
    /// Nothing: there are rules.
    Denied,
}

/// The rules, as the command line has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// What becomes of what no rule allows.
    pub mode: Mode,
    /// What is allowed where nobody made a rule.
    pub unruled: Unruled,
    /// The guest's own addresses, beside those of the loopback device.
    pub own: Vec<IpAddr>,
    /// The addresses of the user wire's gateway, behind which this machine's loopback lies. Rules hold for these that name them
    /// as addresses: a name means whatever its owner says, and `*` the outside. slirp4netns: `--disable-host-loopback`.
    pub gateways: Vec<IpAddr>,
    /// The servers that the command line has names asked of: questions to them leave by the user wire while any name may be
    /// looked up. Of the gate a guest that asks them itself needs a rule.
    pub name_servers: Vec<SocketAddr>,
    /// Whom guests may send to.
    pub outbound: Vec<AddressRule>,
    /// Where guests may hear.
    pub inbound: Vec<AddressRule>,
    /// What guests may look up, beside the names of `outbound`.
    pub resolve: Vec<NameRule>,
}

/// The rules at work.
#[derive(Debug, Default)]
pub struct Policy {
    rules: Rules,
    /// What has to allow it, too.
    within: Option<Arc<Policy>>,
    /// Addresses of names that were looked up, with which rules of `outbound` name them.
    known: Mutex<HashMap<IpAddr, HashSet<usize>>>,
    /// Who sends datagrams to a published port, and may be answered, with by how many flows.
    clients: Mutex<HashMap<SocketAddr, usize>>,
    denials: Mutex<Denials>,
}

impl Policy {
    /// These rules.
    pub fn new(rules: Rules) -> Self {
        Policy { rules, ..Policy::default() }
    }

    /// These rules for somebody of whom `network` asks the same.
    pub fn within(rules: Rules, network: Arc<Policy>) -> Self {
        Policy { rules, within: Some(network), ..Policy::default() }
    }

    /// Whether what is around this allows it, too.
    fn then<E>(&self, ask: impl FnOnce(&Policy) -> Result<(), E>) -> Result<(), E> {
        self.within.as_deref().map_or(Ok(()), ask)
    }

    /// Whether a guest may send to `remote`.
    ///
    /// # Errors
    /// What was denied, once it was told.
    pub fn outbound(&self, transport: Transport, remote: SocketAddr) -> Result<(), Denial> {
        let allowed = self.answers(transport, remote) || self.allows_outbound(transport, remote);
        self.judge(allowed, || Denial::Outbound(transport, remote))?;
        self.then(|network| network.outbound(transport, remote))
    }

    /// The same for who does not answer but begins. The user wire's gateway asks it of what the gate has seen already, but for
    /// packets that a guest makes itself: what was counted is not counted again.
    ///
    /// # Errors
    /// What was denied, once it was told.
    pub fn opening(&self, transport: Transport, remote: SocketAddr) -> Result<(), Denial> {
        let denial = || Denial::Outbound(transport, remote);
        let counted = || self.rules.mode == Mode::Count && lock(&self.denials).has(&denial());
        let asks = self.rules.name_servers.contains(&remote) && self.allows_look_ups();
        self.judge(asks || self.allows_outbound(transport, remote) || counted(), denial)?;
        self.then(|network| network.opening(transport, remote))
    }

    /// Whether a guest may ask `remote` for an echo: if it may send anything there.
    ///
    /// # Errors
    /// What was denied, once it was told.
    pub fn echo(&self, remote: IpAddr) -> Result<(), Denial> {
        let allowed = self.allows_any(remote, |rule, named| rule.reaches(remote, named));
        self.judge(allowed, || Denial::Echo(remote))?;
        self.then(|network| network.echo(remote))
    }

    /// Whether `remote` is a client of a published port of the network.
    fn answers(&self, transport: Transport, remote: SocketAddr) -> bool {
        let known = || lock(&self.clients).contains_key(&remote);
        let of_network = || self.within.as_ref().is_some_and(|network| network.answers(transport, remote));
        transport == Transport::Udp && (known() || of_network())
    }

    /// Hears that `client` sends datagrams to a published port: it may be answered until [`Policy::forget_client`] was called as
    /// often. The caller bounds how many there are.
    pub fn admit_client(&self, client: SocketAddr) {
        let mut clients = lock(&self.clients);
        let flows = clients.entry(client).or_default();
        *flows = flows.saturating_add(1);
    }

    /// The client has been silent for long at one of the ports that it was admitted at.
    pub fn forget_client(&self, client: SocketAddr) {
        let mut clients = lock(&self.clients);
        if let Some(flows) = clients.get_mut(&client).filter(|flows| **flows > 1) {
            *flows -= 1;
        } else {
            clients.remove(&client);
        }
    }

    /// Whether a guest that may not hear at a port hears `remote` all the same, because it may send there.
    pub fn allows_answers(&self, transport: Transport, remote: SocketAddr) -> bool {
        let around = self.within.as_ref().is_none_or(|network| network.allows_answers(transport, remote));
        around && (self.rules.mode == Mode::Count || self.allows_outbound(transport, remote))
    }

    fn allows_outbound(&self, transport: Transport, remote: SocketAddr) -> bool {
        self.allows_any(remote.ip(), |rule, named| rule.allows(transport, remote, named))
    }

    /// Whether what is sent to `remote` is allowed by any rule, of which it is told whether it names the host, or needs none.
    fn allows_any(&self, remote: IpAddr, allows: impl Fn(&AddressRule, bool) -> bool) -> bool {
        match self.rules.unruled {
            Unruled::Allowed => return true,
            Unruled::Inward if remote.is_loopback() || self.rules.own.contains(&remote) => return true,
            Unruled::Inward | Unruled::Denied => {}
        }
        if self.rules.gateways.contains(&remote) {
            let mut by_address = self.rules.outbound.iter().filter(|rule| !rule.is_about_names());
            return by_address.any(|rule| allows(rule, false));
        }
        let known = lock(&self.known);
        let naming = known.get(&remote);
        let named = |index: &usize| naming.is_some_and(|naming| naming.contains(index));
        self.rules.outbound.iter().enumerate().any(|(index, rule)| allows(rule, named(&index)))
    }

    /// Whether a guest may hear at `local`.
    ///
    /// # Errors
    /// What was denied, once it was told.
    pub fn inbound(&self, transport: Transport, local: SocketAddr) -> Result<(), Denial> {
        self.judge(self.is_inbound_ruled(transport, local), || Denial::Inbound(transport, local))?;
        self.then(|network| network.inbound(transport, local))
    }

    /// Whether a guest may bind a TCP socket to `local`: unless it could do nothing from there, neither hear nor connect.
    /// Where rules let it connect to anybody it is asked only when it listens ([`Policy::inbound`]), as it is where what is
    /// not allowed is counted.
    ///
    /// # Errors
    /// What was denied, once it was told.
    pub fn binding(&self, local: SocketAddr) -> Result<(), Denial> {
        let connects = || self.rules.outbound.iter().any(|rule| rule.transport == Transport::Tcp);
        if self.rules.mode == Mode::Enforce && self.rules.unruled == Unruled::Denied && !connects() {
            return self.inbound(Transport::Tcp, local);
        }
        self.then(|network| network.binding(local))
    }

    /// The same as [`Policy::inbound`], where a no is no denial.
    pub fn allows_inbound(&self, transport: Transport, local: SocketAddr) -> bool {
        let around = self.within.as_ref().is_none_or(|network| network.allows_inbound(transport, local));
        around && self.is_inbound_ruled(transport, local)
    }

    fn is_inbound_ruled(&self, transport: Transport, local: SocketAddr) -> bool {
        let ruled = || self.rules.inbound.iter().any(|rule| rule.allows_listening(transport, local));
        self.rules.unruled != Unruled::Denied || ruled()
    }

    /// Whether a guest may look `name` up; addresses need no look-up, and `localhost` nobody else.
    ///
    /// # Errors
    /// What was denied, once it was told; and what is no name.
    pub fn resolve(&self, name: &str) -> Result<(), NoLookUp> {
        let name = normal(name);
        let named = || {
            let implied = self.rules.outbound.iter().any(|rule| rule.names(&name));
            implied || self.rules.resolve.iter().any(|rule| rule.names(&name))
        };
        let allowed = self.rules.unruled == Unruled::Allowed || is_no_name(&name) || named();
        if allowed || is_name(&name) {
            self.judge(allowed, || Denial::Resolve(name.clone())).map_err(NoLookUp::Denied)?;
        } else if self.rules.mode == Mode::Enforce {
            return Err(NoLookUp::NotAName);
        }
        self.then(|network| network.resolve(&name))
    }

    /// Whether there is any name that guests may look up.
    pub fn allows_look_ups(&self) -> bool {
        let Rules { mode, unruled, outbound, resolve, .. } = &self.rules;
        *mode == Mode::Count
            || *unruled == Unruled::Allowed
            || !resolve.is_empty()
            || outbound.iter().any(AddressRule::is_about_names)
    }

    /// Hears that `name` has `address`: rules for the name hold for it from now on.
    pub fn learn(&self, name: &str, address: IpAddr) {
        let name = normal(name);
        self.within.iter().for_each(|network| network.learn(&name, address));
        let rules = self.rules.outbound.iter().enumerate();
        let mut naming = rules.filter(|(_, rule)| rule.singles_out(&name)).map(|(index, _)| index).peekable();
        let mut known = lock(&self.known);
        if naming.peek().is_some() && (known.len() < MAX_KNOWN || known.contains_key(&address)) {
            known.entry(address).or_default().extend(naming);
        }
    }

    /// Whether an address that a name has may be told (`#ipv4-only`, `#ipv6-only`).
    pub fn tells(&self, name: &str, address: IpAddr) -> bool {
        let name = normal(name);
        if self.within.as_ref().is_some_and(|network| !network.tells(&name, address)) {
            return false;
        }
        if self.rules.unruled == Unruled::Allowed || self.rules.mode == Mode::Count || is_no_name(&name) {
            return true;
        }
        let by_name = self.rules.resolve.iter().any(|rule| rule.names(&name) && rule.family.has(address));
        by_name || self.rules.outbound.iter().any(|rule| rule.names(&name) && rule.family.has(address))
    }

    /// What was let through although no rule allows it, each with how often: for the end, in [`Mode::Count`].
    pub fn counted(&self) -> Vec<(Denial, u64)> {
        match self.rules.mode {
            Mode::Enforce => Vec::new(),
            Mode::Count => lock(&self.denials).all(),
        }
    }

    fn judge(&self, allowed: bool, denial: impl Fn() -> Denial) -> Result<(), Denial> {
        if allowed {
            return Ok(());
        }
        let denial = denial();
        let is_new = lock(&self.denials).note(&denial);
        match self.rules.mode {
            Mode::Count => Ok(()),
            Mode::Enforce => {
                if is_new {
                    tell(format_args!("denied: {denial}"));
                }
                Err(denial)
            }
        }
    }
}

/// A poisoned lock's data are as good as any: they are counts and caches.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Names in one way of writing.
fn normal(name: &str) -> String {
    let bare = name.strip_suffix('.').unwrap_or(name);
    idna::domain_to_ascii(bare).unwrap_or_else(|_| bare.to_ascii_lowercase())
}

/// Addresses in any of the forms that the stack takes for such, and names that mean this host.
fn is_no_name(name: &str) -> bool {
    matches!(Host::parse(name), Ok(Host::Address(_) | Host::Local))
}
