//! DCTCP (RFC 8257): the window falls in proportion to the share of marked data. Linux: `net/ipv4/tcp_dctcp.c`.
//!
//! Both ends and every queue on the path must play along: for data centres. On a connection without congestion marks
//! it is Reno (Linux: `dctcp-reno`).

use super::{
    AckFlags, Algorithm, CaEvent, CaState, CongestionControl, CongestionInfo, MarkEcho, Path, Window,
};
use crate::tcp::sequence::Sequence;

/// All data is marked (RFC 8257 section 3.3). Linux: `DCTCP_MAX_ALPHA`.
const MAX_ALPHA: u32 = 1024;
/// log2 of it.
const ALPHA_BITS: u32 = 10;
/// The newest window counts for 1/2^4. Linux: `dctcp_shift_g`.
const GAIN_SHIFT: u32 = 4;

/// DCTCP's state. Linux: `struct dctcp`.
#[derive(Debug)]
pub(super) struct Dctcp {
    /// Marks are in use; else it is Reno.
    enabled: bool,
    /// The share of marked data in 1024ths. Linux: `dctcp_alpha`.
    alpha: u32,
    /// What was delivered, and marked, when this window of data began. Linux: `old_delivered`,
    /// `old_delivered_ce`.
    delivered: u32,
    marked: u32,
    /// And where it ends. Linux: `next_seq`.
    window_end: Sequence,
    /// Whether the last data that arrived was marked. Linux: `ce_state`.
    received_mark: bool,
    /// The window before the last reduction. Linux: `loss_cwnd`.
    prior: u32,
}

impl Default for Dctcp {
    fn default() -> Self {
        Dctcp {
            enabled: true,
            // RFC 8257 section 4.2: careful at first.
            alpha: MAX_ALPHA,
            delivered: 0,
            marked: 0,
            window_end: Sequence(0),
            received_mark: false,
            prior: 0,
        }
    }
}

impl Dctcp {
    /// Linux: `dctcp_reset`.
    fn begin_window(&mut self, path: &Path) {
        self.window_end = Sequence(path.next);
        self.delivered = path.delivered;
        self.marked = path.delivered_ce;
    }

    /// Linux: `dctcp_react_to_loss`.
    fn react_to_loss(&mut self, window: &mut Window) {
        if self.enabled {
            self.prior = window.size;
            window.threshold = window.half();
        }
    }
}

impl CongestionControl for Dctcp {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Dctcp
    }

    fn start(&mut self, _window: &mut Window, path: &Path) {
        *self = Dctcp { enabled: path.ecn, ..Dctcp::default() };
        self.begin_window(path);
    }

    fn needs_ecn(&self) -> bool {
        self.enabled
    }

    /// Linux: `dctcp_update_alpha`.
    fn ack_arrived(&mut self, _window: &mut Window, path: &Path, _flags: AckFlags) {
        if !self.enabled || Sequence(path.una).before(self.window_end) {
            return;
        }
        // RFC 8257 section 3.3 equation 2: alpha = (1 - g) alpha + g M; the last crumbs go at once.
        let share = self.alpha >> GAIN_SHIFT;
        self.alpha -= if share == 0 { self.alpha } else { share };
        let marked = path.delivered_ce.wrapping_sub(self.marked);
        let delivered = path.delivered.wrapping_sub(self.delivered).max(1);
        let fresh = (u64::from(marked) << (ALPHA_BITS - GAIN_SHIFT)) / u64::from(delivered);
        self.alpha = u64::from(self.alpha).saturating_add(fresh).min(MAX_ALPHA.into()) as u32;
        self.begin_window(path);
    }

    /// RFC 8257 section 3.4 for marks; a loss takes half, see `state_changes`.
    fn threshold_after_loss(&mut self, window: &Window, _path: &Path) -> u32 {
        if !self.enabled {
            return window.half();
        }
        self.prior = window.size;
        let less = (u64::from(window.size) * u64::from(self.alpha)) >> (ALPHA_BITS + 1);
        window.size.saturating_sub(less as u32).max(2)
    }

    fn state_changes(&mut self, window: &mut Window, path: &Path, next: CaState) {
        if next == CaState::Recovery && path.state != next {
            self.react_to_loss(window);
        }
    }

    fn event(&mut self, window: &mut Window, _path: &Path, event: CaEvent) {
        if event == CaEvent::Loss {
            self.react_to_loss(window);
        }
    }

    /// RFC 8257 section 3.2: the sender must be able to tell how much was marked.
    fn data_arrived(&mut self, marked: bool, received: u32) -> Option<MarkEcho> {
        if !self.enabled {
            return None;
        }
        let changed = core::mem::replace(&mut self.received_mark, marked) != marked;
        Some(MarkEcho { echo: marked, changed_at: changed.then_some(received) })
    }

    fn size_after_undo(&mut self, window: &Window, _path: &Path) -> u32 {
        window.size.max(if self.enabled { self.prior } else { window.prior })
    }

    fn acknowledged(&mut self, window: &mut Window, path: &Path, acked: u32) {
        super::reno::grow(window, path, acked);
    }

    fn info(&self, path: &Path) -> CongestionInfo {
        if !self.enabled {
            return CongestionInfo::Dctcp { enabled: false, ce_state: false, alpha: 0, marked: 0, total: 0 };
        }
        let bytes = |now: u32, then: u32| now.wrapping_sub(then).wrapping_mul(path.mss);
        CongestionInfo::Dctcp {
            enabled: true,
            ce_state: self.received_mark,
            alpha: self.alpha,
            marked: bytes(path.delivered_ce, self.marked),
            total: bytes(path.delivered, self.delivered),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Flow, Link, path, run};
    use super::*;
    use crate::time::Instant;
    use alloc::boxed::Box;

    fn dctcp(ecn: bool) -> Dctcp {
        let mut dctcp = Dctcp::default();
        dctcp.start(&mut Window::default(), &Path { ecn, una: 0, next: 100, delivered: 0, ..path() });
        dctcp
    }

    /// A window of 100 segments of which `marked` were marked.
    fn window_of_data(dctcp: &mut Dctcp, number: u32, marked: u32) {
        let (una, delivered) = (number * 100, number * 100);
        let delivered_ce = dctcp.marked.wrapping_add(marked);
        let path = Path { una, next: una + 100, delivered, delivered_ce, ..path() };
        dctcp.ack_arrived(&mut Window::default(), &path, AckFlags::default());
    }

    #[test]
    fn alpha_follows_the_share_of_marks() {
        let mut dctcp = dctcp(true);
        // alpha = alpha - alpha/16 + 64 * share, calculated elsewhere.
        for (number, marked, alpha) in [(1, 100, 1024), (2, 0, 960), (3, 50, 932), (4, 0, 874), (5, 10, 826)]
        {
            window_of_data(&mut dctcp, number, marked);
            assert_eq!(dctcp.alpha, alpha, "window {number}");
        }
        (6..100).for_each(|number| window_of_data(&mut dctcp, number, 0));
        assert_eq!(dctcp.alpha, 0);
        (100..300).for_each(|number| window_of_data(&mut dctcp, number, 25));
        assert!((240..=256).contains(&dctcp.alpha), "{}", dctcp.alpha);
    }

    #[test]
    fn marks_take_half_of_their_share_and_losses_half() {
        let mut dctcp = dctcp(true);
        let mut window = Window { size: 100, ..Window::default() };
        for (alpha, threshold) in [(1024, 50), (512, 75), (100, 96), (0, 100)] {
            dctcp.alpha = alpha;
            assert_eq!(dctcp.threshold_after_loss(&window, &path()), threshold);
        }
        window.threshold = dctcp.threshold_after_loss(&window, &path());
        dctcp.state_changes(&mut window, &path(), CaState::Recovery);
        assert_eq!(window.threshold, 50);
        window.threshold = 100;
        dctcp.event(&mut window, &path(), CaEvent::Loss);
        assert_eq!(window.threshold, 50);
        window.size = 3;
        assert_eq!(dctcp.size_after_undo(&window, &path()), 100);
    }

    #[test]
    fn each_change_of_marks_is_told_at_once() {
        let mut dctcp = dctcp(true);
        let echo = |echo, changed_at| Some(MarkEcho { echo, changed_at });
        assert_eq!(dctcp.data_arrived(false, 10), echo(false, None));
        assert_eq!(dctcp.data_arrived(true, 20), echo(true, Some(20)));
        assert_eq!(dctcp.data_arrived(true, 30), echo(true, None));
        assert_eq!(dctcp.data_arrived(false, 40), echo(false, Some(40)));
    }

    #[test]
    fn without_marks_it_is_reno() {
        let mut dctcp = dctcp(false);
        let mut window = Window { size: 100, prior: 80, ..Window::default() };
        assert!(!dctcp.needs_ecn() && Dctcp::default().needs_ecn());
        dctcp.alpha = 0;
        assert_eq!(dctcp.threshold_after_loss(&window, &path()), 50);
        assert_eq!(dctcp.data_arrived(true, 20), None);
        window.size = 50;
        assert_eq!(dctcp.size_after_undo(&window, &path()), 80);
        dctcp.acknowledged(&mut window, &path(), 10);
        assert_eq!(window.size, 60);
        let none = CongestionInfo::Dctcp { enabled: false, ce_state: false, alpha: 0, marked: 0, total: 0 };
        assert_eq!(dctcp.info(&path()), none);
    }

    #[test]
    fn it_fills_the_pipe_with_the_queue_at_the_mark() {
        // A pipe of 100 segments, marks above 20 in the queue.
        let mut link = Link::new(10_000, 10, 500);
        link.mark_above = Some(20);
        let mut flows = [Flow::new(Box::new(Dctcp::default()), 1, true)];
        let mut queue = (0_u64, 0_u64, 0);
        run(&mut flows, &mut link, 10_000, |now, _, link| {
            if now > Instant::from_millis(2_000) {
                let waiting = link.waiting(now);
                queue = (queue.0 + waiting, queue.1 + 1, queue.2.max(waiting));
            }
        });
        assert!(flows[0].rate.delivered > 97_000, "{}", flows[0].rate.delivered);
        assert_eq!(link.drops, 0);
        assert!(queue.2 < 40 && (5..30).contains(&(queue.0 / queue.1)), "{queue:?}");
        let CongestionInfo::Dctcp { alpha, .. } = flows[0].control.info(&flows[0].path) else { panic!() };
        assert!((1..512).contains(&alpha), "{alpha}");
    }

    #[test]
    fn extremes_do_not_overflow() {
        for value in [0, 1, u32::MAX] {
            let mut dctcp = dctcp(true);
            let mut window = Window { size: value, ..Window::default() };
            let path = Path {
                una: 100,
                delivered: value,
                delivered_ce: value.wrapping_sub(1),
                mss: u32::MAX,
                ..path()
            };
            dctcp.ack_arrived(&mut window, &path, AckFlags::default());
            assert!(dctcp.alpha <= MAX_ALPHA);
            dctcp.threshold_after_loss(&window, &path);
            dctcp.info(&path);
        }
    }
}
