//! Who waits for which token.
//!
//! The stack names tokens while it runs; whoever waits for them is woken after the big lock was given back.

use super::handles::Generation;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use tokio::sync::Notify;

type Key = (Generation, u64);

/// All waiters of a kernel.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    /// The entry goes when its [`Armed`] does.
    waiting: Mutex<HashMap<Key, Weak<Signal>>>,
}

/// What is waited for.
#[derive(Debug, Default)]
struct Signal {
    fired: AtomicBool,
    notify: Notify,
}

impl Signal {
    fn fire(&self) {
        self.fired.store(true, Ordering::Release);
        self.notify.notify_waiters();
    }
}

/// A pollable that the stack promised to tell about, once. It can be waited for again after a wait was given
/// up; so an owner that polls now and then arms the stack once.
#[derive(Debug)]
pub(crate) struct Armed {
    signal: Arc<Signal>,
    key: Key,
    waiters: Arc<Waiters>,
}

impl Armed {
    /// Whether the stack named the token, or died.
    pub(crate) fn has_fired(&self) -> bool {
        self.signal.fired.load(Ordering::Acquire)
    }

    /// Wakes who waits, for there is nothing to wait for any more.
    pub(crate) fn give_up(&self) {
        self.signal.fire();
    }

    /// Waits until the stack named the token, or died. Any number may wait.
    pub(crate) async fn fired(&self) {
        // Who has the future hears of what happens from then on; what happened before, the flag tells.
        let notified = self.signal.notify.notified();
        if !self.has_fired() {
            notified.await;
        }
    }
}

impl Drop for Armed {
    /// Somebody else may wait for the same token by now.
    fn drop(&mut self) {
        let mut waiting = super::unpoisoned(self.waiters.waiting.lock());
        let own = std::ptr::from_ref(self.signal.as_ref());
        if waiting.get(&self.key).is_some_and(|signal| std::ptr::eq(signal.as_ptr(), own)) {
            waiting.remove(&self.key);
        }
    }
}

impl Waiters {
    /// Registers for `token`. Each token has one waiter at a time: a pollable has one owner.
    pub(super) fn arm(self: &Arc<Self>, generation: Generation, token: u64) -> Armed {
        let signal = Arc::new(Signal::default());
        let key = (generation, token);
        super::unpoisoned(self.waiting.lock()).insert(key, Arc::downgrade(&signal));
        Armed { signal, key, waiters: Arc::clone(self) }
    }

    /// Wakes those who wait for `tokens`.
    pub(super) fn wake(&self, generation: Generation, tokens: &[u64]) {
        for token in tokens {
            let signal =
                super::unpoisoned(self.waiting.lock()).get(&(generation, *token)).and_then(Weak::upgrade);
            if let Some(signal) = signal {
                signal.fire();
            }
        }
    }

    /// Wakes all who wait for this life of the stack: it is over.
    pub(super) fn wake_all(&self, generation: Generation) {
        let waiting = super::unpoisoned(self.waiting.lock());
        let signals: Vec<_> = waiting
            .iter()
            .filter(|(key, _)| key.0 == generation)
            .filter_map(|(_, signal)| signal.upgrade())
            .collect();
        drop(waiting);
        signals.iter().for_each(|signal| signal.fire());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    const NOW: Generation = Generation(1);
    const LATER: Generation = Generation(2);

    fn is_fired(armed: &Armed) -> bool {
        pin!(armed.fired()).poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn tokens_wake_their_own_waiters_alone() {
        let waiters = Arc::new(Waiters::default());
        let (one, two) = (waiters.arm(NOW, 1), waiters.arm(NOW, 2));
        let same_number = waiters.arm(LATER, 1);
        waiters.wake(NOW, &[1, 7]);
        assert!(is_fired(&one) && is_fired(&one), "a fired signal stays so");
        assert!(!is_fired(&two) && !is_fired(&same_number));
    }

    #[test]
    fn all_who_wait_for_the_same_are_woken() {
        let waiters = Arc::new(Waiters::default());
        let armed = waiters.arm(NOW, 1);
        let (mut one, mut two) = (pin!(armed.fired()), pin!(armed.fired()));
        let mut context = Context::from_waker(Waker::noop());
        assert!(one.as_mut().poll(&mut context).is_pending() && two.as_mut().poll(&mut context).is_pending());
        waiters.wake(NOW, &[1]);
        assert!(one.poll(&mut context).is_ready() && two.poll(&mut context).is_ready());
    }

    #[test]
    fn an_earlier_waiter_leaves_a_later_one_alone() {
        let waiters = Arc::new(Waiters::default());
        let (earlier, later) = (waiters.arm(NOW, 1), waiters.arm(NOW, 1));
        drop(earlier);
        waiters.wake(NOW, &[1]);
        assert!(is_fired(&later));
    }

    #[test]
    fn the_end_of_a_life_wakes_all_of_it() {
        let waiters = Arc::new(Waiters::default());
        let (old, new) = (waiters.arm(NOW, 1), waiters.arm(LATER, 1));
        waiters.wake_all(NOW);
        assert!(is_fired(&old) && !is_fired(&new));
    }

    #[test]
    fn nothing_is_left_of_a_waiter_that_gave_up() {
        let waiters = Arc::new(Waiters::default());
        drop(waiters.arm(NOW, 1));
        assert!(super::super::unpoisoned(waiters.waiting.lock()).is_empty());
    }
}
