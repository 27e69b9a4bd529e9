//! Interface `wnet:stack/reactor`.

use crate::Component;
use crate::bindings::exports::wnet::stack::reactor::{Config, Guest, PollableBorrow, StepResult};
use crate::configure::configured_stack;
use crate::entry::enter;
use crate::io::poll::Pollable;
use alloc::string::{String, ToString};
use stack_core::time::Instant;

impl Guest for Component {
    fn configure(config: Config) -> Result<(), String> {
        if !enter(|state, _| state.is_fresh()) {
            return Err("the stack is in use already: configure comes first, and once".to_string());
        }
        let stack = configured_stack(config)?;
        enter(|state, _| state.install(stack));
        Ok(())
    }

    fn step(budget: u32) -> StepResult {
        let step = enter(|state, now| state.step(now, usize::try_from(budget).unwrap_or(usize::MAX)));
        StepResult { next_deadline: step.next_deadline.map(Instant::as_nanos), more: step.more }
    }

    fn watch(pollable: PollableBorrow<'_>) -> u64 {
        let handle = pollable.get::<Pollable>().handle();
        enter(|state, now| state.watch(handle, now))
    }
}
