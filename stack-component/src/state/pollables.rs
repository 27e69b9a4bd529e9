//! Pollables, and the tokens under which the host waits for them (interface `reactor`, function `watch`).
//!
//! Each socket lists its armed pollables, and each of those knows its place in the list: arming, firing and
//! dropping are O(1), and an event costs what the pollables armed on its own socket cost.

use super::State;
use super::tcp_state::TcpState;
use alloc::vec::Vec;
use stack_core::arena::Handle;
use stack_core::names::LookupHandle;
use stack_core::packet_socket::PacketHandle;
use stack_core::raw::RawHandle;
use stack_core::stack::{SocketHandle, SubscriberHandle};
use stack_core::tcp::TcpHandle;
use stack_core::time::Instant;
use stack_core::udp::UdpHandle;

pub(crate) type PollableHandle = Handle<Pollable>;

/// What a pollable waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The socket's operation in progress, or a connection to accept.
    Socket(TcpHandle),
    /// Data to read, or the input's end.
    Input(TcpHandle),
    /// Room to write, or the output's end.
    Output(TcpHandle),
    /// A datagram or an error of a UDP socket.
    Datagrams(UdpHandle),
    /// A UDP socket takes datagrams to send, which it always does.
    Permit(UdpHandle),
    /// A packet or an error of a raw or ping socket.
    Raw(RawHandle),
    /// A frame of a packet socket.
    Packet(PacketHandle),
    /// A change that somebody is told of.
    Changes(SubscriberHandle),
    /// The end of a look-up.
    Lookup(LookupHandle),
    /// A point of time.
    Time(Instant),
}

/// Whose list an armed pollable stands in.
enum Owner {
    Socket(SocketHandle),
    Clock(Instant),
}

impl Source {
    fn owner(self) -> Owner {
        match self {
            Source::Socket(tcp) | Source::Input(tcp) | Source::Output(tcp) => {
                Owner::Socket(SocketHandle::Tcp(tcp))
            }
            Source::Datagrams(udp) | Source::Permit(udp) => Owner::Socket(SocketHandle::Udp(udp)),
            Source::Raw(raw) => Owner::Socket(SocketHandle::Raw(raw)),
            Source::Packet(packet) => Owner::Socket(SocketHandle::Packet(packet)),
            Source::Changes(subscriber) => Owner::Socket(SocketHandle::Subscriber(subscriber)),
            Source::Lookup(lookup) => Owner::Socket(SocketHandle::Lookup(lookup)),
            Source::Time(deadline) => Owner::Clock(deadline),
        }
    }
}

/// A pollable: what it waits for and whether the host waits for it.
pub(crate) struct Pollable {
    source: Source,
    armed: Option<Armed>,
}

#[derive(Clone, Copy)]
struct Armed {
    token: u64,
    /// Where in its socket's list it stands.
    place: usize,
}

impl State {
    /// A new pollable.
    pub(crate) fn subscribe(&mut self, source: Source) -> PollableHandle {
        self.pollables.insert(Pollable { source, armed: None })
    }

    /// Whether a pollable is ready. What its socket was dropped from is ready: whoever waits shall see.
    pub(crate) fn is_ready(&self, pollable: PollableHandle, now: Instant) -> bool {
        self.pollables.get(pollable).is_none_or(|pollable| self.source_is_ready(pollable.source, now))
    }

    /// Arms a pollable: its token goes out when it is ready, with this call if it is now.
    pub(crate) fn watch(&mut self, handle: PollableHandle, now: Instant) -> u64 {
        let armed = self.pollables.get(handle).and_then(|pollable| pollable.armed);
        if let Some(Armed { token, .. }) = armed {
            return token;
        }
        self.last_token += 1;
        if self.is_ready(handle, now) {
            self.fired.push(self.last_token);
        } else {
            self.arm(handle, self.last_token);
        }
        self.last_token
    }

    /// Forgets a pollable; its token will never go out.
    pub(crate) fn drop_pollable(&mut self, handle: PollableHandle) {
        self.disarm(handle);
        self.pollables.remove(handle);
    }

    /// Fires the armed pollables of a socket that are ready.
    pub(super) fn wake(&mut self, handle: SocketHandle) {
        let mut place = 0;
        while let Some(&pollable) = self.armed(handle).and_then(|armed| armed.get(place)) {
            // Sockets' pollables do not ask for the time.
            if self.is_ready(pollable, Instant::ZERO) {
                self.fire(pollable);
            } else {
                place += 1;
            }
        }
    }

    /// The armed pollables of a socket.
    fn armed(&mut self, handle: SocketHandle) -> Option<&mut Vec<PollableHandle>> {
        match handle {
            SocketHandle::Tcp(handle) => self.sockets.get_mut(&handle).map(|socket| &mut socket.armed),
            SocketHandle::Raw(_)
            | SocketHandle::Packet(_)
            | SocketHandle::Subscriber(_)
            | SocketHandle::Lookup(_) => self.plain.get_mut(&handle),
            SocketHandle::Udp(handle) => self.udps.get_mut(&handle).map(|socket| &mut socket.armed),
        }
    }

    /// Fires the armed pollables of the clock whose time has come.
    pub(super) fn wake_timers(&mut self, now: Instant) {
        while let Some(&(deadline, pollable)) = self.timers.first()
            && deadline <= now
        {
            self.timers.pop_first();
            self.fire(pollable);
        }
    }

    /// Takes the pollable out of its list; its token goes out with this call.
    pub(super) fn fire(&mut self, handle: PollableHandle) {
        let token = self.disarm(handle);
        self.fired.extend(token);
    }

    fn source_is_ready(&self, source: Source, now: Instant) -> bool {
        let handle = match source {
            Source::Socket(handle) | Source::Input(handle) | Source::Output(handle) => handle,
            Source::Datagrams(handle) => return self.stack.udp_readiness(handle).readable,
            Source::Permit(_) => return true,
            Source::Raw(raw) => {
                return !self.plain.contains_key(&SocketHandle::Raw(raw)) || self.raw_is_ready(raw);
            }
            Source::Packet(packet) => {
                return !self.plain.contains_key(&SocketHandle::Packet(packet))
                    || self.stack.packet_is_readable(packet);
            }
            Source::Changes(handle) => {
                return !self.plain.contains_key(&SocketHandle::Subscriber(handle))
                    || self.stack.has_changes(handle);
            }
            Source::Lookup(lookup) => return self.stack.resolve_has_ended(lookup),
            Source::Time(deadline) => return deadline <= now,
        };
        let Some(socket) = self.sockets.get(&handle) else { return true };
        match source {
            Source::Input(_) => socket.input_closed || self.stack.tcp_readiness(handle).readable,
            Source::Output(_) => socket.output_closed || self.stack.tcp_send_space(handle) != Ok(0),
            _ => match socket.state {
                TcpState::ConnectInProgress => self.stack.tcp_readiness(handle).connect_resolved,
                TcpState::Listening => self.stack.tcp_readiness(handle).acceptable,
                _ => true,
            },
        }
    }

    fn arm(&mut self, handle: PollableHandle, token: u64) {
        let Some(owner) = self.pollables.get(handle).map(|pollable| pollable.source.owner()) else { return };
        let mut place = 0;
        match owner {
            Owner::Clock(deadline) => {
                self.timers.insert((deadline, handle));
            }
            Owner::Socket(socket) => {
                let Some(armed) = self.armed(socket) else { return };
                place = armed.len();
                armed.push(handle);
            }
        }
        if let Some(pollable) = self.pollables.get_mut(handle) {
            pollable.armed = Some(Armed { token, place });
        }
    }

    fn disarm(&mut self, handle: PollableHandle) -> Option<u64> {
        let pollable = self.pollables.get_mut(handle)?;
        let Armed { token, place } = pollable.armed.take()?;
        match pollable.source.owner() {
            Owner::Clock(deadline) => {
                self.timers.remove(&(deadline, handle));
            }
            Owner::Socket(socket) => self.unlist(socket, place),
        }
        Some(token)
    }

    /// Takes the pollable at `place` out of the socket's list; the last one moves to its place.
    fn unlist(&mut self, handle: SocketHandle, place: usize) {
        let Some(armed) = self.armed(handle) else { return };
        if place < armed.len() {
            armed.swap_remove(place);
        }
        if let Some(&moved) = armed.get(place)
            && let Some(Pollable { armed: Some(armed), .. }) = self.pollables.get_mut(moved)
        {
            armed.place = place;
        }
    }
}
