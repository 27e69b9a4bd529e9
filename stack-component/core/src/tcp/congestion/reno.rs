//! Reno's window (RFC 5681). Linux: `net/ipv4/tcp_cong.c`.

use super::{Algorithm, CongestionControl, Path, Window};

/// Slow start, then one segment a round trip; a loss halves the window.
#[derive(Debug, Default)]
pub(crate) struct Reno;

impl CongestionControl for Reno {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Reno
    }

    fn acknowledged(&mut self, window: &mut Window, path: &Path, acked: u32) {
        grow(window, path, acked);
    }

    fn threshold_after_loss(&mut self, window: &Window, _path: &Path) -> u32 {
        window.half()
    }
}

/// Reno's growth, which others use too. Linux: `tcp_reno_cong_avoid`.
pub(super) fn grow(window: &mut Window, path: &Path, acked: u32) {
    if !path.window_limited {
        return;
    }
    let left = if window.in_slow_start() { window.slow_start(acked) } else { acked };
    if left > 0 {
        window.grow_slowly(window.size, left);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::path;
    use super::*;

    #[test]
    fn slow_start_doubles_and_avoidance_adds_one_a_round_trip() {
        let (mut reno, mut window) = (Reno, Window { threshold: 16, ..Window::default() });
        reno.acknowledged(&mut window, &path(), 4);
        assert_eq!(window.size, 14);
        // Two segments reach the threshold; the other ten count for avoidance.
        reno.acknowledged(&mut window, &path(), 12);
        assert_eq!((window.size, window.credit), (16, 10));
        reno.acknowledged(&mut window, &path(), 6);
        assert_eq!(window.size, 17);
        assert_eq!(reno.threshold_after_loss(&window, &path()), 8);
        assert_eq!(reno.threshold_after_loss(&Window { size: 1, ..window }, &path()), 2);
    }

    #[test]
    fn a_window_that_is_not_in_use_does_not_grow() {
        let mut window = Window::default();
        Reno.acknowledged(&mut window, &Path { window_limited: false, ..path() }, 10);
        assert_eq!(window.size, 10);
    }
}
