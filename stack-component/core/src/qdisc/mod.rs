//! Queueing disciplines: which packet leaves a device next, and which is dropped when too many wait.
//! Linux: `net/sched`.
//!
//! Place in the walk: behind Ethernet output, before the device. A device without a queue (loopback) has none.

mod pfifo_fast;

pub use pfifo_fast::PfifoFast;

use crate::drop_reason::DropReason;
use crate::packet::Packet;
use crate::time::Instant;

/// A queue of whole frames before a device. Linux: `struct Qdisc_ops`.
pub trait Qdisc: Send {
    /// Takes a frame, or gives it back with the reason why not. Linux: `enqueue`.
    fn enqueue(&mut self, now: Instant, frame: Packet) -> Result<(), (Packet, DropReason)>;

    /// The frame to be sent next; none if none may be sent now. Linux: `dequeue`.
    fn dequeue(&mut self, now: Instant) -> Option<Packet>;

    /// How many frames wait. Linux: `qdisc_qlen`.
    fn len(&self) -> usize;

    /// Whether no frame waits.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// When [`Qdisc::dequeue`] will have a frame that it holds back now; none if it holds none back.
    fn next_deadline(&self) -> Option<Instant> {
        None
    }
}

/// The priority that a type of service asks for. Linux: `rt_tos2priority`.
pub const fn priority_of_tos(tos: u8) -> u32 {
    // Of the four TOS bits (RFC 1349) only the upper two count: minimise delay, maximise throughput.
    const BEST_EFFORT: u32 = 0;
    const BULK: u32 = 2;
    const INTERACTIVE_BULK: u32 = 4;
    const INTERACTIVE: u32 = 6;
    match (tos & 0x18) >> 3 {
        0 => BEST_EFFORT,
        1 => BULK,
        2 => INTERACTIVE,
        _ => INTERACTIVE_BULK,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linuxs_priorities() {
        for (tos, priority) in [(0x00, 0), (0x02, 0), (0x08, 2), (0x10, 6), (0x18, 4), (0xb8, 4), (0xe0, 0)] {
            assert_eq!(priority_of_tos(tos), priority, "{tos:#x}");
        }
    }
}
