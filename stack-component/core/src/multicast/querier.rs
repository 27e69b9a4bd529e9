//! What is known of the routers of a link that ask for listeners.

use super::report::{NEWEST, Query};
use super::settings::Settings;
use crate::time::{Duration, Instant};

/// How often routers ask, if they do not say (RFC 3376 section 8.2).
const INTERVAL: Duration = Duration::from_secs(125);

/// How long an answer may take then (RFC 3376 section 8.3). Linux: `IGMP_QUERY_RESPONSE_INTERVAL`.
const RESPONSE: Duration = Duration::from_secs(10);

/// The routers of one link that ask. Linux: the `mr_` fields of `struct in_device`, the `mc_` ones of `inet6_dev`.
#[derive(Clone, Debug)]
pub(super) struct Querier {
    settings: Settings,
    robustness: Option<u8>,
    interval: Duration,
    response: Duration,
    /// Until when routers of the first two versions are there.
    old_until: [Option<Instant>; 2],
}

impl Querier {
    /// Nobody was heard yet. Linux: `ipv6_mc_reset`, `ip_mc_reset`.
    pub(super) fn new(settings: Settings) -> Self {
        Querier { settings, robustness: None, interval: INTERVAL, response: RESPONSE, old_until: [None; 2] }
    }

    /// The settings have changed.
    pub(super) fn configure(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// Forgets who was heard.
    pub(super) fn reset(&mut self) {
        *self = Querier::new(self.settings);
    }

    /// The version that is spoken: the oldest router's. Linux: `IGMP_V1_SEEN`, `IGMP_V2_SEEN`, `mld_in_v1_mode`.
    pub(super) fn version(&self, now: Instant) -> u8 {
        let old = |until: Option<Instant>| until.is_some_and(|until| now < until);
        match (self.settings.forced, self.old_until) {
            (Some(forced), _) => forced,
            (_, [first, _]) if old(first) => 1,
            (_, [_, second]) if old(second) => 2,
            _ => NEWEST,
        }
    }

    /// How often a change is told.
    pub(super) fn robustness(&self) -> u8 {
        self.robustness.unwrap_or(self.settings.robustness)
    }

    /// The longest time between two reports nobody asked for. Linux: `unsolicited_report_interval`.
    pub(super) fn unsolicited(&self, now: Instant) -> Duration {
        if self.version(now) == NEWEST { self.settings.interval } else { self.settings.old_interval }
    }

    /// Takes note of who asked, and answers how long an answer may take; none: the question counts for nothing. Linux:
    /// `igmp_heard_query`, `mld_process_v1`, `mld_process_v2`.
    pub(super) fn hear(&mut self, query: &Query, now: Instant) -> Option<Duration> {
        match query.version {
            ..NEWEST if self.settings.forced == Some(NEWEST) => return None,
            ..NEWEST => {
                // RFC 3376 section 8.12: the time from one question to the next, as often as one may be lost.
                let until = now + self.interval * u32::from(self.robustness()) + self.response;
                let old = self.old_until.get_mut(usize::from(query.version.saturating_sub(1)));
                old.into_iter().for_each(|old| *old = Some(until));
            }
            // Who speaks the newest version with everybody is believed what it says beside.
            _ if self.version(now) == NEWEST => self.learn(query),
            _ => {}
        }
        // The first version knows one time alone.
        Some(if self.version(now) == 1 { RESPONSE } else { query.max_response })
    }

    fn learn(&mut self, query: &Query) {
        let told = Some(query.robustness).filter(|&times| times > 0);
        self.robustness = told.map(|times| times.max(self.settings.least_robustness));
        self.interval = if query.interval.is_zero() { INTERVAL } else { query.interval };
        // RFC 3376 section 8.3: it is less than the time between two questions.
        self.response = query.max_response.min(self.interval.saturating_sub(Duration::from_secs(1)));
    }
}
