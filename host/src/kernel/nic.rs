//! A controller with its DMA memory and its wire.

use super::dma::{DEFAULT_LIMIT, DmaSpace};
use crate::e1000::{Config, E1000, WireFrame};
use crate::wire::Wire;
use std::io;
use std::sync::Arc;

/// How often, for one register write, transmission is continued that stopped because the device's queue for
/// the wire was full. A ring holds 4096 descriptors at most, the queue far more than a 256th of that.
const TRANSMIT_ROUNDS: usize = 256;

/// One Ethernet controller of the machine.
pub(super) struct Nic {
    name: String,
    config: Config,
    device: E1000,
    pub(super) dma: DmaSpace,
    wire: Arc<dyn Wire>,
    wire_failed: bool,
    transmit_lost: u64,
    last_transmit: Option<u64>,
}

/// What [`Nic::register_write`] changed for the wire thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attention(pub(super) bool);

/// How [`Nic::take_from_wire`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// The wire had no more frames, or the device has no room for one.
    All,
    /// The budget ended first.
    Budget,
}

impl Nic {
    /// A controller named `name` in logs, with the address `mac`, plugged into `wire`.
    pub(super) fn new(name: String, mac: [u8; 6], wire: Arc<dyn Wire>) -> Self {
        let config = Config { link_up: wire.link_up(), ..Config::new(mac) };
        Nic {
            name,
            device: E1000::new(config.clone()),
            config,
            dma: DmaSpace::new(DEFAULT_LIMIT),
            wire,
            wire_failed: false,
            transmit_lost: 0,
            last_transmit: None,
        }
    }

    /// Power off and on again: registers and memory as on the first day.
    pub(super) fn reset(&mut self) {
        self.config.link_up = !self.wire_failed && self.wire.link_up();
        self.device = E1000::new(self.config.clone());
        self.dma = DmaSpace::new(self.dma.limit());
    }

    /// See [`E1000::config_read`].
    pub(super) fn config_read(&self, offset: u16) -> u32 {
        self.device.config_read(offset)
    }

    /// See [`E1000::config_write`].
    pub(super) fn config_write(&mut self, offset: u16, value: u32) {
        self.device.config_write(offset, value);
    }

    /// See [`E1000::mmio_read`].
    pub(super) fn register_read(&mut self, offset: u32) -> u32 {
        self.device.mmio_read(offset)
    }

    /// Writes a register. Frames that this sends are on the wire when it returns.
    pub(super) fn register_write(&mut self, offset: u32, value: u32, now: u64) -> Attention {
        let asserted = self.device.interrupt_asserted();
        let deadline = self.device.next_deadline();
        self.device.mmio_write(&mut self.dma, offset, value, now);
        self.put_on_wire(now);
        let nearer =
            self.device.next_deadline().is_some_and(|due| deadline.is_none_or(|before| due < before));
        Attention(nearer || (self.device.interrupt_asserted() && !asserted))
    }

    /// The level of the interrupt line.
    pub(super) fn interrupt_asserted(&self) -> bool {
        self.device.interrupt_asserted()
    }

    /// When the last frame was put on the wire.
    pub(super) fn last_transmit(&self) -> Option<u64> {
        self.last_transmit
    }

    /// When [`Nic::tick`] is due.
    pub(super) fn next_deadline(&self) -> Option<u64> {
        self.device.next_deadline()
    }

    /// Time passes, and the cable may have been plugged or pulled.
    pub(super) fn tick(&mut self, now: u64) {
        let link_up = !self.wire_failed && self.wire.link_up();
        if link_up != self.config.link_up {
            self.config.link_up = link_up;
            self.device.set_link(link_up, now);
            tracing::info!("{}: link {}", self.name, if link_up { "up" } else { "down" });
        }
        if self.device.next_deadline().is_some_and(|due| due <= now) {
            self.device.tick(&mut self.dma, now);
            self.put_on_wire(now);
        }
    }

    /// The wire, if it makes sense to wait for a frame.
    pub(super) fn wire_to_watch(&self) -> Option<Arc<dyn Wire>> {
        (!self.wire_failed && self.device.can_receive()).then(|| Arc::clone(&self.wire))
    }

    /// Moves at most `budget` frames from the wire into the device. `frame` is scratch space.
    pub(super) fn take_from_wire(&mut self, frame: &mut Vec<u8>, budget: usize, now: u64) -> Taken {
        for _ in 0..budget {
            if self.wire_failed || !self.device.can_receive() {
                return Taken::All;
            }
            match self.wire.receive(frame) {
                Ok(true) => {
                    let outcome = self.device.receive(&mut self.dma, WireFrame::new(frame), now);
                    tracing::trace!("{}: {} bytes in: {outcome:?}", self.name, frame.len());
                }
                Ok(false) => return Taken::All,
                Err(error) => self.fail_wire(&error, now),
            }
        }
        Taken::Budget
    }

    /// The wire is gone for good: say so once, and show the stack a pulled cable.
    fn fail_wire(&mut self, error: &io::Error, now: u64) {
        tracing::error!("{}: the wire failed and stays down: {error}", self.name);
        self.wire_failed = true;
        self.tick(now);
    }

    /// Puts the frames that the device has ready on the wire. A full wire loses them, as a real one would.
    fn put_on_wire(&mut self, now: u64) {
        for _ in 0..TRANSMIT_ROUNDS {
            for frame in self.device.take_transmitted() {
                self.last_transmit = Some(now);
                let sent = self.wire.transmit(&frame);
                tracing::trace!("{}: {} bytes out: {sent:?}", self.name, frame.len());
                if let Err(error) = sent {
                    self.transmit_lost = self.transmit_lost.saturating_add(1);
                    if self.transmit_lost.is_power_of_two() {
                        tracing::debug!(
                            "{}: {} frames lost at the wire: {error}",
                            self.name,
                            self.transmit_lost
                        );
                    }
                }
            }
            if self.device.next_deadline().is_none_or(|due| due > now) {
                return;
            }
            self.device.tick(&mut self.dma, now);
        }
    }

    /// What this side of the cable counted, by name.
    pub(super) fn counters(&self) -> Vec<(String, u64)> {
        vec![
            (format!("Nic:{}:TransmitLostAtWire", self.name), self.transmit_lost),
            (format!("Nic:{}:TransmitBadDescriptors", self.name), self.device.drops().total()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use e1000_regs::control::status;
    use std::collections::VecDeque;
    use std::fs::File;
    use std::os::fd::{AsFd, BorrowedFd};
    use std::sync::Mutex;

    /// A wire whose far end is a list of what happens at it.
    struct Script {
        events: Mutex<VecDeque<io::Result<bool>>>,
        descriptor: File,
    }

    impl Wire for Script {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.descriptor.as_fd()
        }

        fn receive(&self, frame: &mut Vec<u8>) -> io::Result<bool> {
            frame.clear();
            frame.resize(60, 0);
            self.events.lock().unwrap().pop_front().unwrap_or(Ok(false))
        }

        fn transmit(&self, _: &[u8]) -> io::Result<()> {
            Ok(())
        }
    }

    fn nic(events: impl IntoIterator<Item = io::Result<bool>>) -> Nic {
        let descriptor = File::open("/dev/null").unwrap();
        let wire = Script { events: Mutex::new(events.into_iter().collect()), descriptor };
        Nic::new("eth0".into(), [2, 0, 0, 0, 0, 1], Arc::new(wire))
    }

    fn link_up(nic: &mut Nic) -> bool {
        nic.register_read(e1000_regs::Register::Status.offset()) & status::LU != 0
    }

    #[test]
    fn a_budget_ends_what_the_wire_would_go_on_with() {
        let mut nic = nic((0..5).map(|_| Ok(true)));
        let mut frame = Vec::new();
        assert_eq!(nic.take_from_wire(&mut frame, 4, 0), Taken::Budget);
        assert_eq!(nic.take_from_wire(&mut frame, 4, 0), Taken::All);
    }

    #[test]
    fn a_wire_that_failed_is_a_pulled_cable_and_is_left_alone() {
        let mut nic = nic([Err(io::Error::other("gone")), Ok(true)]);
        assert!(link_up(&mut nic) && nic.wire_to_watch().is_some());
        assert_eq!(nic.take_from_wire(&mut Vec::new(), 4, 0), Taken::All);
        assert!(!link_up(&mut nic) && nic.wire_to_watch().is_none());
        nic.reset();
        assert!(!link_up(&mut nic), "a restart does not mend it");
    }

    #[test]
    fn a_reset_forgets_memory() {
        let mut nic = nic([]);
        let address = nic.dma.allocate(4096).unwrap();
        nic.reset();
        assert!(nic.dma.region(address).is_empty());
        assert_eq!(nic.dma.allocate(4096), Ok(address));
    }
}
