//! Calls that send.

use super::{Attempt, Process, Progress, Stop, done};
use crate::numbers::msg;
use crate::options::SendFlags;
use crate::tcp::Phase;
use packetdrill::Errno;
use packetdrill::machine::{Address, Fd};

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
        let (tcp, nonblocking) = self.descriptors.tcp(fd)?;
        let waits = !nonblocking && flags & msg::DONTWAIT == 0 && !progress.expired;
        if flags & msg::FASTOPEN != 0 || tcp.deferred || progress.started {
            self.open_fast(fd, data, address, waits, progress)?;
        }
        let (tcp, _) = self.descriptors.tcp(fd)?;
        let how = SendFlags { more: flags & msg::MORE != 0, end_of_record: flags & msg::EOR != 0 };
        if waits && tcp.local.no_space && progress.blocked {
            return Err(Stop::Wait(tcp.local.send_timeout));
        }
        loop {
            let left = data.get(progress.sent..).unwrap_or_default();
            match tcp.send(&mut self.component, left, how) {
                Ok(taken) => {
                    progress.sent += taken;
                    tcp.hand_in(taken);
                    if progress.sent >= data.len() {
                        break;
                    }
                }
                Err(Errno::EAGAIN) if waits => {
                    // It goes on when it is woken, not for each byte that becomes free. Linux: `sk_stream_wait_memory`.
                    tcp.local.no_space = !tcp.has_space(&mut self.component);
                    progress.blocked = true;
                    return Err(Stop::Wait(tcp.local.send_timeout));
                }
                Err(Errno::EAGAIN) if progress.sent > 0 => {
                    tcp.local.no_space = true;
                    break;
                }
                Err(_) if progress.sent > 0 => break,
                Err(error) => return Err(error.into()),
            }
        }
        if flags & msg::ZEROCOPY != 0 {
            tcp.local.zerocopy.mark();
        }
        tcp.local.timestamping.mark(tcp.local.handed);
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
        let (tcp, _) = self.descriptors.tcp(fd)?;
        if first {
            if !self.component.is_fast_open_client() {
                return Err(Errno::EOPNOTSUPP.into());
            }
            let address = match address {
                Some(Address::Inet(address)) => Ok(address),
                Some(Address::Family(_)) => return Err(Errno::EOPNOTSUPP.into()),
                None => Err(Errno::EINVAL),
            };
            progress.sent = tcp.connect_with_data(&mut self.component, address, data)?;
            tcp.hand_in(progress.sent);
        }
        let untold = tcp.phase == Phase::Connected;
        let result = tcp.connect_result(&mut self.component);
        if !tcp.is_opening(&mut self.component) {
            // That it failed counts, whatever the SYN had taken.
            let failed = tcp.take_error(&mut self.component);
            return failed.map_or(result, Err).map_err(Stop::from);
        }
        if untold {
            tcp.told_later();
        }
        if waits {
            tcp.announce(&mut self.component, data.get(progress.sent..).unwrap_or_default());
            return Err(Stop::Wait(tcp.local.send_timeout));
        }
        if progress.sent > 0 { Ok(()) } else { Err(Errno::EINPROGRESS.into()) }
    }
}
