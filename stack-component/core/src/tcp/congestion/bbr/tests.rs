use super::super::tests::{Flow, Link, path, run};
use super::*;
use crate::time::{Duration, Instant};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

fn flow(starts_at: u64) -> Flow {
    Flow::new(Box::new(Bbr::new(starts_at as u32 + 1)), starts_at, false)
}

/// What the algorithm says of itself: bytes a second, microseconds, gains.
fn info(flow: &Flow) -> (u64, u32, u32, u32) {
    match flow.control.info(&flow.path) {
        CongestionInfo::Bbr { bandwidth, min_rtt, pacing_gain, window_gain } => {
            (bandwidth, min_rtt, pacing_gain, window_gain)
        }
        other => panic!("{other:?}"),
    }
}

/// The mode, by its gains.
fn mode(flow: &Flow) -> &'static str {
    match (info(flow).2, info(flow).3) {
        (HIGH_GAIN, HIGH_GAIN) => "startup",
        (DRAIN_GAIN, HIGH_GAIN) => "drain",
        (320, WINDOW_GAIN) => "up",
        (192, WINDOW_GAIN) => "down",
        (UNIT, WINDOW_GAIN) => "cruise",
        (UNIT, UNIT) => "round-trip",
        other => panic!("{other:?}"),
    }
}

#[test]
fn constants_are_linux_s() {
    assert_eq!((HIGH_GAIN, DRAIN_GAIN), (739, 88));
    // 1 Mbyte/s, less a hundredth.
    assert_eq!(bytes_per_second(bandwidth::rate(1, 1_000), UNIT, 1_000), 989_987);
    assert_eq!(bandwidth::rate(10, 1_000), 167_772);
    assert_eq!(bandwidth::segments(167_772, 1_000_000), 9_999);
}

#[test]
fn it_begins_with_its_window_in_a_round_trip_times_the_gain() {
    let (mut bbr, mut window) = (Bbr::new(1), Window::default());
    bbr.start(&mut window, &path());
    // 10 segments of 1000 bytes in 100 ms, by 739/256, less a hundredth.
    assert_eq!(window.pacing_rate, 285_662);
    bbr.start(&mut window, &Path { srtt: None, ..path() });
    assert_eq!(window.pacing_rate, 28_578_488);
    bbr.start(&mut window, &Path { max_pacing_rate: 5_000, ..path() });
    assert_eq!(window.pacing_rate, 5_000);
}

/// Phases come in their order, and the numbers are those of the path.
#[test]
fn it_finds_the_path_s_rate_and_round_trip() {
    let (mut flows, mut link) = ([flow(1)], Link::new(1_000, 50, 1_000));
    let mut modes: Vec<&str> = Vec::new();
    let mut late_queue = 0;
    run(&mut flows, &mut link, 9_000, |now, flows, link| {
        if modes.last() != Some(&mode(&flows[0])) {
            modes.push(mode(&flows[0]));
        }
        if now > Instant::from_millis(2_000) {
            late_queue = late_queue.max(link.waiting(now));
        }
    });
    assert_eq!(modes[..2], ["startup", "drain"], "{modes:?}");
    let cycles: String = modes[2..].join(" ");
    assert!(cycles.contains("cruise up down cruise up down cruise"), "{cycles}");
    assert!(!cycles.contains("round-trip") && !cycles.contains("startup"), "{cycles}");
    let (bandwidth, min_rtt, ..) = info(&flows[0]);
    assert!(bandwidth.abs_diff(1_000_000) < 20_000, "{bandwidth}");
    assert_eq!(min_rtt, 51_000);
    assert!(flows[0].rate.delivered > 8_500, "{}", flows[0].rate.delivered);
    // A quarter of what the path holds, and some for bursts.
    assert!(late_queue <= 25, "{late_queue}");
    assert_eq!(link.drops, 0);
}

#[test]
fn every_ten_seconds_it_looks_for_the_least_round_trip() {
    let (mut flows, mut link) = ([flow(1)], Link::new(1_000, 50, 1_000));
    let mut times = Vec::new();
    let mut small = u32::MAX;
    run(&mut flows, &mut link, 30_000, |now, flows, _| {
        if mode(&flows[0]) == "round-trip" {
            times.push(now.as_millis());
            small = small.min(flows[0].path.in_flight);
        }
    });
    let (first, last) = (times[0], *times.last().unwrap());
    assert!((10_000..11_000).contains(&first), "{first}");
    let probe_end = times.iter().take_while(|time| **time < first + 1_000).last().unwrap();
    assert!((200..400).contains(&(probe_end - first)), "{first} to {probe_end}");
    assert!((20_000..23_000).contains(&last), "{last}");
    assert!(small <= 4);
    assert!(flows[0].rate.delivered > 28_000, "{}", flows[0].rate.delivered);
}

#[test]
fn losses_by_chance_do_not_slow_it_down() {
    let (mut flows, mut link) = ([flow(1)], Link::new(1_000, 50, 200));
    link.lose_one_in = 50;
    run(&mut flows, &mut link, 20_000, |_, _, _| {});
    assert!(flows[0].rate.delivered > 17_500, "{}", flows[0].rate.delivered);
    assert!(link.drops > 300, "{}", link.drops);
}

#[test]
fn two_flows_share_and_the_queue_stays_short() {
    let (mut flows, mut link) = ([flow(1), flow(3_000)], Link::new(2_000, 40, 1_000));
    let mut middle = [0; 2];
    let mut queue = (0_u64, 0_u64);
    run(&mut flows, &mut link, 60_000, |now, flows, link| {
        if now < Instant::from_millis(30_000) {
            middle = [flows[0].rate.delivered, flows[1].rate.delivered];
        } else {
            queue = (queue.0 + link.waiting(now), queue.1 + 1);
        }
    });
    let shares = [flows[0].rate.delivered - middle[0], flows[1].rate.delivered - middle[1]].map(f64::from);
    let fairness = (shares[0] + shares[1]).powi(2) / (2.0 * (shares[0].powi(2) + shares[1].powi(2)));
    assert!(fairness > 0.95 && shares[0] + shares[1] > 55_000.0, "{shares:?}");
    // Windows are twice what the path holds (80) and 12 to 24 for bursts.
    assert!(queue.0 / queue.1 <= 104, "{} on average", queue.0 / queue.1);
}

/// A path that always delivers `rate` segments a second and loses `lost` of a hundred, a round trip of 50 ms at a
/// time.
fn police(bbr: &mut Bbr, window: &mut Window, rate: &mut DeliveryRate, rounds: u32, losses: u32) {
    for round in 0..rounds {
        let (delivered, lost) = (50, 50 * losses / 100);
        let prior = rate.delivered;
        rate.delivered += delivered;
        rate.lost += lost;
        let now = Instant::from_millis(u64::from(rate.delivered));
        let sample = RateSample {
            delivered,
            interval: Some(Duration::from_millis(50)),
            prior_delivered: Some(prior),
            rtt: Some(Duration::from_millis(50)),
            acked_sacked: delivered,
            losses: lost,
            prior_in_flight: 50,
            ..RateSample::default()
        };
        let path = Path { now, delivered: rate.delivered, lost: rate.lost, delivered_at: now, ..path() };
        bbr.control(window, rate, &path, &sample);
        assert!(window.size >= 1 && window.size < 1_000, "round {round}: {}", window.size);
    }
}

#[test]
fn a_policer_is_found_and_its_rate_kept_to() {
    let (mut bbr, mut window, mut rate) = (Bbr::new(1), Window::default(), DeliveryRate::default());
    bbr.start(&mut window, &path());
    police(&mut bbr, &mut window, &mut rate, 20, 0);
    assert!(!bbr.policer.in_use);
    police(&mut bbr, &mut window, &mut rate, 4, 30);
    assert!(!bbr.policer.in_use, "one interval is not enough");
    police(&mut bbr, &mut window, &mut rate, 8, 30);
    assert!(bbr.policer.in_use);
    assert!(bbr.policer.rate.abs_diff(bandwidth::rate(1, 1_000)) < 200, "{}", bbr.policer.rate);
    assert_eq!(bbr.pacing_gain, UNIT);
    // Believed for 48 round trips of probing.
    police(&mut bbr, &mut window, &mut rate, 60, 0);
    assert!(!bbr.policer.in_use);
}

#[test]
fn recovery_sends_what_arrives_and_gives_the_window_back() {
    let (mut bbr, mut window, mut rate) = (Bbr::new(1), Window::default(), DeliveryRate::default());
    bbr.start(&mut window, &path());
    window.size = 60;
    let state = |state| Path { state, in_flight: 30, delivered: 100, ..path() };
    assert_eq!(bbr.threshold_after_loss(&window, &path()), INFINITE_THRESHOLD);
    let sample = RateSample { acked_sacked: 2, losses: 3, ..RateSample::default() };
    bbr.control(&mut window, &mut rate, &state(CaState::Recovery), &sample);
    assert_eq!(window.size, 32);
    bbr.control(&mut window, &mut rate, &state(CaState::Recovery), &RateSample { losses: 0, ..sample });
    assert_eq!(window.size, 32);
    bbr.control(&mut window, &mut rate, &state(CaState::Open), &RateSample { losses: 0, ..sample });
    assert!(window.size >= 60, "{}", window.size);
}

#[test]
fn bunches_of_acknowledgements_make_room() {
    let mut aggregation = Aggregation::default();
    let rate = bandwidth::rate(1, 1_000);
    let sample = Sample { delivered: 20, micros: 20_000, prior_delivered: 0, acked: 20, app_limited: false };
    for turn in 1..=3 {
        aggregation.update(&sample, rate, (true, 100), Instant::from_millis(turn * 20));
    }
    assert!((20..=21).contains(&aggregation.budget(rate)), "{aggregation:?}");
    // No more than 100 ms of it, and no more than the window.
    let large = Sample { acked: 1_000, ..sample };
    aggregation.update(&large, rate, (false, 300), Instant::from_millis(61));
    assert_eq!((aggregation.extra[0], aggregation.budget(rate)), (300, 99));
    // Ten round trips later it is forgotten.
    let small = Sample { acked: 1, ..sample };
    (0..10).for_each(|turn| {
        aggregation.update(&small, rate, (true, 300), Instant::from_millis(5_000 + turn * 20));
    });
    assert!(aggregation.budget(rate) <= 1, "{aggregation:?}");
}

#[test]
fn after_idling_it_sends_at_the_path_s_rate() {
    let (mut flows, mut link) = ([flow(1)], Link::new(1_000, 50, 1_000));
    run(&mut flows, &mut link, 5_000, |_, _, _| {});
    let [flow] = &mut flows;
    let idle = Path { app_limited: true, now: Instant::from_millis(6_000), ..flow.path };
    flow.control.event(&mut flow.window, &idle, CaEvent::TxStart);
    assert!(flow.window.pacing_rate.abs_diff(990_000) < 20_000, "{}", flow.window.pacing_rate);
}

#[test]
fn undo_looks_for_a_fuller_pipe() {
    let (mut bbr, window) = (Bbr::new(1), Window { size: 7, ..Window::default() });
    bbr.full_pipe = FullPipe { reached: false, bandwidth: 100, rounds: 2 };
    assert_eq!(bbr.size_after_undo(&window, &path()), 7);
    assert_eq!((bbr.full_pipe.bandwidth, bbr.full_pipe.rounds), (0, 0));
}

#[test]
fn extremes_do_not_overflow() {
    let most = Duration::from_nanos(u64::MAX);
    for value in [0, 1, u32::MAX] {
        for time in [0, 1, u64::MAX] {
            let (mut bbr, mut window) = (Bbr::new(0), Window { size: value, ..Window::default() });
            let mut rate = DeliveryRate::default();
            let now = Instant::from_nanos(time);
            let path = Path {
                now,
                mss: value,
                in_flight: value,
                delivered: value,
                lost: value,
                delivered_at: now,
                next_departure: Instant::from_nanos(u64::MAX),
                srtt: Some(Duration::from_nanos(time)),
                min_rtt: Some(most),
                ..path()
            };
            bbr.start(&mut window, &Path { now: Instant::ZERO, ..path });
            for mode in [Mode::Startup, Mode::Drain, Mode::ProbeBandwidth, Mode::ProbeRtt] {
                for interval in [None, Some(Duration::ZERO), Some(Duration::from_micros(1)), Some(most)] {
                    bbr.mode = mode;
                    let sample = RateSample {
                        delivered: value,
                        interval,
                        prior_delivered: Some(value),
                        rtt: Some(Duration::from_nanos(time)),
                        losses: value,
                        acked_sacked: value,
                        prior_in_flight: value,
                        ..RateSample::default()
                    };
                    bbr.control(&mut window, &mut rate, &path, &sample);
                    bbr.event(&mut window, &Path { app_limited: true, ..path }, CaEvent::TxStart);
                    bbr.state_changes(&mut window, &path, CaState::Loss);
                    bbr.threshold_after_loss(&window, &path);
                    bbr.size_after_undo(&window, &path);
                    bbr.info(&path);
                }
            }
        }
    }
}
