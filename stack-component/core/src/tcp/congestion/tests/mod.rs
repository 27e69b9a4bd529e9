//! What the algorithms' tests share.

mod model;

pub(super) use model::{Flow, Link, run};

use super::*;
use crate::time::{Duration, Instant};

/// A sender in good order: 100 ms, window in use.
pub(super) fn path() -> Path {
    Path {
        now: Instant::from_millis(1_000),
        last_sent: Instant::from_millis(1_000),
        mss: 1000,
        srtt: Some(Duration::from_millis(100)),
        min_rtt: Some(Duration::from_millis(100)),
        in_flight: 10,
        max_packets_out: 10,
        window_limited: true,
        una: 1,
        next: 10_001,
        state: CaState::Open,
        delivered: 1,
        delivered_ce: 0,
        delivered_at: Instant::from_millis(1_000),
        lost: 0,
        app_limited: false,
        next_departure: Instant::ZERO,
        paced: false,
        ecn: false,
        max_pacing_rate: u64::MAX,
    }
}

#[test]
fn names_are_linux_s_and_lead_back() {
    for algorithm in Algorithm::ALL {
        assert_eq!(Algorithm::from_name(algorithm.name()), Some(algorithm));
    }
    assert_eq!(Algorithm::from_name("vegas"), None);
}

#[test]
fn old_credit_does_not_become_a_burst() {
    let mut window = Window { size: 10, credit: 50, threshold: 10, ..Window::default() };
    window.grow_slowly(10, 1);
    assert_eq!((window.size, window.credit), (11, 1));
    window.grow_slowly(0, u32::MAX);
    assert_eq!(window.size, u32::MAX);
    let mut window = Window { clamp: 12, ..Window::default() };
    assert_eq!(window.slow_start(5), 0);
    assert_eq!(window.size, 12);
    window.grow_slowly(1, 5);
    assert_eq!(window.size, 12);
}

#[test]
fn every_algorithm_is_made_and_says_which_it_is() {
    for algorithm in Algorithm::ALL {
        let control = new(algorithm, 7);
        assert_eq!(control.algorithm(), algorithm);
        assert_eq!(control.takes_over(), algorithm == Algorithm::Bbr);
        assert_eq!(control.needs_ecn(), algorithm == Algorithm::Dctcp);
        assert_eq!(control.send_buffer_windows(), if algorithm == Algorithm::Bbr { 3 } else { 2 });
    }
}

/// Whatever the owner chooses in the middle of a connection, sending goes on from the same window.
#[test]
fn a_change_at_run_time_keeps_the_window() {
    for from in Algorithm::ALL {
        for to in Algorithm::ALL {
            let mut flows = [Flow::new(new(from, 1), 1, false)];
            let mut link = Link::new(1_000, 50, 100);
            run(&mut flows, &mut link, 5_000, |_, _, _| {});
            let [flow] = &mut flows;
            let (size, delivered) = (flow.window.size, flow.rate.delivered);
            flow.control = new(to, 2);
            flow.control.start(&mut flow.window, &flow.path);
            assert_eq!(flow.window.size, size, "{from:?} to {to:?}");
            run(&mut flows, &mut link, 10_000, |_, _, _| {});
            let more = flows[0].rate.delivered - delivered;
            assert!(more > 4_500, "{from:?} to {to:?}: {more}");
        }
    }
}
