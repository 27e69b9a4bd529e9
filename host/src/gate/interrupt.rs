//! `wnet:stack/interrupt`: the user's wish that a guest ends, for guests that have something to say before they do.

use super::GateHost;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;
use wasmtime::component::Linker;
use wasmtime::{Result, StoreContextMut};
use wasmtime_wasi_io::async_trait;
use wasmtime_wasi_io::poll::{Pollable, subscribe};

/// The interface's name.
pub(crate) const INTERFACE: &str = "wnet:stack/interrupt@0.1.0";

/// Between those who interrupt a guest and the guest.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<State>);

#[derive(Debug, Default)]
struct State {
    asked: AtomicBool,
    /// Somebody of the guest's hears of it.
    heard: AtomicBool,
    notify: Notify,
}

impl Interrupt {
    /// Interrupts the guest. Answers whether it will see to its end itself: it listens, and was not asked before.
    pub fn interrupt(&self) -> bool {
        let again = self.0.asked.swap(true, Ordering::AcqRel);
        self.0.notify.notify_waiters();
        self.0.heard.load(Ordering::Acquire) && !again
    }
}

#[async_trait]
impl Pollable for Interrupt {
    async fn ready(&mut self) {
        let notified = self.0.notify.notified();
        let mut notified = std::pin::pin!(notified);
        notified.as_mut().enable();
        if !self.0.asked.load(Ordering::Acquire) {
            notified.await;
        }
    }
}

/// Defines the interface.
pub(crate) fn add_to_linker<T: GateHost>(linker: &mut Linker<T>) -> Result<()> {
    let mut interrupt = linker.instance(INTERFACE)?;
    interrupt.func_wrap("subscribe", |mut store: StoreContextMut<'_, T>, (): ()| {
        let gate = store.data_mut().gate();
        let interrupt = gate.network.interrupt.clone();
        interrupt.0.heard.store(true, Ordering::Release);
        let interrupt = gate.table.push(interrupt)?;
        Ok((subscribe(gate.table, interrupt)?,))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_listens_is_asked_once() {
        let interrupt = Interrupt::default();
        assert!(!interrupt.interrupt(), "nobody listens");
        let interrupt = Interrupt::default();
        interrupt.0.heard.store(true, Ordering::Release);
        let mut waiting = interrupt.clone();
        let waiting = tokio::spawn(async move { waiting.ready().await });
        tokio::task::yield_now().await;
        assert!(interrupt.interrupt());
        waiting.await.unwrap();
        interrupt.clone().ready().await;
        assert!(!interrupt.interrupt(), "the second time it is ended");
    }
}
