//! The way into the state: every export goes through [`enter`].

use crate::allocator::SingleThreaded;
use crate::bindings::wasi::clocks::monotonic_clock;
use crate::bindings::wnet::stack::notify::{self, Level};
use crate::random::HostRandom;
use crate::state::State;
use alloc::boxed::Box;
use alloc::string::ToString;
use stack_core::stack::Stack;
use stack_core::time::Instant;

/// The state of this instance, made at the first call.
static STATE: SingleThreaded<Option<State>> = SingleThreaded::new(None);

/// Runs `f` on the state at the current time, then tells the host what came of it.
///
/// Resources of ours must not be made or dropped within `f`: a drop enters again.
pub(crate) fn enter<R>(f: impl FnOnce(&mut State, Instant) -> R) -> R {
    let now = Instant::from_nanos(monotonic_clock::now());
    let (result, notices) = STATE.with(|state| {
        let state = state.get_or_insert_with(|| State::new(new_stack()));
        state.stack.set_time(now);
        let result = f(state, now);
        (result, state.leave(now))
    });
    for line in notices.log {
        notify::log(Level::Warn, &line);
    }
    for change in notices.trace {
        notify::log(Level::Debug, &change.to_string());
    }
    for token in notices.ready {
        notify::ready(token);
    }
    if let Some(deadline) = notices.wake_at {
        notify::wake_at(deadline.as_nanos());
    }
    result
}

/// A stack with no device but loopback.
pub(crate) fn new_stack() -> Stack {
    Stack::new(Box::new(HostRandom::default()))
}
