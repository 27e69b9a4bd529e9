//! The clock: imported for ourselves, exported because the streams' pollables demand it (interface
//! `monotonic-clock`). Both show the same time.

use crate::Component;
use crate::bindings::exports::wasi::clocks::monotonic_clock::{Duration, Guest, Instant, Pollable};
use crate::bindings::wasi::clocks::monotonic_clock as host;
use crate::entry::enter;
use crate::io::poll;
use crate::state::Source;
use stack_core::time;

impl Guest for Component {
    fn now() -> Instant {
        host::now()
    }

    fn resolution() -> Duration {
        host::resolution()
    }

    fn subscribe_instant(when: Instant) -> Pollable {
        poll::subscribe(Source::Time(time::Instant::from_nanos(when)))
    }

    fn subscribe_duration(when: Duration) -> Pollable {
        let deadline = enter(|_, now| now + time::Duration::from_nanos(when));
        poll::subscribe(Source::Time(deadline))
    }
}
