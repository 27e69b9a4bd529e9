//! Interrupt causes and mask.
//!
//! The line is a level over causes and mask, so nothing is lost between looking and arming: a cause that
//! arises after ICR was read stays set, and asserts the line as soon as its mask bit is.

use super::Bus;
use e1000_regs::interrupt::{LSC, RXDMT0, RXO, RXT0, TXDW};
use e1000_regs::registers::offset;

/// What says that frames have come in.
const RECEIVE: u32 = RXT0 | RXDMT0 | RXO;
/// What interrupts as long as the transmit ring has room. Sent frames are freed in passing.
const ARMED: u32 = RECEIVE | LSC;

/// What the driver has armed.
#[derive(Debug, Default)]
pub(super) struct Interrupts {
    /// Frames were left in the ring by the last poll: the next one looks whatever ICR says, and until then
    /// the line is quiet. Linux: `NAPI_STATE_SCHED`.
    polling: bool,
    /// TXDW interrupts too, because the transmit ring is full.
    watching_transmit: bool,
}

impl Interrupts {
    /// Arms a device that was just reset. Linux: `e1000_irq_enable`.
    pub(super) fn start(bus: &mut impl Bus) -> Self {
        bus.register_write(offset::IMS, ARMED);
        Interrupts::default()
    }

    /// Reads and clears the causes, masked ones included. Linux: `e1000_intr`.
    pub(super) fn take_causes(&mut self, bus: &mut impl Bus) -> u32 {
        bus.register_read(offset::ICR)
    }

    /// Whether the receive ring is to be looked at.
    pub(super) fn says_received(&self, causes: u32) -> bool {
        self.polling || causes & RECEIVE != 0
    }

    /// Masks the line while frames are left (`more`), and arms it when none are. A poll that empties the
    /// ring in one go needs neither: reading ICR has lowered the line. Linux: `napi_complete_done`.
    pub(super) fn after_poll(&mut self, bus: &mut impl Bus, more: bool) {
        if more != self.polling {
            self.polling = more;
            bus.register_write(if more { offset::IMC } else { offset::IMS }, RECEIVE);
        }
    }

    /// The transmit ring is full: interrupt when the device has sent something.
    pub(super) fn watch_transmit(&mut self, bus: &mut impl Bus) {
        if !self.watching_transmit {
            self.watching_transmit = true;
            bus.register_write(offset::IMS, TXDW);
        }
    }

    /// The transmit ring has room again.
    pub(super) fn stop_watching_transmit(&mut self, bus: &mut impl Bus) {
        if self.watching_transmit {
            self.watching_transmit = false;
            bus.register_write(offset::IMC, TXDW);
        }
    }
}
