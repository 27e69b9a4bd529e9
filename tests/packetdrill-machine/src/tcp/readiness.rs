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
        let has_error =
            self.error.is_some() || self.local.zerocopy.has_done() || self.local.timestamping.has_news();
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

    /// Whether a write that found no room may go on. Linux: `sk_stream_write_space`.
    pub(crate) fn has_space(&self, component: &mut Component) -> bool {
        self.connection_events(component) & event::OUT != 0
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
        if send_is_over || is_writable(component, output) {
            events |= event::OUT | event::WRNORM;
        }
        events
    }
}

/// Whether there is room worth the while, which the stack judges as Linux does. Linux: `__sk_stream_is_writeable`.
fn is_writable(component: &mut Component, output: ResourceAny) -> bool {
    let ready = component.is_ready(|inside| {
        inside.stack.wasi_io_streams().output_stream().call_subscribe(&mut *inside.store, output)
    });
    ready == Ok(true)
}
