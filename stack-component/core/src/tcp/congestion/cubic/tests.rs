use super::super::tests::{Flow, Link, path, run};
use super::*;
use crate::counters::Counter;
use crate::time::{Duration, Instant};
use alloc::boxed::Box;

fn cubic() -> Box<Cubic> {
    Box::new(Cubic::new(SlowStartExit::HyStart))
}

/// A window in congestion avoidance after a loss at `max`, acknowledged whole once each `rtt` milliseconds.
/// Answers its size after each of `rounds` round trips.
fn climb(max: u32, rtt: u64, rounds: usize) -> alloc::vec::Vec<u32> {
    let (mut cubic, mut window) = (cubic(), Window { size: max, threshold: max, ..Window::default() });
    cubic.least_delay = rtt as u32 * 1000;
    window.threshold = cubic.threshold_after_loss(&window, &path());
    window.size = window.threshold;
    let mut now = Instant::from_millis(10_000);
    let mut sizes = alloc::vec::Vec::new();
    for _ in 0..rounds {
        let size = window.size;
        for i in 0..size {
            let at = now + Duration::from_micros(rtt * 1000 * u64::from(i) / u64::from(size));
            cubic.acknowledged(&mut window, &Path { now: at, ..path() }, 1);
        }
        now = now + Duration::from_millis(rtt);
        sizes.push(window.size);
    }
    sizes
}

/// W(t) = 0.4 (t - K)^3 + W_max with K = cbrt(0.3 W_max / 0.4), calculated elsewhere.
#[test]
fn the_window_follows_the_standard_s_curve() {
    // (seconds after the loss at 1000 segments, segments): K = cbrt(750) = 9.086 s.
    let table = [(2, 857), (4, 947), (6, 988), (8, 999), (10, 1000), (12, 1010), (14, 1047), (16, 1132)];
    let sizes = climb(1000, 100, 170);
    for (second, expected) in table {
        let found = sizes[second * 10 - 1];
        assert!(
            found.abs_diff(expected) <= expected / 50 + 2,
            "{second} s: {found}, not {expected}: {sizes:?}"
        );
    }
}

#[test]
fn a_short_path_is_left_to_reno() {
    // 5 ms, 20 segments: in a second Reno grows by 200 * 8/15 = 106 segments, the curve by 6.
    let sizes = climb(20, 5, 200);
    let last = sizes[199];
    assert!((70..=125).contains(&last), "{last}");
    let cubed = climb(20, 200, 5);
    assert!(cubed[4] <= 20, "{cubed:?}");
}

#[test]
fn a_loss_leaves_seven_tenths_and_a_second_one_makes_room() {
    let (mut cubic, window) = (cubic(), Window { size: 1000, ..Window::default() });
    assert_eq!(cubic.threshold_after_loss(&window, &path()), 700);
    assert_eq!(cubic.growth.last_max, 1000);
    assert_eq!(cubic.threshold_after_loss(&Window { size: 700, ..window.clone() }, &path()), 490);
    assert_eq!(cubic.growth.last_max, 595);
    for size in [0, 1, 2] {
        assert_eq!(cubic.threshold_after_loss(&Window { size, ..window.clone() }, &path()), 2);
    }
}

#[test]
fn the_clock_stands_still_while_the_owner_is_silent() {
    let mut cubic = cubic();
    cubic.growth.epoch = Some(1_000);
    let at = |now, last_sent| Path {
        now: Instant::from_millis(now),
        last_sent: Instant::from_millis(last_sent),
        ..path()
    };
    let mut window = Window::default();
    cubic.event(&mut window, &at(9_000, 4_000), CaEvent::TxStart);
    assert_eq!(cubic.growth.epoch, Some(6_000));
    cubic.event(&mut window, &at(9_000, 1_000), CaEvent::TxStart);
    assert_eq!(cubic.growth.epoch, Some(9_000));
}

#[test]
fn a_window_that_nothing_is_known_of_grows_by_five_percent() {
    let (mut cubic, mut window) = (cubic(), Window { size: 100, threshold: 50, ..Window::default() });
    (0..100).for_each(|_| cubic.acknowledged(&mut window, &path(), 1));
    assert_eq!(window.size, 105);
}

#[test]
fn a_timeout_forgets_everything() {
    let (mut cubic, mut window) = (cubic(), Window { size: 100, ..Window::default() });
    cubic.threshold_after_loss(&window, &path());
    cubic.least_delay = 5;
    cubic.state_changes(&mut window, &path(), CaState::Recovery);
    assert_eq!((cubic.growth.last_max, cubic.least_delay), (100, 5));
    cubic.state_changes(&mut window, &path(), CaState::Loss);
    assert_eq!((cubic.growth.last_max, cubic.least_delay), (0, 0));
}

#[test]
fn undoing_gives_back_what_was_taken() {
    let cubic = &mut *cubic();
    let window = Window { size: 30, prior: 100, ..Window::default() };
    assert_eq!(cubic.size_after_undo(&window, &path()), 100);
    assert_eq!(cubic.size_after_undo(&Window { size: 130, ..window }, &path()), 130);
}

#[test]
fn extremes_do_not_overflow() {
    for size in [0, 1, u32::MAX] {
        for millis in [0, 1, u64::MAX] {
            let (mut cubic, mut window) = (cubic(), Window { size, threshold: 0, ..Window::default() });
            let late = Path { now: Instant::from_millis(millis), ..path() };
            cubic.threshold_after_loss(&window, &path());
            cubic.acknowledged(&mut window, &Path { now: Instant::ZERO, ..path() }, u32::MAX);
            cubic.acknowledged(&mut window, &late, u32::MAX);
            cubic.event(&mut window, &late, CaEvent::TxStart);
            let sample = AckSample { packets: u32::MAX, rtt: Some(Duration::MAX), in_flight: u32::MAX };
            cubic.measured(&mut window, &late, &sample, &mut Counters::default());
            cubic.threshold_after_loss(&window, &path());
        }
    }
}

/// Sends for a while over a fresh path and tells where slow start ended.
fn slow_start(exit: SlowStartExit, link: &mut Link, until: u64) -> Flow {
    let mut flows = [Flow::new(Box::new(Cubic::new(exit)), 1, false)];
    run(&mut flows, link, until, |_, _, _| {});
    let [flow] = flows;
    flow
}

#[test]
fn slow_start_ends_by_the_delay_before_the_queue_overflows() {
    // A pipe of 100 segments and a queue of 200: without HyStart slow start would overflow it.
    let mut link = Link::new(1_000, 100, 200);
    let flow = slow_start(SlowStartExit::HyStart, &mut link, 3_000);
    assert_eq!(link.drops, 0);
    assert!((70..=240).contains(&flow.window.threshold), "{}", flow.window.threshold);
    let counted = |counter| flow.counters.get(counter);
    assert_eq!(
        counted(Counter::TcpExtTCPHystartDelayDetect) + counted(Counter::TcpExtTCPHystartTrainDetect),
        1
    );
}

#[test]
fn slow_start_ends_by_the_train_of_acknowledgements() {
    // At 10 000 segments a second acknowledgements are 0.1 ms apart: a train, once it is half a round trip long.
    let mut link = Link::new(10_000, 100, 2_000);
    let flow = slow_start(SlowStartExit::HyStart, &mut link, 3_000);
    assert_eq!(flow.counters.get(Counter::TcpExtTCPHystartTrainDetect), 1);
    assert_eq!(
        flow.counters.get(Counter::TcpExtTCPHystartTrainCwnd),
        u64::from(flow.window.threshold),
        "{:?}",
        flow.window
    );
    // 640 segments and the 500 acknowledgements of 50 ms.
    assert!((1_100..=1_200).contains(&flow.window.threshold), "{}", flow.window.threshold);
}

#[test]
fn conservative_slow_start_ends_without_loss_too() {
    // Five rounds of a quarter more each are three times the window at which the delay was noticed.
    let mut link = Link::new(1_000, 100, 2_000);
    let flow = slow_start(SlowStartExit::Conservative, &mut link, 8_000);
    assert_eq!(link.drops, 0, "{:?}", flow.window);
    assert_eq!(flow.counters.get(Counter::TcpExtTCPHystartDelayDetect), 1);
    assert!(!flow.window.in_slow_start());
}

#[test]
fn conservative_slow_start_goes_on_after_a_mistake() {
    let mut hystart = HyStart::new(SlowStartExit::Conservative);
    let (mut window, mut counters) = (Window { size: 32, ..Window::default() }, Counters::default());
    let mut round = |hystart: &mut HyStart, window: &mut Window, number: u32, delay| {
        let path = Path { una: number * 100, next: number * 100 + 99, ..path() };
        (0..10).for_each(|_| hystart.measured(window, &path, delay, 50_000, &mut counters));
        let before = window.size;
        hystart.slow_start(window, 8);
        window.size - before
    };
    assert_eq!(round(&mut hystart, &mut window, 1, 50_000), 8);
    assert_eq!(round(&mut hystart, &mut window, 2, 60_000), 2);
    assert_eq!(round(&mut hystart, &mut window, 3, 60_000), 2);
    assert_eq!(round(&mut hystart, &mut window, 4, 50_000), 8);
    assert_eq!(round(&mut hystart, &mut window, 5, 60_000), 2);
    (6..11).for_each(|number| {
        round(&mut hystart, &mut window, number, 60_000);
    });
    assert!(!window.in_slow_start(), "{hystart:?}");
}

#[test]
fn it_fills_the_pipe_with_a_queue_of_one_pipe() {
    let mut link = Link::new(1_000, 100, 100);
    let mut flows = [Flow::new(cubic(), 1, false)];
    run(&mut flows, &mut link, 60_000, |_, _, _| {});
    let delivered = flows[0].rate.delivered;
    assert!(delivered > 57_000, "{delivered} of 60000");
    assert!(
        link.drops < 500 && flows[0].timeouts == 0,
        "{} drops, {} timeouts",
        link.drops,
        flows[0].timeouts
    );
}

#[test]
fn two_flows_come_to_share() {
    let mut link = Link::new(2_000, 40, 80);
    let mut flows = [Flow::new(cubic(), 1, false), Flow::new(cubic(), 4_000, false)];
    let mut middle = [0; 2];
    run(&mut flows, &mut link, 120_000, |now, flows, _| {
        if now < Instant::from_millis(60_000) {
            middle = [flows[0].rate.delivered, flows[1].rate.delivered];
        }
    });
    let shares = [flows[0].rate.delivered - middle[0], flows[1].rate.delivered - middle[1]].map(f64::from);
    let fairness = (shares[0] + shares[1]).powi(2) / (2.0 * (shares[0].powi(2) + shares[1].powi(2)));
    assert!(fairness > 0.95, "{shares:?}");
}
