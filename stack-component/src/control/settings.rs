//! Interface `wnet:stack/control`.

use crate::Component;
use crate::bindings::exports::wnet::stack::control::{Counter, Guest, Sysctl, SysctlError, TraceEvent};
use crate::entry::enter;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use stack_core::sysctl;

/// The one event there is: a TCP socket's state changed.
const SET_STATE: &str = "sock:inet_sock_set_state";

impl Guest for Component {
    fn counters() -> Vec<Counter> {
        let counters = enter(|state, _| state.stack.counters().snapshot());
        counters.into_iter().map(|(name, value)| Counter { name, value }).collect()
    }

    fn sysctls() -> Vec<Sysctl> {
        let all = enter(|state, _| state.stack.sysctl().all());
        all.into_iter().map(|(name, value)| Sysctl { name, value }).collect()
    }

    fn get_sysctl(name: String) -> Result<String, SysctlError> {
        enter(|state, _| state.stack.sysctl().get(&name)).map_err(refusal)
    }

    fn set_sysctl(name: String, value: String) -> Result<(), SysctlError> {
        enter(|state, _| state.stack.set_sysctl(&name, &value)).map_err(refusal)
    }

    fn trace_events() -> Vec<TraceEvent> {
        let enabled = enter(|state, _| state.stack.tcp_traces_states());
        vec![TraceEvent { name: SET_STATE.to_string(), enabled }]
    }

    fn set_trace(name: String, enabled: bool) -> bool {
        let known = name == SET_STATE;
        if known {
            enter(|state, _| state.stack.tcp_trace_states(enabled));
        }
        known
    }
}

fn refusal(error: sysctl::SysctlError) -> SysctlError {
    match error {
        sysctl::SysctlError::Unknown { near, .. } => SysctlError::Unknown(near),
        sysctl::SysctlError::ReadOnly(_) => SysctlError::ReadOnly,
        sysctl::SysctlError::Invalid { expected, .. } => SysctlError::Invalid(expected.to_string()),
    }
}
