//! Interface `wnet:stack/counters`.

use crate::Component;
use crate::bindings::exports::wnet::stack::counters::{Counter, Guest};
use crate::entry::enter;
use alloc::vec::Vec;

impl Guest for Component {
    fn snapshot() -> Vec<Counter> {
        let counters = enter(|state, _| state.stack.counters().snapshot());
        counters.into_iter().map(|(name, value)| Counter { name, value }).collect()
    }
}
