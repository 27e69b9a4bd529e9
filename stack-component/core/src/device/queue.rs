//! The queue before a device. Linux: `struct netdev_queue` and its `struct Qdisc`.

use super::NetDevice;
use crate::drop_reason::DropReason;
use crate::packet::Packet;
use crate::qdisc::{PfifoFast, Qdisc};
use crate::time::Instant;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// A discipline, the frame that the device gave back, and whether the device has frames it was not told to
/// send.
pub(super) struct Queue {
    discipline: Box<dyn Qdisc>,
    /// Linux: `qdisc->gso_skb`.
    requeued: Option<Packet>,
    unflushed: bool,
    /// Copies of what the device took, if somebody is to see them.
    watched: Option<Vec<Packet>>,
}

impl Default for Queue {
    fn default() -> Self {
        let discipline = Box::new(PfifoFast::default());
        Queue { discipline, requeued: None, unflushed: false, watched: None }
    }
}

impl Queue {
    /// Lets another discipline take the place, with nothing of what waited in the old one. Linux: `dev_graft_qdisc`.
    pub(super) fn set_discipline(&mut self, discipline: Box<dyn Qdisc>) {
        self.discipline = discipline;
    }

    /// Keeps copies of what the device takes from now on, for [`Queue::take_watched`], or no more.
    pub(super) fn set_watched(&mut self, watched: bool) {
        self.watched = watched.then(Vec::new);
    }

    /// Copies of what the device took since the last time.
    pub(super) fn take_watched(&mut self) -> Vec<Packet> {
        self.watched.as_mut().map(core::mem::take).unwrap_or_default()
    }

    /// Queues a frame, or hands it straight to the device if nothing is before it. Linux: `__dev_xmit_skb`.
    pub(super) fn send(
        &mut self,
        now: Instant,
        device: &mut dyn NetDevice,
        frame: Packet,
    ) -> Result<(), DropReason> {
        // Nothing before it and room behind it: the queue would hand it out at once. Linux: `TCQ_F_CAN_BYPASS`.
        let empty = self.requeued.is_none() && self.discipline.is_empty();
        let frame = match empty && device.can_transmit() {
            true => match self.hand_over(device, frame) {
                Ok(()) => return Ok(()),
                Err(frame) => frame,
            },
            false => frame,
        };
        self.discipline.enqueue(now, frame).map_err(|(_, reason)| reason)?;
        self.run(now, device);
        Ok(())
    }

    /// Moves frames to the device while it takes them. Linux: `__qdisc_run`, `sch_direct_xmit`.
    pub(super) fn run(&mut self, now: Instant, device: &mut dyn NetDevice) {
        while device.can_transmit() {
            let Some(frame) = self.next(now) else { break };
            if let Err(frame) = self.hand_over(device, frame) {
                self.requeued = Some(frame);
                break;
            }
        }
    }

    /// Hands a frame to the device, which may give it back. Linux: `dev_hard_start_xmit`.
    fn hand_over(&mut self, device: &mut dyn NetDevice, frame: Packet) -> Result<(), Packet> {
        self.unflushed = true;
        let Some(watched) = &mut self.watched else { return device.transmit(frame) };
        let copy = frame.clone();
        device.transmit(frame)?;
        watched.push(copy);
        Ok(())
    }

    /// Takes the frame out that is to leave next. Linux: `dequeue_skb`.
    pub(super) fn next(&mut self, now: Instant) -> Option<Packet> {
        self.requeued.take().or_else(|| self.discipline.dequeue(now))
    }

    /// Rings the doorbell, if there are frames to be sent. Linux: `netdev_xmit_more`, of which this is the end.
    pub(super) fn flush(&mut self, device: &mut dyn NetDevice) {
        if core::mem::take(&mut self.unflushed) {
            device.flush();
        }
    }

    /// Whether a frame would leave if the device had room.
    pub(super) fn has_work(&self) -> bool {
        let held_back = self.discipline.is_empty() || self.discipline.next_deadline().is_some();
        self.requeued.is_some() || !held_back
    }

    /// When the discipline will release a frame that it holds back.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.discipline.next_deadline()
    }
}
