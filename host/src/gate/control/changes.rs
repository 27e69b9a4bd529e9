//! `wnet:stack/changes`.
//!
//! A subscription outlives its stack: in the one that is started in its place it is made again, and its owner is told that
//! changes were lost.

use super::{GateHost, not_supported, or_failure};
use crate::gate::GateView;
use crate::gate::resource::{Interface, Stack, StackResource};
use crate::kernel::bindings::exports::wnet::stack::changes::{ChangeGroups, Guest, News};
use crate::kernel::bindings::exports::wnet::stack::control_types::Failure;
use crate::kernel::exports;
use crate::kernel::{Entered, Kernel, Owned, StackDied};
use std::sync::Arc;
use std::time::Duration;
use wasmtime::component::{Linker, Resource, ResourceAny, ResourceType};
use wasmtime::{Result, StoreContextMut};
use wasmtime_wasi_io::async_trait;
use wasmtime_wasi_io::poll::{Pollable, subscribe};

/// The interface's name.
pub(super) const INTERFACE: &str = "wnet:stack/changes@0.1.0";

/// How often a stack is asked again that refuses to tell more guests of its changes.
const RETRY: Duration = Duration::from_secs(1);

/// `changes` of the stack.
struct Changes;

impl Interface for Changes {
    type Guest = Guest;

    fn of(stack: &exports::Stack) -> Option<&Guest> {
        stack.changes()
    }

    fn subscribe(guest: &Guest, stack: &mut Stack, subscription: ResourceAny) -> Result<ResourceAny> {
        guest.subscription().call_subscribe(stack, subscription)
    }
}

type Handle = Resource<Subscription>;

/// The resource `subscription`.
pub(crate) struct Subscription {
    kernel: Arc<Kernel>,
    groups: ChangeGroups,
    /// The stack's; none: it refused one.
    resource: Option<StackResource<Changes>>,
    /// Changes were lost, which the owner does not know yet.
    overrun: bool,
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
        let owner = match or_failure(kernel.enter_again(|entered| watch(entered, groups)))? {
            Ok(owner) => owner,
            Err(failure) => return Ok(Err(failure)),
        };
        let resource = Some(StackResource::new(Arc::clone(&kernel), owner));
        Ok(Ok(self.table.push(Subscription { kernel, groups, resource, overrun: false })?))
    }

    fn take_changes(&mut self, handle: &Handle, max: u32) -> Result<News> {
        let subscription = self.table.get_mut(handle)?;
        match subscription.take(max) {
            Ok(Some(News { changes, overrun })) => {
                let overrun = overrun | std::mem::take(&mut subscription.overrun);
                return Ok(News { changes, overrun });
            }
            // The stack is another one than before.
            Ok(None) | Err(StackDied::Restarted) => {}
            Err(failed) => return Err(failed.into()),
        }
        match subscription.subscribe_again() {
            Ok(()) | Err(StackDied::Restarted) => {}
            Err(failed) => return Err(failed.into()),
        }
        subscription.overrun = false;
        Ok(News { changes: Vec::new(), overrun: true })
    }

    fn drop_subscription(&mut self, handle: Handle) -> Result<()> {
        drop(self.table.delete(handle)?);
        self.network.kernel.reap();
        Ok(())
    }
}

impl Subscription {
    /// What the stack has to tell; none: it does not know of this subscription.
    fn take(&self, max: u32) -> std::result::Result<Option<News>, StackDied> {
        let Some(resource) = &self.resource else { return Ok(None) };
        self.kernel.enter(|entered| match (entered.stack.changes(), resource.handle(entered)) {
            (Some(changes), Some(handle)) => {
                changes.subscription().call_take(&mut *entered.store, handle, max).map(Some)
            }
            _ => Ok(None),
        })
    }

    /// Subscribes in the stack as it is now, if it lets us.
    fn subscribe_again(&mut self) -> std::result::Result<(), StackDied> {
        let groups = self.groups;
        let owner = self.kernel.enter_again(|entered| watch(entered, groups))?.ok();
        self.resource = owner.map(|owner| StackResource::new(Arc::clone(&self.kernel), owner));
        self.overrun = true;
        Ok(())
    }
}

#[async_trait]
impl Pollable for Subscription {
    /// A stack that refused the subscription is asked again now and then: others' may end.
    async fn ready(&mut self) {
        loop {
            match &mut self.resource {
                Some(_) if self.overrun => return,
                Some(resource) => return resource.ready().await,
                None => {}
            }
            tokio::time::sleep(RETRY).await;
            if let Err(StackDied::Failed(_)) = self.subscribe_again() {
                return;
            }
        }
    }
}
