//! `wnet:stack/notify`: what the stack pushes out while it runs.
//!
//! Nothing here acts. The stack's Store does not notice re-entry, so whatever is told is queued and acted
//! upon when the big lock has been given back.

use super::bindings::wnet::stack::notify::{Host, Level};
use super::state::StackState;
use wasmtime::Result;

/// What the stack said during one entry.
#[derive(Debug, Default)]
pub(super) struct Notices {
    /// Tokens of pollables that became ready.
    pub(super) ready: Vec<u64>,
    /// When the stack wants to be stepped, in nanoseconds of the monotonic clock.
    pub(super) wake_at: Option<u64>,
    /// Whether a device raised its interrupt or set itself a nearer deadline.
    pub(super) attention: bool,
}

impl Notices {
    /// Remembers the earliest of the deadlines told.
    pub(super) fn wake_at(&mut self, deadline: u64) {
        self.wake_at = Some(self.wake_at.map_or(deadline, |earlier| earlier.min(deadline)));
    }

    /// Takes `token` out again, if it is among the ready ones.
    pub(super) fn take_ready(&mut self, token: u64) -> bool {
        let position = self.ready.iter().rposition(|ready| *ready == token);
        position.map(|index| self.ready.swap_remove(index)).is_some()
    }
}

impl Host for StackState {
    fn ready(&mut self, token: u64) -> Result<()> {
        self.notices.ready.push(token);
        Ok(())
    }

    fn wake_at(&mut self, deadline: u64) -> Result<()> {
        self.notices.wake_at(deadline);
        Ok(())
    }

    fn log(&mut self, level: Level, text: String) -> Result<()> {
        log(level, &text);
        Ok(())
    }
}

/// Puts a line of the stack's into the host's log. Control characters are shown, not obeyed.
pub(super) fn log(level: Level, text: &str) {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    match level {
        Level::Error => tracing::error!(target: "stack", "{shown}"),
        Level::Warn => tracing::warn!(target: "stack", "{shown}"),
        Level::Info => tracing::info!(target: "stack", "{shown}"),
        Level::Debug => tracing::debug!(target: "stack", "{shown}"),
        Level::Trace => tracing::trace!(target: "stack", "{shown}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_deadline_counts() {
        let mut notices = Notices::default();
        for deadline in [30, 10, 20] {
            notices.wake_at(deadline);
        }
        assert_eq!(notices.wake_at, Some(10));
    }

    #[test]
    fn a_token_is_taken_once() {
        let mut notices = Notices { ready: vec![1, 2, 3], ..Default::default() };
        assert!(notices.take_ready(2));
        assert!(!notices.take_ready(2));
        assert_eq!(notices.ready.len(), 2);
    }
}
