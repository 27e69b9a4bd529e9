//! What a stack may export beyond the contract. What it does not export is not there, and nothing else.

use super::bindings::optional::WithCounters;
use super::state::StackState;
use wasmtime::component::{Instance, ResourceAny, TypedFunc};
use wasmtime::{Result, Store};

/// The optional interfaces of one instance.
pub(super) struct Optional {
    counters: Option<WithCounters>,
    /// `abort-tcp`. Looked up by hand: bindings for this interface alone would take the sockets in it for
    /// the host's.
    abort_tcp: Option<TypedFunc<(ResourceAny,), ()>>,
}

impl Optional {
    /// Finds out what `instance` exports.
    pub(super) fn find(store: &mut Store<StackState>, instance: &Instance) -> Self {
        let counters = WithCounters::new(&mut *store, instance)
            .inspect_err(|error| tracing::debug!("the stack has no counters: {error:#}"))
            .ok();
        let abort_tcp = find_abort_tcp(store, instance);
        if abort_tcp.is_none() {
            tracing::debug!("the stack cannot abort connections");
        }
        Optional { counters, abort_tcp }
    }

    /// `wnet:stack/counters.snapshot`.
    pub(super) fn counters(&self, store: &mut Store<StackState>) -> Result<Vec<(String, u64)>> {
        let Some(counters) = &self.counters else { return Ok(Vec::new()) };
        let snapshot = counters.wnet_stack_counters().call_snapshot(store)?;
        Ok(snapshot.into_iter().map(|counter| (counter.name, counter.value)).collect())
    }

    /// `wnet:stack/abort.abort-tcp`.
    pub(super) fn abort_tcp(&self, store: &mut Store<StackState>, socket: ResourceAny) -> Result<()> {
        self.abort_tcp.as_ref().map_or(Ok(()), |abort| abort.call(store, (socket,)))
    }
}

fn find_abort_tcp(
    store: &mut Store<StackState>,
    instance: &Instance,
) -> Option<TypedFunc<(ResourceAny,), ()>> {
    let interface = instance.get_export_index(&mut *store, None, "wnet:stack/abort@0.1.0")?;
    let function = instance.get_export_index(&mut *store, Some(&interface), "abort-tcp")?;
    instance.get_typed_func(store, function).ok()
}
