//! The link: a carrier on the wire, and auto-negotiation between carrier and link.

use super::Nanoseconds;

#[derive(Debug)]
pub(super) struct Link {
    /// The cable is plugged in.
    carrier: bool,
    /// The PHY is switched on.
    powered: bool,
    /// When the negotiation under way ends.
    negotiated_at: Option<Nanoseconds>,
    up: bool,
    /// How often the link went up or down, so that a fall and rise within one call is not missed.
    transitions: u64,
}

impl Link {
    pub(super) fn new(carrier: bool) -> Self {
        Link { carrier, powered: true, negotiated_at: None, up: carrier, transitions: 0 }
    }

    /// Whether the PHY has a link.
    pub(super) fn up(&self) -> bool {
        self.up
    }

    pub(super) fn transitions(&self) -> u64 {
        self.transitions
    }

    pub(super) fn deadline(&self) -> Option<Nanoseconds> {
        self.negotiated_at
    }

    /// The cable is plugged in or pulled out; `delay` is how long a negotiation takes.
    pub(super) fn set_carrier(&mut self, carrier: bool, now: Nanoseconds, delay: Nanoseconds) {
        if carrier != self.carrier {
            self.carrier = carrier;
            self.renegotiate(now, delay);
        }
    }

    pub(super) fn set_powered(&mut self, powered: bool, now: Nanoseconds, delay: Nanoseconds) {
        if powered != self.powered {
            self.powered = powered;
            self.renegotiate(now, delay);
        }
    }

    /// The link goes down and, with a carrier, up again after `delay`.
    pub(super) fn renegotiate(&mut self, now: Nanoseconds, delay: Nanoseconds) {
        self.set_up(false);
        self.negotiated_at = (self.carrier && self.powered).then(|| now.saturating_add(delay));
        if delay == 0 {
            self.tick(now);
        }
    }

    pub(super) fn tick(&mut self, now: Nanoseconds) {
        if self.negotiated_at.is_some_and(|at| at <= now) {
            self.negotiated_at = None;
            self.set_up(true);
        }
    }

    fn set_up(&mut self, up: bool) {
        if up != self.up {
            self.up = up;
            self.transitions = self.transitions.wrapping_add(1);
        }
    }
}
