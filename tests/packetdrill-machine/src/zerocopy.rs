//! MSG_ZEROCOPY: which sends the peer has acknowledged, told by the error queue.
//!
//! The stack copies what it is given, and says so (`SO_EE_CODE_ZEROCOPY_COPIED`), as Linux does where a device
//! cannot do without.

use crate::numbers::{ip, level};
use packetdrill::machine::ControlMessage;
use std::collections::VecDeque;

/// `SO_EE_ORIGIN_ZEROCOPY`.
const ORIGIN: u8 = 5;
/// `SO_EE_CODE_ZEROCOPY_COPIED`.
const COPIED: u8 = 1;
/// `IPV6_RECVERR`.
const IPV6_RECVERR: i32 = 25;
/// Length of `struct sockaddr_in`, which follows in the control message and is empty.
const OFFENDER: usize = 16;

/// The sends of one connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct ZeroCopy {
    /// SO_ZEROCOPY.
    pub(crate) enabled: bool,
    /// Bytes that were handed in, with the flag or without.
    handed: u64,
    /// The number of the next send.
    next: u32,
    /// Sends that are not acknowledged: number, and where they end.
    waiting: VecDeque<(u32, u64)>,
    /// Ranges of numbers that were not told yet.
    done: VecDeque<(u32, u32)>,
    /// How many sends are done.
    pub(crate) completions: u64,
}

impl ZeroCopy {
    /// For a connection that is accepted.
    pub(crate) fn of_child(&self) -> Self {
        ZeroCopy { enabled: self.enabled, ..ZeroCopy::default() }
    }

    /// Bytes were handed in.
    pub(crate) fn hand_in(&mut self, bytes: usize) {
        self.handed += bytes as u64;
    }

    /// The last bytes that were handed in were one send with the flag.
    pub(crate) fn mark(&mut self) {
        if self.enabled {
            self.waiting.push_back((self.next, self.handed));
            self.next = self.next.wrapping_add(1);
        }
    }

    /// Finds out what is done when so many bytes are not acknowledged. Linux: `skb_zerocopy_notify_extend`.
    pub(crate) fn look(&mut self, unacknowledged: u64) {
        let acknowledged = self.handed.saturating_sub(unacknowledged);
        while let Some(&(number, end)) = self.waiting.front()
            && end <= acknowledged
        {
            self.waiting.pop_front();
            self.completions += 1;
            match self.done.back_mut() {
                Some((_, last)) if last.wrapping_add(1) == number => *last = number,
                _ => self.done.push_back((number, number)),
            }
        }
    }

    /// Whether there is something to tell.
    pub(crate) fn has_done(&self) -> bool {
        !self.done.is_empty()
    }

    /// Tells one range. Linux: `struct sock_extended_err`.
    pub(crate) fn tell(&mut self, is_v6: bool) -> Option<ControlMessage> {
        let (first, last) = self.done.pop_front()?;
        let mut data = 0u32.to_le_bytes().to_vec();
        data.extend([ORIGIN, 0, COPIED, 0]);
        data.extend(first.to_le_bytes());
        data.extend(last.to_le_bytes());
        data.resize(data.len() + OFFENDER, 0);
        let (level, kind) = if is_v6 { (level::IPV6, IPV6_RECVERR) } else { (level::IP, ip::RECVERR) };
        Some(ControlMessage { level, kind, data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(zerocopy: &mut ZeroCopy) -> Vec<(u8, u8)> {
        std::iter::from_fn(|| zerocopy.tell(false)).map(|told| (told.data[8], told.data[12])).collect()
    }

    #[test]
    fn sends_are_told_when_they_are_acknowledged_and_together() {
        let mut zerocopy = ZeroCopy { enabled: true, ..ZeroCopy::default() };
        for _ in 0..3 {
            zerocopy.hand_in(100);
            zerocopy.mark();
        }
        zerocopy.look(150);
        assert!(zerocopy.has_done());
        assert_eq!(ranges(&mut zerocopy), [(0, 0)]);
        zerocopy.look(0);
        assert_eq!(ranges(&mut zerocopy), [(1, 2)]);
        assert_eq!(zerocopy.completions, 3);
    }

    #[test]
    fn without_the_option_nothing_is_told() {
        let mut zerocopy = ZeroCopy::default();
        zerocopy.hand_in(100);
        zerocopy.mark();
        zerocopy.look(0);
        assert!(!zerocopy.has_done());
    }
}
