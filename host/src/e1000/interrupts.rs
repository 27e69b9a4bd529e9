//! Interrupt causes, their mask, and the line.
//!
//! The line is a level: asserted while `ICR & IMS` is not zero, re-evaluated whenever one of them changes,
//! clearing the mask included. With throttling, ITR holds back the rising edge only, so no interrupt is lost.

use super::Nanoseconds;
use e1000_regs::interrupt::{ALL, ITR_UNIT_NANOSECONDS};

#[derive(Debug)]
pub(super) struct Interrupts {
    cause: u32,
    mask: u32,
    /// ITR: the least time between rising edges, in units of 256 ns.
    interval: u16,
    throttling: bool,
    asserted: bool,
    last_rise: Option<Nanoseconds>,
}

impl Interrupts {
    pub(super) fn new(throttling: bool) -> Self {
        Interrupts { cause: 0, mask: 0, interval: 0, throttling, asserted: false, last_rise: None }
    }

    /// The level of the line.
    pub(super) fn asserted(&self) -> bool {
        self.asserted
    }

    /// Adds causes: the device's own, or ICS.
    pub(super) fn raise(&mut self, causes: u32, now: Nanoseconds) {
        if causes != 0 {
            self.cause |= causes & ALL;
            self.update(now);
        }
    }

    /// Reading ICR: all causes, which are cleared, masked or not.
    pub(super) fn take_cause(&mut self) -> u32 {
        self.asserted = false;
        std::mem::take(&mut self.cause)
    }

    /// Reading ICS: the causes as they are.
    pub(super) fn cause(&self) -> u32 {
        self.cause
    }

    /// Writing ICR: clears the causes written as one.
    pub(super) fn clear_cause(&mut self, causes: u32, now: Nanoseconds) {
        self.cause &= !causes;
        self.update(now);
    }

    pub(super) fn mask(&self) -> u32 {
        self.mask
    }

    pub(super) fn set_mask(&mut self, bits: u32, now: Nanoseconds) {
        self.mask |= bits & ALL;
        self.update(now);
    }

    pub(super) fn clear_mask(&mut self, bits: u32, now: Nanoseconds) {
        self.mask &= !bits;
        self.update(now);
    }

    pub(super) fn interval(&self) -> u32 {
        self.interval.into()
    }

    pub(super) fn set_interval(&mut self, value: u32, now: Nanoseconds) {
        self.interval = value as u16;
        self.update(now);
    }

    /// Brings the line in step with causes, mask and time.
    pub(super) fn update(&mut self, now: Nanoseconds) {
        if self.cause & self.mask == 0 {
            self.asserted = false;
        } else if !self.asserted && self.held_until().is_none_or(|until| until <= now) {
            self.asserted = true;
            self.last_rise = Some(now);
        }
    }

    /// When an interrupt that is held back is due.
    pub(super) fn deadline(&self) -> Option<Nanoseconds> {
        if self.cause & self.mask != 0 && !self.asserted { self.held_until() } else { None }
    }

    fn held_until(&self) -> Option<Nanoseconds> {
        if !self.throttling || self.interval == 0 {
            return None;
        }
        let interval = u64::from(self.interval) * ITR_UNIT_NANOSECONDS;
        self.last_rise.map(|rise| rise.saturating_add(interval))
    }
}
