//! Raw and ping sockets.

use super::State;
use super::plain::send_in_order;
use alloc::vec::Vec;
use core::net::IpAddr;
use stack_core::raw::{Family, Incoming, Kind, Message, RawHandle, RawOption, Report};
use stack_core::socket::SocketError;
use stack_core::stack::SocketHandle;
use stack_core::time::Instant;

impl State {
    /// A new socket.
    pub(crate) fn create_raw_socket(&mut self, family: Family, kind: Kind) -> Result<RawHandle, SocketError> {
        let handle = self.stack.raw_open(family, kind)?;
        self.add_plain(SocketHandle::Raw(handle));
        Ok(handle)
    }

    /// Gives a socket up; who waits for it shall see.
    pub(crate) fn drop_raw_socket(&mut self, handle: RawHandle) {
        self.forget_plain(SocketHandle::Raw(handle));
        self.stack.raw_close(handle);
    }

    pub(super) fn raw_is_ready(&self, handle: RawHandle) -> bool {
        let readiness = self.stack.raw_readiness(handle);
        readiness.readable || readiness.reported
    }

    /// Binds the socket to the device of this name, or to none.
    pub(crate) fn bind_raw_to_device(&mut self, handle: RawHandle, name: &str) -> Result<(), SocketError> {
        let device = self.device_named(name)?;
        self.stack.raw_set(handle, RawOption::Device(device))
    }

    /// Sends in order; answers how many went, or why the first one did not.
    pub(crate) fn send_raw(
        &mut self,
        handle: RawHandle,
        packets: &[(Vec<u8>, Option<IpAddr>, Option<u8>)],
        now: Instant,
    ) -> Result<usize, SocketError> {
        send_in_order(packets, |(data, to, hop_limit)| {
            let message = Message { data, to: *to, hop_limit: *hop_limit };
            self.stack.raw_send(handle, message, now)
        })
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
}
