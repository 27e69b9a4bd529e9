//! Raw and ping sockets.

use super::State;
use alloc::vec::Vec;
use core::net::IpAddr;
use stack_core::raw::{Family, Incoming, Kind, Message, RawHandle, RawOption, Report};
use stack_core::socket::SocketError;
use stack_core::time::Instant;

/// Most packets or errors of one call, whatever is asked for: they are copied twice.
const MAX_BATCH: usize = 256;

impl State {
    /// A new socket.
    pub(crate) fn create_raw_socket(&mut self, family: Family, kind: Kind) -> Result<RawHandle, SocketError> {
        let handle = self.stack.raw_open(family, kind)?;
        self.raws.insert(handle, Vec::new());
        Ok(handle)
    }

    /// Gives a socket up; who waits for it shall see.
    pub(crate) fn drop_raw_socket(&mut self, handle: RawHandle) {
        for pollable in self.raws.get(&handle).cloned().unwrap_or_default() {
            self.fire(pollable);
        }
        self.raws.remove(&handle);
        self.stack.raw_close(handle);
    }

    pub(super) fn raw_is_ready(&self, handle: RawHandle) -> bool {
        let readiness = self.stack.raw_readiness(handle);
        readiness.readable || readiness.reported
    }

    /// Binds the socket to the device of this name, or to none.
    pub(crate) fn bind_raw_to_device(&mut self, handle: RawHandle, name: &str) -> Result<(), SocketError> {
        let device = match name {
            "" => None,
            name => {
                let found = self.stack.interfaces().iter().find(|interface| interface.name() == name);
                Some(found.ok_or(SocketError::InvalidArgument)?.index())
            }
        };
        self.stack.raw_set(handle, RawOption::Device(device))
    }

    /// Sends in order; answers how many went, or why the first one did not.
    pub(crate) fn send_raw(
        &mut self,
        handle: RawHandle,
        packets: &[(Vec<u8>, Option<IpAddr>, Option<u8>)],
        now: Instant,
    ) -> Result<usize, SocketError> {
        let mut sent = 0;
        for (data, to, hop_limit) in packets {
            let message = Message { data, to: *to, hop_limit: *hop_limit };
            match self.stack.raw_send(handle, message, now) {
                Ok(()) => sent += 1,
                Err(error) if sent == 0 => return Err(error),
                Err(_) => break,
            }
        }
        Ok(sent)
    }

    /// At most `max` packets.
    pub(crate) fn receive_raw(&mut self, handle: RawHandle, max: u64) -> Result<Vec<Incoming>, SocketError> {
        self.batch(max, |state| state.stack.raw_receive(handle))
    }

    /// At most `max` errors.
    pub(crate) fn receive_raw_reports(
        &mut self,
        handle: RawHandle,
        max: u64,
    ) -> Result<Vec<Report>, SocketError> {
        self.batch(max, |state| state.stack.raw_receive_report(handle))
    }

    fn batch<T>(
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
