//! Calls that send.

use super::{Attempt, Process, Progress, Stop, done};
use crate::numbers::msg;
use crate::options::State;
use crate::tcp::Phase;
use packetdrill::Errno;
use packetdrill::machine::{Address, Fd};

/// What became of the connection that a send opens.
enum Opening {
    /// There is one: what is left can be sent.
    Done,
    /// It is being made, and took some of the data with it.
    UnderWay,
}

impl Process {
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
        if let Opening::Done = self.open(fd, data, flags, address, (waits, progress))? {
            self.send_rest(fd, data, flags & msg::MORE != 0, (waits, progress))?;
        }
        if flags & msg::ZEROCOPY != 0 {
            self.descriptors.tcp(fd)?.0.local.zerocopy.mark();
        }
        done(i64::try_from(progress.sent).unwrap_or(i64::MAX))
    }

    /// Sends on a connection that there is, as much as goes.
    fn send_rest(
        &mut self,
        fd: Fd,
        data: &[u8],
        more: bool,
        (waits, progress): (bool, &mut Progress),
    ) -> Result<(), Stop> {
        let (tcp, _) = self.descriptors.tcp(fd)?;
        loop {
            let left = data.get(progress.sent..).unwrap_or_default();
            match tcp.send(&mut self.component, left, more) {
                Ok(taken) => {
                    progress.sent += taken;
                    tcp.local.zerocopy.hand_in(taken);
                    if progress.sent >= data.len() {
                        return Ok(());
                    }
                }
                Err(Errno::EAGAIN) if waits => return Err(Stop::Wait(tcp.local.send_timeout)),
                Err(_) if progress.sent > 0 => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// With MSG_FASTOPEN, or after a connect() that left it to the first data: connects with data in the SYN, if it
    /// may be there, and waits for the connection. Linux: `tcp_sendmsg_fastopen`.
    fn open(
        &mut self,
        fd: Fd,
        data: &[u8],
        flags: i32,
        address: Option<Address>,
        (waits, progress): (bool, &mut Progress),
    ) -> Result<Opening, Stop> {
        let (tcp, _) = self.descriptors.tcp(fd)?;
        tcp.look(&mut self.component);
        if !progress.started {
            if tcp.take_deferred() {
                progress.sent = tcp.send_first(&mut self.component, data)?;
            } else if flags & msg::FASTOPEN == 0 {
                return Ok(Opening::Done);
            } else if self.component.state(tcp.handle()).is_ok_and(|state| state == State::SynSent) {
                // Another send is at it.
                return Err(Errno::EALREADY.into());
            } else if tcp.take_untold() {
                return Ok(Opening::Done);
            } else {
                progress.sent = self.open_fast(fd, data, address)?;
            }
            progress.started = true;
            self.descriptors.tcp(fd)?.0.local.zerocopy.hand_in(progress.sent);
        }
        self.opened(fd, (waits, progress))
    }

    fn open_fast(&mut self, fd: Fd, data: &[u8], address: Option<Address>) -> Result<usize, Errno> {
        if !self.component.is_fast_open_client() {
            return Err(Errno::EOPNOTSUPP);
        }
        let Address::Inet(address) = address.ok_or(Errno::EINVAL)? else { return Err(Errno::EOPNOTSUPP) };
        let (tcp, _) = self.descriptors.tcp(fd)?;
        tcp.connect_with_data(&mut self.component, address, data)
    }

    fn opened(&mut self, fd: Fd, (waits, progress): (bool, &mut Progress)) -> Result<Opening, Stop> {
        let (tcp, _) = self.descriptors.tcp(fd)?;
        tcp.look(&mut self.component);
        let sent_syn = self.component.state(tcp.handle()).is_ok_and(|state| state == State::SynSent);
        match tcp.phase {
            Phase::Connecting | Phase::Connected if tcp.phase == Phase::Connecting || sent_syn => {
                if waits {
                    Err(Stop::Wait(tcp.local.send_timeout))
                } else if progress.sent > 0 {
                    Ok(Opening::UnderWay)
                } else {
                    Err(Errno::EINPROGRESS.into())
                }
            }
            Phase::Connected => match tcp.take_error(&mut self.component) {
                Some(error) => Err(error.into()),
                None => {
                    tcp.take_untold();
                    Ok(Opening::Done)
                }
            },
            _ => Err(tcp.take_error(&mut self.component).unwrap_or(Errno::EPIPE).into()),
        }
    }
}
