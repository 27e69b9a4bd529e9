//! `wnet:stack/notify`: what the stack pushes out while it runs.
//!
//! Nothing here acts. The stack's Store does not notice re-entry, so whatever is told is queued and acted
//! upon when the big lock has been given back.

use super::super::bindings::wnet::stack::notify::{Host, Level};
use super::super::state::StackState;
use wasmtime::Result;

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
pub(in crate::kernel) fn log(level: Level, text: &str) {
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
