//! All sockets as somebody sees them who looks at the stack from outside. Linux: `net/ipv4/inet_diag.c`.

use super::connection::{Connection, Timer};
use super::request::Request;
use super::table::{Role, Socket};
use super::time_wait::TimeWait;
use super::{FourTuple, Tcp, TcpHandle, TcpState};
use crate::packet::DeviceIndex;
use crate::time::{Duration, Instant};
use core::net::SocketAddr;

/// Which timer of a socket is due next. Linux: `idiag_timer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListedTimer {
    /// Something is sent again.
    On,
    /// The peer is asked whether it lives.
    KeepAlive,
    /// TIME-WAIT ends.
    TimeWait,
    /// The peer's window is asked for.
    Persist,
}

/// A socket, a half-open connection or one in TIME-WAIT. Linux: `struct inet_diag_msg`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name, if it is a socket.
    pub handle: Option<TcpHandle>,
    /// Its state.
    pub state: TcpState,
    /// Our end.
    pub local: SocketAddr,
    /// The peer's; none for a listener.
    pub remote: Option<SocketAddr>,
    /// The device it is bound to.
    pub device: Option<DeviceIndex>,
    /// Bytes to be read; of a listener, connections to be accepted.
    pub receive_queue: usize,
    /// Bytes not acknowledged; of a listener, its backlog.
    pub send_queue: usize,
    /// The timer due next, and in how long.
    pub timer: Option<(ListedTimer, Duration)>,
    /// How often the same was sent in vain.
    pub retransmits: u32,
    /// Its mark.
    pub mark: u32,
    /// Its type of service.
    pub tos: u8,
    /// Whether nothing is read and whether nothing is sent any more.
    pub shutdown: (bool, bool),
    /// Bytes that it may hold to be read, and to be sent.
    pub buffers: (u32, u32),
    /// Bytes that wait in these.
    pub held: (usize, usize),
}

impl Listed {
    fn new(tuple: &FourTuple, state: TcpState) -> Self {
        Listed {
            handle: None,
            state,
            local: tuple.local.into(),
            remote: Some(tuple.remote.into()),
            device: None,
            receive_queue: 0,
            send_queue: 0,
            timer: None,
            retransmits: 0,
            mark: 0,
            tos: 0,
            shutdown: (false, false),
            buffers: (0, 0),
            held: (0, 0),
        }
    }

    /// Linux: `inet_req_diag_fill`.
    fn request(request: &Request, now: Instant) -> Self {
        Listed {
            timer: Some((ListedTimer::On, request.deadline.since(now))),
            retransmits: request.retransmits.into(),
            tos: request.tos,
            ..Listed::new(&request.tuple, TcpState::SynRecv)
        }
    }

    /// Linux: `inet_twsk_diag_fill`.
    fn time_wait(wait: &TimeWait, now: Instant) -> Self {
        let timer = Some((ListedTimer::TimeWait, wait.deadline.since(now)));
        Listed { timer, shutdown: (true, true), ..Listed::new(&wait.tuple, wait.state()) }
    }
}

impl Connection {
    /// Linux: the timers of `inet_sk_diag_fill`.
    fn listed_timer(&self, now: Instant) -> (Option<(ListedTimer, Duration)>, u32) {
        let due = |timers: &[Timer]| timers.iter().filter_map(|timer| self.timers.get(*timer)).min();
        let rows = [
            (due(&[Timer::Retransmit, Timer::Reorder, Timer::TailProbe]), ListedTimer::On, self.retransmits),
            (due(&[Timer::Persist]), ListedTimer::Persist, self.probes),
            (due(&[Timer::KeepAlive, Timer::FinWait]), ListedTimer::KeepAlive, self.probes),
        ];
        let first = rows.into_iter().find_map(|(due, timer, count)| Some((due?, timer, count)));
        match first {
            Some((due, timer, count)) => (Some((timer, due.since(now))), count),
            None => (None, 0),
        }
    }
}

impl Tcp {
    /// Listeners and connections, then half-open connections, then those in TIME-WAIT. Sockets that are neither are
    /// left out, as `ss` does.
    pub fn listing(&self, now: Instant) -> impl Iterator<Item = Listed> {
        let sockets =
            self.sockets.iter().filter_map(move |(handle, socket)| self.listed(handle, socket, now));
        let requests = self.requests.iter().map(move |(_, request)| Listed::request(request, now));
        let waits = self.time_waits.iter().map(move |(_, wait)| Listed::time_wait(wait, now));
        sockets.chain(requests).chain(waits)
    }

    fn listed(&self, handle: TcpHandle, socket: &Socket, now: Instant) -> Option<Listed> {
        let options = &socket.options;
        let common = |listed| Listed {
            handle: Some(handle),
            device: options.device,
            mark: options.mark,
            tos: options.tos,
            buffers: (options.receive_buffer, options.send_buffer),
            ..listed
        };
        match &socket.role {
            Role::Idle => None,
            Role::Listener(listener) => {
                let local = socket.local?;
                let tuple = FourTuple::new(local, local);
                Some(common(Listed {
                    remote: None,
                    receive_queue: listener.accept_queue.len(),
                    send_queue: options.backlog as usize,
                    ..Listed::new(&tuple, TcpState::Listen)
                }))
            }
            Role::Connection(connection) if connection.state == TcpState::Close => None,
            Role::Connection(connection) => {
                let (timer, retransmits) = connection.listed_timer(now);
                let mut listed = common(Listed::new(&connection.tuple, connection.state));
                listed.receive_queue = self.queued_input(handle);
                // The SYN counts until it is acknowledged.
                listed.send_queue = match connection.state {
                    TcpState::SynSent | TcpState::SynRecv => 1 + connection.send.queue.len(),
                    _ => self.unacknowledged(handle),
                };
                listed.held = (connection.receive.queue.charged(), connection.send.queue.len());
                (listed.timer, listed.retransmits) = (timer, retransmits);
                listed.shutdown =
                    (connection.receive.shutdown, connection.send.fin != super::connection::Fin::No);
                Some(listed)
            }
        }
    }
}
