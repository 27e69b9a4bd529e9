//! Scripts, events, times and calls; packets and expressions are in the neighbours.

use super::Define;
use super::ast::{Action, Command, Direction, Event, Script, SystemCall, Time};
use super::error::{Fault, Span};
use super::options;
use super::token::{Kind, Token};

pub(super) type Parsed<T> = Result<T, Fault>;

/// A script from its tokens.
pub(super) fn script(tokens: Vec<Token>, weak: &[Define], strong: &[Define]) -> Parsed<Script> {
    let mut parser = Parser { tokens, at: 0 };
    let mut script = Script::default();
    let mut defines = weak.to_vec();
    while let Kind::Option(name, value) = parser.peek().kind.clone() {
        parser.advance();
        if name == "define" {
            defines.extend(value.as_deref().and_then(options::define));
        }
        script.options.push((name, value));
    }
    defines.extend(strong.iter().cloned());
    options::substitute(&mut parser.tokens[parser.at..], &defines);
    script.init = parser.command();
    while !parser.done() {
        if script.events.is_empty() || !matches!(parser.peek().kind, Kind::Command(_)) {
            script.events.push(parser.event()?);
        } else {
            script.cleanup = parser.command();
            if !parser.done() {
                return Err(
                    parser.expected("nothing more after the last command (an event has a time before it)")
                );
            }
        }
    }
    match script.events.is_empty() {
        true => Err(parser.expected("an event")),
        false => Ok(script),
    }
}

pub(super) struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    pub(super) fn peek(&self) -> &Token {
        &self.tokens[self.at]
    }

    /// The token `ahead` of the next one.
    pub(super) fn peek_at(&self, ahead: usize) -> &Kind {
        &self.tokens[(self.at + ahead).min(self.tokens.len() - 1)].kind
    }

    pub(super) fn advance(&mut self) -> Token {
        let token = self.tokens[self.at].clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    fn done(&self) -> bool {
        self.peek().kind == Kind::End
    }

    /// An error at the next token.
    pub(super) fn expected(&self, what: &str) -> Fault {
        Fault::new(self.peek().span, format!("expected {what}, found {}", self.peek().describe()))
    }

    /// An error at the token before.
    pub(super) fn fault(&self, message: impl Into<String>) -> Fault {
        Fault::new(self.tokens[self.at.saturating_sub(1)].span, message)
    }

    pub(super) fn is_mark(&self, mark: char) -> bool {
        self.peek().kind == Kind::Mark(mark)
    }

    pub(super) fn take_mark(&mut self, mark: char) -> bool {
        let is = self.is_mark(mark);
        if is {
            self.advance();
        }
        is
    }

    pub(super) fn mark(&mut self, mark: char) -> Parsed<()> {
        match self.take_mark(mark) {
            true => Ok(()),
            false => Err(self.expected(&format!("'{mark}'"))),
        }
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(&self.peek().kind, Kind::Word(w) if w == word)
    }

    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let is = self.is_word(word);
        if is {
            self.advance();
        }
        is
    }

    pub(super) fn word(&mut self, what: &str) -> Parsed<String> {
        match &self.peek().kind {
            Kind::Word(word) => {
                let word = word.clone();
                self.advance();
                Ok(word)
            }
            _ => Err(self.expected(what)),
        }
    }

    /// A number that fits into `T`.
    pub(super) fn number<T: TryFrom<i64>>(&mut self, what: &str) -> Parsed<T> {
        let Kind::Integer(value) = self.peek().kind else {
            return Err(self.expected(what));
        };
        self.advance();
        T::try_from(value).map_err(|_| self.fault(format!("{what} is out of range: {value}")))
    }

    fn command(&mut self) -> Option<Command> {
        let Kind::Command(text) = &self.peek().kind else { return None };
        let command = Command { text: text.clone(), span: self.peek().span };
        self.advance();
        Some(command)
    }

    fn event(&mut self) -> Parsed<Event> {
        let start = self.peek().span;
        let time = self.time()?;
        let action = self.action()?;
        let end = self.tokens[self.at.saturating_sub(1)].span.end;
        let span = Span { start: start.start, end, line: start.line };
        let outbound = matches!(&action, Action::Packet(packet) if packet.direction == Direction::Out);
        let exact = matches!(time, Time::Absolute(_) | Time::Relative(_));
        match outbound || exact {
            true => Ok(Event { time, action, span }),
            false => Err(Fault::new(start, "only outbound packets can have '*' or a range as their time")),
        }
    }

    fn time(&mut self) -> Parsed<Time> {
        if self.take_mark('*') {
            return Ok(Time::Any);
        }
        let relative = self.take_mark('+');
        let from = self.seconds()?;
        let time = if self.take_mark('~') {
            self.take_mark('+');
            let to = self.seconds()?;
            if to < from {
                return Err(self.fault("the range of time is backwards"));
            }
            if relative { Time::RelativeRange(from, to) } else { Time::AbsoluteRange(from, to) }
        } else if relative {
            Time::Relative(from)
        } else {
            Time::Absolute(from)
        };
        Ok(time)
    }

    /// Seconds as nanoseconds; upstream counts in whole microseconds.
    fn seconds(&mut self) -> Parsed<u64> {
        let seconds = match self.peek().kind {
            Kind::Float(seconds) => seconds,
            Kind::Integer(seconds) => seconds as f64,
            // What other dialects of the language have here.
            Kind::Mark('#') => {
                return Err(self.expected("a time in seconds (#ifdef is for cpp, which runs before)"));
            }
            Kind::Mark('/') => {
                return Err(self.expected("a time in seconds (FreeBSD's TCP in UDP is not there)"));
            }
            _ => return Err(self.expected("a time in seconds")),
        };
        self.advance();
        match (0.0..1e9).contains(&seconds) {
            true => Ok((seconds * 1e6).round() as u64 * 1000),
            false => Err(self.fault("the time is negative or too large")),
        }
    }

    fn action(&mut self) -> Parsed<Action> {
        match &self.peek().kind {
            Kind::Mark('<' | '>') => Ok(Action::Packet(Box::new(self.packet()?))),
            Kind::Word(_) | Kind::Ellipsis => Ok(Action::Call(Box::new(self.system_call()?))),
            Kind::Code(text) => {
                let text = text.clone();
                self.advance();
                Ok(Action::Code(text))
            }
            _ => match self.command() {
                Some(command) => Ok(Action::Command(command)),
                None => Err(self.expected("a packet ('<' or '>'), a system call, a `command` or %{ code }%")),
            },
        }
    }

    fn system_call(&mut self) -> Parsed<SystemCall> {
        let mut end = None;
        if self.peek().kind == Kind::Ellipsis {
            self.advance();
            self.take_mark('+');
            end = Some(self.seconds()?);
        }
        let name = self.word("the name of a system call")?;
        self.mark('(')?;
        let arguments = self.expressions(')')?;
        self.mark('=')?;
        let result = self.expression()?;
        let errno = match self.peek().kind {
            Kind::Word(_) => Some(self.word("an error's name")?),
            _ => None,
        };
        let note = if self.is_mark('(') { Some(self.note()?) } else { None };
        Ok(SystemCall { end, name, arguments, result, errno, note })
    }

    /// `(No such file or directory)`.
    fn note(&mut self) -> Parsed<String> {
        self.mark('(')?;
        let mut words = Vec::new();
        while !self.take_mark(')') {
            if self.done() {
                return Err(self.expected("')'"));
            }
            words.push(self.advance().raw);
        }
        Ok(words.join(" "))
    }
}
