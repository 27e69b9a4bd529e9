//! `wnet:stack/changes`.
//!
//! A subscription outlives its stack: in the one that is started in its place it is made again, and its owner is told that
//! changes were lost.

use super::{GateHost, not_supported};
use crate::gate::GateView;
use crate::gate::ready::{Readiness, Watched, ready};
use crate::kernel::bindings::exports::wnet::stack::changes::{ChangeGroups, News};
use crate::kernel::bindings::exports::wnet::stack::control_types::Failure;
use crate::kernel::{Entered, Kernel, Owned, StackDied};
use std::sync::Arc;
use wasmtime::component::{Linker, Resource, ResourceAny, ResourceType};
use wasmtime::{Result, StoreContextMut};
use wasmtime_wasi_io::async_trait;
use wasmtime_wasi_io::poll::{Pollable, subscribe};

/// The interface's name.
pub(super) const INTERFACE: &str = "wnet:stack/changes@0.1.0";

type Handle = Resource<Subscription>;

/// The resource `subscription`.
pub(crate) struct Subscription {
    kernel: Arc<Kernel>,
    groups: ChangeGroups,
    owner: Arc<Owned>,
    readiness: Readiness,
}

/// Defines the interface.
pub(super) fn add_to_linker<T: GateHost>(linker: &mut Linker<T>) -> Result<()> {
    let mut changes = linker.instance(INTERFACE)?;
    changes.resource("subscription", ResourceType::host::<Subscription>(), |mut store, handle| {
        store.data_mut().gate().drop_subscription(Resource::new_own(handle))
    })?;
    changes.func_wrap("watch", |mut store: StoreContextMut<'_, T>, (groups,): (ChangeGroups,)| {
        Ok((store.data_mut().gate().watch_changes(groups)?,))
    })?;
    changes.func_wrap(
        "[method]subscription.take",
        |mut store: StoreContextMut<'_, T>, (handle, max): (Handle, u32)| {
            Ok((store.data_mut().gate().take_changes(&handle, max)?,))
        },
    )?;
    changes.func_wrap(
        "[method]subscription.subscribe",
        |mut store: StoreContextMut<'_, T>, (handle,): (Handle,)| {
            let gate = store.data_mut().gate();
            Ok((subscribe(gate.table, Resource::<Subscription>::new_borrow(handle.rep()))?,))
        },
    )
}

/// Subscribes in the stack as it is now.
fn watch(
    entered: &mut Entered<'_>,
    groups: ChangeGroups,
) -> Result<std::result::Result<Arc<Owned>, Failure>> {
    let stack = entered.stack;
    let Some(changes) = stack.changes() else { return Ok(Err(not_supported())) };
    let made = changes.call_watch(&mut *entered.store, groups)?;
    Ok(made.map(|handle: ResourceAny| entered.own(handle, None)))
}

impl GateView<'_> {
    fn watch_changes(&mut self, groups: ChangeGroups) -> Result<std::result::Result<Handle, Failure>> {
        let kernel = Arc::clone(&self.network.kernel);
        let owner = match kernel.enter(|entered| watch(entered, groups)) {
            Err(StackDied::Restarted) => kernel.enter(|entered| watch(entered, groups))?,
            answer => answer?,
        };
        let owner = match owner {
            Ok(owner) => owner,
            Err(failure) => return Ok(Err(failure)),
        };
        let readiness = Readiness::default();
        Ok(Ok(self.table.push(Subscription { kernel, groups, owner, readiness })?))
    }

    fn take_changes(&mut self, handle: &Handle, max: u32) -> Result<News> {
        let subscription = self.table.get_mut(handle)?;
        let kernel = Arc::clone(&subscription.kernel);
        let taken = kernel.enter(|entered| {
            let stack = entered.stack;
            match (stack.changes(), entered.get(&subscription.owner)) {
                (Some(changes), Some(owner)) => {
                    changes.subscription().call_take(&mut *entered.store, owner, max).map(Some)
                }
                _ => Ok(None),
            }
        });
        match taken {
            Ok(Some(news)) => Ok(news),
            // The stack is another one than before.
            Ok(None) | Err(StackDied::Restarted) => {
                if let Ok(owner) = kernel.enter(|entered| watch(entered, subscription.groups))? {
                    (subscription.owner, subscription.readiness) = (owner, Readiness::default());
                }
                Ok(News { changes: Vec::new(), overrun: true })
            }
            Err(failed) => Err(failed.into()),
        }
    }

    fn drop_subscription(&mut self, handle: Handle) -> Result<()> {
        drop(self.table.delete(handle)?);
        self.network.kernel.reap();
        Ok(())
    }
}

impl Watched for Subscription {
    fn readiness(&mut self) -> &mut Readiness {
        &mut self.readiness
    }

    fn kernel(&self) -> Arc<Kernel> {
        Arc::clone(&self.kernel)
    }

    fn look(&mut self, stack: &mut Entered<'_>) -> Result<bool> {
        let (Some(changes), Some(handle)) = (stack.stack.changes(), stack.get(&self.owner)) else {
            return Ok(true);
        };
        self.readiness.check(stack, &self.owner, |stack| {
            changes.subscription().call_subscribe(&mut *stack.store, handle)
        })
    }
}

#[async_trait]
impl Pollable for Subscription {
    async fn ready(&mut self) {
        ready(self).await;
    }
}
