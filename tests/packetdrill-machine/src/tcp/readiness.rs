//! What poll(2) and epoll(7) find at a socket.

use super::{Phase, Tcp};
use crate::component::Component;
use crate::numbers::event;
use crate::options::{State, StateExt};
use wasmtime::component::ResourceAny;

impl Tcp {
    /// What poll(2) finds. Linux: `tcp_poll`.
    pub(crate) fn events(&mut self, component: &mut Component) -> u32 {
        self.look(component);
        self.gather_error(component);
        self.look_at_sends(component);
        let has_error = self.error.is_some() || self.local.zerocopy.has_done();
        let mut events = if has_error { event::ERR } else { 0 };
        match self.phase {
            Phase::Listening => events | self.acceptable(component),
            Phase::Connecting => events,
            Phase::Spent if self.untold => {
                events | event::IN | event::RDNORM | event::RDHUP | event::OUT | event::WRNORM | event::HUP
            }
            Phase::Idle | Phase::Spent => events | event::OUT | event::WRNORM | event::HUP,
            Phase::Connected => {
                events |= self.connection_events(component);
                events
            }
        }
    }

    fn acceptable(&self, component: &mut Component) -> u32 {
        let handle = self.handle;
        let ready = component.is_ready(|inside| {
            inside.stack.wasi_sockets_tcp().tcp_socket().call_subscribe(&mut *inside.store, handle)
        });
        if ready == Ok(true) { event::IN | event::RDNORM } else { 0 }
    }

    fn connection_events(&self, component: &mut Component) -> u32 {
        let Some((input, output)) = self.streams else { return 0 };
        let state = component.state(self.handle).unwrap_or(State::Close);
        let peer_is_done = self.shut_receive || state.has_received_fin();
        let send_is_over = self.shut_send || state == State::Close;
        let mut events = 0;
        if peer_is_done {
            events |= event::IN | event::RDNORM | event::RDHUP;
        }
        if (peer_is_done && send_is_over) || state == State::Close {
            events |= event::HUP;
        }
        let readable = component.is_ready(|inside| {
            inside.stack.wasi_io_streams().input_stream().call_subscribe(&mut *inside.store, input)
        });
        if readable == Ok(true) {
            events |= event::IN | event::RDNORM;
        }
        if send_is_over || self.is_writable(component, output) {
            events |= event::OUT | event::WRNORM;
        }
        events
    }

    /// Whether there is room worth the while: a third of the buffer, and little that was not sent. Linux:
    /// `__sk_stream_is_writeable`, `tcp_stream_memory_free`.
    fn is_writable(&self, component: &mut Component, output: ResourceAny) -> bool {
        let ready = component.is_ready(|inside| {
            inside.stack.wasi_io_streams().output_stream().call_subscribe(&mut *inside.store, output)
        });
        let Ok(options) = component.options(self.handle) else { return ready == Ok(true) };
        let queued = component.unacknowledged(self.handle).unwrap_or(0);
        let unsent = component.unsent(self.handle).unwrap_or(0);
        let lowat = match options.notsent_lowat {
            0 => u64::from(u32::MAX),
            lowat => lowat.into(),
        };
        ready == Ok(true) && queued * 3 <= u64::from(options.sndbuf) * 2 && unsent * 2 < lowat
    }
}
