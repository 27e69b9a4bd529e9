//! Which descriptors make which frames.
//!
//! A frame lies in one buffer, or fills some and ends in one more. The device is not trusted: a frame that is too long, has
//! a hole, or says of itself that it is bad is dropped up to and with its end (CVE-2009-4536), and counts as one.
//!
//! Memory: the beginning of a frame whose end the device has not written yet, less than 16 KiB.

use crate::packet::{Checksum, Packet};
use alloc::vec::Vec;
use e1000_regs::descriptors::{ReceiveDescriptor, receive_errors, receive_status};

/// Shortest frame that has an Ethernet header.
const MIN_FRAME_LEN: usize = 14;

/// What is left of a frame between two harvests. Linux: `rx_ring->rx_skb_top`, `adapter->discarding`.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    /// The bytes of a frame whose end has not come.
    begun: Vec<u8>,
    /// A bad frame is going by.
    discarding: bool,
}

/// What is to be read of the done descriptors, and what it will be.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// The buffers to be read, in order.
    pub(super) pieces: Vec<Piece>,
    /// Bad frames.
    pub(super) bad: u64,
    /// The frames that end here: how many pieces each has here.
    frames: Vec<(usize, Checksum)>,
    /// Whether what had begun earlier still counts.
    keeps_begun: bool,
    discarding: bool,
}

/// The used part of a buffer.
#[derive(Debug)]
pub(super) struct Piece {
    /// Places from the first of the done descriptors.
    pub(super) ahead: u16,
    /// In bytes, at most a buffer's.
    pub(super) len: u32,
}

impl Assembly {
    /// Decides about done descriptors, with frames of at most `longest` bytes in buffers of `buffer` bytes.
    pub(super) fn plan(&self, done: &[ReceiveDescriptor], longest: usize, buffer: u32) -> Plan {
        let mut plan = Plan { keeps_begun: true, discarding: self.discarding, ..Plan::default() };
        // Pieces and bytes of the frame that is being put together.
        let (mut pieces, mut bytes) = (0, self.begun.len());
        for (ahead, descriptor) in (0..).zip(done) {
            let is_end = descriptor.status & receive_status::EOP != 0;
            let len = u32::from(descriptor.length);
            let total = bytes + usize::from(descriptor.length);
            if plan.discarding {
                plan.discarding = !is_end;
                continue;
            }
            let is_sound = descriptor.errors & receive_errors::FRAME == 0;
            let fits = if is_end { len <= buffer && total >= MIN_FRAME_LEN } else { len == buffer };
            if !is_sound || !fits || total > longest {
                plan.drop_open(pieces);
                plan.discarding = !is_end;
                (pieces, bytes) = (0, 0);
                continue;
            }
            plan.pieces.push(Piece { ahead, len });
            (pieces, bytes) = (pieces + 1, total);
            if is_end {
                plan.frames.push((pieces, checksum(descriptor)));
                (pieces, bytes) = (0, 0);
            }
        }
        plan
    }

    /// Makes the frames out of what the pieces hold.
    pub(super) fn carry_out(&mut self, plan: Plan, payloads: Vec<Vec<u8>>, frames: &mut Vec<Packet>) {
        self.discarding = plan.discarding;
        if !plan.keeps_begun {
            self.begun.clear();
        }
        let mut payloads = payloads.into_iter();
        for (pieces, checksum) in plan.frames {
            let bytes = if pieces == 1 && self.begun.is_empty() {
                payloads.next().unwrap_or_default()
            } else {
                self.begun.extend(payloads.by_ref().take(pieces).flatten());
                core::mem::take(&mut self.begun)
            };
            let mut packet = Packet::from_frame(bytes);
            packet.meta.checksum = checksum;
            frames.push(packet);
        }
        self.begun.extend(payloads.flatten());
    }
}

impl Plan {
    /// Forgets the frame that is open, with its last pieces here and what of it came earlier.
    fn drop_open(&mut self, pieces: usize) {
        self.bad += 1;
        self.pieces.truncate(self.pieces.len().saturating_sub(pieces));
        if self.frames.is_empty() {
            self.keeps_begun = false;
        }
    }
}

/// The device's verdict on the transport checksum. The IP layer checks its own. Linux: `e1000_rx_checksum`.
fn checksum(descriptor: &ReceiveDescriptor) -> Checksum {
    let checked = descriptor.status & (receive_status::IXSM | receive_status::TCPCS) == receive_status::TCPCS;
    if checked && descriptor.errors & receive_errors::TCPE == 0 { Checksum::Verified } else { Checksum::None }
}
