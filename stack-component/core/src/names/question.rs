//! One question: whom it was put to, and what they said.

use super::action::{Action, ExchangeId};
use super::lookup::{Failure, Outcome};
use super::{Key, Settings};
use crate::random::Random;
use crate::time::Instant;
use crate::wire::dns::{Code, Data, Kind, Name, Query, Response};
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

/// Most aliases that are followed. Linux: glibc's `MAXALIASES` is 35, BIND's `MAX_RESTARTS` 11.
const MAX_ALIASES: u32 = 16;

/// Most addresses of a name.
pub(super) const MAX_ADDRESSES: usize = 64;

/// So many datagrams that are no answer to what was asked: somebody guesses. The question is put over TCP then, where
/// guessing does not help.
const MAX_STRAYS: u32 = 16;

/// Most messages of one question that wait for their answers; the oldest gives way.
const MAX_EXCHANGES: usize = 4;

/// What a question needs of its surroundings.
pub(super) struct Env<'a> {
    pub(super) now: Instant,
    pub(super) random: &'a mut dyn Random,
    pub(super) settings: &'a Settings,
    pub(super) servers: &'a [SocketAddr],
    pub(super) actions: &'a mut Vec<Action>,
    pub(super) last_exchange: &'a mut u64,
}

/// How a question ended, and for how many seconds that holds.
pub(super) type End = (Outcome, u32);

/// A message to one server.
#[derive(Debug)]
struct Exchange {
    id: ExchangeId,
    server: SocketAddr,
    stream: bool,
    extended: bool,
    message_id: u16,
    /// What the answer has to repeat.
    question: Vec<u8>,
    strays: u32,
}

/// A question.
#[derive(Debug)]
pub(super) struct Question {
    kind: Kind,
    /// Whose addresses are asked for now: the name, or what it is an alias of.
    name: Name,
    aliases: u32,
    /// For how long all that was followed holds.
    ttl: u32,
    /// How many servers were asked, each as often as it was.
    tries: u32,
    /// Those that said that they cannot say.
    refused: Vec<SocketAddr>,
    failure: Failure,
    exchanges: Vec<Exchange>,
    /// When the next server's turn comes; none: the first one's has not.
    due: Option<Instant>,
}

impl Question {
    /// A question that nobody was asked yet.
    pub(super) fn new(key: &Key) -> Self {
        Question {
            kind: key.kind,
            name: key.name.clone(),
            aliases: 0,
            ttl: u32::MAX,
            tries: 0,
            refused: Vec::new(),
            failure: Failure::Silence,
            exchanges: Vec::new(),
            due: None,
        }
    }

    /// When [`Question::run`] has something to do; none: when it is its turn.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Puts it to the first server, or to the next one if the last was silent for too long.
    pub(super) fn run(&mut self, env: &mut Env<'_>) -> Option<End> {
        let is_due = self.due.is_none_or(|due| due <= env.now);
        if is_due { self.ask_next(env, true) } else { None }
    }

    /// Puts it to the next server that has not refused. If all had their turns it has failed, at once unless answers may
    /// still come.
    fn ask_next(&mut self, env: &mut Env<'_>, waited: bool) -> Option<End> {
        let servers = u32::try_from(env.servers.len()).unwrap_or(u32::MAX);
        while self.tries < servers.saturating_mul(env.settings.attempts.into()) {
            let (round, turn) = (self.tries / servers, self.tries % servers);
            self.tries += 1;
            let server = env.servers.get(turn as usize).filter(|server| !self.refused.contains(server));
            let Some(&server) = server else { continue };
            self.due = Some(env.now + env.settings.timeout * (1 << round.min(5)));
            self.ask(env, server, false, true);
            return None;
        }
        let over = waited || self.exchanges.is_empty();
        over.then(|| self.end(env, Outcome::Failed(self.failure), 0))
    }

    /// Puts it to one server.
    fn ask(&mut self, env: &mut Env<'_>, server: SocketAddr, stream: bool, extended: bool) {
        if self.exchanges.len() >= MAX_EXCHANGES {
            self.forget(env, 0);
        }
        *env.last_exchange += 1;
        let id = ExchangeId(*env.last_exchange);
        let mut capitals = [0; 32];
        env.random.fill(&mut capitals);
        let message_id = env.random.next_u32() as u16;
        let query =
            Query { id: message_id, name: &self.name, kind: self.kind, capitals: &capitals, extended };
        env.actions.push(Action::Ask { exchange: id, server, stream, message: query.emit() });
        let question = query.question();
        self.exchanges.push(Exchange { id, server, stream, extended, message_id, question, strays: 0 });
    }

    /// Waits no longer for the answer of an exchange.
    fn forget(&mut self, env: &mut Env<'_>, at: usize) -> Exchange {
        let exchange = self.exchanges.remove(at);
        env.actions.push(Action::Forget { exchange: exchange.id });
        exchange
    }

    /// Ends, and waits for nobody any more.
    fn end(&mut self, env: &mut Env<'_>, outcome: Outcome, ttl: u32) -> End {
        self.give_up(env.actions);
        (outcome, ttl.min(self.ttl))
    }

    /// Waits for nobody any more.
    pub(super) fn give_up(&mut self, actions: &mut Vec<Action>) {
        actions.extend(self.exchanges.drain(..).map(|exchange| Action::Forget { exchange: exchange.id }));
    }

    fn place(&self, id: ExchangeId) -> Option<usize> {
        self.exchanges.iter().position(|exchange| exchange.id == id)
    }

    /// Hears that a server cannot be asked.
    pub(super) fn lost(&mut self, env: &mut Env<'_>, id: ExchangeId) -> Option<End> {
        let at = self.place(id)?;
        self.refuse(env, at)
    }

    /// Asks this server no more.
    fn refuse(&mut self, env: &mut Env<'_>, at: usize) -> Option<End> {
        let exchange = self.forget(env, at);
        self.refused.push(exchange.server);
        self.ask_next(env, false)
    }

    /// Puts it to the same server in another way.
    fn ask_again(&mut self, env: &mut Env<'_>, at: usize, stream: bool, extended: bool) -> Option<End> {
        let exchange = self.forget(env, at);
        self.due = self.due.max(Some(env.now + env.settings.timeout));
        self.ask(env, exchange.server, stream, extended);
        None
    }

    /// Hears a message that came for an exchange.
    pub(super) fn answer(&mut self, env: &mut Env<'_>, id: ExchangeId, message: &[u8]) -> Option<End> {
        let at = self.place(id)?;
        let exchange = self.exchanges.get_mut(at)?;
        let (stream, extended) = (exchange.stream, exchange.extended);
        let response = match Response::parse(message) {
            Ok(response) if exchange.repeats(&response) => response,
            _ if stream => return self.refuse(env, at),
            // The server changes letters, or somebody guesses.
            Ok(response) if response.question.eq_ignore_ascii_case(&exchange.question) => {
                return self.ask_again(env, at, true, extended);
            }
            _ => {
                exchange.strays += 1;
                let guessed = exchange.strays > MAX_STRAYS;
                return if guessed { self.ask_again(env, at, true, extended) } else { None };
            }
        };
        match response.code {
            _ if response.truncated && !stream => self.ask_again(env, at, true, extended),
            // Cut short where nothing need be.
            _ if response.truncated => {
                self.failure = Failure::Temporary;
                self.refuse(env, at)
            }
            Code::FormatError | Code::NotImplemented if extended => self.ask_again(env, at, stream, false),
            Code::FormatError | Code::NotImplemented => {
                self.failure = Failure::Permanent;
                self.refuse(env, at)
            }
            Code::Failure => {
                self.failure = Failure::Temporary;
                self.refuse(env, at)
            }
            Code::NoError | Code::NoSuchName => self.follow(env, at, &response),
        }
    }

    /// Follows the aliases of an answer to what is asked for, or to a name that another question is needed for.
    fn follow(&mut self, env: &mut Env<'_>, at: usize, response: &Response<'_>) -> Option<End> {
        let asked = self.name.clone();
        loop {
            if let Some(found) = self.found(response) {
                return Some(self.end(env, found, u32::MAX));
            }
            let aliases = response.records.iter().filter(|record| record.owner == self.name);
            let mut aliases = aliases.filter_map(|record| match &record.data {
                Data::Alias(name) => Some((name, record.ttl)),
                Data::Address(_) | Data::Host(_) => None,
            });
            let Some((name, ttl)) = aliases.next() else { break };
            self.ttl = self.ttl.min(ttl);
            self.aliases += 1;
            self.name = name.clone();
            if self.aliases > MAX_ALIASES {
                return Some(self.end(env, Outcome::Failed(Failure::Permanent), 0));
            }
        }
        let is_told = response.code == Code::NoSuchName || response.negative_ttl.is_some();
        match self.name == asked {
            _ if is_told => Some(self.end(env, Outcome::Nothing, response.negative_ttl.unwrap_or(0))),
            // The server refers us to others, which is not what it was asked to do.
            true if !response.is_of_use => self.refuse(env, at),
            true => Some(self.end(env, Outcome::Nothing, 0)),
            false => {
                self.give_up(env.actions);
                self.tries = 0;
                self.ask_next(env, false)
            }
        }
    }

    /// What an answer says of the present name.
    fn found(&mut self, response: &Response<'_>) -> Option<Outcome> {
        if self.kind != Kind::Pointer {
            return Some(self.addresses(response)).filter(|found| !found.is_empty()).map(Outcome::Found);
        }
        let mut own = response.records.iter().filter(|record| record.owner == self.name);
        let (host, ttl) = own.find_map(|record| match &record.data {
            Data::Host(host) => Some((host.clone(), record.ttl)),
            Data::Address(_) | Data::Alias(_) => None,
        })?;
        self.ttl = self.ttl.min(ttl);
        Some(Outcome::Named(host))
    }

    /// The addresses of the present name, each once.
    fn addresses(&mut self, response: &Response<'_>) -> Vec<IpAddr> {
        let mut found = Vec::new();
        for record in response.records.iter().filter(|record| record.owner == self.name) {
            let Data::Address(address) = record.data else { continue };
            let wanted = address.is_ipv6() == (self.kind == Kind::Aaaa);
            if wanted && found.len() < MAX_ADDRESSES && !found.contains(&address) {
                self.ttl = self.ttl.min(record.ttl);
                found.push(address);
            }
        }
        found
    }
}

impl Exchange {
    /// Whether an answer repeats what was asked; that something is wrong may be told without.
    fn repeats(&self, response: &Response<'_>) -> bool {
        let bare = response.question.is_empty() && response.code == Code::FormatError;
        response.id == self.message_id && (bare || response.question == self.question)
    }
}
