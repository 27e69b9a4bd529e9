//! How many bytes of buffers a guest's sockets may have together.
//!
//! Where there is a limit, a socket's buffers keep the size that they are created with or that the guest sets: the
//! stack grows none by itself whose size was set (Linux: `SOCK_RCVBUF_LOCK`), so that what is reserved is all that it
//! can fill. Where there is none, nothing is asked and nothing fixed.

use super::bindings::wasi::sockets::network::ErrorCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The buffers of one guest.
#[derive(Clone, Debug, Default)]
pub(super) struct Buffers {
    limit: Option<u64>,
    used: Arc<AtomicU64>,
}

/// What a socket has of them, in bytes; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Reserved {
    buffers: Buffers,
    receive: u64,
    send: u64,
}

impl Buffers {
    /// At most so many bytes; none: as many as the stack gives.
    pub(super) fn new(limit: Option<u64>) -> Self {
        Buffers { limit, used: Arc::default() }
    }

    /// Whether there is a limit.
    pub(super) fn are_limited(&self) -> bool {
        self.limit.is_some()
    }

    /// Reserves a socket's two buffers. Linux: ENOBUFS.
    pub(super) fn reserve(&self, (receive, send): (u64, u64)) -> Result<Reserved, ErrorCode> {
        if receive.saturating_add(send) > self.room() {
            return Err(ErrorCode::OutOfMemory);
        }
        let mut reserved = Reserved { buffers: self.clone(), receive: 0, send: 0 };
        reserved.resize((receive, send));
        Ok(reserved)
    }

    /// Bytes that are left.
    fn room(&self) -> u64 {
        self.limit.unwrap_or(u64::MAX).saturating_sub(self.used.load(Ordering::Relaxed))
    }
}

impl Reserved {
    /// What the socket has, as another like it would need it, too.
    pub(super) fn sizes(&self) -> (u64, u64) {
        (self.receive, self.send)
    }

    /// The largest receive buffer that the socket may have.
    pub(super) fn largest_receive(&self) -> u64 {
        self.receive.saturating_add(self.buffers.room())
    }

    /// The largest send buffer that the socket may have.
    pub(super) fn largest_send(&self) -> u64 {
        self.send.saturating_add(self.buffers.room())
    }

    /// Whether another socket with such buffers may be.
    pub(super) fn has_room_for_another(&self) -> Result<(), ErrorCode> {
        self.buffers.reserve(self.sizes()).map(drop)
    }

    /// The sizes that the stack gave: that they may be a little more than the largest ones is its smallest size.
    pub(super) fn resize(&mut self, (receive, send): (u64, u64)) {
        let before = self.receive.saturating_add(self.send);
        (self.receive, self.send) = (receive, send);
        // One guest's calls come one after another.
        self.buffers.used.fetch_add(receive.saturating_add(send), Ordering::Relaxed);
        self.buffers.used.fetch_sub(before, Ordering::Relaxed);
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.resize((0, 0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_end_at_the_limit_and_come_back() {
        let buffers = Buffers::new(Some(100));
        let mut first = buffers.reserve((30, 20)).unwrap();
        let second = buffers.reserve((10, 10)).unwrap();
        assert_eq!((first.largest_receive(), second.largest_send()), (60, 40));
        assert!(matches!(first.has_room_for_another(), Err(ErrorCode::OutOfMemory)));
        assert_eq!(second.has_room_for_another(), Ok(()));
        first.resize((60, 20));
        assert_eq!((first.largest_receive(), second.largest_send()), (60, 10));
        drop(first);
        assert_eq!(second.largest_send(), 90);
        assert!(!Buffers::default().are_limited());
    }
}
