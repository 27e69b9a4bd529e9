//! System calls, those that wait included.

mod data;
mod moving;
mod ready;
mod sending;

use crate::component::Component;
use crate::descriptors::{Descriptors, File, Kind};
use crate::epoll::Epoll;
use crate::files::Pipe;
use crate::numbers::socket;
use crate::options::StateExt;
use crate::tcp::{Phase, Tcp};
use packetdrill::Errno;
use packetdrill::machine::{Address, Answer, Call, Fd};
use std::net::SocketAddr;

/// The process whose calls a script makes.
pub(crate) struct Process {
    pub(crate) component: Component,
    descriptors: Descriptors,
    pipes: Vec<Pipe>,
}

/// Why a call did not return an answer.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It failed.
    Error(Errno),
    /// It waits, for so many nanoseconds at most.
    Wait(Option<u64>),
}

impl From<Errno> for Stop {
    fn from(error: Errno) -> Self {
        Stop::Error(error)
    }
}

/// What a call answers.
pub(crate) type Attempt = Result<Answer, Stop>;

/// How far a call has come that waits.
#[derive(Default)]
pub(crate) struct Progress {
    /// The first step was made.
    started: bool,
    /// Its time is over: it has to return.
    pub(crate) expired: bool,
    /// Bytes that were taken to be sent.
    sent: usize,
    /// It waits for room.
    blocked: bool,
    /// Bytes that were received.
    received: Vec<u8>,
    /// The socket that close() waits for, and that has no descriptor any more.
    closing: Option<Box<Tcp>>,
}

impl Process {
    pub(crate) fn new(component: Component) -> Self {
        Process { component, descriptors: Descriptors::default(), pipes: Vec::new() }
    }

    /// Notes the moment of what sockets are watched for.
    pub(crate) fn look_at_sends(&mut self) {
        for tcp in self.descriptors.tcp_sockets().filter(|tcp| tcp.is_watched()) {
            tcp.look_at_sends(&mut self.component);
        }
    }

    /// Makes a call, or goes on with one.
    pub(crate) fn attempt(&mut self, call: &Call, progress: &mut Progress) -> Attempt {
        match call {
            Call::Socket { domain, kind, protocol } => self.socket(*domain, *kind, *protocol),
            Call::Bind { fd, address } => self.bind(*fd, *address),
            Call::Listen { fd, backlog } => {
                let (tcp, _) = self.descriptors.tcp(*fd)?;
                tcp.listen(&mut self.component, *backlog)?;
                done(0)
            }
            Call::Accept { fd, flags } => self.accept(*fd, *flags, progress),
            Call::Connect { fd, address } => self.connect(*fd, *address, progress),
            Call::Close { fd } => self.close(*fd, progress),
            Call::Shutdown { fd, how } => {
                let (tcp, _) = self.descriptors.tcp(*fd)?;
                tcp.shutdown(&mut self.component, *how)?;
                done(0)
            }
            Call::GetSockOpt { fd, level, name, len } => {
                let (tcp, _) = self.descriptors.tcp(*fd)?;
                let data = tcp.get_option(&mut self.component, *level, *name, *len)?;
                Ok(Answer { data, ..Answer::default() })
            }
            Call::SetSockOpt { fd, level, name, value } => {
                let (tcp, _) = self.descriptors.tcp(*fd)?;
                tcp.set_option(&mut self.component, *level, *name, value)?;
                done(0)
            }
            Call::Fcntl { fd, command, argument } => self.fcntl(*fd, *command, *argument),
            Call::Ioctl { fd, request, argument } => self.ioctl(*fd, *request, *argument),
            Call::Pipe | Call::Open { .. } | Call::SendFile { .. } | Call::Splice { .. } => {
                self.attempt_moving(call, progress)
            }
            other => self.attempt_data(other, progress),
        }
    }

    fn socket(&mut self, domain: i32, kind: i32, protocol: i32) -> Attempt {
        let is_v6 = match domain {
            socket::AF_INET => false,
            socket::AF_INET6 => true,
            _ => return Err(Errno::EAFNOSUPPORT.into()),
        };
        match (kind & socket::SOCK_TYPE_MASK, protocol) {
            (socket::SOCK_STREAM, 0 | socket::IPPROTO_TCP) => {}
            (socket::SOCK_STREAM | socket::SOCK_DGRAM, _) => return Err(Errno::EPROTONOSUPPORT.into()),
            _ => return Err(Errno::ESOCKTNOSUPPORT.into()),
        }
        let tcp = Tcp::create(&mut self.component, is_v6)?;
        self.insert_tcp(tcp, kind)
    }

    /// `flags`: those of socket(2) and accept4(2).
    fn insert_tcp(&mut self, tcp: Tcp, flags: i32) -> Attempt {
        let nonblocking = flags & socket::SOCK_NONBLOCK != 0;
        let fd = self.descriptors.insert(File { nonblocking, kind: Kind::Tcp(Box::new(tcp)) });
        done(fd.into())
    }

    fn bind(&mut self, fd: Fd, address: Address) -> Attempt {
        let (tcp, _) = self.descriptors.tcp(fd)?;
        tcp.bind(&mut self.component, inet(address)?)?;
        done(0)
    }

    fn accept(&mut self, fd: Fd, flags: i32, progress: &Progress) -> Attempt {
        if flags & !(socket::SOCK_NONBLOCK | socket::SOCK_CLOEXEC) != 0 {
            return Err(Errno::EINVAL.into());
        }
        let (tcp, nonblocking) = self.descriptors.tcp(fd)?;
        match tcp.accept(&mut self.component) {
            Ok((accepted, peer)) => {
                let answer = self.insert_tcp(accepted, flags)?;
                Ok(Answer { address: peer, ..answer })
            }
            Err(Errno::EAGAIN) if !nonblocking && !progress.expired => {
                Err(Stop::Wait(tcp.local.receive_timeout))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn connect(&mut self, fd: Fd, address: Address, progress: &mut Progress) -> Attempt {
        let (tcp, nonblocking) = self.descriptors.tcp(fd)?;
        let result = match address {
            _ if progress.started => tcp.connect_result(&mut self.component),
            Address::Family(socket::AF_UNSPEC) => tcp.disconnect(&mut self.component),
            address => tcp.connect(&mut self.component, inet(address)?),
        };
        match result {
            Err(Errno::EINPROGRESS | Errno::EALREADY) if !nonblocking && !progress.expired => {
                progress.started = true;
                Err(Stop::Wait(tcp.local.send_timeout))
            }
            Err(error) => Err(error.into()),
            Ok(()) => {
                // Told now; a second connect() is too much.
                tcp.connect_result(&mut self.component)?;
                done(0)
            }
        }
    }

    /// Linux: `inet_release`, which waits as SO_LINGER says, whatever `O_NONBLOCK` says.
    fn close(&mut self, fd: Fd, progress: &mut Progress) -> Attempt {
        if !std::mem::replace(&mut progress.started, true) {
            match self.descriptors.remove(fd)?.kind {
                Kind::Tcp(tcp) => progress.closing = Some(tcp),
                _ => return done(0),
            }
        }
        let Some(mut tcp) = progress.closing.take() else { return done(0) };
        let linger = if progress.expired { None } else { self.linger(&mut tcp) };
        match linger {
            Some(time) => {
                progress.closing = Some(tcp);
                Err(Stop::Wait(Some(time)))
            }
            None => {
                tcp.close(&mut self.component);
                done(0)
            }
        }
    }

    /// How long close() waits for the peer to have it all; none: not any more. Sends the FIN.
    fn linger(&mut self, tcp: &mut Tcp) -> Option<u64> {
        let component = &mut self.component;
        let time = component.options(tcp.handle()).ok()?.linger.filter(|time| *time > 0)?;
        if tcp.phase != Phase::Connected || component.queued_input(tcp.handle()).ok()? > 0 {
            return None;
        }
        // That it is shut down already is all right.
        let _ = tcp.shutdown(component, socket::SHUT_WR);
        let state = component.state(tcp.handle()).ok()?;
        state.waits_for_fin_ack().then_some(time)
    }

    fn fcntl(&mut self, fd: Fd, command: i32, argument: i64) -> Attempt {
        let file = self.descriptors.get(fd)?;
        match command {
            socket::F_GETFL => {
                done((socket::O_RDWR | if file.nonblocking { socket::O_NONBLOCK } else { 0 }).into())
            }
            socket::F_SETFL => {
                file.nonblocking = argument & i64::from(socket::O_NONBLOCK) != 0;
                done(0)
            }
            socket::F_GETFD | socket::F_SETFD => done(0),
            _ => Err(Errno::EINVAL.into()),
        }
    }

    fn ioctl(&mut self, fd: Fd, request: u64, argument: i64) -> Attempt {
        if request == socket::FIONBIO {
            self.descriptors.get(fd)?.nonblocking = argument != 0;
            return done(0);
        }
        let (tcp, _) = self.descriptors.tcp(fd)?;
        if tcp.phase == Phase::Listening {
            return Err(Errno::EINVAL.into());
        }
        let (component, handle) = (&mut self.component, tcp.handle());
        let number = match request {
            socket::SIOCINQ => component.queued_input(handle),
            socket::SIOCOUTQ => component.unacknowledged(handle),
            socket::SIOCOUTQNSD => component.unsent(handle),
            _ => return Err(Errno::ENOTTY.into()),
        };
        // A socket without a connection has nothing waiting.
        let number = i32::try_from(number.unwrap_or(0)).unwrap_or(i32::MAX);
        Ok(Answer { data: number.to_le_bytes().to_vec(), ..Answer::default() })
    }

    fn epoll_create(&mut self) -> Attempt {
        let kind = Kind::Epoll(Epoll::default());
        done(self.descriptors.insert(File { nonblocking: false, kind }).into())
    }
}

/// A call that returned a number and nothing else.
fn done(value: i64) -> Attempt {
    Ok(Answer { value, ..Answer::default() })
}

fn inet(address: Address) -> Result<SocketAddr, Errno> {
    match address {
        Address::Inet(address) => Ok(address),
        Address::Family(_) => Err(Errno::EAFNOSUPPORT),
    }
}
