//! What the stack pushed out while it ran, until somebody acts upon it.

/// What the stack said during one entry.
#[derive(Debug, Default)]
pub(super) struct Notices {
    /// Tokens of pollables that became ready.
    pub(super) ready: Vec<u64>,
    /// When the stack wants to be stepped, in nanoseconds of the monotonic clock.
    pub(super) wake_at: Option<u64>,
    /// Whether a device raised its interrupt or set itself a nearer deadline.
    pub(super) attention: bool,
}

impl Notices {
    /// Remembers the earliest of the deadlines told.
    pub(super) fn wake_at(&mut self, deadline: u64) {
        self.wake_at = Some(self.wake_at.map_or(deadline, |earlier| earlier.min(deadline)));
    }

    /// Takes `token` out again, if it is among the ready ones.
    pub(super) fn take_ready(&mut self, token: u64) -> bool {
        let position = self.ready.iter().rposition(|ready| *ready == token);
        position.map(|index| self.ready.swap_remove(index)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_deadline_counts() {
        let mut notices = Notices::default();
        for deadline in [30, 10, 20] {
            notices.wake_at(deadline);
        }
        assert_eq!(notices.wake_at, Some(10));
    }

    #[test]
    fn a_token_is_taken_once() {
        let mut notices = Notices { ready: vec![1, 2, 3], ..Default::default() };
        assert!(notices.take_ready(2));
        assert!(!notices.take_ready(2));
        assert_eq!(notices.ready.len(), 2);
    }
}
