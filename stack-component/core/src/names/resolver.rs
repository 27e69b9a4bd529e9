//! The resolver: look-ups, what they wait for, and what is known.

use super::action::{Action, ExchangeId};
use super::cache::Cache;
use super::host::{Host, InvalidName};
use super::lookup::{Failure, Lookup, NameError, Outcome};
use super::question::{End, Env, Question};
use super::{Key, Settings};
use crate::arena::{Arena, Handle};
use crate::random::Random;
use crate::time::{Duration, Instant};
use crate::wire::dns::Name;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Most look-ups that are under way at a time.
pub const MAX_LOOKUPS: usize = 1024;

/// Most look-ups together with those that have ended and were not given up.
const MAX_KEPT: usize = 16 * MAX_LOOKUPS;

/// Most questions that are asked at a time; others wait for their turn.
pub const MAX_ASKED: usize = 128;

/// A host that has addresses of one version is connected to without waiting for longer than this for those of the other
/// (RFC 8305 section 3, which has less time to lose than we).
const PATIENCE: Duration = Duration::from_millis(500);

/// Names a look-up.
pub type LookupHandle = Handle<Lookup>;

/// The resolver.
#[derive(Debug, Default)]
pub struct Resolver {
    settings: Settings,
    servers: Vec<SocketAddr>,
    /// Domains that the network told of.
    search: Vec<Name>,
    cache: Cache,
    lookups: Arena<Lookup>,
    questions: BTreeMap<Key, Question>,
    /// Of those, the ones whose turn has not come.
    queue: VecDeque<Key>,
    exchanges: BTreeMap<ExchangeId, Key>,
    last_exchange: u64,
    actions: Vec<Action>,
    ended: Vec<LookupHandle>,
    deadline: Option<Instant>,
}

impl Resolver {
    /// What it goes by.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Goes by other settings from now on.
    pub fn set_settings(&mut self, settings: Settings) {
        self.settings = settings;
        self.cache.clear();
    }

    /// Asks these servers from now on, the first of them first, and searches these domains if the settings have none.
    pub fn set_network(&mut self, servers: Vec<SocketAddr>, search: Vec<Name>) {
        if self.servers != servers {
            self.servers = servers;
            self.cache.clear();
        }
        self.search = search;
    }

    /// Whether it has nothing to do.
    pub fn is_idle(&self) -> bool {
        self.lookups.is_empty() && self.questions.is_empty()
    }

    /// How many answers it keeps.
    pub fn cached(&self) -> usize {
        self.cache.len()
    }

    /// Starts to look for a host's addresses; none: [`MAX_LOOKUPS`] are under way already.
    pub fn lookup(
        &mut self,
        text: &str,
        now: Instant,
        random: &mut dyn Random,
    ) -> Result<Option<LookupHandle>, InvalidName> {
        let lookup = match Host::parse(text)? {
            Host::Address(address) => Lookup::ended(Ok(alloc::vec![address])),
            Host::Local => Lookup::ended(Ok(local())),
            Host::Nowhere => Lookup::ended(Err(NameError::Unresolvable)),
            Host::Named { name, absolute } => self.named(name, absolute),
        };
        Ok(self.start(lookup, now, random))
    }

    /// Starts to look for the host of an address: in the table, or by its servers; none: there are [`MAX_LOOKUPS`] already.
    /// Linux: `getnameinfo`.
    pub fn lookup_host(
        &mut self,
        address: IpAddr,
        now: Instant,
        random: &mut dyn Random,
    ) -> Option<LookupHandle> {
        let own = || Name::from_text("localhost").filter(|_| local().contains(&address));
        let known = self.settings.hosts.host(address).cloned().or_else(own);
        let lookup = match known {
            Some(host) => Lookup::of_host(host),
            None => Lookup::of_address(Name::of_address(address)),
        };
        self.start(lookup, now, random)
    }

    fn start(&mut self, lookup: Lookup, now: Instant, random: &mut dyn Random) -> Option<LookupHandle> {
        let has_ended = lookup.has_ended();
        if self.lookups.len() >= MAX_KEPT || (!has_ended && self.under_way() >= MAX_LOOKUPS) {
            return None;
        }
        let handle = self.lookups.insert(lookup);
        match has_ended {
            true => self.ended.push(handle),
            false => self.next_name(handle, now),
        }
        self.run(now, random);
        Some(handle)
    }

    fn under_way(&self) -> usize {
        self.lookups.iter().filter(|(_, lookup)| !lookup.has_ended()).count()
    }

    /// A look-up by the table of hosts, or of the names that the search list makes. Linux: `res_nsearch`.
    fn named(&self, name: Name, absolute: bool) -> Lookup {
        let known = self.settings.hosts.addresses(&name);
        if !known.is_empty() {
            return Lookup::ended(Ok(known));
        }
        let given = Some(&self.settings.search).filter(|search| !search.is_empty());
        let searched = given
            .unwrap_or(&self.search)
            .iter()
            .filter(|_| !absolute)
            .filter_map(|domain| name.below(domain));
        let mut names: VecDeque<Name> = searched.collect();
        match absolute || name.dots() >= self.settings.dots.into() {
            true => names.push_front(name),
            false => names.push_back(name),
        }
        Lookup::of_names(names)
    }

    /// Lets a look-up go on with its next name until one has addresses, or has to be asked for.
    fn next_name(&mut self, handle: LookupHandle, now: Instant) {
        while let Some(keys) = self.lookups.get_mut(handle).map(Lookup::next_name) {
            let known: Vec<_> = keys.iter().filter_map(|key| Some((key, self.ask(key, now)?))).collect();
            let Some(lookup) = self.lookups.get_mut(handle) else { return };
            for (key, outcome) in &known {
                lookup.hear(key, outcome, now + PATIENCE);
            }
            if !lookup.waiting.is_empty() {
                return;
            }
            if lookup.conclude() {
                self.ended.push(handle);
                return;
            }
        }
    }

    /// What is known of a question; if nothing is, it is asked, and if nobody can be asked, that is the outcome.
    fn ask(&mut self, key: &Key, now: Instant) -> Option<Outcome> {
        if let Some(known) = self.cache.get(key, now) {
            return Some(known.clone());
        }
        if self.questions.contains_key(key) {
            return None;
        }
        if self.servers.is_empty() || self.questions.len() >= 2 * MAX_LOOKUPS {
            return Some(Outcome::Failed(Failure::Silence));
        }
        self.questions.insert(key.clone(), Question::new(key));
        self.queue.push_back(key.clone());
        None
    }

    /// Does what is due: asks, asks others, gives up.
    pub fn run(&mut self, now: Instant, random: &mut dyn Random) {
        let is_due = |question: &Question| question.due().is_some_and(|due| due <= now);
        let due = self.questions.iter().filter(|(_, question)| is_due(question)).map(|(key, _)| key.clone());
        for key in due.collect::<Vec<_>>() {
            self.with_question(&key, now, random, |question, env| question.run(env));
        }
        // Whoever ended made room, and look-ups may have gone on with their next names.
        while self.questions.len().saturating_sub(self.queue.len()) < MAX_ASKED {
            let Some(key) = self.queue.pop_front() else { break };
            self.with_question(&key, now, random, |question, env| question.run(env));
        }
        self.run_out_of_patience(now);
        self.find_deadline();
    }

    /// Look-ups that have waited long enough for the other version's addresses.
    fn run_out_of_patience(&mut self, now: Instant) {
        for (handle, lookup) in self.lookups.iter_mut() {
            if lookup.patience.is_some_and(|patience| patience <= now) && lookup.conclude() {
                self.ended.push(handle);
            }
        }
    }

    fn find_deadline(&mut self) {
        let patience = self.lookups.iter().filter_map(|(_, lookup)| lookup.patience);
        self.deadline = self.questions.values().filter_map(Question::due).chain(patience).min();
    }

    /// When [`Resolver::run`] has something to do.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Lets a question do something, and whoever waits for it hear how it ended.
    fn with_question(
        &mut self,
        key: &Key,
        now: Instant,
        random: &mut dyn Random,
        call: impl FnOnce(&mut Question, &mut Env<'_>) -> Option<End>,
    ) {
        let Some(question) = self.questions.get_mut(key) else { return };
        let mut actions = Vec::new();
        let mut env = Env {
            now,
            random,
            settings: &self.settings,
            servers: &self.servers,
            actions: &mut actions,
            last_exchange: &mut self.last_exchange,
        };
        let end = call(question, &mut env);
        for action in &actions {
            match action {
                Action::Ask { exchange, .. } => self.exchanges.insert(*exchange, key.clone()),
                Action::Forget { exchange } => self.exchanges.remove(exchange),
            };
        }
        self.actions.append(&mut actions);
        if let Some((outcome, ttl)) = end {
            self.questions.remove(key);
            self.tell(key, &outcome, now);
            self.cache.insert(key.clone(), outcome, ttl, now);
        }
    }

    /// Tells everybody who waits for a question how it ended.
    fn tell(&mut self, key: &Key, outcome: &Outcome, now: Instant) {
        let mut without = Vec::new();
        for (handle, lookup) in self.lookups.iter_mut() {
            if lookup.hear(key, outcome, now + PATIENCE) {
                match lookup.conclude() {
                    true => self.ended.push(handle),
                    false => without.push(handle),
                }
            }
        }
        for handle in without {
            self.next_name(handle, now);
        }
    }

    /// Hears what came for an exchange.
    pub fn answer(&mut self, exchange: ExchangeId, message: &[u8], now: Instant, random: &mut dyn Random) {
        let Some(key) = self.exchanges.get(&exchange).cloned() else { return };
        self.with_question(&key, now, random, |question, env| question.answer(env, exchange, message));
        self.run(now, random);
    }

    /// Hears that an exchange's server cannot be reached, or has closed its connection without an answer.
    pub fn lost(&mut self, exchange: ExchangeId, now: Instant, random: &mut dyn Random) {
        let Some(key) = self.exchanges.get(&exchange).cloned() else { return };
        self.with_question(&key, now, random, |question, env| question.lost(env, exchange));
        self.run(now, random);
    }

    /// What is to be done, in this order.
    pub fn take_actions(&mut self) -> Vec<Action> {
        core::mem::take(&mut self.actions)
    }

    /// The look-ups that have ended since the last time.
    pub fn take_ended(&mut self) -> Vec<LookupHandle> {
        core::mem::take(&mut self.ended)
    }

    /// The addresses of a look-up that has ended well, to be put in another order.
    pub fn addresses_mut(&mut self, handle: LookupHandle) -> Option<&mut [IpAddr]> {
        self.lookups.get_mut(handle)?.addresses_mut()
    }

    /// A look-up's next address, none behind the last.
    pub fn next_address(&mut self, handle: LookupHandle) -> Result<Option<IpAddr>, NameError> {
        self.lookups.get_mut(handle).ok_or(NameError::Stale)?.next_address()
    }

    /// The host of the address that a look-up is about.
    pub fn host(&self, handle: LookupHandle) -> Result<&Name, NameError> {
        self.lookups.get(handle).ok_or(NameError::Stale)?.host()
    }

    /// Whether a look-up has ended, or never was.
    pub fn has_ended(&self, handle: LookupHandle) -> bool {
        self.lookups.get(handle).is_none_or(Lookup::has_ended)
    }

    /// Gives a look-up up, and the questions that nobody else waits for.
    pub fn forget(&mut self, handle: LookupHandle) {
        let Some(lookup) = self.lookups.remove(handle) else { return };
        for key in lookup.waiting {
            if self.lookups.iter().any(|(_, other)| other.waiting.contains(&key)) {
                continue;
            }
            self.queue.retain(|queued| *queued != key);
            if let Some(mut question) = self.questions.remove(&key) {
                question.give_up(&mut self.actions);
            }
        }
        self.exchanges.retain(|_, key| self.questions.contains_key(key));
        self.find_deadline();
    }
}

/// This host's own addresses.
fn local() -> Vec<IpAddr> {
    [IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::LOCALHOST)].to_vec()
}
