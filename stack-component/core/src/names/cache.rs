//! Answers that are kept, that nothing is there among them (RFC 1035 section 7.4, RFC 2308).

use super::Key;
use super::lookup::Outcome;
use crate::time::{Duration, Instant};
use alloc::collections::{BTreeMap, BTreeSet};

/// Most answers that are kept; the one that ends first gives way. With at most 64 addresses each it is below 2 MiB.
pub(super) const MAX_ENTRIES: usize = 1024;

/// No answer is kept for longer, whatever its servers say.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// Nor that there is none (RFC 2308 section 5).
const LONGEST_NOTHING: Duration = Duration::from_secs(3 * 3600);

/// Who could not be asked is left alone for so long (RFC 9520 section 3.2).
const FAILURE: Duration = Duration::from_secs(1);

/// The answers, by what they are about and by when they end.
#[derive(Debug, Default)]
pub(super) struct Cache {
    answers: BTreeMap<Key, (Outcome, Instant)>,
    ends: BTreeSet<(Instant, Key)>,
}

impl Cache {
    /// What is known of `key` now.
    pub(super) fn get(&self, key: &Key, now: Instant) -> Option<&Outcome> {
        self.answers.get(key).filter(|(_, end)| now < *end).map(|(outcome, _)| outcome)
    }

    /// Keeps an outcome for `ttl` seconds, or as long as such outcomes are kept.
    pub(super) fn insert(&mut self, key: Key, outcome: Outcome, ttl: u32, now: Instant) {
        let said = Duration::from_secs(ttl.into());
        let kept = match outcome {
            Outcome::Found(_) | Outcome::Named(_) => said.min(LONGEST),
            Outcome::Nothing => said.min(LONGEST_NOTHING),
            Outcome::Failed(_) => FAILURE,
        };
        self.remove(&key);
        if kept.is_zero() {
            return;
        }
        while self.answers.len() >= MAX_ENTRIES {
            let Some((_, oldest)) = self.ends.pop_first() else { break };
            self.answers.remove(&oldest);
        }
        self.ends.insert((now + kept, key.clone()));
        self.answers.insert(key, (outcome, now + kept));
    }

    fn remove(&mut self, key: &Key) {
        if let Some((_, end)) = self.answers.remove(key) {
            self.ends.remove(&(end, key.clone()));
        }
    }

    /// Forgets everything: other servers may know other names.
    pub(super) fn clear(&mut self) {
        *self = Cache::default();
    }

    /// How many answers are kept.
    pub(super) fn len(&self) -> usize {
        self.answers.len()
    }
}
