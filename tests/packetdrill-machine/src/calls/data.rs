//! Calls that move data.

use super::{Attempt, Process, Progress, Stop, done};
use crate::numbers::{level, msg, tcp as option};
use crate::options::State;
use crate::tcp::Phase;
use packetdrill::Errno;
use packetdrill::machine::{Address, Answer, Call, ControlMessage, Fd};

impl Process {
    /// Calls that move data or wait for it.
    pub(super) fn attempt_data(&mut self, call: &Call, progress: &mut Progress) -> Attempt {
        match call {
            Call::Read { fd, len } => match self.read_file(*fd, *len)? {
                Some(answer) => Ok(answer),
                None => self.receive(*fd, *len, 0, progress),
            },
            Call::Recv { fd, len, flags } => self.receive(*fd, *len, *flags, progress),
            Call::RecvMsg { fd, len, control_len, flags } => {
                self.receive_message(*fd, *len, *control_len, *flags, progress)
            }
            Call::Write { fd, data } => match self.write_file(*fd, data)? {
                Some(answer) => Ok(answer),
                None => self.send(*fd, data, 0, None, progress),
            },
            Call::Send { fd, data, flags, address } | Call::SendMsg { fd, data, flags, address, .. } => {
                self.send(*fd, data, *flags, *address, progress)
            }
            other => self.attempt_ready(other, progress),
        }
    }

    /// Linux: `tcp_recvmsg`.
    pub(super) fn receive(&mut self, fd: Fd, len: usize, flags: i32, progress: &mut Progress) -> Attempt {
        let (tcp, nonblocking) = self.descriptors.tcp(fd)?;
        let component = &mut self.component;
        if flags & msg::ERRQUEUE != 0 {
            tcp.look_at_sends(component);
            let control = tcp.local.zerocopy.tell(tcp.is_v6).ok_or(Errno::EAGAIN)?;
            return Ok(Answer { control: vec![control], flags: msg::ERRQUEUE, ..Answer::default() });
        }
        let waits = !nonblocking && flags & msg::DONTWAIT == 0 && !progress.expired;
        let lowat = || component_lowat(len, flags);
        let target = lowat();
        loop {
            let wanted = len - progress.received.len();
            match tcp.receive(component, wanted, flags) {
                Ok(bytes) => {
                    let ended = bytes.is_empty();
                    progress.received.extend(bytes);
                    let enough = progress.received.len() >= target || flags & msg::PEEK != 0;
                    if ended || enough {
                        break;
                    }
                }
                Err(Errno::EAGAIN) if waits => return Err(Stop::Wait(tcp.local.receive_timeout)),
                Err(_) if !progress.received.is_empty() => break,
                Err(error) => return Err(error.into()),
            }
        }
        let mut data = std::mem::take(&mut progress.received);
        let value = i64::try_from(data.len()).unwrap_or(i64::MAX);
        if flags & msg::TRUNC != 0 {
            data.clear();
        }
        Ok(Answer { value, data, ..Answer::default() })
    }

    fn receive_message(
        &mut self,
        fd: Fd,
        len: usize,
        control_len: usize,
        flags: i32,
        progress: &mut Progress,
    ) -> Attempt {
        let mut answer = self.receive(fd, len, flags, progress)?;
        let (tcp, _) = self.descriptors.tcp(fd)?;
        if tcp.local.inq && control_len > 0 && flags & msg::ERRQUEUE == 0 {
            let left = inq(self.component.queued_input(tcp.handle()).unwrap_or(0));
            let data = left.to_le_bytes().to_vec();
            answer.control.push(ControlMessage { level: level::TCP, kind: option::CM_INQ, data });
        }
        Ok(answer)
    }

    /// Linux: `tcp_sendmsg`.
    pub(super) fn send(
        &mut self,
        fd: Fd,
        data: &[u8],
        flags: i32,
        address: Option<Address>,
        progress: &mut Progress,
    ) -> Attempt {
        if flags & msg::OOB != 0 {
            return Err(Errno::EOPNOTSUPP.into());
        }
        let (_, nonblocking) = self.descriptors.tcp(fd)?;
        let waits = !nonblocking && flags & msg::DONTWAIT == 0 && !progress.expired;
        if flags & msg::FASTOPEN != 0 {
            self.open_fast(fd, data, address, waits, progress)?;
        }
        let (tcp, _) = self.descriptors.tcp(fd)?;
        let more = flags & msg::MORE != 0;
        loop {
            let left = data.get(progress.sent..).unwrap_or_default();
            match tcp.send(&mut self.component, left, more) {
                Ok(taken) => {
                    progress.sent += taken;
                    tcp.local.zerocopy.hand_in(taken);
                    if progress.sent >= data.len() {
                        break;
                    }
                }
                Err(Errno::EAGAIN) if waits => return Err(Stop::Wait(tcp.local.send_timeout)),
                Err(_) if progress.sent > 0 => break,
                Err(error) => return Err(error.into()),
            }
        }
        if flags & msg::ZEROCOPY != 0 {
            tcp.local.zerocopy.mark();
        }
        done(i64::try_from(progress.sent).unwrap_or(i64::MAX))
    }

    /// Connects with the data in the SYN, if it may be there, and waits for the connection. Linux:
    /// `tcp_sendmsg_fastopen`.
    fn open_fast(
        &mut self,
        fd: Fd,
        data: &[u8],
        address: Option<Address>,
        waits: bool,
        progress: &mut Progress,
    ) -> Result<(), Stop> {
        let first = !std::mem::replace(&mut progress.started, true);
        if first {
            if !self.component.is_fast_open_client() {
                return Err(Errno::EOPNOTSUPP.into());
            }
            let address = match address.ok_or(Errno::EINVAL)? {
                Address::Inet(address) => address,
                Address::Family(_) => return Err(Errno::EOPNOTSUPP.into()),
            };
            let (tcp, _) = self.descriptors.tcp(fd)?;
            progress.sent = tcp.connect_with_data(&mut self.component, address, data)?;
            tcp.local.zerocopy.hand_in(progress.sent);
        }
        let (tcp, _) = self.descriptors.tcp(fd)?;
        let opening = tcp.phase == Phase::Connecting
            || self.component.state(tcp.handle()).is_ok_and(|state| state == State::SynSent);
        match tcp.connect_result(&mut self.component) {
            Ok(()) if !opening => Ok(()),
            Ok(()) | Err(Errno::EINPROGRESS) if waits => Err(Stop::Wait(tcp.local.send_timeout)),
            _ if progress.sent > 0 => Ok(()),
            Ok(()) => Err(Errno::EINPROGRESS.into()),
            Err(error) => Err(error.into()),
        }
    }
}

/// How many bytes have to be there before a call that waits returns. Linux: `sock_rcvlowat`.
fn component_lowat(len: usize, flags: i32) -> usize {
    if flags & msg::WAITALL != 0 { len } else { len.min(1) }
}

/// What TCP_INQ tells: bytes that wait to be read.
fn inq(waiting: u64) -> i32 {
    i32::try_from(waiting).unwrap_or(i32::MAX)
}
