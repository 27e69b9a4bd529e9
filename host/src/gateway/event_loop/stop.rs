//! The request to stop.

use mio::Waker;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How the gateway is told to stop.
#[derive(Debug)]
pub(in crate::gateway) struct StopRequest {
    waker: Waker,
    /// How long the last bytes may take, once stopping is wanted.
    grace: Mutex<Option<Duration>>,
}

impl StopRequest {
    /// A request that is made with `waker`.
    pub(super) fn new(waker: Waker) -> Self {
        StopRequest { waker, grace: Mutex::new(None) }
    }

    /// Asks the event loop to end within `grace`.
    pub(in crate::gateway) fn send(&self, grace: Duration) {
        *self.grace.lock().unwrap_or_else(PoisonError::into_inner) = Some(grace);
        if let Err(error) = self.waker.wake() {
            tracing::error!("the user wire's gateway cannot be stopped: {error}");
        }
    }

    pub(super) fn received(&self) -> Option<Duration> {
        *self.grace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
