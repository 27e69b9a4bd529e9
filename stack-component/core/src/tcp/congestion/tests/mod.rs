//! What the algorithms' tests share.

mod model;

pub(super) use model::{Flow, Link, run};

use super::*;
use crate::random::{Random, SeededRandom};
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
        let control = new(algorithm, 7, &Sysctl::default());
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
            let sysctl = Sysctl::default();
            let mut flows = [Flow::new(new(from, 1, &sysctl), 1, false)];
            let mut link = Link::new(1_000, 50, 100);
            run(&mut flows, &mut link, 5_000, |_, _, _| {});
            let [flow] = &mut flows;
            let (size, delivered) = (flow.window.size, flow.rate.delivered);
            flow.control = new(to, 2, &sysctl);
            flow.control.start(&mut flow.window, &flow.path);
            assert_eq!(flow.window.size, size, "{from:?} to {to:?}");
            run(&mut flows, &mut link, 10_000, |_, _, _| {});
            let more = flows[0].rate.delivered - delivered;
            assert!(more > 4_500, "{from:?} to {to:?}: {more}");
        }
    }
}

/// A number that arithmetic does not like.
fn awkward(random: &mut SeededRandom) -> u32 {
    match random.below(6) {
        0 => random.below(3),
        1 => u32::MAX - random.below(3),
        2 => 1 << random.below(32),
        3 => random.next_u32(),
        _ => random.below(1_000),
    }
}

fn awkward_path(random: &mut SeededRandom, now: &mut u64) -> Path {
    let step = u64::from(awkward(random)) << random.below(30);
    // Time stands still, runs, or leaps back.
    *now = if random.below(50) == 0 { random.next_u64() } else { now.saturating_add(step) };
    let duration = |random: &mut SeededRandom| Some(Duration::from_micros(awkward(random).into()));
    let states = [CaState::Open, CaState::Disorder, CaState::Cwr, CaState::Recovery, CaState::Loss];
    Path {
        now: Instant::from_nanos(*now),
        last_sent: Instant::from_nanos(random.next_u64()),
        mss: awkward(random),
        srtt: duration(random).filter(|_| random.below(4) > 0),
        min_rtt: duration(random).filter(|_| random.below(4) > 0),
        in_flight: awkward(random),
        window_limited: random.below(4) > 0,
        una: awkward(random),
        next: awkward(random),
        state: states[random.below(5) as usize],
        delivered: awkward(random),
        delivered_ce: awkward(random),
        delivered_at: Instant::from_nanos(*now),
        lost: awkward(random),
        app_limited: random.below(2) > 0,
        next_departure: Instant::from_nanos(now.saturating_add(awkward(random).into())),
        paced: random.below(2) > 0,
        ecn: random.below(2) > 0,
        max_pacing_rate: if random.below(2) > 0 { u64::MAX } else { awkward(random).into() },
    }
}

fn awkward_sample(random: &mut SeededRandom) -> RateSample {
    RateSample {
        delivered: awkward(random),
        interval: Some(Duration::from_micros(awkward(random).into())).filter(|_| random.below(4) > 0),
        prior_delivered: Some(awkward(random)).filter(|_| random.below(4) > 0),
        rtt: Some(Duration::from_micros(awkward(random).into())).filter(|_| random.below(4) > 0),
        losses: awkward(random),
        acked_sacked: awkward(random),
        prior_in_flight: awkward(random),
        is_app_limited: random.below(2) > 0,
        ..RateSample::default()
    }
}

/// Nothing that a peer can bring about makes the arithmetic overflow or divide by zero, whatever the order.
#[test]
fn no_input_makes_an_algorithm_panic() {
    for seed in 0..40 {
        let mut random = SeededRandom::new(seed);
        let sysctl = Sysctl { tcp_hystart_plus_plus: seed % 2 == 1, ..Sysctl::default() };
        for algorithm in Algorithm::ALL {
            let mut control = new(algorithm, awkward(&mut random), &sysctl);
            let (mut window, mut rate) = (Window::default(), DeliveryRate::default());
            let (mut counters, mut now) = (Counters::default(), 0);
            for _ in 0..500 {
                let path = awkward_path(&mut random, &mut now);
                let sample = awkward_sample(&mut random);
                let acked =
                    AckSample { packets: sample.acked_sacked, rtt: sample.rtt, in_flight: path.in_flight };
                match random.below(12) {
                    0 if random.below(20) == 0 => control.start(&mut window, &path),
                    0 => window.size = awkward(&mut random),
                    1 => window.threshold = control.threshold_after_loss(&window, &path),
                    2 => control.event(&mut window, &path, CaEvent::TxStart),
                    3 => control.event(&mut window, &path, CaEvent::Loss),
                    4 => control.state_changes(&mut window, &path, path.state),
                    5 => window.size = control.size_after_undo(&window, &path),
                    6 => control.ack_arrived(&mut window, &path, AckFlags::default()),
                    7 => control.control(&mut window, &mut rate, &path, &sample),
                    8 | 9 => control.acknowledged(&mut window, &path, sample.acked_sacked),
                    _ => control.measured(&mut window, &path, &acked, &mut counters),
                }
                control.info(&path);
                control.min_burst(&window);
            }
        }
    }
}
