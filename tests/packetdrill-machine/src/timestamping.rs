//! SO_TIMESTAMPING for what is sent: when the last byte of a write was handed to the device, left, and was
//! acknowledged, told by the error queue. Linux: `tcp_tx_timestamp`, `__skb_tstamp_tx`.

use crate::numbers::{ip, level, so};
use packetdrill::Errno;
use packetdrill::machine::ControlMessage;
use std::collections::VecDeque;

/// Bits of the option. Linux: `SOF_TIMESTAMPING_*`.
const TX_SOFTWARE: u32 = 0x2;
const REPORT_SOFTWARE: u32 = 0x10;
const OPT_ID: u32 = 0x80;
const TX_SCHED: u32 = 0x100;
const TX_ACK: u32 = 0x200;
const OPT_ID_TCP: u32 = 0x1_0000;
/// What a message is about. Linux: `SCM_TSTAMP_*`.
const SENT: u32 = 0;
const SCHEDULED: u32 = 1;
const ACKNOWLEDGED: u32 = 2;
/// `SO_EE_ORIGIN_TIMESTAMPING`.
const ORIGIN: u8 = 4;
/// `IPV6_RECVERR`.
const IPV6_RECVERR: i32 = 25;
/// Length of `struct sockaddr_in`, which follows in the control message and is empty.
const OFFENDER: usize = 16;
const NANOS: u64 = 1_000_000_000;

/// How far a connection has come, in bytes that were handed in.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reached {
    pub(crate) sent: u64,
    pub(crate) acknowledged: u64,
}

/// The last byte of a write that is watched.
#[derive(Clone, Copy, Debug)]
struct Mark {
    /// The byte behind it.
    end: u64,
    flags: u32,
    left: bool,
}

/// What one message tells.
#[derive(Clone, Copy, Debug)]
struct Message {
    kind: u32,
    key: u32,
    at: u64,
}

/// The option of one socket, and what came of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timestamping {
    flags: u32,
    /// Keys count from this byte. Linux: `sk_tskey`.
    first: u64,
    marks: VecDeque<Mark>,
    messages: VecDeque<Message>,
    /// How many messages there were.
    pub(crate) told: u64,
}

impl Timestamping {
    /// For a connection that is accepted.
    pub(crate) fn of_child(&self) -> Self {
        Timestamping { flags: self.flags, ..Timestamping::default() }
    }

    /// The option's value.
    pub(crate) fn flags(&self) -> u32 {
        self.flags
    }

    /// setsockopt(2), when `handed` bytes were handed in. Linux: `sock_set_timestamping`.
    pub(crate) fn set(&mut self, flags: u32, handed: u64, reached: Reached) {
        if flags & OPT_ID != 0 && self.flags & OPT_ID == 0 {
            self.first = if flags & OPT_ID_TCP != 0 { handed } else { reached.acknowledged };
        }
        self.flags = flags;
    }

    /// A write ended with the byte before `end`.
    pub(crate) fn mark(&mut self, end: u64) {
        if self.flags & (TX_SOFTWARE | TX_SCHED | TX_ACK) != 0 {
            self.marks.push_back(Mark { end, flags: self.flags, left: false });
        }
    }

    /// Whether something is watched.
    pub(crate) fn is_watching(&self) -> bool {
        !self.marks.is_empty()
    }

    /// Notes at the time `now`, in nanoseconds, what was reached since the last look.
    pub(crate) fn look(&mut self, reached: Reached, now: u64) {
        let mut marks = std::mem::take(&mut self.marks);
        for mark in &mut marks {
            if !mark.left && mark.end <= reached.sent {
                mark.left = true;
                self.tell_if(*mark, TX_SCHED, SCHEDULED, now);
                self.tell_if(*mark, TX_SOFTWARE, SENT, now);
            }
            if mark.end <= reached.acknowledged {
                self.tell_if(*mark, TX_ACK, ACKNOWLEDGED, now);
            }
        }
        marks.retain(|mark| mark.end > reached.acknowledged);
        self.marks = marks;
    }

    fn tell_if(&mut self, mark: Mark, wanted: u32, kind: u32, at: u64) {
        if mark.flags & wanted != 0 {
            let has_key = mark.flags & OPT_ID != 0;
            let key = if has_key { mark.end.saturating_sub(self.first + 1) as u32 } else { 0 };
            self.messages.push_back(Message { kind, key, at });
            self.told += 1;
        }
    }

    /// Whether there is something to tell.
    pub(crate) fn has_news(&self) -> bool {
        !self.messages.is_empty()
    }

    /// Tells one moment: the time, if software times are reported, and what it is about. Linux: `struct
    /// scm_timestamping`, `struct sock_extended_err`.
    pub(crate) fn tell(&mut self, is_v6: bool) -> Option<Vec<ControlMessage>> {
        let Message { kind, key, at } = self.messages.pop_front()?;
        let mut control = Vec::new();
        if self.flags & REPORT_SOFTWARE != 0 {
            let mut data: Vec<u8> =
                [at / NANOS, at % NANOS].iter().flat_map(|part| part.to_le_bytes()).collect();
            data.resize(3 * data.len(), 0);
            control.push(ControlMessage { level: level::SOCKET, kind: so::TIMESTAMPING, data });
        }
        let mut data = Errno::ENOMSG.0.to_le_bytes().to_vec();
        data.extend([ORIGIN, 0, 0, 0]);
        data.extend(kind.to_le_bytes());
        data.extend(key.to_le_bytes());
        data.resize(data.len() + OFFENDER, 0);
        let (level, kind) = if is_v6 { (level::IPV6, IPV6_RECVERR) } else { (level::IP, ip::RECVERR) };
        control.push(ControlMessage { level, kind, data });
        Some(control)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kind and the key of each message that waits.
    fn told(stamps: &mut Timestamping) -> Vec<(u8, u8)> {
        std::iter::from_fn(|| stamps.tell(false)).map(|told| (told[1].data[8], told[1].data[12])).collect()
    }

    #[test]
    fn moments_are_told_in_their_order_and_once() {
        let mut stamps = Timestamping::default();
        let all = TX_SCHED | TX_SOFTWARE | TX_ACK | REPORT_SOFTWARE | OPT_ID;
        stamps.set(all, 0, Reached::default());
        stamps.mark(10);
        stamps.mark(30);
        stamps.look(Reached { sent: 20, acknowledged: 0 }, 5);
        assert_eq!(told(&mut stamps), [(1, 9), (0, 9)]);
        stamps.look(Reached { sent: 30, acknowledged: 10 }, 6);
        assert_eq!(told(&mut stamps), [(2, 9), (1, 29), (0, 29)]);
        stamps.look(Reached { sent: 30, acknowledged: 30 }, 7);
        assert_eq!(told(&mut stamps), [(2, 29)]);
        assert!(!stamps.is_watching() && !stamps.has_news());
    }
}
