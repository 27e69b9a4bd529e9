//! Questions about names, which this machine's name servers answer.

use super::EventLoop;
use crate::gateway::datagrams::Far;
use crate::gateway::flows::{Exchange, Flow};
use crate::gateway::refusal::Reason;
use crate::gateway::resolvers::{self, Asked, PATIENCE, Question};
use std::io;
use std::net::SocketAddr;

/// Datagrams taken from the servers of one question before others have their turn.
const BUDGET: usize = 64;

impl EventLoop {
    /// Whether `remote` is where the guest asks about names, if it may.
    pub(super) fn is_resolver(&self, remote: SocketAddr) -> bool {
        self.door.is_own(remote.ip()) && remote.port() == resolvers::PORT && self.policy.allows_look_ups()
    }

    /// Puts what the guest asks to the server whose turn it is.
    pub(super) fn put_question(&mut self, flow: Flow, message: &[u8]) {
        let token = self.datagrams.token(&flow).unwrap_or_else(|| {
            self.make_room(Some(flow.remote));
            let (token, last) = (self.new_token(), self.now());
            let far = Far::Resolver(Question::default());
            self.datagrams.insert(token, Exchange { flow, far, answered: false, last });
            token
        });
        if let Some(question) = self.question(token) {
            question.message = message.to_vec();
            question.answered = false;
        }
        self.ask(token, self.resolvers.current());
    }

    fn question(&mut self, token: usize) -> Option<&mut Question> {
        match &mut self.datagrams.get_mut(token)?.far {
            Far::Resolver(question) => Some(question),
            Far::Socket(_) | Far::Client(..) => None,
        }
    }

    /// Puts a question to one more server.
    fn ask(&mut self, token: usize, asked: Asked) {
        let (now, server) = (self.now(), self.resolvers.server(asked));
        if let Some(exchange) = self.datagrams.get_mut(token) {
            exchange.last = now;
        }
        self.datagrams.expect_answer(now + PATIENCE, token, asked);
        if let Err(error) = self.send_question(token, asked, server) {
            self.refused(token, server, &error);
        }
    }

    fn send_question(&mut self, token: usize, asked: Asked, server: SocketAddr) -> io::Result<()> {
        let Some(question) = self.question(token) else { return Ok(()) };
        question.asked = asked;
        if question.socket(server).is_none() {
            let socket = self.socket_to(server, token)?;
            let Some(question) = self.question(token) else { return Ok(()) };
            question.sockets.push((server, socket));
        }
        let Some(question) = self.question(token) else { return Ok(()) };
        let Some(socket) = question.socket(server) else { return Ok(()) };
        // The first may only tell what became of the last one.
        socket.send(&question.message).or_else(|_| socket.send(&question.message)).map(drop)
    }

    /// Takes what the servers say to a question.
    pub(super) fn hear_servers(&mut self, token: usize) {
        let mut index = 0;
        for _ in 0..BUDGET {
            let Some(exchange) = self.datagrams.get_mut(token) else { return };
            let Far::Resolver(question) = &exchange.far else { return };
            let Some((server, socket)) = question.sockets.get(index) else { return };
            let server = *server;
            match socket.recv(&mut self.buffer) {
                Ok(count) => self.answered(token, count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => index += 1,
                Err(error) => self.refused(token, server, &error),
            }
        }
        self.again.push(token);
    }

    /// Hands the answer in the first `count` bytes of the buffer on, unless another server may know better.
    fn answered(&mut self, token: usize, count: usize) {
        let now = self.now();
        let evasive = self.buffer.get(..count).is_some_and(resolvers::is_evasive);
        let next = self.question(token).and_then(|question| question.asked.next());
        if let Some(next) = next.filter(|_| evasive) {
            return self.ask(token, next);
        }
        let Some(exchange) = self.datagrams.get_mut(token) else { return };
        (exchange.answered, exchange.last) = (true, now);
        let flow = exchange.flow;
        if let Some(question) = self.question(token) {
            question.answered = true;
        }
        self.deliver(flow, count);
    }

    /// A server cannot be reached. The guest, which knows of one server alone, hears of it when there is no other.
    fn refused(&mut self, token: usize, server: SocketAddr, error: &io::Error) {
        tracing::debug!("no answer of {server}: {error}");
        let Some(question) = self.question(token) else { return };
        question.sockets.retain(|(to, _)| *to != server);
        let (asked, length) = (question.asked, question.message.len());
        let (waits, answered) = (!question.sockets.is_empty(), question.answered);
        if self.resolvers.server(asked) == server {
            self.resolvers.found_wanting(asked);
            if let Some(next) = asked.next().filter(|_| !answered) {
                return self.ask(token, next);
            }
        }
        let flow = self.datagrams.get_mut(token).map(|exchange| exchange.flow);
        if let Some(flow) = flow.filter(|_| !waits && !answered) {
            self.refuse_datagram(flow, Reason::of(error), length);
        }
    }

    /// Passes over servers that are silent.
    pub(super) fn expire_questions(&mut self) {
        while let Some((token, asked)) = self.datagrams.take_overdue(self.now()) {
            let waits = |question: &&mut Question| question.asked == asked && !question.answered;
            if self.question(token).filter(waits).is_none() {
                continue;
            }
            self.resolvers.found_wanting(asked);
            if let Some(next) = asked.next() {
                self.ask(token, next);
            }
        }
    }
}
