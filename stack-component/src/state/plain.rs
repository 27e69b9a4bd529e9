//! What raw, ping and packet sockets and those who are told of changes have in common: they have no state but their
//! pollables, and whatever goes in and out does so in lists.

use super::State;
use alloc::vec::Vec;
use stack_core::socket::SocketError;
use stack_core::stack::SocketHandle;

/// Most packets or errors of one call, whatever is asked for: they are copied twice.
const MAX_BATCH: usize = 256;

impl State {
    /// Knows a new socket.
    pub(super) fn add_plain(&mut self, handle: SocketHandle) {
        self.plain.insert(handle, Vec::new());
    }

    /// Forgets a socket; who waits for it shall see.
    pub(super) fn forget_plain(&mut self, handle: SocketHandle) {
        for pollable in self.plain.get(&handle).cloned().unwrap_or_default() {
            self.fire(pollable);
        }
        self.plain.remove(&handle);
    }

    /// At most `max` of what `next` takes.
    pub(super) fn batch<T>(
        &mut self,
        max: u64,
        mut next: impl FnMut(&mut Self) -> Result<T, SocketError>,
    ) -> Result<Vec<T>, SocketError> {
        let max = usize::try_from(max).unwrap_or(MAX_BATCH).min(MAX_BATCH);
        let mut all = Vec::new();
        while all.len() < max {
            match next(self) {
                Ok(one) => all.push(one),
                Err(SocketError::WouldBlock) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }
}

/// Sends `all` in order; answers how many went, or why the first one did not.
pub(super) fn send_in_order<T>(
    all: &[T],
    mut send: impl FnMut(&T) -> Result<(), SocketError>,
) -> Result<usize, SocketError> {
    let mut sent = 0;
    for one in all {
        match send(one) {
            Ok(()) => sent += 1,
            Err(error) if sent == 0 => return Err(error),
            Err(_) => break,
        }
    }
    Ok(sent)
}
