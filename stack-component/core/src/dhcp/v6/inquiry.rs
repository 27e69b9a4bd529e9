//! One device's questions.

use super::MAX_RESOLVERS;
use crate::random::{Random, blurred};
use crate::time::{Duration, Instant};
use crate::wire::dhcpv6::{InformationRequest, Reply, client_id, option};
use crate::wire::ethernet::MacAddress;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::Ipv6Addr;

/// The first question is not asked by all hosts at once (RFC 8415 section 7.6): `INF_MAX_DELAY`, in milliseconds.
const MAX_DELAY: u32 = 1000;

/// Between the first two questions, `INF_TIMEOUT`.
const FIRST_TIMEOUT: Duration = Duration::from_secs(1);

/// Most time between two questions, `INF_MAX_RT`, in seconds, and what a server may make of it.
const MAX_TIMEOUT: u32 = 3600;
const SAID_MAX_TIMEOUT: core::ops::RangeInclusive<u32> = 60..=86_400;

/// After so many seconds what is known is asked for anew if the server does not say, and never sooner than this:
/// `IRT_DEFAULT`, `IRT_MINIMUM`.
const REFRESH: u32 = 86_400;
const LEAST_REFRESH: u32 = 600;

/// What is known, and what is asked.
#[derive(Clone, Debug)]
pub(super) struct Inquiry {
    station: MacAddress,
    /// The number of the last question, whose answers are still ours when the first of them was taken.
    transaction: Option<u32>,
    /// When the first question of this exchange was asked; none: no question waits for an answer.
    began: Option<Instant>,
    timeout: Duration,
    most: Duration,
    due: Option<Instant>,
    answer: Answer,
}

/// What a server said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The resolvers, the first to be asked first.
    pub resolvers: Vec<Ipv6Addr>,
    /// The domains that names are searched in.
    pub domains: Vec<String>,
}

impl Inquiry {
    pub(super) fn new(station: MacAddress, now: Instant, random: &mut dyn Random) -> Self {
        let most = Duration::from_secs(MAX_TIMEOUT.into());
        let (began, answer) = (None, Answer::default());
        let mut inquiry =
            Inquiry { station, transaction: None, began, timeout: FIRST_TIMEOUT, most, due: None, answer };
        inquiry.begin_at(now, random);
        inquiry
    }

    pub(super) fn set_station(&mut self, station: MacAddress) {
        self.station = station;
    }

    /// Asks a little after `then`.
    fn begin_at(&mut self, then: Instant, random: &mut dyn Random) {
        self.began = None;
        self.due = Some(then + Duration::from_millis(random.below(MAX_DELAY).into()));
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.due
    }

    pub(super) fn answer(&self) -> &Answer {
        &self.answer
    }

    /// The question, if it is due.
    pub(super) fn run(&mut self, now: Instant, random: &mut dyn Random) -> Option<Vec<u8>> {
        self.due.filter(|due| *due <= now)?;
        self.timeout = match self.began {
            None => blurred(FIRST_TIMEOUT, random),
            Some(_) if self.timeout * 2 > self.most => blurred(self.most, random),
            Some(_) => self.timeout + blurred(self.timeout, random),
        };
        let known = self.transaction.filter(|_| self.began.is_some());
        let transaction = known.unwrap_or_else(|| random.next_u32() >> 8);
        self.transaction = Some(transaction);
        let began = *self.began.get_or_insert(now);
        self.due = Some(now + self.timeout);
        let elapsed = u16::try_from(now.since(began).as_millis() / 10).unwrap_or(u16::MAX);
        Some(InformationRequest { transaction, station: self.station, elapsed }.emit())
    }

    /// Takes an answer, if it is one to our question (RFC 8415 sections 16.10 and 18.2.10.4); answers whether it is.
    pub(super) fn input(&mut self, message: &[u8], now: Instant, random: &mut dyn Random) -> bool {
        let Ok(reply) = Reply::parse(message) else { return false };
        let to_client = reply.option(option::CLIENT_ID) == Some(&client_id(self.station)[..]);
        let for_us = to_client && self.transaction == Some(reply.transaction);
        if for_us {
            self.take(&reply, now, random);
        }
        for_us
    }

    fn take(&mut self, reply: &Reply<'_>, now: Instant, random: &mut dyn Random) {
        let went_well = reply.option(option::STATUS_CODE).is_none_or(|status| status.starts_with(&[0, 0]));
        let from_server = reply.option(option::SERVER_ID).is_some();
        if self.began.is_none() || !went_well || !from_server {
            return;
        }
        if let Some(most) = reply.seconds(option::INF_MAX_RT).filter(|most| SAID_MAX_TIMEOUT.contains(most)) {
            self.most = Duration::from_secs(most.into());
        }
        self.answer = Answer { resolvers: reply.resolvers(MAX_RESOLVERS), domains: reply.domains() };
        match reply.seconds(option::REFRESH_TIME).unwrap_or(REFRESH) {
            u32::MAX => (self.began, self.due) = (None, None),
            seconds => self.begin_at(now + Duration::from_secs(seconds.max(LEAST_REFRESH).into()), random),
        }
    }
}
