//! Waiting: never for a fixed time, always with an end.

use anyhow::{Result, bail};
use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take before a case fails. Far more than it takes: the machine may be busy.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How often a condition is looked at that nobody announces.
const INTERVAL: Duration = Duration::from_millis(5);

/// A point in time after which nobody waits any more.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    /// The deadline that lies this far ahead.
    pub fn after(limit: Duration) -> Self {
        Deadline(Instant::now() + limit)
    }

    /// The ordinary deadline, [`PATIENCE`] from now.
    pub fn patient() -> Self {
        Deadline::after(PATIENCE)
    }

    /// How long it still is; zero when it has passed.
    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether it has passed.
    pub fn has_passed(self) -> bool {
        self.left().is_zero()
    }
}

/// Looks until `condition` answers something. `what` says what is waited for.
///
/// # Errors
/// When [`PATIENCE`] is over.
pub fn wait_for<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> Result<T> {
    let deadline = Deadline::patient();
    loop {
        if let Some(answer) = condition() {
            return Ok(answer);
        }
        if deadline.has_passed() {
            bail!("still waiting for {what} after {PATIENCE:?}");
        }
        thread::sleep(INTERVAL);
    }
}
