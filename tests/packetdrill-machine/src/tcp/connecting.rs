//! How a connection comes about and is given up: connect(2), and data that go with the SYN.

use super::addresses::{inner_address, wasi_address};
use super::{Phase, Tcp, method};
use crate::component::Component;
use crate::options::{PLAIN, State};
use packetdrill::Errno;
use std::net::SocketAddr;

impl Tcp {
    /// connect(2): begins it. [`Errno::EINPROGRESS`]: [`Tcp::connect_result`] tells how it went.
    pub(crate) fn connect(&mut self, component: &mut Component, address: SocketAddr) -> Result<(), Errno> {
        self.look(component);
        match self.phase {
            Phase::Connecting => return Err(Errno::EALREADY),
            Phase::Connected | Phase::Spent if self.untold => return self.tell_outcome(component),
            Phase::Connected | Phase::Listening => return Err(Errno::EISCONN),
            Phase::Spent => self.refresh(component)?,
            Phase::Idle => {}
        }
        let address = inner_address(self.family, address, Errno::ENETUNREACH)?;
        let handle = self.handle;
        component
            .call(|inside| {
                let network = inside.network()?;
                let tcp = inside.stack.wasi_sockets_tcp().tcp_socket();
                tcp.call_start_connect(&mut *inside.store, handle, network, wasi_address(address))
            })
            .inspect_err(|_| self.phase = Phase::Spent)?;
        self.phase = Phase::Connecting;
        self.connect_result(component)?;
        self.deferred = self.is_opening(component);
        Ok(())
    }

    /// Whether the SYN is unanswered, or waits for data.
    pub(crate) fn is_opening(&self, component: &mut Component) -> bool {
        component.state(self.handle).is_ok_and(|state| state == State::SynSent)
    }

    /// MSG_FASTOPEN, and the first data of a connection that waits for it: connects, and hands in data for the SYN.
    /// Answers how many bytes were taken. Linux: `__inet_stream_connect` from `tcp_sendmsg_fastopen`.
    pub(crate) fn connect_with_data(
        &mut self,
        component: &mut Component,
        address: Result<SocketAddr, Errno>,
        data: &[u8],
    ) -> Result<usize, Errno> {
        self.look(component);
        match self.phase {
            Phase::Connecting => return Err(Errno::EALREADY),
            Phase::Connected if std::mem::take(&mut self.deferred) => {
                let taken = component.send(self.handle, data, PLAIN)?;
                self.untold = true;
                return Ok(usize::try_from(taken).unwrap_or(usize::MAX));
            }
            Phase::Connected if self.is_opening(component) => return Err(Errno::EALREADY),
            Phase::Connected | Phase::Spent if self.untold => {
                return self.tell_outcome(component).map(|()| 0);
            }
            Phase::Connected | Phase::Listening => return Err(Errno::EISCONN),
            Phase::Spent => self.refresh(component)?,
            Phase::Idle => {}
        }
        let address = inner_address(self.family, address?, Errno::ENETUNREACH)?;
        let taken = component
            .connect_with_data(self.handle, wasi_address(address), data)
            .inspect_err(|_| self.phase = Phase::Spent)?;
        self.phase = Phase::Connecting;
        self.look(component);
        Ok(usize::try_from(taken).unwrap_or(usize::MAX))
    }

    /// A call waits with data until the connection is there: it will carry the acknowledgement. Linux:
    /// `sk_write_pending`.
    pub(crate) fn announce(&self, component: &mut Component, data: &[u8]) {
        if self.is_opening(component) && !data.is_empty() {
            // It takes nothing yet.
            let _ = component.send(self.handle, data, PLAIN);
        }
    }

    /// The next connect() answers success, if there is a connection then.
    pub(crate) fn told_later(&mut self) {
        self.untold = true;
    }

    /// How a connection attempt went: [`Errno::EINPROGRESS`] while it runs.
    pub(crate) fn connect_result(&mut self, component: &mut Component) -> Result<(), Errno> {
        self.look(component);
        match self.phase {
            Phase::Connecting => Err(Errno::EINPROGRESS),
            Phase::Connected | Phase::Spent => self.tell_outcome(component),
            Phase::Idle | Phase::Listening => Ok(()),
        }
    }

    /// How a connection attempt went that is over; a connection may have ended since. Linux: the end of
    /// `__inet_stream_connect`.
    fn tell_outcome(&mut self, component: &mut Component) -> Result<(), Errno> {
        self.untold = false;
        if self.phase == Phase::Connected && component.state(self.handle) != Ok(State::Close) {
            return Ok(());
        }
        let error = self.take_error(component);
        self.phase = Phase::Spent;
        Err(error.unwrap_or(Errno::ECONNABORTED))
    }

    /// connect(2) with `AF_UNSPEC`, and what shutdown(2) does to a listener: the socket is as new, its options stay.
    pub(crate) fn disconnect(&mut self, component: &mut Component) -> Result<(), Errno> {
        if self.phase == Phase::Connected {
            component.abort(self.handle)?;
        }
        self.phase = Phase::Spent;
        self.error = None;
        self.refresh(component)
    }

    /// Finds out whether a connection attempt ended.
    pub(crate) fn look(&mut self, component: &mut Component) {
        if self.phase != Phase::Connecting {
            return;
        }
        self.gather_error(component);
        match method!(component, call_finish_connect, self.handle) {
            Ok(streams) => {
                self.streams = Some(streams);
                self.phase = Phase::Connected;
                self.untold = true;
            }
            Err(Errno::EAGAIN) => {}
            Err(error) => {
                self.phase = Phase::Spent;
                self.untold = true;
                self.error.get_or_insert(error);
            }
        }
    }
}
