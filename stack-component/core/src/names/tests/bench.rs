//! A resolver with its time, and what it sends.

use super::super::{Action, ExchangeId, LookupHandle, NameError, Resolver};
use crate::random::SeededRandom;
use crate::time::{Duration, Instant};
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};
use std::collections::VecDeque;
use std::string::{String, ToString};

pub(super) const SERVERS: [&str; 2] = ["198.51.100.53:53", "[fd77::53]:53"];

/// A message that was sent, read as a server would.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) exchange: ExchangeId,
    pub(super) server: SocketAddr,
    pub(super) stream: bool,
    pub(super) message: Vec<u8>,
}

impl Sent {
    /// The name, in small letters, and whether IPv6 addresses are wanted.
    pub(super) fn asks(&self) -> (String, bool) {
        let mut labels = Vec::new();
        let mut rest = &self.message[12..];
        while let Some((&len @ 1.., behind)) = rest.split_first() {
            let (label, behind) = behind.split_at(len.into());
            labels.push(String::from_utf8(label.to_ascii_lowercase()).unwrap());
            rest = behind;
        }
        (labels.join("."), rest[2] == 28)
    }

    pub(super) fn is_extended(&self) -> bool {
        self.message[11] == 1
    }

    pub(super) fn question_end(&self) -> usize {
        self.message.len() - if self.is_extended() { 11 } else { 0 }
    }

    /// An answer with `flags` and the records that follow the question, so many of each section.
    pub(super) fn answer(&self, flags: u16, counts: [u8; 2], records: &[u8]) -> Vec<u8> {
        let mut message = self.message[..self.question_end()].to_vec();
        message[2..4].copy_from_slice(&flags.to_be_bytes());
        message[6..12].copy_from_slice(&[0, counts[0], 0, counts[1], 0, 0]);
        message.extend_from_slice(records);
        message
    }

    /// An answer with addresses.
    pub(super) fn found(&self, ttl: u8, addresses: &[&str]) -> Vec<u8> {
        let mut records = Vec::new();
        for address in addresses {
            match address.parse().unwrap() {
                IpAddr::V4(ip) => {
                    records.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, ttl, 0, 4]);
                    records.extend_from_slice(&ip.octets());
                }
                IpAddr::V6(ip) => {
                    records.extend_from_slice(&[0xc0, 12, 0, 28, 0, 1, 0, 0, 0, ttl, 0, 16]);
                    records.extend_from_slice(&ip.octets());
                }
            }
        }
        self.answer(0x8180, [addresses.len() as u8, 0], &records)
    }

    /// An answer that there is nothing, for so many seconds.
    pub(super) fn nothing(&self, flags: u16, ttl: u8) -> Vec<u8> {
        let soa = [
            0, 0, 6, 0, 1, 0, 0, 0, ttl, 0, 22, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0,
            0, ttl,
        ];
        self.answer(flags, [0, 1], &soa)
    }
}

/// A resolver with its time.
pub(super) struct Bench {
    pub(super) resolver: Resolver,
    pub(super) random: SeededRandom,
    pub(super) now: Instant,
    pub(super) forgotten: Vec<ExchangeId>,
}

impl Bench {
    pub(super) fn new(servers: usize) -> Self {
        let mut resolver = Resolver::default();
        let servers: Vec<SocketAddr> = SERVERS[..servers].iter().map(|text| text.parse().unwrap()).collect();
        resolver.set_network(servers, Vec::new());
        Bench { resolver, random: SeededRandom::new(5), now: Instant::from_millis(1), forgotten: Vec::new() }
    }

    pub(super) fn lookup(&mut self, text: &str) -> LookupHandle {
        self.resolver.lookup(text, self.now, &mut self.random).unwrap().unwrap()
    }

    pub(super) fn sent(&mut self) -> VecDeque<Sent> {
        let mut sent = VecDeque::new();
        for action in self.resolver.take_actions() {
            match action {
                Action::Ask { exchange, server, stream, message } => {
                    sent.push_back(Sent { exchange, server, stream, message });
                }
                Action::Forget { exchange } => self.forgotten.push(exchange),
            }
        }
        sent
    }

    pub(super) fn answer(&mut self, to: &Sent, message: &[u8]) {
        self.resolver.answer(to.exchange, message, self.now, &mut self.random);
    }

    /// Answers all that is asked, and what follows from that, as `server` does; none: not at all.
    pub(super) fn serve(&mut self, server: impl Fn(&Sent) -> Option<Vec<u8>>) -> Vec<Sent> {
        let mut all = Vec::new();
        let mut sent = self.sent();
        while let Some(question) = sent.pop_front() {
            if let Some(answer) = server(&question) {
                self.answer(&question, &answer);
            }
            all.push(question);
            sent.extend(self.sent());
        }
        all
    }

    /// Lets time pass until something is due.
    pub(super) fn wait(&mut self) -> Duration {
        let before = self.now;
        self.now = self.resolver.next_deadline().expect("something is due");
        self.resolver.run(self.now, &mut self.random);
        self.now.since(before)
    }

    pub(super) fn result(&mut self, lookup: LookupHandle) -> Result<Vec<String>, NameError> {
        let mut addresses = Vec::new();
        let result = loop {
            match self.resolver.next_address(lookup) {
                Ok(Some(address)) => addresses.push(address.to_string()),
                Ok(None) => break Ok(addresses),
                Err(error) => break Err(error),
            }
        };
        if result != Err(NameError::WouldBlock) {
            self.resolver.forget(lookup);
        }
        result
    }
}
