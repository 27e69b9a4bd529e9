//! Frames in and out of an interface. Linux: `net/core/dev.c`.

use super::{Interface, Link};
use crate::drop_reason::DropReason;
use crate::packet::{DeviceIndex, Packet};
use crate::qdisc::Qdisc;
use crate::time::Instant;
use alloc::boxed::Box;
use alloc::vec::Vec;

impl Interface {
    /// Replaces the discipline; what waited in the old one is handed out. Linux: `dev_graft_qdisc`.
    pub fn set_qdisc(&mut self, now: Instant, discipline: Box<dyn Qdisc>) -> Vec<Packet> {
        let waiting = self.purge(now);
        if let Link::Device { queue, .. } = &mut self.link {
            queue.set_discipline(discipline);
        }
        waiting
    }

    /// Lets the device work and appends at most about `budget` received frames to `frames`; answers whether
    /// some were left.
    pub(crate) fn poll(&mut self, now: Instant, budget: usize, frames: &mut Vec<Packet>) -> bool {
        match &mut self.link {
            Link::Loopback(loopback) => loopback.receive(budget, frames),
            Link::Device { device, .. } => {
                let more = device.poll(now, budget, frames);
                let carrier = device.link_up();
                if !self.up {
                    self.statistics.receive_dropped += frames.len() as u64;
                    frames.clear();
                }
                self.set_carrier(carrier);
                more
            }
            Link::Vlan(_) => false,
        }
    }

    /// Counts a received frame.
    pub(crate) fn count_received(&mut self, bytes: usize) {
        self.statistics.receive_packets += 1;
        self.statistics.receive_bytes += bytes as u64;
    }

    /// Queues a packet for the stack itself; only the loopback interface takes it.
    pub(crate) fn loop_back(&mut self, packet: Packet, limit: usize) -> Result<(), DropReason> {
        let bytes = packet.len();
        let result = match &mut self.link {
            Link::Loopback(loopback) => loopback.transmit(packet, limit).map_err(|_| DropReason::BacklogFull),
            Link::Device { .. } | Link::Vlan(_) => Err(DropReason::NoRoute),
        };
        self.count_sent(bytes, result)
    }

    /// Queues a copy of a packet to a group for the stack itself, as if it came by `device`; only the loopback interface
    /// takes it, and does not count it as its own.
    pub(crate) fn loop_copy(
        &mut self,
        packet: Packet,
        device: DeviceIndex,
        limit: usize,
    ) -> Result<(), DropReason> {
        match &mut self.link {
            Link::Loopback(loopback) => {
                loopback.copy(packet, device, limit).map_err(|_| DropReason::BacklogFull)
            }
            Link::Device { .. } | Link::Vlan(_) => Err(DropReason::NoRoute),
        }
    }

    /// Queues a frame, or hands it straight to the device if nothing is before it. It leaves with the next
    /// [`Interface::flush`]. Linux: `__dev_queue_xmit`.
    pub(crate) fn enqueue(&mut self, now: Instant, frame: Packet) -> Result<(), DropReason> {
        let bytes = frame.len();
        // Without a carrier Linux puts a discipline in place that drops everything (`noop_qdisc`).
        let result = match &mut self.link {
            Link::Loopback(_) | Link::Vlan(_) => Err(DropReason::UnhandledProtocol),
            Link::Device { .. } if !(self.up && self.carrier) => Err(DropReason::LinkDown),
            Link::Device { device, queue } => queue.send(now, device.as_mut(), frame),
        };
        self.count_sent(bytes, result)
    }

    /// Counts a frame that was sent, or was not.
    pub(crate) fn count_sent(
        &mut self,
        bytes: usize,
        result: Result<(), DropReason>,
    ) -> Result<(), DropReason> {
        match result {
            Ok(()) => {
                self.statistics.transmit_packets += 1;
                self.statistics.transmit_bytes += bytes as u64;
            }
            Err(_) => self.statistics.transmit_dropped += 1,
        }
        result
    }

    /// Moves frames from the queue to the device while it takes them. Linux: `__qdisc_run`.
    pub(crate) fn run_queue(&mut self, now: Instant) {
        if let Link::Device { device, queue } = &mut self.link {
            queue.run(now, device.as_mut());
        }
    }

    /// Rings the doorbell, if there are frames to be sent.
    pub(crate) fn flush(&mut self) {
        if let Link::Device { device, queue } = &mut self.link {
            queue.flush(device.as_mut());
        }
    }

    /// Empties the queue. Linux: `dev_deactivate`.
    pub(crate) fn purge(&mut self, now: Instant) -> Vec<Packet> {
        match &mut self.link {
            Link::Loopback(_) | Link::Vlan(_) => Vec::new(),
            Link::Device { queue, .. } => core::iter::from_fn(|| queue.next(now)).collect(),
        }
    }

    /// Whether calling again at once would move something: looped packets, queued frames that the device has
    /// room for, addresses to be announced, a link that came up without anybody's knowing.
    pub(crate) fn has_work(&self) -> bool {
        if self.link_up() && !(self.known_up && self.announcements.is_empty()) {
            return true;
        }
        match &self.link {
            Link::Loopback(loopback) => !loopback.is_empty(),
            Link::Device { device, queue } => queue.has_work() && device.can_transmit(),
            Link::Vlan(_) => false,
        }
    }

    /// When the discipline will release a frame that it holds back.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        match &self.link {
            Link::Loopback(_) | Link::Vlan(_) => None,
            Link::Device { queue, .. } => queue.next_deadline(),
        }
    }
}
