//! Reno's window (RFC 5681). Linux: `net/ipv4/tcp_cong.c`.

use super::{CongestionControl, Window};

/// Slow start, then one segment a round trip; a loss halves the window.
#[derive(Debug, Default)]
pub(crate) struct Reno;

impl CongestionControl for Reno {
    fn acknowledged(&mut self, window: &mut Window, acked: u32) {
        let left = if window.in_slow_start() { window.slow_start(acked) } else { acked };
        if left > 0 {
            window.grow_slowly(window.size, left);
        }
    }

    fn threshold_after_loss(&mut self, window: &Window) -> u32 {
        (window.size / 2).max(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_start_doubles_and_avoidance_adds_one_a_round_trip() {
        let (mut reno, mut window) = (Reno, Window { threshold: 16, ..Window::default() });
        reno.acknowledged(&mut window, 4);
        assert_eq!(window.size, 14);
        // Two segments reach the threshold; the other ten count for avoidance.
        reno.acknowledged(&mut window, 12);
        assert_eq!((window.size, window.credit), (16, 10));
        reno.acknowledged(&mut window, 6);
        assert_eq!(window.size, 17);
        assert_eq!(reno.threshold_after_loss(&window), 8);
        assert_eq!(reno.threshold_after_loss(&Window { size: 1, ..window }), 2);
    }
}
