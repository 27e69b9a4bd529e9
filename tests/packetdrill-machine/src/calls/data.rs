//! Calls that receive, and the way to those that send.

use super::{Attempt, Process, Progress, Stop};
use crate::numbers::{level, msg, tcp as option};
use packetdrill::Errno;
use packetdrill::machine::{Answer, Call, ControlMessage, Fd};

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
            if let Some(control) = tcp.local.zerocopy.tell(tcp.family.is_v6()) {
                return Ok(Answer { control: vec![control], flags: msg::ERRQUEUE, ..Answer::default() });
            }
            // The packet itself, which would come with it, is not kept: it is told as cut.
            let control = tcp.local.timestamping.tell(tcp.family.is_v6()).ok_or(Errno::EAGAIN)?;
            return Ok(Answer { control, flags: msg::ERRQUEUE | msg::TRUNC, ..Answer::default() });
        }
        let waits = !nonblocking && flags & msg::DONTWAIT == 0 && !progress.expired;
        let lowat = component.options(tcp.handle()).map_or(1, |options| options.rcvlowat);
        let target = receive_target(len, flags, lowat);
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
            let data = tcp.input_hint(&mut self.component).to_le_bytes().to_vec();
            answer.control.push(ControlMessage { level: level::TCP, kind: option::CM_INQ, data });
        }
        Ok(answer)
    }
}

/// How many bytes have to be there before a call that waits returns; `lowat` is SO_RCVLOWAT. Linux: `sock_rcvlowat`.
fn receive_target(len: usize, flags: i32, lowat: u32) -> usize {
    let all = flags & msg::WAITALL != 0;
    if all { len } else { len.min(usize::try_from(lowat).unwrap_or(usize::MAX)).max(1) }
}
