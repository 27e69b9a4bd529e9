use super::*;

const MSS: u32 = 1000;
const RTT: Duration = Duration::from_millis(10);

fn at(millis: u64) -> Instant {
    Instant::from_millis(1_000 + millis)
}

fn delivered(snapshot: TxSnapshot, sent_at: Instant, end: u32) -> Delivered {
    Delivered { snapshot, sent_at, end: Sequence(end), retransmitted: false }
}

/// Takes off one segment in an acknowledgement of its own.
fn acknowledge(rate: &mut DeliveryRate, segment: &Delivered, now: Instant) -> RateSample {
    let mut sample = RateSample::default();
    rate.on_delivered(segment, &mut sample);
    rate.delivered += 1;
    rate.sample(&mut sample, now, Some(RTT), (1, 0), false);
    sample
}

#[test]
fn a_paced_stream_is_measured_at_its_rate() {
    let mut rate = DeliveryRate::default();
    // One segment a millisecond, acknowledged after ten: 1000 segments a second.
    let mut sent = alloc::vec::Vec::new();
    for i in 0..40u64 {
        if i >= 10 {
            let first: Delivered = sent.remove(0);
            let sample = acknowledge(&mut rate, &first, at(i));
            assert_eq!((sample.acked_sacked, sample.is_app_limited), (1, false), "{i}");
            // The first round began with nothing delivered: its samples are longer, not higher.
            if i >= 20 {
                assert_eq!((sample.delivered, sample.interval), (10, Some(RTT)), "{i}");
            }
        }
        let snapshot = rate.on_sent(at(i), sent.len() as u32);
        sent.push(delivered(snapshot, at(i), (i as u32 + 1) * MSS));
    }
    assert_eq!(rate.bytes_per_second(MSS), (1_000_000, false));
}

#[test]
fn the_slower_of_sending_and_acknowledging_counts() {
    let mut rate = DeliveryRate::default();
    let first = rate.on_sent(at(0), 0);
    let second = rate.on_sent(at(30), 1);
    // Acknowledgements that arrive at once tell nothing of the path: it took 30 ms to send.
    acknowledge(&mut rate, &delivered(first, at(0), 1), at(40));
    let sample = acknowledge(&mut rate, &delivered(second, at(30), 2), at(40));
    assert_eq!((sample.delivered, sample.interval), (2, Some(Duration::from_millis(40))));
}

#[test]
fn samples_shorter_than_a_round_trip_do_not_count() {
    let mut rate = DeliveryRate::default();
    let first = rate.on_sent(at(0), 0);
    let sample = acknowledge(&mut rate, &delivered(first, at(0), 1), at(3));
    assert_eq!((sample.interval, sample.delivered), (None, 1));
    assert_eq!(rate.bytes_per_second(MSS), (0, false));
    let mut sample = RateSample::default();
    let second = rate.on_sent(at(10), 0);
    rate.on_delivered(&delivered(second, at(10), 2), &mut sample);
    rate.sample(&mut sample, at(30), None, (1, 0), false);
    assert_eq!(sample.interval, None);
    rate.sample(&mut sample, at(30), Some(RTT), (1, 0), true);
    assert_eq!(sample.interval, None);
}

#[test]
fn the_newest_segment_of_an_acknowledgement_is_the_sample() {
    let mut rate = DeliveryRate::default();
    let first = rate.on_sent(at(0), 0);
    rate.delivered = 5;
    let second = rate.on_sent(at(5), 1);
    let mut sample = RateSample::default();
    rate.on_delivered(&delivered(second, at(5), 2), &mut sample);
    rate.on_delivered(&delivered(first, at(0), 1), &mut sample);
    assert_eq!(sample.prior_delivered, Some(5));
    // At the same time the higher number is the newer one.
    let third = Delivered { retransmitted: true, ..delivered(second, at(5), 3) };
    rate.on_delivered(&third, &mut sample);
    assert!(sample.is_retrans);
}

#[test]
fn an_owner_without_data_is_noticed_until_what_is_on_its_way_arrived() {
    let mut rate = DeliveryRate::default();
    let first = rate.on_sent(at(0), 0);
    rate.check_app_limited(true, 10, 10);
    assert!(!rate.is_app_limited(), "the window is full");
    rate.check_app_limited(true, 1, 10);
    let second = rate.on_sent(at(1), 1);
    let sample = acknowledge(&mut rate, &delivered(first, at(0), 1), at(10));
    assert!(!sample.is_app_limited && rate.is_app_limited());
    assert_eq!(rate.bytes_per_second(MSS), (100_000, false));
    let sample = acknowledge(&mut rate, &delivered(second, at(1), 2), at(50));
    assert!(sample.is_app_limited && !rate.is_app_limited());
    // Slower than before, and the owner's doing: the old rate stands.
    assert_eq!(rate.bytes_per_second(MSS), (100_000, false));
}

#[test]
fn counters_wrap_and_extremes_do_not_overflow() {
    let mut rate = DeliveryRate { delivered: u32::MAX, ..DeliveryRate::default() };
    rate.mark_app_limited(1);
    assert!(rate.is_app_limited());
    let snapshot = rate.on_sent(Instant::ZERO, 0);
    rate.delivered = rate.delivered.wrapping_sub(2);
    let mut sample = RateSample::default();
    rate.on_delivered(&delivered(snapshot, Instant::ZERO, 1), &mut sample);
    rate.sample(&mut sample, Instant::from_nanos(u64::MAX), Some(RTT), (u32::MAX, u32::MAX), false);
    assert_eq!(sample.delivered, u32::MAX - 1);
    rate.sample(&mut sample, Instant::from_nanos(u64::MAX), Some(RTT), (u32::MAX, u32::MAX), false);
    assert!(rate.bytes_per_second(u32::MAX).0 > 0);
}
