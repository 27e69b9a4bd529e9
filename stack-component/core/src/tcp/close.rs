//! How a connection ends. Linux: `tcp_close`, `tcp_shutdown`, `tcp_send_fin`.

use super::connection::{Connection, Fin, Timer};
use super::{Env, TcpState};
use crate::counters::Counter;

/// What [`Connection::close`] leaves to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closing {
    /// It says goodbye by itself, without an owner.
    Graceful,
    /// A reset has to be sent; the connection is gone.
    Reset,
    /// It is gone without a word.
    Gone,
}

impl Connection {
    /// Sends a FIN behind what was handed in. Linux: `tcp_shutdown` with `SEND_SHUTDOWN`.
    pub(super) fn finish_sending(&mut self) {
        self.enter(match self.state {
            TcpState::SynRecv if self.is_fast_open() => TcpState::FinWait1,
            // The state moves on when the handshake is complete.
            TcpState::SynRecv => TcpState::SynRecv,
            TcpState::Established => TcpState::FinWait1,
            TcpState::CloseWait => TcpState::LastAck,
            _ => return,
        });
        self.send.fin = Fin::Queued;
        self.events.output = true;
        self.wake();
    }

    /// The owner reads no more.
    pub(super) fn finish_receiving(&mut self) {
        self.receive.shutdown = true;
        self.receive.queue.clear();
        self.wake();
    }

    /// The owner gives the connection up. Data that was never read tells the peer that it is lost: a reset
    /// (RFC 2525 section 2.17). Linux: `__tcp_close`.
    pub(super) fn close(&mut self, env: &mut Env<'_>) -> Closing {
        self.orphan = true;
        let unread = self.receive.queue.clear() > 0;
        match self.state {
            TcpState::Close => Closing::Gone,
            TcpState::SynSent => {
                self.die(None);
                Closing::Gone
            }
            _ if unread => {
                env.counters.increment(Counter::TcpExtTCPAbortOnClose);
                self.die(None);
                Closing::Reset
            }
            _ => {
                self.finish_sending();
                self.timers.stop(Timer::KeepAlive);
                Closing::Graceful
            }
        }
    }
}
